//! The thread that writes: it indexes batches, commits, erases, purges and expires.

mod alerts;
mod closing;
mod erase;
mod posts;
mod purge;
mod side;
mod texts;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use shoal_model::{Alert, Timestamp};

use self::alerts::AlertWriter;
use self::posts::PostWriter;
use self::texts::TextWriter;
use crate::contract::{Subject, WriterMessage};
use crate::erase::erased::Erased;
use crate::erase::redact::redact;
use crate::state::IndexState;
use crate::store::disk;
use crate::store::identity::IndexIdentity;
use crate::store::parts::{self, IndexParts};
use crate::store::positions::SourcePositions;
use crate::{Batch, Error, Settings};

/// Revisions of alerts that may wait for a commit.
const MAX_UNCOMMITTED_ALERTS: usize = 256;

/// Deletions that may wait for a commit.
const MAX_UNCOMMITTED_DELETIONS: usize = 10_000;

/// The state of the thread that writes.
pub(crate) struct WriterThread {
    settings: Settings,
    shared: Arc<IndexState>,
    parts: IndexParts,
    posts: PostWriter,
    alerts: AlertWriter,
    texts: TextWriter,
    erased: Erased,
    /// Revisions that listeners receive once they are committed.
    waiting: Vec<Alert>,
    /// Deletions reported by sources, carried out with the next commit.
    deletions: Vec<Subject>,
    /// The moment since which something waits for a commit.
    waits_since: Option<Instant>,
    purged_at: Instant,
}

impl WriterThread {
    /// Opens the writers, and finishes an erasure that was interrupted.
    pub(crate) fn new(
        settings: &Settings,
        identity: &IndexIdentity,
        parts: IndexParts,
        shared: &Arc<IndexState>,
    ) -> Result<Self, Error> {
        let mut marks = SourcePositions::default();
        for bucket in parts.buckets.values() {
            let payload = bucket.part.payload()?.filter(|payload| !payload.is_empty());
            payload.map_or(Ok(()), |payload| marks.join(&payload)).map_err(|error| Error::Damaged {
                path: bucket.part.path().to_owned(),
                detail: format!("what its last commit says of itself cannot be read: {error}"),
                remedy: "move this directory away; a run from the beginning of its inputs indexes it again".to_owned(),
            })?;
        }
        let mut writer = Self {
            posts: PostWriter::new(settings, identity, marks, &parts),
            alerts: AlertWriter::new(&parts),
            texts: TextWriter::new(&parts),
            erased: Erased::open(&settings.path, identity.key)?,
            settings: settings.clone(),
            shared: Arc::clone(shared),
            parts,
            waiting: Vec::new(),
            deletions: Vec::new(),
            waits_since: None,
            purged_at: Instant::now(),
        };
        writer.finish_erasure()?;
        Ok(writer)
    }

    /// Handles messages until one ends the thread or something fails, which stops writing for good.
    pub(crate) fn run(mut self, messages: &Receiver<WriterMessage>) {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.work(messages)));
        let reason = match outcome {
            Ok(Ok(())) => None,
            Ok(Err(reason)) => Some(reason),
            Err(_) => Some("the thread that writes panicked".to_owned()),
        };
        if let Some(reason) = &reason {
            tracing::error!(reason, "the index cannot be written any more");
            self.shared.stop(reason);
        }
        let Self { shared, parts, posts, alerts, texts, .. } = self;
        drop((posts, alerts, texts));
        shared.end(parts);
    }

    fn work(&mut self, messages: &Receiver<WriterMessage>) -> Result<(), String> {
        let told = |error: Error| error.to_string();
        loop {
            let message = messages.recv_timeout(self.patience());
            match message {
                Ok(message) => {
                    if self.take(message)?.is_break() {
                        return Ok(());
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            if self.is_due() {
                self.commit().map_err(told)?;
            }
            if self.purged_at.elapsed() >= self.settings.purge.duration() {
                self.purge().map_err(told)?;
            }
            if self.posts.closings().look(&mut self.parts).map_err(told)? {
                self.publish();
            }
        }
    }

    fn take(&mut self, message: WriterMessage) -> Result<ControlFlow<()>, String> {
        match message {
            WriterMessage::Batch(batch) => self.add(batch).map_err(|error| error.to_string())?,
            WriterMessage::Commit(reply) => {
                let outcome = self.commit_all();
                self.answer(&reply, outcome)?;
            }
            WriterMessage::Erase { subject, by, reason, reply } => {
                let outcome = self.erase(&subject, &by, &reason);
                self.answer(&reply, outcome)?;
            }
            WriterMessage::Purge(reply) => {
                let outcome = self.purge();
                self.answer(&reply, outcome)?;
            }
            WriterMessage::Close(reply) => {
                let outcome = self.close();
                self.answer(&reply, outcome)?;
                return Ok(ControlFlow::Break(()));
            }
            WriterMessage::Abandon => return Ok(ControlFlow::Break(())),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Time to wait for messages before there is something else to do.
    fn patience(&mut self) -> Duration {
        let commit = self.waits_since.map(|since| self.settings.commit.duration().saturating_sub(since.elapsed()));
        // What closes meanwhile is to be found as soon as if it had been committed.
        let commit = commit.or((!self.posts.closings().is_empty()).then_some(self.settings.commit.duration()));
        let purge = self.settings.purge.duration().saturating_sub(self.purged_at.elapsed());
        commit.map_or(purge, |commit| commit.min(purge))
    }

    fn is_due(&self) -> bool {
        let waited = self.waits_since.is_some_and(|since| since.elapsed() >= self.settings.commit.duration());
        waited || self.waiting.len() >= MAX_UNCOMMITTED_ALERTS || self.deletions.len() >= MAX_UNCOMMITTED_DELETIONS
    }

    fn add(&mut self, batch: Batch) -> Result<(), Error> {
        let counts = &self.shared.counters;
        let added = counts.added.get();
        for (subject, at) in batch.deletions {
            self.erased.note(&subject, Some(at));
            self.deletions.push(subject);
        }
        for post in batch.posts {
            self.posts.add(post, &mut self.parts, &self.erased, counts)?;
        }
        // What is that old is not kept; a run that goes on from an earlier place tells of it again.
        let expiry = self.posts.expiry();
        let is_kept = |at: Timestamp| expiry.is_none_or(|expiry| at >= expiry);
        for text in batch.texts.into_iter().filter(|text| is_kept(text.at)) {
            counts.texts.add(u64::from(self.texts.text(text, &self.parts)?));
        }
        for merge in batch.merges.into_iter().filter(|merge| is_kept(merge.at)) {
            counts.texts.add(u64::from(self.texts.merge(merge, &self.parts)?));
        }
        for mut alert in batch.alerts.into_iter().filter(|alert| is_kept(alert.raised_at)) {
            redact(&mut alert, &self.erased);
            self.alerts.put(&alert, &self.parts)?;
            counts.alerts.add(1);
            self.waiting.push(alert);
        }
        // Posts may have been committed already, when there were many; they are to be found all the same.
        let is_new = counts.added.get() > added || self.alerts.is_dirty() || self.texts.is_dirty();
        if (is_new || !self.deletions.is_empty()) && self.waits_since.is_none() {
            self.waits_since = Some(Instant::now());
        }
        Ok(())
    }

    /// Makes everything handed over durable and searchable.
    fn commit_all(&mut self) -> Result<(), Error> {
        self.commit()?;
        self.posts.commit_all(&mut self.parts)?;
        self.publish();
        Ok(())
    }

    /// Makes everything handed over durable and searchable, except for buckets that are being closed.
    fn commit(&mut self) -> Result<(), Error> {
        let started = Instant::now();
        if self.waits_since.take().is_some() {
            self.erased.save()?;
            self.posts.commit(&mut self.parts)?;
            self.alerts.commit(&mut self.parts)?;
            self.texts.commit(&mut self.parts)?;
            self.carry_out_deletions()?;
            let dropped = self.expire()?;
            self.publish();
            for path in dropped {
                parts::clear(&path)?;
            }
            self.shared.counters.commit(started.elapsed());
        }
        self.shared.tell(self.waiting.drain(..));
        Ok(())
    }

    fn publish(&self) {
        self.shared.publish(self.parts.snapshot());
    }

    /// Drops buckets that have expired, with alerts and texts as old. Returns directories to remove once no snapshot
    /// shows them.
    fn expire(&mut self) -> Result<Vec<std::path::PathBuf>, Error> {
        let Some(expiry) = self.posts.expiry() else { return Ok(Vec::new()) };
        let open = self.posts.open_start();
        let is_old = |start: Timestamp, range: Option<(_, Timestamp)>| {
            let end = range.map_or_else(|| start.plus(self.shared.bucket), |(_, last)| last);
            end < expiry && Some(start) != open
        };
        let old: Vec<_> = self
            .parts
            .buckets
            .iter()
            .filter(|(start, bucket)| is_old(**start, bucket.range()))
            .map(|(start, _)| *start)
            .collect();
        if old.is_empty() {
            return Ok(Vec::new());
        }
        let mut dropped = Vec::new();
        for start in old {
            self.posts.closings().finish(start, &mut self.parts)?;
            dropped.extend(self.parts.drop_bucket(start)?);
            self.shared.counters.buckets_dropped.add(1);
        }
        self.erased.forget(expiry)?;
        self.alerts.expire(expiry, &self.parts)?;
        self.texts.expire(expiry, &self.parts)?;
        self.alerts.commit(&mut self.parts)?;
        self.texts.commit(&mut self.parts)?;
        Ok(dropped)
    }

    fn close(&mut self) -> Result<(), Error> {
        self.commit()?;
        self.posts.close_bucket(&mut self.parts)?;
        self.posts.closings().finish_all(&mut self.parts)?;
        self.alerts.release(&mut self.parts)?;
        self.texts.release(&mut self.parts)?;
        self.publish();
        disk::sync_directory(&self.settings.path)
    }

    /// Sends an answer. A failure stops the writer; the caller that receives it can rely on that.
    fn answer<T>(&self, reply: &SyncSender<Result<T, Error>>, outcome: Result<T, Error>) -> Result<(), String> {
        let ended = match &outcome {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(reason) = &ended {
            self.shared.stop(reason);
        }
        // Who asked may have gone; what was asked is done all the same.
        let _ = reply.send(outcome);
        ended
    }
}
