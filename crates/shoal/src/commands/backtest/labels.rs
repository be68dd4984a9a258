//! Labels of accounts, from a table of tab-separated values.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// The label of accounts that acted in coordination.
pub(crate) const COORDINATED: &str = "coordinated";
/// The label of accounts that did not.
pub(crate) const ORDINARY: &str = "ordinary";
/// The label of an account without one.
pub(crate) const UNLABELLED: &str = "unlabelled";

/// Labels of accounts: [`COORDINATED`], [`ORDINARY`], or any other word, which is reported by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Labels {
    by_author: BTreeMap<String, String>,
}

impl Labels {
    /// Reads a table whose first line names its columns, `author` and `label` among them, in any order; other
    /// columns are ignored. Authors are written as in the posts. Errors name file, line and column.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read the labels {}", path.display()))?;
        Self::parse(&bytes).with_context(|| format!("in the labels {}", path.display()))
    }

    /// The label of an account, by the author's id as in the posts.
    pub(crate) fn get(&self, author: &str) -> Option<&str> {
        self.by_author.get(author).map(String::as_str)
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let text = utf8(bytes)?;
        // Spreadsheets put a byte order mark in front.
        let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().zip(1_usize..);
        let Some((header, _)) = lines.next() else {
            bail!("line 1: the file is empty; its first line must name the columns `author` and `label`");
        };
        let (author_column, label_column) = (column(header, "author")?, column(header, "label")?);
        let mut labels = Self::default();
        let mut seen_on = BTreeMap::new();
        for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
            let author = field(line, number, author_column, "author")?;
            let label = field(line, number, label_column, "label")?;
            let first = *seen_on.entry(author).or_insert(number);
            match labels.by_author.entry(author.to_owned()) {
                Entry::Vacant(place) => {
                    place.insert(label.to_owned());
                }
                Entry::Occupied(known) => ensure!(
                    known.get() == label,
                    "line {number}, column {} (`label`): {author} is `{label}` here and `{}` on line {first}; \
                     keep one of them",
                    label_column + 1,
                    known.get()
                ),
            }
        }
        Ok(labels)
    }
}

/// The text of a file; the error says where it stops being text.
fn utf8(bytes: &[u8]) -> Result<&str> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
    let line = valid.split(|byte| *byte == b'\n').count();
    let last = valid.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let column = last.split(|byte| *byte == b'\t').count();
    bail!("line {line}, column {column}: not UTF-8; save the table as plain UTF-8 text, uncompressed");
}

/// The place of a named column in the header, counted from 0.
fn column(header: &str, name: &str) -> Result<usize> {
    header.split('\t').position(|column| column == name).with_context(|| {
        format!("line 1: there is no column `{name}` among {:?}; columns are separated by tabs", columns(header))
    })
}

/// The names in a header, cut to a length that fits a message.
fn columns(header: &str) -> Vec<String> {
    header.split('\t').take(12).map(|name| name.chars().take(40).collect()).collect()
}

/// A field of a line, which must not be empty.
fn field<'a>(line: &'a str, number: usize, column: usize, name: &str) -> Result<&'a str> {
    match line.split('\t').nth(column) {
        Some(value) if !value.is_empty() => Ok(value),
        Some(_) => bail!("line {number}, column {} (`{name}`): it is empty", column + 1),
        None => bail!(
            "line {number}, column {} (`{name}`): the line has only {} columns",
            column + 1,
            line.split('\t').count()
        ),
    }
}

#[cfg(test)]
impl Labels {
    /// Labels from pairs of author and label.
    pub(super) fn of(pairs: &[(&str, &str)]) -> Self {
        let owned = |(author, label): &(&str, &str)| ((*author).to_owned(), (*label).to_owned());
        Self { by_author: pairs.iter().map(owned).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_columns_any_order_and_line_ends_are_fine() {
        let table = "\u{feff}label\tkind\tauthor\r\ncoordinated\tx\tu1\r\n\r\nprobable\t\tu2\r\ncoordinated\ty\tu1";
        let labels = Labels::parse(table.as_bytes()).unwrap();
        assert_eq!(labels, Labels::of(&[("u1", "coordinated"), ("u2", "probable")]));
        assert_eq!(labels.get("u2"), Some("probable"));
        assert_eq!(labels.get("u3"), None);
    }

    #[test]
    fn errors_name_line_and_column() {
        for (table, wanted) in [
            (&b""[..], "line 1: the file is empty"),
            (b"author,label\n", "line 1: there is no column `author` among [\"author,label\"]"),
            (b"author\tlabels\n", "line 1: there is no column `label`"),
            (b"author\tx\tlabel\nu1\ty\n", "line 2, column 3 (`label`): the line has only 2 columns"),
            (b"author\tlabel\nu1\tordinary\n\tordinary\n", "line 3, column 1 (`author`): it is empty"),
            (b"author\tlabel\nu1\t\n", "line 2, column 2 (`label`): it is empty"),
            (b"author\tlabel\nu1\tordinary\nu1\tcoordinated\n", "u1 is `coordinated` here and `ordinary` on line 2"),
            (b"author\tlabel\nu1\tordin\xe4r\n", "line 2, column 2: not UTF-8"),
        ] {
            let error = Labels::parse(table).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn errors_name_the_file() {
        let error = Labels::read(Path::new("/nowhere/labels.tsv")).unwrap_err();
        assert!(format!("{error:#}").starts_with("cannot read the labels /nowhere/labels.tsv: "));
    }
}
