//! Counts of writing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Counts since the index was opened, and its size.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct IndexCounts {
    /// Posts that were added.
    pub added: u64,
    /// Posts that were indexed before: a run went on from an earlier position.
    pub present: u64,
    /// Posts that were left out because they have expired.
    pub expired: u64,
    /// Posts that were left out because they, or their accounts, have been erased.
    pub erased: u64,
    /// Posts that were deleted by erasures.
    pub deleted: u64,
    /// Revisions of alerts that were written.
    pub alerts: u64,
    /// Texts and mergers of texts that were written.
    pub texts: u64,
    /// Commits.
    pub commits: u64,
    /// Seconds that commits took, with loading their results.
    pub commit_seconds: f64,
    /// Buckets that were dropped because they have expired.
    pub buckets_dropped: u64,
    /// Deleted documents whose bytes were removed from disk.
    pub purged: u64,
    /// Bytes on disk, as of the last commit.
    pub bytes: u64,
}

/// Counters that rise.
#[derive(Debug, Default)]
pub(crate) struct IndexCounters {
    pub(crate) added: Counter,
    pub(crate) present: Counter,
    pub(crate) expired: Counter,
    pub(crate) erased: Counter,
    pub(crate) deleted: Counter,
    pub(crate) alerts: Counter,
    pub(crate) texts: Counter,
    pub(crate) commits: Counter,
    commit_micros: Counter,
    pub(crate) buckets_dropped: Counter,
    pub(crate) purged: Counter,
}

/// A counter.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl IndexCounters {
    pub(crate) fn commit(&self, took: Duration) {
        self.commits.add(1);
        self.commit_micros.add(took.as_micros() as u64);
    }

    /// The values of all counters now.
    pub(crate) fn read(&self, bytes: u64) -> IndexCounts {
        IndexCounts {
            added: self.added.get(),
            present: self.present.get(),
            expired: self.expired.get(),
            erased: self.erased.get(),
            deleted: self.deleted.get(),
            alerts: self.alerts.get(),
            texts: self.texts.get(),
            commits: self.commits.get(),
            commit_seconds: self.commit_micros.get() as f64 / 1e6,
            buckets_dropped: self.buckets_dropped.get(),
            purged: self.purged.get(),
            bytes,
        }
    }
}
