//! How an index is kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use shoal_model::Span;

/// How an index is kept. Nothing here changes an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The directory, made when it is not there.
    pub directory: PathBuf,
    /// The event time that one bucket covers: what is dropped at once. Of an index that is there, its own counts.
    pub bucket: Span,
    /// How long posts and alerts stay, in event time after the newest post; for ever when absent.
    pub keep: Option<Span>,
    /// Wall-clock time after which what has come can be found.
    pub commit: Duration,
    /// Bytes that posts may take before they are written, 15 MB or more per thread.
    pub memory: usize,
    /// Threads that write.
    pub threads: usize,
    /// Wall-clock time between two purges: after one, nothing that was deleted before it is on disk.
    pub purge: Duration,
}

impl Settings {
    /// As usual, in this directory.
    pub fn of(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            bucket: Span::from_seconds(30 * 86_400),
            keep: None,
            commit: Duration::from_secs(1),
            memory: 64 << 20,
            threads: 1,
            purge: Duration::from_hours(1),
        }
    }
}

/// What one question may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchLimits {
    /// From the start of a search to its answer: a search that is not done then is refused, or told as inexact.
    pub time: Duration,
    /// Bytes of a query.
    pub query_bytes: usize,
    /// Brackets within brackets.
    pub depth: usize,
    /// Words, phrases and fields in a query.
    pub clauses: usize,
    /// Bytes that counting values may take.
    pub memory: u64,
    /// Texts of one text object that are looked for, the newest.
    pub texts: usize,
}

impl Default for SearchLimits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(3),
            query_bytes: 2_048,
            depth: 32,
            clauses: 64,
            memory: 64 << 20,
            texts: 10_000,
        }
    }
}
