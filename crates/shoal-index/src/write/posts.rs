//! Posts, written into buckets.

use std::path::PathBuf;

use shoal_model::{Span, Timestamp};
use tantivy::collector::Count;
use tantivy::query::TermQuery;
use tantivy::schema::IndexRecordOption;
use tantivy::{IndexWriter, Searcher, Term};

use super::closing::{ClosingBuckets, commit};
use crate::contract::PostDocument;
use crate::counters::IndexCounters;
use crate::documents::PostBuilder;
use crate::erase::erased::Erased;
use crate::store::identity::IndexIdentity;
use crate::store::parts::IndexParts;
use crate::store::positions::SourcePositions;
use crate::store::{disk, part};
use crate::{Error, Settings};

/// Bytes of posts that may wait for a commit. tantivy bounds its queue by number of documents, and those of strangers
/// may be long.
const MAX_UNCOMMITTED_BYTES: usize = 128 << 20;

/// Writes posts. Event time never falls from one post to the next, so one bucket is open at a time; a run that goes on
/// from an earlier place opens an older one again.
pub(super) struct PostWriter {
    threads: usize,
    memory: usize,
    keep: Option<Span>,
    identity: IndexIdentity,
    builder: PostBuilder,
    /// Positions of everything handed over.
    marks: SourcePositions,
    /// Positions when the index was opened.
    known: SourcePositions,
    open: Option<OpenBucket>,
    closings: ClosingBuckets,
}

/// The bucket that is written to.
struct OpenBucket {
    start: Timestamp,
    path: PathBuf,
    writer: IndexWriter,
    is_dirty: bool,
    /// Bytes added since the last commit.
    waiting: usize,
}

impl PostWriter {
    pub(super) fn new(
        settings: &Settings,
        identity: &IndexIdentity,
        marks: SourcePositions,
        parts: &IndexParts,
    ) -> Self {
        Self {
            threads: settings.threads,
            memory: settings.memory_bytes,
            keep: settings.keep,
            identity: identity.clone(),
            builder: PostBuilder::new(parts.post_fields.clone()),
            known: marks.clone(),
            marks,
            open: None,
            closings: ClosingBuckets::default(),
        }
    }

    /// The event time before which nothing is kept.
    pub(super) fn expiry(&self) -> Option<Timestamp> {
        Some(self.marks.newest()?.minus(self.keep?))
    }

    /// Adds a post, unless it is there, has been erased or is too old.
    pub(super) fn add(
        &mut self,
        document: PostDocument,
        parts: &mut IndexParts,
        erased: &Erased,
        counts: &IndexCounters,
    ) -> Result<(), Error> {
        let (source, offset, at) = (document.source.clone(), document.offset, document.at);
        let post = &document.kept.post;
        if erased.has_post(&post.id) || erased.has_account(&post.author.id) {
            counts.erased.add(1);
        } else if self.expiry().is_some_and(|expiry| at < expiry) {
            counts.expired.add(1);
        } else {
            let origin = self.identity.key.origin(&source, (offset, document.part), &post.author.id, &post.id);
            if self.known.cover(&source, offset) && is_there(parts, post.observed_at, origin)? {
                counts.present.add(1);
            } else {
                self.turn_to(at.floor(self.identity.bucket), parts)?;
                let bytes = self.write(document, origin)?;
                counts.added.add(1);
                self.marks.raise(&source, offset, at);
                return if bytes < MAX_UNCOMMITTED_BYTES { Ok(()) } else { self.commit(parts) };
            }
        }
        // Only now: a bucket that was closed for this post must not say that the post is in it.
        self.marks.raise(&source, offset, at);
        Ok(())
    }

    /// Writes a document. Returns the bytes that wait for a commit.
    fn write(&mut self, document: PostDocument, origin: u64) -> Result<usize, Error> {
        let Some(open) = &mut self.open else { return Ok(0) };
        let (document, bytes) = self.builder.document(document, origin);
        open.is_dirty = true;
        open.waiting += bytes;
        let Err(error) = open.writer.add_document(document) else { return Ok(open.waiting) };
        // The engine only says that its thread is gone; why, it says to who asks for a commit.
        let cause = open.writer.prepare_commit().map(drop).err().unwrap_or(error);
        Err(disk::tantivy_error(&open.path)(cause))
    }

    fn turn_to(&mut self, start: Timestamp, parts: &mut IndexParts) -> Result<(), Error> {
        if self.open.as_ref().is_some_and(|open| open.start == start) {
            return Ok(());
        }
        self.close_bucket(parts)?;
        self.closings.finish(start, parts)?;
        let path = parts.make_bucket(start)?.part.path().to_owned();
        let writer = part::writer(&path, self.threads, self.memory)?;
        self.open = Some(OpenBucket { start, path, writer, is_dirty: false, waiting: 0 });
        Ok(())
    }

    /// Commits the open bucket. Buckets that are being closed may take longer.
    pub(super) fn commit(&mut self, parts: &mut IndexParts) -> Result<(), Error> {
        let payload = self.marks.payload();
        let Some(open) = self.open.as_mut().filter(|open| open.is_dirty) else { return Ok(()) };
        commit(&mut open.writer, &payload).map_err(disk::tantivy_error(&open.path))?;
        open.is_dirty = false;
        open.waiting = 0;
        parts.make_bucket(open.start)?.reload()
    }

    /// Commits the open bucket, and waits for those that are being closed.
    pub(super) fn commit_all(&mut self, parts: &mut IndexParts) -> Result<(), Error> {
        self.commit(parts)?;
        self.closings.commit(parts)
    }

    /// Closes the bucket that is written to, on another thread.
    pub(super) fn close_bucket(&mut self, parts: &mut IndexParts) -> Result<(), Error> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let payload = open.is_dirty.then(|| self.marks.payload());
        self.closings.begin(open.start, open.path, open.writer, payload, parts)
    }

    /// Buckets that are being closed.
    pub(super) const fn closings(&mut self) -> &mut ClosingBuckets {
        &mut self.closings
    }

    /// Deletes the posts with any of `terms` from all buckets, and commits. Returns their number.
    pub(super) fn delete(&mut self, terms: &[Term], parts: &mut IndexParts) -> Result<u64, Error> {
        self.commit_all(parts)?;
        let mut deleted = 0;
        let starts: Vec<Timestamp> = parts.buckets.keys().copied().collect();
        for start in starts {
            let mut own = Vec::new();
            for term in terms {
                let found = found(parts, start, term)?;
                if found > 0 {
                    own.push(term.clone());
                    deleted += found;
                }
            }
            if !own.is_empty() {
                self.delete_in(start, own, parts)?;
            }
        }
        Ok(deleted)
    }

    fn delete_in(&mut self, start: Timestamp, terms: Vec<Term>, parts: &mut IndexParts) -> Result<(), Error> {
        if let Some(open) = self.open.as_mut().filter(|open| open.start == start) {
            for term in terms {
                open.writer.delete_term(term);
            }
            open.is_dirty = true;
            return self.commit(parts);
        }
        self.closings.finish(start, parts)?;
        let bucket = parts.make_bucket(start)?;
        let payload = bucket.part.payload()?.unwrap_or_default();
        let mut writer = part::quiet_writer(bucket.part.path())?;
        for term in terms {
            writer.delete_term(term);
        }
        commit(&mut writer, &payload).map_err(disk::tantivy_error(bucket.part.path()))?;
        drop(writer);
        bucket.reload()
    }

    /// The start of the bucket that is written to.
    pub(super) fn open_start(&self) -> Option<Timestamp> {
        self.open.as_ref().map(|open| open.start)
    }
}

/// Looks for a record in the buckets whose posts are from a time around its own.
fn is_there(parts: &IndexParts, observed_at: Timestamp, origin: u64) -> Result<bool, Error> {
    let term = Term::from_field_u64(parts.post_fields.origin, origin);
    for bucket in parts.buckets.values() {
        let holds = |(first, last): (Timestamp, Timestamp)| first <= observed_at && observed_at <= last;
        let searcher = bucket.part.searcher();
        if bucket.range().is_some_and(holds)
            && has(&searcher, &term).map_err(disk::tantivy_error(bucket.part.path()))?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn has(searcher: &Searcher, term: &Term) -> tantivy::Result<bool> {
    for reader in searcher.segment_readers() {
        if reader.inverted_index(term.field())?.get_term_info(term)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Counts the posts of a bucket with a term.
fn found(parts: &IndexParts, start: Timestamp, term: &Term) -> Result<u64, Error> {
    let Some(bucket) = parts.buckets.get(&start) else { return Ok(0) };
    let query = TermQuery::new(term.clone(), IndexRecordOption::Basic);
    let found = bucket.part.searcher().search(&query, &Count).map_err(disk::tantivy_error(bucket.part.path()))?;
    Ok(found as u64)
}
