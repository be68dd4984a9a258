//! Settings of an index, and limits of requests.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shoal_model::Span;

use crate::Error;

/// The shortest bucket: a directory, and files held open, for each.
const SHORTEST_BUCKET: Span = Span::from_seconds(3_600);
/// Bytes that the engine needs for each thread that writes.
const LEAST_MEMORY: usize = 16 << 20;
const MOST_THREADS: usize = 8;

/// The index in which posts and alerts can be searched. Without the table there is no index, no page and no API.
/// Nothing here changes an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A directory, relative to the working directory; made when it is not there. One process at a time writes to it.
    pub path: PathBuf,
    /// The event time that one bucket of posts covers: what is dropped at once. 1d suits a stream, 30d an archive. An
    /// index that is there keeps its own.
    #[schemars(extend("x-minimum" = "1h"))]
    pub bucket: Span,
    /// The time that posts and alerts stay, in event time after the newest post, at least one bucket; without it they
    /// stay for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<Span>,
    /// Time by the clock until what has come can be found.
    #[schemars(extend("x-minimum" = "100ms"))]
    pub commit: Span,
    /// Memory for posts that are not written yet, in bytes: 16 MiB or more for each of `threads`.
    #[schemars(range(min = LEAST_MEMORY))]
    pub memory_bytes: usize,
    /// Threads that write.
    #[schemars(range(min = 1, max = MOST_THREADS))]
    pub threads: usize,
    /// Time by the clock between two purges: after one, what was deleted before it is no longer on disk.
    #[schemars(extend("x-minimum" = "100ms"))]
    pub purge: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            path: "shoal-index".into(),
            bucket: Span::from_seconds(30 * 86_400),
            keep: None,
            commit: Span::from_seconds(1),
            memory_bytes: 64 << 20,
            threads: 1,
            purge: Span::from_seconds(3_600),
        }
    }
}

impl Settings {
    /// Default settings, in this directory.
    pub fn of(directory: &Path) -> Self {
        Self { path: directory.to_owned(), ..Self::default() }
    }

    /// Refuses what cannot work, without looking at the disk. The error names the key as a pipeline has it.
    pub fn validate(&self) -> Result<(), Error> {
        let wrong = |key: &str, problem: String, remedy: &str| {
            Err(Error::Setting { key: format!("index.{key}"), problem, remedy: remedy.to_owned() })
        };
        if self.path.as_os_str().is_empty() {
            return wrong("path", "it is empty".to_owned(), "name a directory, relative to the working directory");
        }
        if self.bucket < SHORTEST_BUCKET {
            let remedy = "write 1h or more; 1d suits a stream, 30d an archive";
            return wrong("bucket", format!("{} is too short", self.bucket), remedy);
        }
        if let Some(keep) = self.keep.filter(|keep| *keep < self.bucket) {
            let remedy = "write at least one bucket, or leave it out: everything is kept";
            return wrong("keep", format!("{keep} is less than one bucket of {}", self.bucket), remedy);
        }
        if !(1..=MOST_THREADS).contains(&self.threads) {
            return wrong("threads", format!("{} threads cannot work", self.threads), "write 1 to 8");
        }
        if self.memory_bytes < LEAST_MEMORY * self.threads {
            let remedy = "write 16777216 or more for each of index.threads";
            return wrong("memory_bytes", format!("{} is too little", self.memory_bytes), remedy);
        }
        for (key, span) in [("commit", self.commit), ("purge", self.purge)] {
            if span < Span::from_micros(100_000) {
                return wrong(key, format!("{span} is too often"), "write 100ms or more");
            }
        }
        Ok(())
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
