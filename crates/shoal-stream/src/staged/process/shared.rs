//! The context that the threads of a staged run share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shoal_model::Alert;

use crate::Error;
use crate::cluster::progress_log::ProgressLog;
use crate::job::Job;
use crate::settings::KafkaSettings;
use crate::staged::topology::Topology;
use crate::write::producer::Producer;

/// The context that the threads of a staged run share.
pub(crate) struct SharedRun {
    pub(crate) job: Job,
    pub(crate) kafka: KafkaSettings,
    pub(crate) topology: Topology,
    pub(crate) epoch: String,
    pub(crate) producer: Arc<Producer>,
    progress_log: Mutex<ProgressLog>,
    /// The offset up to which the progress log was read.
    pub(crate) progress_log_read: AtomicU64,
    failure: Mutex<Option<Error>>,
    failed: AtomicBool,
    done: AtomicBool,
    /// Alerts that were raised here and nobody has shown yet.
    alerts: Mutex<Vec<Alert>>,
}

impl SharedRun {
    /// The context of a run that is about to start.
    pub(crate) fn new(
        job: Job,
        kafka: KafkaSettings,
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

    /// The progress log, as far as it was read.
    pub(crate) fn progress_log(&self) -> MutexGuard<'_, ProgressLog> {
        self.progress_log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the run with an error; the first one counts.
    pub(crate) fn fail(&self, error: Error) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Takes the reason why the run failed, if it has.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Says whether the run has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Ends the run: everything has been processed.
    pub(crate) fn finish(&self) {
        self.done.store(true, Ordering::Relaxed);
    }

    /// Says whether all threads are to come to an end.
    pub(crate) fn is_over(&self) -> bool {
        self.done.load(Ordering::Relaxed) || self.has_failed() || self.job.stop.load(Ordering::Relaxed)
    }

    /// Keeps an alert until it is shown.
    pub(crate) fn show(&self, alert: Alert) {
        self.alerts.lock().unwrap_or_else(PoisonError::into_inner).push(alert);
    }

    /// Takes the alerts that are to be shown.
    pub(crate) fn shown(&self) -> Vec<Alert> {
        std::mem::take(&mut *self.alerts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
