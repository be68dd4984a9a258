//! The query language.
//!
//! - Words must all occur. Letters are compared without case and accents; signs and emoji are not searched. A word of a
//!   script without spaces, or with a sign in it (`e-mail`), is the phrase of its parts.
//! - `"phrases"` are words next to each other; a backslash makes a quote in one an ordinary character.
//! - `vot*` is any word with this prefix, from two letters on.
//! - `AND`, `OR`, `NOT` in capitals, `-` for negation, and brackets; AND binds closer than OR.
//! - `field:value` and `field:"value"` for the fields of [`value::FIELDS`]; of these hashtag, handle, name, client and
//!   domain can end with a star. `#tag` is short for `hashtag:tag`. `since:` is from a moment on, `until:` before it; a date is its
//!   first moment in UTC.
//! - A whole web address matches posts that link to it, however they write it.
//! - A name in small letters and a colon with a letter after it must be a field. Times (`10:30`), addresses, faces
//!   (`:-)`) and words that begin with a capital are not taken for one.
//!
//! A quote inside of a Hebrew word belongs to it, as in acronyms.

mod compile;
mod deadline;
mod highlight_terms;
mod lexer;
mod parser;
mod phrase;
mod tree;
mod value;

pub(crate) use self::compile::{FieldResolver, TermQueries, compile, range};
pub(crate) use self::highlight_terms::HighlightTerms;
pub(crate) use self::tree::{Clause, FieldName, FieldValue, QueryTree};
pub(crate) use self::value::{InvalidValue, key, value};
use crate::{Error, SearchLimits};

/// Parses a query; `None` when it is empty.
pub(crate) fn parse(query: &str, limits: &SearchLimits) -> Result<Option<QueryTree>, Error> {
    parser::parse(query, limits).map_err(|fault| {
        let problem = match fault.at {
            0 => fault.invalid.problem,
            at => format!("at character {at}: {}", fault.invalid.problem),
        };
        Error::InvalidRequest { field: "query", problem, remedy: fault.invalid.remedy }
    })
}

#[cfg(test)]
mod tests;
