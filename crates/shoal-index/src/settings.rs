//! Settings of an index, and limits of requests.

use std::path::{Path, PathBuf};
use std::time::Duration;

use shoal_model::Span;

/// Settings of an index. None of them changes an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The directory, made when it is not there.
    pub directory: PathBuf,
    /// The event time that one bucket covers; buckets are dropped whole. An existing index keeps its own.
    pub bucket: Span,
    /// Time that posts and alerts are kept, in event time before the newest post; for ever when absent.
    pub keep: Option<Span>,
    /// Wall-clock time after which new posts and alerts are searchable.
    pub commit: Duration,
    /// Bytes that posts may take before they are written, 15 MB or more per thread.
    pub memory: usize,
    /// Threads that write.
    pub threads: usize,
    /// Wall-clock time between two purges: after one, nothing that was deleted before it is on disk.
    pub purge: Duration,
}

impl Settings {
    /// Default settings for this directory.
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

/// Limits of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchLimits {
    /// Time of a search: one that takes longer fails, or its counts are inexact.
    pub time: Duration,
    /// Length of a query in bytes.
    pub query_bytes: usize,
    /// Depth of brackets.
    pub depth: usize,
    /// Words, phrases and fields in a query.
    pub clauses: usize,
    /// Bytes that counting values may use.
    pub memory: u64,
    /// Texts of one text object that are searched, the newest.
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
