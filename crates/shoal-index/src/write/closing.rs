//! Buckets that are being closed: each is committed and merged on a thread of its own, while posts go on into the
//! next bucket.
//!
//! Buckets may become durable in any order. Each records the positions that all sources had reached with its last post,
//! so every post on disk is at or below a position on disk. A post at or below a position that is not on disk is looked
//! up when it comes again, and added.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use shoal_model::Timestamp;
use tantivy::IndexWriter;
use tantivy::index::{SegmentId, SegmentMeta};

use crate::Error;
use crate::store::parts::{Bucket, IndexParts};
use crate::store::{disk, part};

/// Buckets that are closed at the same time: with few posts a day, most of the time is spent waiting for the disk.
const MAX_CLOSING: usize = 4;

/// Segments of a closed bucket with fewer posts are merged into one, when there are more than [`FEW`].
const SMALL: u32 = 100_000;
const FEW: usize = 2;

/// Buckets that are being closed, oldest first.
#[derive(Default)]
pub(super) struct ClosingBuckets {
    all: Vec<ClosingBucket>,
}

struct ClosingBucket {
    start: Timestamp,
    /// Receives the outcome of the commit, until it has been received.
    committed: Option<Receiver<Result<(), Error>>>,
    thread: JoinHandle<()>,
}

impl ClosingBuckets {
    /// Closes the bucket that begins at `start`; its last commit carries `payload`.
    pub(super) fn begin(
        &mut self,
        start: Timestamp,
        path: PathBuf,
        writer: IndexWriter,
        payload: Option<String>,
        parts: &mut IndexParts,
    ) -> Result<(), Error> {
        while self.all.len() >= MAX_CLOSING {
            let oldest = self.all.remove(0);
            oldest.finish(parts)?;
        }
        let (told, committed) = sync_channel(1);
        let failed = disk::failed(&path);
        let work = move || close(writer, &path, payload, &told);
        let thread = thread::Builder::new().name("index-close".to_owned()).spawn(work).map_err(failed)?;
        self.all.push(ClosingBucket { start, committed: Some(committed), thread });
        Ok(())
    }

    /// Waits until the posts of all buckets are durable and searchable.
    pub(super) fn commit(&mut self, parts: &mut IndexParts) -> Result<(), Error> {
        self.all.iter_mut().try_for_each(|closing| closing.commit(parts))
    }

    /// Waits until the bucket that begins at `start` is closed.
    pub(super) fn finish(&mut self, start: Timestamp, parts: &mut IndexParts) -> Result<(), Error> {
        match self.all.iter().position(|closing| closing.start == start) {
            Some(at) => self.all.remove(at).finish(parts),
            None => Ok(()),
        }
    }

    /// Waits until all are closed.
    pub(super) fn finish_all(&mut self, parts: &mut IndexParts) -> Result<(), Error> {
        self.all.drain(..).try_for_each(|closing| closing.finish(parts))
    }

    /// Polls without waiting; returns `true` when more posts have become searchable.
    pub(super) fn look(&mut self, parts: &mut IndexParts) -> Result<bool, Error> {
        let mut changed = false;
        for mut closing in std::mem::take(&mut self.all) {
            if closing.thread.is_finished() {
                closing.finish(parts)?;
                changed = true;
            } else {
                changed |= closing.look(parts)?;
                self.all.push(closing);
            }
        }
        Ok(changed)
    }

    /// No bucket is being closed.
    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

impl Drop for ClosingBuckets {
    fn drop(&mut self) {
        // Whoever opens the index next must find nobody in its directories.
        for closing in self.all.drain(..) {
            closing.join();
        }
    }
}

impl ClosingBucket {
    /// Waits until its posts are durable and searchable.
    fn commit(&mut self, parts: &mut IndexParts) -> Result<(), Error> {
        let Some(committed) = self.committed.take() else { return Ok(()) };
        committed.recv().unwrap_or_else(|_| Err(Error::Stopped("closing a bucket panicked".to_owned())))?;
        self.reload(parts)
    }

    /// Polls without waiting; returns `true` when its posts have become searchable.
    fn look(&mut self, parts: &mut IndexParts) -> Result<bool, Error> {
        let Some(committed) = self.committed.as_ref().and_then(|committed| committed.try_recv().ok()) else {
            return Ok(false);
        };
        self.committed = None;
        committed?;
        self.reload(parts).map(|()| true)
    }

    fn reload(&self, parts: &mut IndexParts) -> Result<(), Error> {
        parts.buckets.get_mut(&self.start).map_or(Ok(()), Bucket::reload)
    }

    fn finish(mut self, parts: &mut IndexParts) -> Result<(), Error> {
        let committed = self.commit(parts);
        let start = self.start;
        self.join();
        committed?;
        parts.buckets.get_mut(&start).map_or(Ok(()), Bucket::reload)
    }

    fn join(self) {
        if self.thread.join().is_err() {
            tracing::warn!("merging the segments of a closed bucket panicked");
        }
    }
}

fn close(mut writer: IndexWriter, path: &Path, payload: Option<String>, told: &SyncSender<Result<(), Error>>) {
    let committed = payload.map_or(Ok(()), |payload| commit(&mut writer, &payload)).map_err(disk::tantivy_error(path));
    let is_committed = committed.is_ok();
    // Nobody asks when the index is being let go of.
    let _ = told.send(committed);
    if is_committed && let Err(error) = settle(writer, path) {
        // Nothing is lost: what was committed stays as it is.
        tracing::warn!(path = %path.display(), %error, "the segments of a closed bucket could not be merged");
    }
}

/// Commits a bucket, with the positions of the sources as payload.
pub(super) fn commit(writer: &mut IndexWriter, payload: &str) -> tantivy::Result<()> {
    let mut prepared = writer.prepare_commit()?;
    prepared.set_payload(payload);
    prepared.commit().map(drop)
}

/// Waits for merges under way, and merges small segments into one.
fn settle(writer: IndexWriter, path: &Path) -> Result<(), Error> {
    writer.wait_merging_threads().map_err(disk::tantivy_error(path))?;
    let segments = part::segments(path)?;
    let small: Vec<SegmentId> =
        segments.iter().filter(|segment| segment.num_docs() < SMALL).map(SegmentMeta::id).collect();
    if small.len() <= FEW {
        return Ok(());
    }
    let mut writer = part::quiet_writer(path)?;
    writer.merge(&small).wait().map_err(disk::tantivy_error(path))?;
    writer.garbage_collect_files().wait().map(drop).map_err(disk::tantivy_error(path))
}
