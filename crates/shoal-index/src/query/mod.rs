//! The query language.
//!
//! Words must all occur; `"phrases"` occur in a row; `vot*` is any word that begins so; `AND`, `OR`, `NOT` or `-` and
//! brackets combine, AND before OR; `field:value` and `field:"value"` ask for more than words, and `#tag` is short for
//! `hashtag:tag`. Fields are those of [`value::FIELDS`].

mod leaf;
mod lexer;
mod lower;
mod marks;
mod parser;
mod row;
mod tree;
mod value;

pub(crate) use self::lower::{Fields, Leaves, lower};
pub(crate) use self::marks::Marks;
pub(crate) use self::tree::{Clause, Name, Tree, Value};
pub(crate) use self::value::{Refused, key, value};
use crate::{Error, Limits};

/// The tree of a query; `None` when it asks for nothing.
pub(crate) fn parse(query: &str, limits: &Limits) -> Result<Option<Tree>, Error> {
    parser::parse(query, limits).map_err(|fault| {
        let problem = match fault.at {
            0 => fault.refused.problem,
            at => format!("at character {at}: {}", fault.refused.problem),
        };
        Error::Question { field: "query", problem, remedy: fault.refused.remedy }
    })
}

#[cfg(test)]
mod tests;
