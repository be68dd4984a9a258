//! The handles on an index: [`Index`] to search, [`Writer`] to write.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use shoal_model::{Alert, Post};
use tantivy::Term;

use crate::contract::WriterMessage;
use crate::erase::audit::{self, AuditLog};
use crate::feedback::{FeedbackLog, MAX_NOTE};
use crate::state::{IndexState, WriterState};
use crate::store::disk;
use crate::store::identity::IndexIdentity;
use crate::store::lock::WriterLock;
use crate::store::parts::{IndexParts, OpenMode};
use crate::store::snapshot::Snapshot;
use crate::write::WriterThread;
use crate::{Batch, Erasure, Error, Feedback, IndexCounts, Settings, Status, Subject, documents};

/// Batches that may wait for the thread that writes.
const MAX_QUEUED_BATCHES: usize = 4;

/// Characters of a reason, and of a name.
const MAX_REASON: usize = 2_000;

/// An index to search, by many threads at once. Cheap to clone.
#[derive(Clone)]
pub struct Index {
    shared: Arc<IndexState>,
    id: Arc<str>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("directory", &self.shared.directory).finish_non_exhaustive()
    }
}

/// The only writer of an index. Dropping it commits nothing; see [`Writer::close`].
pub struct Writer {
    shared: Arc<IndexState>,
    sender: SyncSender<WriterMessage>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("directory", &self.shared.directory).finish_non_exhaustive()
    }
}

impl Index {
    /// Opens an index to write and to search. Only one process at a time can. Damaged parts are set aside, with an
    /// error in the log and a count in [`Status::damaged`]; work that a crash interrupted is finished or cleared.
    pub fn open(settings: &Settings) -> Result<(Self, Writer), Error> {
        let directory = &settings.path;
        std::fs::create_dir_all(directory).map_err(disk::failed(directory))?;
        let lock = WriterLock::take(directory)?;
        let identity = match IndexIdentity::read(directory)? {
            Some(identity) => identity,
            None => IndexIdentity::create(directory, settings.bucket)?,
        };
        let (audit, broken) = AuditLog::open(directory)?;
        let feedback = FeedbackLog::open(directory)?;
        let parts = IndexParts::open(directory, Arc::clone(&identity.id), OpenMode::Write)?;
        let shared = Arc::new(IndexState::new(directory.clone(), identity.bucket, &parts, broken));
        let (sender, messages) = sync_channel(MAX_QUEUED_BATCHES);
        shared.begin(WriterState { sender: sender.clone(), audit, feedback, lock });
        let writer_thread = WriterThread::new(settings, &identity, parts, &shared)?;
        let spawned = thread::Builder::new().name("index".to_owned()).spawn(move || writer_thread.run(&messages));
        let thread = spawned.map_err(disk::failed(directory))?;
        let writer = Writer { shared: Arc::clone(&shared), sender, thread: Some(thread) };
        Ok((Self { shared, id: identity.id }, writer))
    }

    /// Opens an existing index to search it. Another process may write to it; its commits are followed. Damage is
    /// passed over, with an error in the log and a count in [`Status::damaged`]. Nothing in the index changes, but its
    /// lock files must be writable: they keep files from being removed while they are being opened.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        let identity = IndexIdentity::read(directory)?.ok_or_else(|| Error::NoIndex(directory.to_owned()))?;
        let parts = IndexParts::open(directory, Arc::clone(&identity.id), OpenMode::Read)?;
        let broken = audit::broken(directory)?;
        let shared = IndexState::new(directory.to_owned(), identity.bucket, &parts, broken);
        shared.follow(parts);
        Ok(Self { shared: Arc::new(shared), id: identity.id })
    }

    /// A snapshot of everything that is searchable now.
    pub(crate) fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        self.shared.snapshot()
    }

    /// The id, unique to the index and part of cursors.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Publishes the address of this process, for others that want to write.
    pub fn set_address(&self, address: &str) -> Result<(), Error> {
        self.shared.writing(|writing| writing.lock.say(Some(address)))
    }

    /// The state of the index.
    pub fn status(&self) -> Result<Status, Error> {
        let snapshot = self.snapshot()?;
        let newest = Term::from_field_text(snapshot.alert_fields.role, documents::NEWEST);
        let alerts =
            count(&snapshot.alerts, newest).map_err(disk::tantivy_error(&self.shared.directory.join("alerts")))?;
        let readers = || snapshot.buckets.iter().flat_map(|bucket| bucket.searcher.segment_readers());
        let ranges = || snapshot.buckets.iter().filter_map(|bucket| bucket.range);
        Ok(Status {
            posts: readers().map(|reader| u64::from(reader.num_docs())).sum(),
            alerts,
            buckets: snapshot.buckets.len() as u64,
            bytes: snapshot.bytes,
            range: ranges().map(|range| range.0).min().zip(ranges().map(|range| range.1).max()),
            deleted: readers().map(|reader| u64::from(reader.num_deleted_docs())).sum(),
            writes: self.shared.writes(),
            stopped: self.shared.stopped(),
            damaged: self.shared.damaged(),
            audit_broken: self.shared.broken.clone(),
        })
    }

    /// Counts since the index was opened to be written to.
    pub fn counts(&self) -> IndexCounts {
        let bytes = self.snapshot().map_or(0, |snapshot| snapshot.bytes);
        self.shared.counters.read(bytes)
    }

    /// Adds a listener that receives every revision of an alert, redacted, once it is searchable. It runs on the thread
    /// that writes, so it must not wait.
    pub fn on_alert(&self, listener: Box<dyn Fn(&Alert) + Send + Sync>) {
        self.shared.listen(listener);
    }

    /// Saves a conclusion about an alert, with an entry in the audit log. The revision of the alert must be there.
    pub fn give_feedback(&self, feedback: &Feedback) -> Result<(), Error> {
        short("note", feedback.note.as_deref().unwrap_or_default(), MAX_NOTE)?;
        short("by", &feedback.by, MAX_REASON)?;
        let snapshot = self.snapshot()?;
        let key = documents::revision_key(&feedback.alert_id, feedback.revision);
        let found = count(&snapshot.alerts, Term::from_field_text(snapshot.alert_fields.key, &key));
        if found.map_err(disk::tantivy_error(&self.shared.directory.join("alerts")))? == 0 {
            let id = format!("{} with revision {}", feedback.alert_id, feedback.revision);
            return Err(Error::Missing { what: "alert", id });
        }
        self.shared.conclude(feedback)
    }

    /// All conclusions about an alert, oldest first.
    pub fn feedback(&self, alert_id: &str) -> Result<Vec<Feedback>, Error> {
        self.shared.conclusions(|conclusions| conclusions.of(alert_id).to_vec())
    }

    /// Number of times each verdict was given on an alert. The newest of each person counts.
    pub(crate) fn verdicts(&self, alert_id: &str) -> Result<std::collections::BTreeMap<String, u64>, Error> {
        self.shared.conclusions(|conclusions| conclusions.verdicts(alert_id))
    }

    /// Erases a post or an account: from searches and from the evidence of alerts at once, from disk with the next
    /// purge. Later posts and alerts about it are left out or redacted. Posts of others about it, reposts and replies
    /// among them, are theirs and stay. `by` and `reason` go to the audit log, which knows the subject by a keyed hash
    /// alone.
    pub fn erase(&self, subject: &Subject, by: &str, reason: &str) -> Result<Erasure, Error> {
        Post::split_id(subject.id()).map_err(|error| Error::InvalidRequest {
            field: "subject",
            problem: error.to_string(),
            remedy: "give an id as platform:native".to_owned(),
        })?;
        short("by", by, MAX_REASON)?;
        short("reason", reason, MAX_REASON)?;
        let (subject, by, reason) = (subject.clone(), by.to_owned(), reason.to_owned());
        self.ask(|reply| WriterMessage::Erase { subject, by, reason, reply })
    }

    /// Removes the bytes of deleted documents from disk, and waits. Returns the number of documents.
    pub fn purge(&self) -> Result<u64, Error> {
        self.ask(WriterMessage::Purge)
    }

    /// Sends a message to the thread that writes, and waits for its answer.
    fn ask<T>(&self, message: impl FnOnce(SyncSender<Result<T, Error>>) -> WriterMessage) -> Result<T, Error> {
        let sender = self.shared.writing(|writing| Ok(writing.sender.clone()))?;
        ask(&self.shared, &sender, message)
    }
}

fn ask<T>(
    shared: &IndexState,
    sender: &SyncSender<WriterMessage>,
    message: impl FnOnce(SyncSender<Result<T, Error>>) -> WriterMessage,
) -> Result<T, Error> {
    if shared.stopped().is_some() {
        return Err(shared.refusal());
    }
    let (reply, answer): (_, Receiver<Result<T, Error>>) = sync_channel(1);
    sender.send(message(reply)).map_err(|_| shared.refusal())?;
    answer.recv().unwrap_or_else(|_| Err(shared.refusal()))
}

/// Counts the documents with a term.
fn count(searcher: &tantivy::Searcher, term: Term) -> tantivy::Result<u64> {
    let query = tantivy::query::TermQuery::new(term, tantivy::schema::IndexRecordOption::Basic);
    searcher.search(&query, &tantivy::collector::Count).map(|count| count as u64)
}

fn short(field: &'static str, text: &str, most: usize) -> Result<(), Error> {
    if text.chars().nth(most).is_none() {
        return Ok(());
    }
    Err(Error::InvalidRequest {
        field,
        problem: format!("it has more than {most} characters"),
        remedy: "make it shorter".to_owned(),
    })
}

impl Writer {
    /// Hands over a batch. Waits while too many batches are queued. Fails for good once writing has failed.
    pub fn add(&mut self, batch: Batch) -> Result<(), Error> {
        if self.shared.stopped().is_some() {
            return Err(self.shared.refusal());
        }
        self.sender.send(WriterMessage::Batch(batch)).map_err(|_| self.shared.refusal())
    }

    /// Waits until everything handed over is durable and searchable. Only then may a checkpoint record it as handed
    /// over.
    pub fn commit(&mut self) -> Result<(), Error> {
        ask(&self.shared, &self.sender, WriterMessage::Commit)
    }

    /// Commits and ends: the last bucket is merged like one that is closed, and others may write. The index stays open
    /// to be read.
    pub fn close(mut self) -> Result<(), Error> {
        let outcome = ask(&self.shared, &self.sender, WriterMessage::Close);
        self.join();
        outcome
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the index panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.thread.is_some() {
            // It may have ended already.
            let _ = self.sender.send(WriterMessage::Abandon);
            self.join();
        }
    }
}
