//! The keys of a pipeline before they mean anything: what the file says, with `--set` laid over it.

use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use toml::de::DeTable;
use toml::{Table, Value};

use super::error::{Error, Spot};
use super::origins::{KeyPath, Location, Origins, Starts, Step, parse_keys};
use super::secrets;
use shoal_model::display::printable;

/// A pipeline is written by a person; a file longer than this is something else.
const LONGEST: u64 = 1 << 20;

/// All keys with their values, and where each was written.
#[derive(Debug)]
pub(super) struct Tree {
    /// The values.
    pub(super) table: Table,
    /// Their places.
    pub(super) origins: Origins,
}

impl Tree {
    /// Reads a file.
    pub(super) fn read(file: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Read { file: file.to_owned(), source };
        let opened = std::fs::File::open(file).map_err(failed)?;
        let mut bytes = Vec::new();
        opened.take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
        let refused =
            |problem: String, remedy: &str| Err(Spot::from(Location::File(file.to_owned())).wrong(problem, remedy));
        if bytes.len() as u64 > LONGEST {
            return refused(format!("longer than {LONGEST} bytes"), "this is not a pipeline; name one");
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::parse(file, text),
            Err(error) => {
                refused(format!("not UTF-8 after byte {}", error.valid_up_to()), "save the pipeline as UTF-8 text")
            }
        }
    }

    /// Parses the text of a file.
    pub(super) fn parse(file: &Path, text: &str) -> Result<Self, Error> {
        let spot = |error: &toml::de::Error| {
            let (line, column) = Starts::of(text).position(error.span().map_or(0, |span| span.start));
            Spot::from(Location::Line(file.to_owned(), line, column))
        };
        let root = DeTable::parse(text).map_err(|error| {
            let remedy = "write `key = value`, texts in quotes, tables as [detect.judge]; see https://toml.io";
            spot(&error).wrong(printable(error.message()), remedy)
        })?;
        let origins = Origins::of(file, text, root.get_ref());
        // All that TOML can write and a table cannot hold are larger numbers.
        let mut table = Table::deserialize(toml::Deserializer::from(root)).map_err(|error| {
            spot(&error).wrong("the number is too large", format!("write a number of at most {}", i64::MAX))
        })?;
        table.iter_mut().for_each(|(_, value)| times_to_texts(value));
        Ok(Self { table, origins })
    }

    /// Lays `key=value` over what the file says.
    pub(super) fn set(&mut self, setting: &str) -> Result<(), Error> {
        let argument = format!("--set {}", secrets::shown(setting));
        let wrong = |problem: &str| {
            Spot::from(Location::Argument(argument.clone()))
                .wrong(problem, "write key=value with dots between the keys, such as --set detect.judge.alpha=0.001")
        };
        let (keys, value) = setting.split_once('=').ok_or_else(|| wrong("there is no `=`"))?;
        let path = parse_keys(keys).ok_or_else(|| wrong("what stands before `=` is not a key"))?;
        self.put(&path, parse_value(value), &argument)?;
        self.origins.note_argument(path, argument);
        Ok(())
    }

    fn put(&mut self, path: &KeyPath, value: Value, argument: &str) -> Result<(), Error> {
        let mut table = &mut self.table;
        let mut walked = KeyPath::default();
        let Some((Step::Key(last), above)) = path.steps().split_last() else { return Ok(()) };
        for step in above {
            let Step::Key(key) = step else { continue };
            walked = walked.key(key);
            let inner = table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(inner) = inner else {
                let spot = Spot { place: Location::Argument(argument.to_owned()), key: Some(path.clone()) };
                return Err(spot.wrong(
                    format!("`{walked}` is not a table, so there is nothing in it to set"),
                    format!("set it as a whole: --set '{walked}=…'"),
                ));
            };
            table = inner;
        }
        table.insert(last.clone(), value);
        Ok(())
    }
}

/// A TOML value; what is none is taken as a text, so that nobody has to quote `30s` twice.
fn parse_value(text: &str) -> Value {
    let parsed = toml::from_str::<Table>(&format!("value = {text}")).ok();
    let mut value = match parsed {
        Some(mut table) if table.len() == 1 => table.remove("value"),
        _ => None,
    }
    .unwrap_or_else(|| Value::String(text.to_owned()));
    times_to_texts(&mut value);
    value
}

/// TOML has times of its own; ours are texts everywhere else, so both ways of writing one mean the same.
fn times_to_texts(value: &mut Value) {
    match value {
        Value::Datetime(time) => *value = Value::String(time.to_string()),
        Value::Array(items) => items.iter_mut().for_each(times_to_texts),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| times_to_texts(value)),
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_toml_or_bare_texts() {
        for (text, value) in [
            ("0.001", Value::Float(0.001)),
            ("3", Value::Integer(3)),
            ("true", Value::Boolean(true)),
            ("\"a b\"", Value::String("a b".to_owned())),
            ("30s", Value::String("30s".to_owned())),
            ("out/alerts.ndjson", Value::String("out/alerts.ndjson".to_owned())),
            ("2015-01-31T08:00:00Z", Value::String("2015-01-31T08:00:00Z".to_owned())),
            ("", Value::String(String::new())),
            ("1\nother = 2", Value::String("1\nother = 2".to_owned())),
            ("[\"60s\"]", Value::Array(vec![Value::String("60s".to_owned())])),
        ] {
            assert_eq!(parse_value(text), value, "{text}");
        }
    }

    #[test]
    fn keys_may_be_quoted_and_must_be_keys() {
        let keys = |text| parse_keys(text).map(|path| path.to_string());
        assert_eq!(keys("detect.judge.alpha").as_deref(), Some("detect.judge.alpha"));
        assert_eq!(keys(" a . \"b\" ").as_deref(), Some("a.b"));
        for text in ["", "a..b", "a b", "[a]\nb", "a = 1\nb"] {
            assert_eq!(keys(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in any::<String>(), setting in any::<String>()) {
            if let Ok(mut tree) = Tree::parse(Path::new("x.toml"), &text) {
                let _ = tree.set(&setting);
            }
        }

        #[test]
        fn what_is_set_is_found(keys in prop::collection::vec("[a-z]{1,3}", 1..4), value in any::<i64>()) {
            let mut tree = Tree::parse(Path::new("x.toml"), "").unwrap();
            tree.set(&format!("{}={value}", keys.join("."))).unwrap();
            let mut found = &Value::Table(tree.table);
            for key in &keys {
                found = &found[key.as_str()];
            }
            prop_assert_eq!(found, &Value::Integer(value));
        }
    }
}
