//! What the threads of a staged run share.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shoal_model::{Alert, Timestamp};

use super::partition_run::Committable;
use crate::Error;
use crate::cluster::progress_log::ProgressLog;
use crate::job::{Job, Kafka};
use crate::staged::topology::Topology;
use crate::write::producer::Producer;

/// What the threads of a staged run share.
pub(crate) struct SharedRun {
    pub(crate) job: Job,
    pub(crate) kafka: Kafka,
    pub(crate) topology: Topology,
    pub(crate) epoch: String,
    pub(crate) producer: Arc<Producer>,
    progress_log: Mutex<ProgressLog>,
    /// How far the progress topic was read.
    pub(crate) progress_log_read: AtomicU64,
    failure: Mutex<Option<Error>>,
    failed: AtomicBool,
    done: AtomicBool,
    /// Alerts that were raised here and nobody has shown yet.
    alerts: Mutex<Vec<Alert>>,
}

impl SharedRun {
    /// Of a run that is about to start.
    pub(crate) fn new(
        job: Job,
        kafka: Kafka,
        topology: Topology,
        epoch: String,
        producer: Arc<Producer>,
        progress_log: ProgressLog,
    ) -> Self {
        Self {
            job,
            kafka,
            topology,
            epoch,
            producer,
            progress_log: Mutex::new(progress_log),
            progress_log_read: AtomicU64::new(0),
            failure: Mutex::new(None),
            failed: AtomicBool::new(false),
            done: AtomicBool::new(false),
            alerts: Mutex::default(),
        }
    }

    /// What everybody has said.
    pub(crate) fn progress_log(&self) -> MutexGuard<'_, ProgressLog> {
        self.progress_log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the run with an error; the first one counts.
    pub(crate) fn fail(&self, error: Error) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Why the run failed, if it has.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether the run has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Everything has been processed.
    pub(crate) fn finish(&self) {
        self.done.store(true, Ordering::Relaxed);
    }

    /// Whether everybody is to come to an end.
    pub(crate) fn is_over(&self) -> bool {
        self.done.load(Ordering::Relaxed) || self.has_failed() || self.job.stop.load(Ordering::Relaxed)
    }

    /// Keeps an alert until it is shown.
    pub(crate) fn show(&self, alert: Alert) {
        self.alerts.lock().unwrap_or_else(PoisonError::into_inner).push(alert);
    }

    /// The alerts that are to be shown.
    pub(crate) fn shown(&self) -> Vec<Alert> {
        std::mem::take(&mut *self.alerts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How much of one partition waits for its worker, and how far ahead it is.
#[derive(Debug, Default)]
pub(crate) struct PartitionLoad {
    pub(crate) records: AtomicUsize,
    pub(crate) bytes: AtomicUsize,
    /// Posts that a source is ahead of the slowest stage.
    pub(crate) ahead: AtomicUsize,
    /// The partition was taken away: what waits is of no use any more.
    pub(crate) revoked: AtomicBool,
    /// What can be committed.
    settled: Mutex<Option<Committable>>,
}

impl PartitionLoad {
    /// Records below this are settled.
    pub(crate) fn settle(&self, settled: Committable) {
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner) = Some(settled);
    }

    /// What can be committed and was not yet.
    pub(crate) fn settled(&self) -> Option<Committable> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What waits no longer.
    pub(crate) fn done(&self, records: usize, bytes: usize) {
        self.records.fetch_sub(records, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A record on its way from the polling thread to a worker.
#[derive(Debug)]
pub(crate) struct OwnedRecord {
    pub(crate) offset: u64,
    pub(crate) appended: Option<Timestamp>,
    pub(crate) payload: Option<Box<[u8]>>,
    pub(crate) epoch: Option<Box<[u8]>>,
    pub(crate) schema: Option<Box<[u8]>>,
}

impl OwnedRecord {
    /// A copy that outlives the client's message.
    pub(crate) fn of(incoming: &crate::cluster::record::Incoming<'_>) -> Self {
        Self {
            offset: incoming.offset,
            appended: incoming.appended,
            payload: incoming.payload.map(Into::into),
            epoch: incoming.epoch.map(Into::into),
            schema: incoming.schema.map(Into::into),
        }
    }

    /// As a task sees it.
    pub(crate) fn incoming(&self) -> crate::cluster::record::Incoming<'_> {
        crate::cluster::record::Incoming {
            offset: self.offset,
            appended: self.appended,
            payload: self.payload.as_deref(),
            epoch: self.epoch.as_deref(),
            schema: self.schema.as_deref(),
        }
    }

    /// Its length in bytes.
    pub(crate) fn length(&self) -> usize {
        self.payload.as_ref().map_or(0, |payload| payload.len())
    }
}
