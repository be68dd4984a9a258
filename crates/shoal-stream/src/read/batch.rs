//! Batches of what was read of one source.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use shoal_detect::{Analysed, TimeDoubt, Timed};
use shoal_formats::{DeadLetter, Position, Record};
use shoal_model::{Deletion, Post, Timestamp};

use crate::read::decode::Decoded;

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

/// The outcome of one record.
#[derive(Debug)]
pub(crate) enum RecordOutcome<P> {
    /// A post.
    Post(Box<ReadPost<P>>),
    /// A post that the source's filter left out.
    Filtered,
    /// A statement that something published is gone.
    Deletion(Deletion),
    /// A record that was refused.
    Dead(DeadLetter),
}

impl<P: HasPost> RecordOutcome<P> {
    /// The outcome of a record with these bytes, which are kept when its time is `doubtful`.
    pub(crate) fn new(
        record: &Record,
        bytes: &[u8],
        decoded: Decoded,
        open: impl FnOnce(Post) -> P,
        doubtful: impl FnOnce(Timestamp) -> bool,
    ) -> Self {
        match decoded {
            Decoded::Post(post) => {
                let raw = doubtful(post.observed_at).then(|| bytes.into());
                let read = ReadPost { post: open(*post), offset: record.offset, record: record.number, raw };
                Self::Post(Box::new(read))
            }
            Decoded::Filtered => Self::Filtered,
            Decoded::Deletion(deletion) => Self::Deletion(deletion),
            Decoded::Dead(letter) => Self::Dead(letter),
        }
    }
}

/// Records of one source, in the order of arrival.
#[derive(Debug)]
pub(crate) struct Batch<P> {
    pub(crate) items: Vec<RecordOutcome<P>>,
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

    /// Adds what was made of a record.
    pub(crate) fn add(
        &mut self,
        record: &Record,
        line: &[u8],
        decoded: Decoded,
        open: impl FnOnce(Post) -> P,
        doubt: &mut TimeDoubt,
    ) {
        // Between two batches a driver may decide that nothing comes.
        if self.items.is_empty() {
            doubt.pause();
        }
        self.bytes += line.len();
        self.items.push(RecordOutcome::new(record, line, decoded, open, |at| doubt.is_doubtful(at)));
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
