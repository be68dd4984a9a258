//! The query language.
//!
//! - Words must all occur. Letters are compared without case and accents; signs and emoji are not looked for. A word of
//!   a script without spaces, or with a sign in it (`e-mail`), is its parts in a row.
//! - `"phrases"` occur in a row; a backslash makes a quote in one an ordinary character.
//! - `vot*` is any word that begins so, from two letters on.
//! - `AND`, `OR`, `NOT` in capitals, `-` before what is not wanted, and brackets; AND binds closer than OR.
//! - `field:value` and `field:"value"` for the fields of [`value::FIELDS`]; of these hashtag, handle and domain can end
//!   with a star. `#tag` is short for `hashtag:tag`. `since:` is from a moment on, `until:` before it; a date is its
//!   first moment in UTC.
//! - A whole web address is what a post links to, however it was written.
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

/// The tree of a query; `None` when it asks for nothing.
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
