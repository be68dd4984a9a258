//! The places where the keys of a pipeline were written, so that every error can name one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_path_to_error::Segment;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use shoal_model::display::printable;

/// The steps to a key: `source[0].path`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct KeyPath(Vec<Step>);

/// A step on the way to a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// Into a table.
    Key(String),
    /// Into a list.
    Index(usize),
}

impl KeyPath {
    /// The way with one more step.
    pub(crate) fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The way to a key inside this table.
    pub(crate) fn key(&self, key: &str) -> Self {
        self.then(Step::Key(key.to_owned()))
    }

    /// The steps in order.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The table or list that the key stands in; `None` for the whole.
    pub(crate) fn parent(&self) -> Option<Self> {
        let (_, steps) = self.0.split_last()?;
        Some(Self(steps.to_vec()))
    }

    /// The name of the key itself.
    pub(crate) fn last(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }

    fn starts_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
}

impl KeyPath {
    /// From keys as TOML writes them, with the number of an entry in brackets, such as `serve.token[0].name`.
    pub(crate) fn parse(keys: &str) -> Option<Self> {
        let entry = || {
            let (list, rest) = keys.split_once('[')?;
            let (number, rest) = rest.split_once(']')?;
            let entry = parse_keys(list)?.then(Step::Index(number.parse().ok()?));
            match rest.strip_prefix('.') {
                Some(inner) => Some(Self([entry.0, parse_keys(inner)?.0].concat())),
                None => rest.is_empty().then_some(entry),
            }
        };
        entry().or_else(|| parse_keys(keys))
    }
}

impl From<&str> for KeyPath {
    /// From keys with dots between them, as this program writes them.
    fn from(keys: &str) -> Self {
        Self(keys.split('.').map(|key| Step::Key(key.to_owned())).collect())
    }
}

impl From<&serde_path_to_error::Path> for KeyPath {
    fn from(path: &serde_path_to_error::Path) -> Self {
        let steps = path.iter().filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        Self(steps.collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if at == 0 => f.write_str(&printable(key))?,
                Step::Key(key) => write!(f, ".{}", printable(key))?,
            }
        }
        Ok(())
    }
}

/// A place that a person can go to and mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// A line and a column of a file, both counted from 1.
    Line(PathBuf, usize, usize),
    /// A file as a whole.
    File(PathBuf),
    /// An argument on the command line.
    Argument(String),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(file, line, column) => write!(f, "{}:{line}:{column}", file.display()),
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Argument(argument) => f.write_str(&printable(argument)),
        }
    }
}

/// The places where keys were written: in the file, or on the command line.
#[derive(Debug, Clone)]
pub(crate) struct Origins {
    file: PathBuf,
    lines: BTreeMap<KeyPath, (usize, usize)>,
    arguments: Vec<(KeyPath, String)>,
}

impl Origins {
    /// Notes the place of every key of a file.
    pub(crate) fn of(file: &Path, text: &str, root: &DeTable<'_>) -> Self {
        let mut origins = Self { file: file.to_owned(), lines: BTreeMap::new(), arguments: Vec::new() };
        origins.note_table(&Starts::of(text), &KeyPath::default(), root);
        origins
    }

    /// Notes that an argument has set a key.
    pub(crate) fn note_argument(&mut self, path: KeyPath, argument: String) {
        self.arguments.push((path, argument));
    }

    /// Says whether a key is written somewhere.
    pub(crate) fn has(&self, path: &KeyPath) -> bool {
        self.lines.contains_key(path) || self.arguments.iter().any(|(set, _)| set == path)
    }

    /// A key and where it was written, for an error about it.
    pub(crate) fn spot(&self, path: &KeyPath) -> Spot {
        Spot { place: self.place(path), key: Some(path.clone()) }
    }

    /// The place where a key was written; for one that was not, that of the nearest table around it.
    pub(crate) fn place(&self, path: &KeyPath) -> Location {
        let argument = |found: Option<&(KeyPath, String)>| found.map(|(_, text)| Location::Argument(text.clone()));
        let line = |path: &KeyPath| self.lines.get(path).map(|at| Location::Line(self.file.clone(), at.0, at.1));
        let newest_first = || self.arguments.iter().rev();
        argument(newest_first().find(|(set, _)| path.starts_with(set)))
            .or_else(|| line(path))
            .or_else(|| argument(newest_first().find(|(set, _)| set.starts_with(path))))
            .or_else(|| std::iter::successors(path.parent(), KeyPath::parent).find_map(|above| line(&above)))
            .unwrap_or_else(|| Location::File(self.file.clone()))
    }

    fn note_table(&mut self, starts: &Starts<'_>, path: &KeyPath, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = path.key(key.get_ref());
            self.lines.insert(path.clone(), starts.position(key.span().start));
            self.note_value(starts, &path, value);
        }
    }

    fn note_value(&mut self, starts: &Starts<'_>, path: &KeyPath, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.note_table(starts, path, table),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = path.then(Step::Index(index));
                    self.lines.insert(path.clone(), starts.position(item.span().start));
                    self.note_value(starts, &path, item);
                }
            }
            _ => {}
        }
    }
}

/// The starts of the lines of a text.
pub(crate) struct Starts<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Starts<'a> {
    /// Finds the lines of a text.
    pub(crate) fn of(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { text, starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect() }
    }

    /// The line and the column of a byte, both counted from 1.
    pub(crate) fn position(&self, byte: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..byte).map_or(0, |text| text.chars().count());
        (line, before + 1)
    }
}

/// The subject of an error: a place, and the key there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The place to mend.
    pub(crate) place: Location,
    /// The key in full; `None` for a file that is no pipeline and for plain arguments.
    pub(crate) key: Option<KeyPath>,
}

impl From<Location> for Spot {
    fn from(place: Location) -> Self {
        Self { place, key: None }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}: {key}", self.place),
            None => write!(f, "{}", self.place),
        }
    }
}

/// Keys with dots between them, as TOML writes them.
pub(super) fn parse_keys(keys: &str) -> Option<KeyPath> {
    // One line, so that it can only be one key.
    let document = Some(format!("{keys} = 0")).filter(|document| !document.contains(['\n', '\r']))?;
    let root = DeTable::parse(&document).ok()?;
    let mut path = KeyPath::default();
    let mut table = root.get_ref();
    loop {
        let mut entries = table.iter();
        let (Some((key, value)), None) = (entries.next(), entries.next()) else { return None };
        path = path.key(key.get_ref());
        match value.get_ref().as_table() {
            Some(inner) => table = inner,
            None => return Some(path),
        }
    }
}
