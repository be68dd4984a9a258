//! Messages of the deserializer about a key, in words that somebody who never saw its code understands.

use toml::{Table, Value};

use super::error::{Error, Spot};
use super::origins::{KeyPath, Origins, Step};
use shoal_model::display::printable;

/// The error for a value that does not fit. `defaults` is a whole pipeline with every key at its default: examples
/// are taken from it.
pub(super) fn explain(path: &KeyPath, message: &str, origins: &Origins, defaults: &Table) -> Error {
    let (key, problem, remedy) = if let Some(unknown) = quoted(message, "unknown field ") {
        // Where the keys of a table depend on one of them, only the table is known to be wrong.
        let key = if path.last() == Some(unknown) { path.clone() } else { path.key(unknown) };
        (key, "there is no such key".to_owned(), suggest(unknown, message))
    } else if let Some(missing) = quoted(message, "missing field ") {
        let key = path.key(missing);
        let remedy = format!("add {} = …", printable(missing));
        (key, "it is missing".to_owned(), remedy)
    } else if let Some(unknown) = quoted(message, "unknown variant ") {
        // A key can be what is not known, where keys are layers; then the key has a place of its own.
        let key = Some(path.key(unknown)).filter(|key| origins.has(key)).unwrap_or_else(|| path.clone());
        (key, format!("`{}` is not known here", printable(unknown)), suggest(unknown, message))
    } else if let Some((found, expected)) = mismatch(message) {
        let example = example(path, defaults).map_or_else(String::new, |example| format!(", such as {example}"));
        (path.clone(), format!("{} does not fit", kind(found)), format!("write {}{example}", wanted(expected)))
    } else {
        let (problem, remedy) = split(message, path, defaults);
        (path.clone(), problem, remedy)
    };
    Spot { place: origins.place(&key), key: Some(key) }.wrong(problem, remedy)
}

/// The first name in backticks after a beginning.
fn quoted<'a>(message: &'a str, beginning: &str) -> Option<&'a str> {
    let (name, _) = message.strip_prefix(beginning)?.strip_prefix('`')?.split_once('`')?;
    Some(name)
}

fn mismatch(message: &str) -> Option<(&str, &str)> {
    let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "))?;
    rest.rsplit_once(", expected ")
}

/// The known names nearest to a wrong one, and all of them.
fn suggest(wrong: &str, message: &str) -> String {
    let known: Vec<_> =
        message.rsplit_once("expected ").map_or(Vec::new(), |(_, names)| names.split('`').skip(1).step_by(2).collect());
    let all = known.join(", ");
    let near = |name: &&&str| strsim::damerau_levenshtein(name, wrong);
    match known.iter().min_by_key(near) {
        Some(nearest) if near(&nearest) <= 1 + wrong.chars().count() / 4 => {
            format!("did you mean `{nearest}`? Known here: {all}")
        }
        _ => format!("known here: {all}"),
    }
}

/// Our own messages say what is wrong and, after a colon, what to do.
fn split(message: &str, path: &KeyPath, defaults: &Table) -> (String, String) {
    if message.starts_with("data did not match any variant") {
        return ("the value does not fit".to_owned(), "write a number of 0 or more, or \"unlimited\"".to_owned());
    }
    let message = printable(message);
    match message.rsplit_once(": ") {
        Some((problem, remedy)) => (problem.to_owned(), remedy.to_owned()),
        None => match example(path, defaults) {
            Some(example) => (message, format!("the default is {example}")),
            None => (message, "see the comments in pipelines/balanced.toml".to_owned()),
        },
    }
}

/// The key with its default, where it has one.
pub(super) fn example(path: &KeyPath, defaults: &Table) -> Option<String> {
    let mut steps = path.steps().iter();
    let Some(Step::Key(first)) = steps.next() else { return None };
    let mut value = defaults.get(first)?;
    for step in steps {
        value = match step {
            Step::Key(key) => value.get(key)?,
            Step::Index(index) => value.get(*index)?,
        };
    }
    match (path.steps().last(), value) {
        (_, Value::Table(_)) => None,
        (Some(Step::Index(_)), _) => Some(format!("`{value}`")),
        _ => Some(format!("`{} = {value}`", path.last()?)),
    }
}

fn kind(found: &str) -> String {
    let named = [("integer ", "the number "), ("floating point ", "the number "), ("boolean ", "")];
    for (theirs, ours) in named {
        if let Some(value) = found.strip_prefix(theirs) {
            return format!("{ours}{}", value.replace('`', ""));
        }
    }
    match found.strip_prefix("string ") {
        Some(text) => format!("the text {}", printable(text)),
        None if found == "sequence" => "a list".to_owned(),
        None if found == "map" => "a table".to_owned(),
        None => printable(found),
    }
}

fn wanted(expected: &str) -> String {
    match expected {
        "u64" | "u32" | "usize" => "a whole number of 0 or more".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "a nonzero usize" => "a whole number of 1 or more".to_owned(),
        "f64" | "f32" => "a number".to_owned(),
        "a string" | "path string" => "a text in quotes".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list in [ ]".to_owned(),
        "a map" => "a table".to_owned(),
        _ if expected.starts_with("struct ") => "a table of keys".to_owned(),
        other => printable(other),
    }
}
