//! Reading a source: bytes to posts, on the calling thread or on one of its own.

mod file;
pub(crate) mod topic;

use std::cmp::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shoal_detect::{Analysed, TimeDoubt, Timed};
use shoal_formats::{Content, DeadLetter, Format, Limits, Position, Record};
use shoal_model::{Deletion, Post, Timestamp};

pub(crate) use self::file::FileReader;
use crate::job::{Filter, Source};
use crate::read::topic::TopicFeed;
use crate::{Error, Job};

/// Records per batch.
pub(crate) const BATCH_RECORDS: usize = 1_024;
/// Bytes per batch: large records make short batches.
pub(crate) const BATCH_BYTES: usize = 4 << 20;

/// Something that a post can be seen in.
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
    /// Where the record begins.
    pub(crate) offset: u64,
    /// Its number.
    pub(crate) record: u64,
    /// Its bytes, kept while its time is in doubt: it may become a dead letter.
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
    /// Left out by the source's filter.
    Filtered,
    /// Something published is gone.
    Deletion(Deletion),
    /// Refused.
    Dead(DeadLetter),
}

impl<P: HasPost> RecordOutcome<P> {
    /// From what was decoded of the record with these bytes, which are kept when its time is `doubtful`.
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
    /// Where the next record begins.
    pub(crate) position: Position,
    pub(crate) more: More,
}

impl<P: HasPost> Batch<P> {
    /// Nothing yet.
    pub(crate) fn at(position: Position) -> Self {
        Self { items: Vec::new(), bytes: 0, position, more: More::Yes }
    }

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

/// Whether a source has more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    /// There may be more at once.
    Yes,
    /// Nothing for now.
    Later,
    /// It has ended.
    No,
}

/// What a record turned out to be.
#[derive(Debug)]
pub(crate) enum Decoded {
    Post(Box<Post>),
    Filtered,
    Deletion(Deletion),
    Dead(DeadLetter),
}

/// Turns the bytes of one source's records into posts.
#[derive(Clone)]
pub(crate) struct Decoder {
    /// How the source is named in dead letters.
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) limits: Limits,
    pub(crate) filter: Option<Filter>,
}

impl Decoder {
    /// For a source of this format.
    pub(crate) fn new(source: &Source, format: Format, job: &Job) -> Self {
        Self { name: source.name.clone(), format, limits: job.limits, filter: source.filter.clone() }
    }

    /// Decodes one record.
    pub(crate) fn decode(&self, record: &Record, line: &[u8]) -> Decoded {
        match self.format.decode_record(record, line, &self.limits) {
            Ok(Content::Post(mut post)) => {
                if self.filter.as_ref().is_some_and(|filter| !filter(&mut post)) {
                    return Decoded::Filtered;
                }
                Decoded::Post(post)
            }
            Ok(Content::Deletion(deletion)) => Decoded::Deletion(deletion),
            Err(refusal) => Decoded::Dead(DeadLetter::new(self.name.clone(), record, refusal, line)),
        }
    }
}

/// Where batches come from.
pub(crate) enum Feed {
    /// Read when asked for.
    Inline(Box<FileReader>),
    /// Read ahead on a thread.
    Thread(Receiver<Result<Batch<Analysed>, Error>>),
    /// Read by the thread of all topics.
    Topic(TopicFeed),
    /// Read to its end before.
    Ended,
}

impl Feed {
    /// Whether having given nothing means that there is nothing.
    pub(crate) fn is_silent(&self) -> bool {
        match self {
            Self::Topic(feed) => feed.is_silent(),
            Self::Inline(_) | Self::Thread(_) | Self::Ended => true,
        }
    }

    /// The next batch; `None` when none has come within `patience`.
    pub(crate) fn next(&mut self, patience: Duration) -> Option<Result<Batch<Analysed>, Error>> {
        match self {
            Self::Inline(reader) => Some(reader.batch()),
            Self::Topic(feed) => feed.next(patience),
            Self::Ended => Some(Err(Error::Stopped)),
            Self::Thread(receiver) => match receiver.recv_timeout(patience) {
                Ok(batch) => Some(batch),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Err(Error::Stopped)),
            },
        }
    }
}
