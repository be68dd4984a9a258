//! What handles on an index and the thread that writes share.

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

/// Is told of alerts.
pub(crate) type AlertListener = Box<dyn Fn(&Alert) + Send + Sync>;

/// What is shared.
pub(crate) struct IndexState {
    pub(crate) directory: PathBuf,
    /// The event time that one bucket covers.
    pub(crate) bucket: Span,
    pub(crate) counters: IndexCounters,
    /// Where the chain of the audit log was broken when the index was opened.
    pub(crate) broken: Option<String>,
    current: RwLock<Arc<Snapshot>>,
    damaged: AtomicU64,
    listeners: RwLock<Vec<AlertListener>>,
    conclusions: Mutex<Conclusions>,
    writing: Mutex<Option<WriterState>>,
    /// Where nobody writes in this process: the parts, to look what others write.
    followed: Mutex<Option<IndexParts>>,
    /// Why nothing is written any more.
    stopped: Mutex<Option<String>>,
}

/// What there is as long as this process writes.
pub(crate) struct WriterState {
    pub(crate) sender: SyncSender<WriterMessage>,
    pub(crate) audit: AuditLog,
    pub(crate) feedback: FeedbackLog,
    pub(crate) lock: WriterLock,
}

/// The value, even if somebody panicked with it: each is replaced as a whole.
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

    /// This process writes from now on.
    pub(crate) fn begin(&self, writing: WriterState) {
        *hold(&self.writing) = Some(writing);
    }

    /// Writing has failed, for good.
    pub(crate) fn stop(&self, reason: &str) {
        *hold(&self.stopped) = Some(reason.to_owned());
    }

    /// Nobody in this process writes any more: what others write is followed.
    pub(crate) fn end(&self, parts: IndexParts) {
        self.follow(parts);
        // With it goes the lock.
        *hold(&self.writing) = None;
    }

    /// From now on what others write is followed.
    pub(crate) fn follow(&self, parts: IndexParts) {
        *hold(&self.followed) = Some(parts);
    }

    /// Everything that can be found now.
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

    /// Parts that are damaged.
    pub(crate) fn damaged(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }

    pub(crate) fn listen(&self, listener: AlertListener) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    /// Tells the listeners.
    pub(crate) fn tell(&self, alerts: impl Iterator<Item = Alert>) {
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner);
        for alert in alerts {
            listeners.iter().for_each(|listener| listener(&alert));
        }
    }

    /// Whether this process writes.
    pub(crate) fn writes(&self) -> bool {
        hold(&self.writing).is_some()
    }

    /// Does something with what only who writes has.
    pub(crate) fn writing<T>(&self, work: impl FnOnce(&mut WriterState) -> Result<T, Error>) -> Result<T, Error> {
        match hold(&self.writing).as_mut() {
            Some(writing) => work(writing),
            None => Err(self.refusal()),
        }
    }

    /// Why nothing can be written.
    pub(crate) fn refusal(&self) -> Error {
        match self.stopped() {
            Some(reason) => Error::Stopped(reason),
            None => Error::ReadOnly(self.directory.clone()),
        }
    }

    /// Why nothing is written any more, where something failed.
    pub(crate) fn stopped(&self) -> Option<String> {
        hold(&self.stopped).clone()
    }

    /// Adds an entry to the audit log. Gives its number.
    pub(crate) fn audit(&self, by: &str, action: AuditAction) -> Result<u64, Error> {
        self.writing(|writing| writing.audit.add(by, action))
    }

    /// What was concluded about alerts, as of now.
    pub(crate) fn conclusions<T>(&self, look: impl FnOnce(&Conclusions) -> T) -> Result<T, Error> {
        let mut conclusions = hold(&self.conclusions);
        conclusions.follow(&self.directory)?;
        Ok(look(&conclusions))
    }

    /// Keeps a conclusion, with an entry in the audit log.
    pub(crate) fn conclude(&self, feedback: &Feedback) -> Result<(), Error> {
        let Feedback { alert_id, revision, verdict, .. } = feedback;
        let action = AuditAction::Feedback { alert_id: alert_id.clone(), revision: *revision, verdict: *verdict };
        self.writing(|writing| {
            writing.feedback.add(feedback)?;
            writing.audit.add(&feedback.by, action).map(drop)
        })
    }
}
