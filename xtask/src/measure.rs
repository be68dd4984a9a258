//! `cargo xtask measure`: the size and the order of the house, as figures to compare with earlier ones.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use crate::rust::{RustFile, circles, definitions, shapes};
use crate::tidy::{self, RepoFile};

/// Lines of one crate's sources, by what they are.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct LineCounts {
    files: usize,
    code: usize,
    comment: usize,
    test: usize,
}

/// Measures the workspace at `root` and prints the figures as Markdown.
pub(crate) fn run(root: &Path) -> Result<()> {
    let sources = tidy::sources(root)?;
    let rust: Vec<&RepoFile> = sources.iter().filter(|source| source.is(&["rs"])).collect();
    sizes(&rust);
    let files = tidy::rust_files(&sources);
    println!();
    println!("| measure | value |\n|---|---|");
    lengths(&rust);
    functions(&files);
    names(&files);
    println!("| circles between files | {} |", circles_of(&files));
    println!("| modules with children as `x.rs` beside `x/` | {} |", tidy::modules(&sources).len());
    let (comments, riddles) = (doc_comments(&rust), tidy::riddles(&sources).len());
    println!("| lines of doc comments; beginning with a question word or a pronoun | {comments}; {riddles} |");
    for page in ["README.md", "ARCHITECTURE.md"] {
        let text = sources.iter().find(|source| source.path == page).and_then(|source| source.text.as_deref());
        let text = text.unwrap_or_default();
        println!("| {page} | {} bytes, {} words |", text.len(), text.split_whitespace().count());
    }
    Ok(())
}

/// Prints the table of sizes, the largest crate first.
fn sizes(rust: &[&RepoFile]) {
    let mut crates: BTreeMap<&str, LineCounts> = BTreeMap::new();
    for source in rust {
        let parts: Vec<&str> = source.path.split('/').collect();
        let name = if matches!(parts[0], "crates" | "testing") { parts[1] } else { parts[0] };
        let lines = crates.entry(name).or_default();
        *lines = lines.plus(count(&source.path, source.text.as_deref().unwrap_or_default()));
    }
    let mut rows: Vec<_> = crates.into_iter().collect();
    rows.sort_by_key(|(_, lines)| std::cmp::Reverse(lines.total()));
    println!("| crate | files | code | comment | test | total |\n|---|---|---|---|---|---|");
    let all = rows.iter().fold(LineCounts::default(), |sum, (_, lines)| sum.plus(*lines));
    for (name, lines) in rows.iter().copied().chain([("all", all)]) {
        let LineCounts { files, code, comment, test } = lines;
        println!("| {name} | {files} | {code} | {comment} | {test} | {} |", lines.total());
    }
}

impl LineCounts {
    fn plus(self, other: Self) -> Self {
        Self {
            files: self.files + other.files,
            code: self.code + other.code,
            comment: self.comment + other.comment,
            test: self.test + other.test,
        }
    }

    fn total(self) -> usize {
        self.code + self.comment + self.test
    }
}

/// Counts the lines of a file, blank ones with what they stand in. From `#[cfg(test)]` at the start of a line on, all
/// is test.
fn count(path: &str, text: &str) -> LineCounts {
    let mut lines = LineCounts { files: 1, ..LineCounts::default() };
    let mut in_tests = is_test(path);
    for line in text.lines() {
        in_tests |= line.starts_with("#[cfg(test)]");
        let place = match line.trim_start() {
            _ if in_tests => &mut lines.test,
            line if line.starts_with("//") => &mut lines.comment,
            _ => &mut lines.code,
        };
        *place += 1;
    }
    lines
}

fn is_test(path: &str) -> bool {
    let inside = |folder: &str| path.contains(&format!("/{folder}/"));
    inside("tests") || inside("benches") || path.ends_with("/tests.rs") || path.ends_with("/testing.rs")
}

fn lengths(rust: &[&RepoFile]) {
    let shipped = rust.iter().filter(|source| !is_test(&source.path));
    let mut lengths: Vec<usize> =
        shipped.map(|source| source.text.as_deref().unwrap_or_default().lines().count()).collect();
    lengths.sort_unstable();
    let long = lengths.iter().filter(|length| **length > 400).count();
    let mean = lengths.iter().sum::<usize>() / lengths.len().max(1);
    let (median, longest) = (middle(&lengths), lengths.last().copied().unwrap_or_default());
    println!(
        "| source files; lines: median, mean, longest; above 400 | {}; {median}, {mean}, {longest}; {long} |",
        lengths.len()
    );
}

fn functions(files: &[RustFile]) {
    let shapes: Vec<_> = files.iter().map(shapes).collect();
    let mut lengths: Vec<usize> = shapes.iter().flat_map(|shape| shape.function_lines.iter().copied()).collect();
    lengths.sort_unstable();
    let long = |limit: usize| lengths.iter().filter(|length| **length > limit).count();
    println!(
        "| functions; lines: median; above 40, above 60 | {}; {}; {}, {} |",
        lengths.len(),
        middle(&lengths),
        long(40),
        long(60)
    );
    let bare: usize = shapes.iter().map(|shape| shape.bare_keys).sum();
    println!("| fields and parameters named like a key that are `u64` | {bare} |");
}

fn names(files: &[RustFile]) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for found in files.iter().flat_map(definitions) {
        *times.entry(found.name).or_default() += 1;
    }
    let more = |limit: usize| times.values().filter(|count| **count > limit).count();
    let all: usize = times.values().sum();
    println!("| type items; names that occur more than once, more than twice | {all}; {}, {} |", more(1), more(2));
}

fn circles_of(files: &[RustFile]) -> usize {
    let mut crates: BTreeMap<&str, Vec<&RustFile>> = BTreeMap::new();
    for file in files {
        crates.entry(&file.package).or_default().push(file);
    }
    crates.values().map(|files| circles(files).len()).sum()
}

fn doc_comments(rust: &[&RepoFile]) -> usize {
    let lines = rust.iter().filter_map(|source| source.text.as_deref()).flat_map(str::lines).map(str::trim_start);
    lines.filter(|line| line.starts_with("/// ") || line.starts_with("//! ")).count()
}

fn middle(sorted: &[usize]) -> usize {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_what_they_are() {
        let text = "//! Doc.\nfn a() {}\n    // why\n\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(count("crates/a/src/b.rs", text), LineCounts { files: 1, code: 2, comment: 2, test: 3 });
        assert_eq!(count("crates/a/tests/b.rs", text).test, 7);
    }
}
