//! Batches of what was read of one source.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use shoal_detect::{Analysed, TimeDoubt, Timed};
use shoal_formats::{DeadLetter, Position, Record};
use shoal_model::saved::since;
use shoal_model::{Deletion, Post, Timestamp};

use crate::read::decode::{DecodedItem, DecodedOutcome};

/// Records per batch.
const BATCH_RECORDS: usize = 1_024;
/// Bytes per batch: large records make short batches.
const BATCH_BYTES: usize = 4 << 20;

/// A value that holds a post.
pub(crate) trait HasPost {
    /// The post.
    fn post(&self) -> &Post;
}

impl HasPost for Post {
    fn post(&self) -> &Post {
        self
    }
}

impl HasPost for Analysed {
    fn post(&self) -> &Post {
        &self.post
    }
}

/// A post that was read, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReadPost<P> {
    pub(crate) post: P,
    /// The offset at which the record begins.
    pub(crate) offset: u64,
    /// The number of the record.
    pub(crate) record: u64,
    /// The bytes of the record, kept while its time is in doubt: it may become a dead letter.
    pub(crate) raw: Option<Box<[u8]>>,
    /// The number of the post among the contents of the record, from 0.
    #[serde(default, deserialize_with = "since::<4, _, _>")]
    pub(crate) part: u32,
}

impl<P: HasPost> Timed for ReadPost<P> {
    fn observed_at(&self) -> Timestamp {
        self.post.post().observed_at
    }

    fn tie_break(&self, other: &Self) -> Ordering {
        let (a, b) = (self.post.post(), other.post.post());
        a.id.cmp(&b.id).then_with(|| a.author.id.cmp(&b.author.id)).then_with(|| a.cmp(b))
    }
}

/// A content of a record, or all that there is to say of the record.
#[derive(Debug)]
pub(crate) struct ReadItem<P> {
    /// The number within the record, from 0.
    part: u32,
    pub(crate) outcome: ReadOutcome<P>,
}

/// The outcome of reading.
#[derive(Debug)]
pub(crate) enum ReadOutcome<P> {
    /// A post.
    Post(Box<ReadPost<P>>),
    /// A post that the source's filter left out.
    Filtered,
    /// A statement that something published is gone.
    Deletion(Deletion),
    /// A record with nothing for Shoal in it, for this reason.
    Ignored(&'static str),
    /// A record, or a post of one, that was refused.
    Dead(DeadLetter),
}

impl<P: HasPost> ReadItem<P> {
    /// Adds what was decoded of the record with these bytes, which are kept when its time is `doubtful`.
    pub(crate) fn new(
        record: &Record,
        bytes: &[u8],
        decoded: DecodedItem,
        open: impl FnOnce(Post) -> P,
        doubtful: impl FnOnce(Timestamp) -> bool,
    ) -> Self {
        let part = decoded.part;
        let outcome = match decoded.outcome {
            DecodedOutcome::Post(post) => {
                let raw = doubtful(post.observed_at).then(|| bytes.into());
                let read = ReadPost { post: open(*post), offset: record.offset, record: record.number, raw, part };
                ReadOutcome::Post(Box::new(read))
            }
            DecodedOutcome::Filtered => ReadOutcome::Filtered,
            DecodedOutcome::Deletion(deletion) => ReadOutcome::Deletion(deletion),
            DecodedOutcome::Ignored(reason) => ReadOutcome::Ignored(reason),
            DecodedOutcome::Dead(letter) => ReadOutcome::Dead(letter),
        };
        Self { part, outcome }
    }

    /// `true` for the first of its record.
    pub(crate) const fn begins_record(&self) -> bool {
        self.part == 0
    }
}

/// Records of one source, in the order of arrival.
#[derive(Debug)]
pub(crate) struct Batch<P> {
    pub(crate) items: Vec<ReadItem<P>>,
    /// The length of the records.
    bytes: usize,
    /// The place at which the next record begins.
    pub(crate) position: Position,
    pub(crate) more: More,
}

impl<P: HasPost> Batch<P> {
    /// An empty batch.
    pub(crate) fn at(position: Position) -> Self {
        Self { items: Vec::new(), bytes: 0, position, more: More::Yes }
    }

    /// Says whether it holds as much as a batch may.
    pub(crate) fn is_full(&self) -> bool {
        self.items.len() >= BATCH_RECORDS || self.bytes >= BATCH_BYTES
    }

    /// Adds what was decoded of a record with these bytes.
    pub(crate) fn add(
        &mut self,
        record: &Record,
        bytes: &[u8],
        decoded: DecodedItem,
        open: impl FnOnce(Post) -> P,
        doubt: &mut TimeDoubt,
    ) {
        // Between two batches a driver may decide that nothing comes.
        if self.items.is_empty() {
            doubt.pause();
        }
        let item = ReadItem::new(record, bytes, decoded, open, |at| doubt.is_doubtful(at));
        self.bytes += if item.begins_record() { bytes.len() } else { 0 };
        self.items.push(item);
    }
}

/// The prospect of a source that it has more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    /// More may come at once.
    Yes,
    /// Nothing comes for now.
    Later,
    /// The source has ended.
    No,
}
