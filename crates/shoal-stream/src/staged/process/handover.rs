//! Values that the polling thread of a stage and the workers hand to each other.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use shoal_model::Timestamp;

use crate::cluster::record::Incoming;

/// A position to commit: records below it are settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Committable {
    /// The position.
    pub(crate) offset: u64,
    /// The manifest that goes with it.
    pub(crate) metadata: String,
}

/// The load of one partition: what waits for its worker, and how far ahead it is.
#[derive(Debug, Default)]
pub(crate) struct PartitionLoad {
    /// Records that wait.
    pub(crate) records: AtomicUsize,
    /// Their bytes.
    pub(crate) bytes: AtomicUsize,
    /// Posts that a source is ahead of the slowest stage.
    pub(crate) ahead: AtomicUsize,
    /// The partition was taken away: what waits is of no use any more.
    pub(crate) revoked: AtomicBool,
    committable: Mutex<Option<Committable>>,
}

impl PartitionLoad {
    /// Offers a position to commit.
    pub(crate) fn offer(&self, committable: Committable) {
        *self.committable.lock().unwrap_or_else(PoisonError::into_inner) = Some(committable);
    }

    /// Takes the position that can be committed and was not yet.
    pub(crate) fn take_committable(&self) -> Option<Committable> {
        self.committable.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Takes off what waits no longer.
    pub(crate) fn done(&self, records: usize, bytes: usize) {
        self.records.fetch_sub(records, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A record on its way from the polling thread to a worker.
#[derive(Debug)]
pub(crate) struct OwnedRecord {
    pub(crate) offset: u64,
    appended: Option<Timestamp>,
    payload: Option<Box<[u8]>>,
    epoch: Option<Box<[u8]>>,
    schema: Option<Box<[u8]>>,
}

impl OwnedRecord {
    /// A copy that outlives the client's message.
    pub(crate) fn of(incoming: &Incoming<'_>) -> Self {
        Self {
            offset: incoming.offset,
            appended: incoming.appended,
            payload: incoming.payload.map(Into::into),
            epoch: incoming.epoch.map(Into::into),
            schema: incoming.schema.map(Into::into),
        }
    }

    /// The record as a task reads it.
    pub(crate) fn incoming(&self) -> Incoming<'_> {
        Incoming {
            offset: self.offset,
            appended: self.appended,
            payload: self.payload.as_deref(),
            epoch: self.epoch.as_deref(),
            schema: self.schema.as_deref(),
        }
    }

    /// The length of its payload in bytes.
    pub(crate) fn length(&self) -> usize {
        self.payload.as_ref().map_or(0, |payload| payload.len())
    }
}
