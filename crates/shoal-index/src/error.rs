//! Errors of an index.

use std::io;
use std::path::PathBuf;

/// An error of an index.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that cannot work.
    #[error("{key}: {problem}; {remedy}")]
    Setting {
        /// The key as a pipeline has it, such as `index.bucket`.
        key: String,
        /// The problem.
        problem: String,
        /// The remedy.
        remedy: String,
    },
    /// A request that is not valid; the fault of the caller.
    #[error("{problem}; {remedy}")]
    InvalidRequest {
        /// The field: `query`, `cursor`, `limit`, `object` …
        field: &'static str,
        /// The problem, with the place in a query where there is one.
        problem: String,
        /// The remedy.
        remedy: String,
    },
    /// A request that takes longer than it may.
    #[error("the search was not done within {0:?}; narrow the time range or the query")]
    TimeOut(std::time::Duration),
    /// A request that takes more memory than it may.
    #[error("the search would take more memory than it may; narrow the query, or ask for fewer top values")]
    Memory,
    /// Something that is not there.
    #[error("there is no {what} {id} in this index")]
    Missing {
        /// The kind of thing: `alert`, `post`, `account`.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// Another process writes to this index.
    #[error("{} is written to by another process{}; stop it, or ask it", path.display(), owner)]
    Locked {
        /// The index.
        path: PathBuf,
        /// The process, as far as it is known: ` (process 7, http://127.0.0.1:9464)`, or empty.
        owner: String,
    },
    /// No index where one is expected.
    #[error("there is no index at {}; `shoal run` with [index] makes one", .0.display())]
    NoIndex(PathBuf),
    /// An index, or a part of it, that another version made.
    #[error("{} has version {found}, and this program reads {expected}; move the directory away and index again", path.display())]
    Version {
        /// The file with the version.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The version expected.
        expected: u32,
    },
    /// Files that are damaged.
    #[error("{} is damaged: {detail}; {remedy}", path.display())]
    Damaged {
        /// The file or directory.
        path: PathBuf,
        /// The damage.
        detail: String,
        /// The remedy.
        remedy: String,
    },
    /// Reading or writing failed.
    #[error("{}: {source}; {remedy}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
        /// The remedy.
        remedy: &'static str,
    },
    /// An operation of tantivy failed.
    #[error("{}: {source}", path.display())]
    Tantivy {
        /// The part of the index.
        path: PathBuf,
        /// The error of tantivy.
        source: tantivy::TantivyError,
    },
    /// The index is open to be read only.
    #[error("{} is open to be read only; ask the process that writes to it", .0.display())]
    ReadOnly(PathBuf),
    /// Writing has failed before, for this reason, and nothing more is accepted.
    #[error("the index cannot be written any more: {0}")]
    Stopped(String),
}
