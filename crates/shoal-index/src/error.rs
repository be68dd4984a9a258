//! What can go wrong with an index.

use std::io;
use std::path::PathBuf;

/// What can go wrong with an index.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A question that cannot be asked; the fault of whoever asks.
    #[error("{problem}; {remedy}")]
    InvalidRequest {
        /// Where: `query`, `cursor`, `limit`, `object` …
        field: &'static str,
        /// What is wrong, with the place in a query where there is one.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// A question that takes longer than it may.
    #[error("the search was not done within {0:?}; narrow the time range or the query")]
    TimeOut(std::time::Duration),
    /// A question that takes more memory than it may.
    #[error("the search would take more memory than it may; narrow the query, or ask for fewer top values")]
    Memory,
    /// Something that is not there.
    #[error("there is no {what} {id} in this index")]
    Missing {
        /// What: `alert`, `post`, `account`.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// Another process writes to this index.
    #[error("{} is written to by another process{}; stop it, or ask it", path.display(), owner)]
    Locked {
        /// The index.
        path: PathBuf,
        /// Who that is, as far as it has said: ` (process 7, http://127.0.0.1:9464)`, or empty.
        owner: String,
    },
    /// No index where one is expected.
    #[error("there is no index at {}; `shoal run` with [index] makes one", .0.display())]
    NoIndex(PathBuf),
    /// An index, or a part of it, that another version made.
    #[error("{} has version {found}, and this program reads {expected}; move the directory away and index again", path.display())]
    Version {
        /// The file that says so.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Ours.
        expected: u32,
    },
    /// Files that are damaged.
    #[error("{} is damaged: {detail}; {remedy}", path.display())]
    Damaged {
        /// What.
        path: PathBuf,
        /// How.
        detail: String,
        /// What to do.
        remedy: String,
    },
    /// Reading or writing failed.
    #[error("{}: {source}; {remedy}", path.display())]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// The engine below refused something.
    #[error("{}: {source}", path.display())]
    Tantivy {
        /// Which part of the index.
        path: PathBuf,
        /// What it says.
        source: tantivy::TantivyError,
    },
    /// The index was opened to be read.
    #[error("{} is open to be read only; ask the process that writes to it", .0.display())]
    ReadOnly(PathBuf),
    /// Writing has failed before, for this reason, and no more is taken.
    #[error("the index cannot be written any more: {0}")]
    Stopped(String),
}
