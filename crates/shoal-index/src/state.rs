//! The state that handles on an index share with the thread that writes.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use shoal_model::{Alert, Span};

use crate::contract::WriterMessage;
use crate::counters::IndexCounters;
use crate::erase::audit::{AuditAction, AuditLog};
use crate::feedback::{Conclusions, FeedbackLog};
use crate::store::lock::WriterLock;
use crate::store::parts::IndexParts;
use crate::store::snapshot::Snapshot;
use crate::{Error, Feedback};

/// Receives alerts.
pub(crate) type AlertListener = Box<dyn Fn(&Alert) + Send + Sync>;

/// The shared state of an open index.
pub(crate) struct IndexState {
    pub(crate) directory: PathBuf,
    /// The event time that one bucket covers.
    pub(crate) bucket: Span,
    pub(crate) counters: IndexCounters,
    /// The place at which the chain of the audit log was broken when the index was opened.
    pub(crate) broken: Option<String>,
    current: RwLock<Arc<Snapshot>>,
    damaged: AtomicU64,
    listeners: RwLock<Vec<AlertListener>>,
    conclusions: Mutex<Conclusions>,
    writing: Mutex<Option<WriterState>>,
    /// The parts, where this process does not write: to follow what others write.
    followed: Mutex<Option<IndexParts>>,
    /// The reason that nothing is written any more.
    stopped: Mutex<Option<String>>,
}

/// The state of a process that writes.
pub(crate) struct WriterState {
    pub(crate) sender: SyncSender<WriterMessage>,
    pub(crate) audit: AuditLog,
    pub(crate) feedback: FeedbackLog,
    pub(crate) lock: WriterLock,
}

/// Locks a value, even if a thread panicked with it: values are replaced as a whole.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl IndexState {
    pub(crate) fn new(directory: PathBuf, bucket: Span, parts: &IndexParts, broken: Option<String>) -> Self {
        if let Some(broken) = &broken {
            tracing::warn!(path = %directory.display(), broken, "the chain of the audit log is broken");
        }
        Self {
            directory,
            bucket,
            counters: IndexCounters::default(),
            broken,
            current: RwLock::new(Arc::new(parts.snapshot())),
            damaged: AtomicU64::new(parts.damaged),
            listeners: RwLock::default(),
            conclusions: Mutex::default(),
            writing: Mutex::new(None),
            followed: Mutex::new(None),
            stopped: Mutex::new(None),
        }
    }

    /// Begins to write in this process.
    pub(crate) fn begin(&self, writing: WriterState) {
        *hold(&self.writing) = Some(writing);
    }

    /// Records that writing has failed, for good.
    pub(crate) fn stop(&self, reason: &str) {
        *hold(&self.stopped) = Some(reason.to_owned());
    }

    /// Ends writing in this process, and follows what others write.
    pub(crate) fn end(&self, parts: IndexParts) {
        self.follow(parts);
        // With it goes the lock.
        *hold(&self.writing) = None;
    }

    /// Follows what others write from now on.
    pub(crate) fn follow(&self, parts: IndexParts) {
        *hold(&self.followed) = Some(parts);
    }

    /// A snapshot of everything that is searchable now.
    pub(crate) fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        let mut followed = hold(&self.followed);
        if let Some(parts) = followed.as_mut()
            && parts.follow()?
        {
            self.damaged.store(parts.damaged, Ordering::Relaxed);
            self.publish(parts.snapshot());
        }
        drop(followed);
        Ok(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }

    pub(crate) fn publish(&self, snapshot: Snapshot) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }

    /// Number of damaged parts.
    pub(crate) fn damaged(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }

    pub(crate) fn listen(&self, listener: AlertListener) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    /// Passes alerts to the listeners.
    pub(crate) fn tell(&self, alerts: impl Iterator<Item = Alert>) {
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner);
        for alert in alerts {
            listeners.iter().for_each(|listener| listener(&alert));
        }
    }

    /// Tests whether this process writes.
    pub(crate) fn writes(&self) -> bool {
        hold(&self.writing).is_some()
    }

    /// Runs `work` on the state of writing; fails where this process does not write.
    pub(crate) fn writing<T>(&self, work: impl FnOnce(&mut WriterState) -> Result<T, Error>) -> Result<T, Error> {
        match hold(&self.writing).as_mut() {
            Some(writing) => work(writing),
            None => Err(self.refusal()),
        }
    }

    /// The error for an index that this process cannot write to.
    pub(crate) fn refusal(&self) -> Error {
        match self.stopped() {
            Some(reason) => Error::Stopped(reason),
            None => Error::ReadOnly(self.directory.clone()),
        }
    }

    /// The reason that writing has failed, where it has.
    pub(crate) fn stopped(&self) -> Option<String> {
        hold(&self.stopped).clone()
    }

    /// Adds an entry to the audit log. Returns its number.
    pub(crate) fn audit(&self, by: &str, action: AuditAction) -> Result<u64, Error> {
        self.writing(|writing| writing.audit.add(by, action))
    }

    /// Looks at the conclusions about alerts as of now.
    pub(crate) fn conclusions<T>(&self, look: impl FnOnce(&Conclusions) -> T) -> Result<T, Error> {
        let mut conclusions = hold(&self.conclusions);
        conclusions.follow(&self.directory)?;
        Ok(look(&conclusions))
    }

    /// Saves a conclusion, with an entry in the audit log.
    pub(crate) fn conclude(&self, feedback: &Feedback) -> Result<(), Error> {
        let Feedback { alert_id, revision, verdict, .. } = feedback;
        let action = AuditAction::Feedback { alert_id: alert_id.clone(), revision: *revision, verdict: *verdict };
        self.writing(|writing| {
            writing.feedback.add(feedback)?;
            writing.audit.add(&feedback.by, action).map(drop)
        })
    }
}
