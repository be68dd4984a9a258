//! Tables: their columns, and the cells of a row.

use std::borrow::Cow;
use std::fmt::Display;

use serde::Serialize;

/// A kind of table.
pub trait TableSchema {
    /// Names of the columns.
    const COLUMNS: &'static [&'static str];

    /// A row. Formats that hold whole records write it as it serializes.
    type Row<'a>: Serialize;

    /// The cells of a row, in the order of the columns.
    fn cells<'a>(row: &'a Self::Row<'_>) -> Vec<Cell<'a>>;
}

/// A value in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    /// No value.
    Empty,
    /// A value of Shoal's own: a number, a time, a word.
    Plain(String),
    /// A text of a stranger.
    Foreign(Cow<'a, str>),
}

impl<'a> Cell<'a> {
    pub(super) fn plain(value: impl Display) -> Self {
        Self::Plain(value.to_string())
    }

    pub(super) fn plain_or_empty(value: Option<impl Display>) -> Self {
        value.map_or(Self::Empty, Self::plain)
    }

    pub(super) fn foreign(text: &'a str) -> Self {
        Self::Foreign(text.into())
    }

    pub(super) fn foreign_or_empty(text: Option<&'a str>) -> Self {
        text.map_or(Self::Empty, Self::foreign)
    }

    pub(super) fn joined(texts: &[String], separator: &str) -> Self {
        Self::Foreign(texts.join(separator).into())
    }
}
