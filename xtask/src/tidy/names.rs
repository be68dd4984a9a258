//! Rules about names: of types, and of files that name one another.

use std::collections::BTreeMap;

use super::RepoFile;
use crate::rust::{RustFile, circles, definitions};

/// Things in the workspace that one type name may stand for.
const MOST_MEANINGS: usize = 2;

/// Names that every crate has, by the language's habit.
const HABITUAL: [&str; 1] = ["Error"];

/// Type names that stand for too many things.
pub(super) fn recurring(sources: &[RepoFile]) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for found in rust_files(sources).iter().flat_map(definitions) {
        places.entry(found.name).or_default().push(found.at);
    }
    places
        .into_iter()
        .filter(|(name, places)| places.len() > MOST_MEANINGS && !HABITUAL.contains(&name.as_str()))
        .map(|(name, places)| format!("{name} is {} things: {}: say which", places.len(), places.join(", ")))
        .collect()
}

/// Files of one crate that need one another, so that neither can be read first.
pub(super) fn circular(sources: &[RepoFile]) -> Vec<String> {
    let files = rust_files(sources);
    let mut crates: BTreeMap<&str, Vec<&RustFile>> = BTreeMap::new();
    for file in &files {
        crates.entry(&file.package).or_default().push(file);
    }
    let circles = crates.values().flat_map(|files| circles(files));
    circles.map(|circle| format!("{}: move what both need down", circle.join(" <-> "))).collect()
}

/// The sources of the crates, parsed.
pub(crate) fn rust_files(sources: &[RepoFile]) -> Vec<RustFile> {
    sources.iter().filter_map(|source| RustFile::read(&source.path, source.text.as_deref()?)).collect()
}

/// Modules with children have one form, `x/mod.rs`, so that a folder holds all of a module.
pub(crate) fn modules(sources: &[RepoFile]) -> Vec<String> {
    let beside = |path: &str| path.strip_suffix(".rs").map(|stem| format!("{stem}/")).unwrap_or_default();
    sources
        .iter()
        .filter(|source| source.is(&["rs"]) && source.path.contains("/src/"))
        .filter(|source| sources.iter().any(|other| other.is(&["rs"]) && other.path.starts_with(&beside(&source.path))))
        .map(|source| format!("{}: move it to {}mod.rs", source.path, beside(&source.path)))
        .collect()
}

/// Words that a doc comment does not begin with: they name a thing by a question or a pronoun.
const RIDDLES: [&str; 10] = ["What", "Whether", "How", "Where", "Who", "When", "Why", "Its", "One", "Of"];

/// Doc comments that name a thing by a question instead of a noun, or do not say what it does with a verb.
pub(crate) fn riddles(sources: &[RepoFile]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.is(&["rs"])) {
        for (number, line) in source.text.iter().flat_map(|text| text.lines()).enumerate() {
            let line = line.trim_start();
            let comment = line.strip_prefix("/// ").or_else(|| line.strip_prefix("//! "));
            let first = comment.and_then(|comment| comment.split_once(' ')).map(|(first, _)| first);
            if first.is_some_and(|first| RIDDLES.contains(&first)) {
                found.push(format!("{}:{}: begin with a noun or a verb: {line}", source.path, number + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> RepoFile {
        RepoFile::made_up(path, text)
    }

    #[test]
    fn a_name_may_stand_for_two_things() {
        let two = [file("crates/a/src/b.rs", "struct X; enum Error {}"), file("crates/c/src/d.rs", "struct X;")];
        assert!(recurring(&two).is_empty());
        let three =
            [file("crates/a/src/b.rs", "struct X; fn f() { enum X {} }"), file("crates/c/src/d.rs", "trait X {}")];
        assert_eq!(recurring(&three).len(), 1);
    }

    #[test]
    fn circles_are_told_crate_by_crate() {
        let circle = [file("crates/a/src/b.rs", "use crate::c::C;"), file("crates/a/src/c.rs", "use crate::b::B;")];
        assert_eq!(circular(&circle), ["crates/a/src/b.rs <-> crates/a/src/c.rs: move what both need down"]);
        let apart = [file("crates/a/src/b.rs", "use crate::c::C;"), file("crates/d/src/c.rs", "use crate::b::B;")];
        assert!(circular(&apart).is_empty());
    }

    #[test]
    fn a_module_with_children_is_a_folder() {
        let mixed = [file("crates/a/src/b.rs", ""), file("crates/a/src/b/c.rs", "")];
        assert_eq!(modules(&mixed), ["crates/a/src/b.rs: move it to crates/a/src/b/mod.rs"]);
        assert!(modules(&[file("crates/a/src/b/mod.rs", ""), file("crates/a/src/b/c.rs", "")]).is_empty());
    }

    #[test]
    fn doc_comments_begin_with_a_noun_or_a_verb() {
        let text =
            "/// Whether it is.\nfn a() {}\n    /// Returns whether it is.\n//! What is here.\n// What is a comment.\n";
        assert_eq!(riddles(&[file("a.rs", text)]).len(), 2);
    }
}
