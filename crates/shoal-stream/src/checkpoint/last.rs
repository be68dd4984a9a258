//! The last checkpoint of a run.

use std::time::{Duration, Instant};

/// The last checkpoint, and what has happened since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastCheckpoint {
    /// The number of the checkpoint; 0 when there is none.
    pub(crate) number: u64,
    made: Instant,
    /// Records processed since.
    pub(crate) records: u64,
}

impl LastCheckpoint {
    /// A checkpoint that was made just now, or that a run goes on from.
    pub(crate) fn new(number: u64) -> Self {
        Self { number, made: Instant::now(), records: 0 }
    }

    /// Says whether another one is due: after so many records, or after so much time in which there were any.
    pub(crate) fn is_stale(&self, many: u64, long: Duration) -> bool {
        self.records > 0 && (self.records >= many || self.made.elapsed() >= long)
    }
}
