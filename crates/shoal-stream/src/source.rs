//! Reading a source: bytes to analysed posts, on the calling thread or on one of its own.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shoal_detect::{Analysed, Analyst, Timed};
use shoal_formats::{DeadLetter, Format, Identity, Limits, Position, Reader, Refusal};
use shoal_model::Timestamp;

use crate::settings::{Follow, Source};
use crate::{Error, Job};

/// Records per batch.
const BATCH: usize = 1_024;
/// Bytes per batch: large records make short batches.
const BATCH_BYTES: usize = 4 << 20;
/// Batches that a reading thread may be ahead.
const AHEAD: usize = 4;

/// A post that was read, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Read {
    pub(crate) analysed: Analysed,
    /// Where the record begins.
    pub(crate) offset: u64,
    /// Its number.
    pub(crate) record: u64,
    /// Its bytes, kept while its time is in doubt: it may become a dead letter.
    pub(crate) raw: Option<Box<[u8]>>,
}

impl Timed for Read {
    fn observed_at(&self) -> Timestamp {
        self.analysed.post.observed_at
    }

    fn tie_break(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.analysed.post, &other.analysed.post);
        a.id.cmp(&b.id).then_with(|| a.author.id.cmp(&b.author.id)).then_with(|| a.cmp(b))
    }
}

/// What became of one record.
#[derive(Debug)]
pub(crate) enum Item {
    /// A post; the range of its bytes in the batch.
    Post(Box<Read>, Range<usize>),
    /// Left out by the source's filter.
    Filtered,
    /// Refused.
    Dead(DeadLetter),
}

/// Records of one source, in the order of arrival.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) items: Vec<Item>,
    pub(crate) raw: Vec<u8>,
    /// Where the next record begins.
    pub(crate) position: Position,
    pub(crate) more: More,
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

/// Reads, decodes and analyses.
pub(crate) struct SourceReader {
    source: Source,
    reader: Reader,
    format: Format,
    limits: Limits,
    analyst: Analyst,
    line: Vec<u8>,
    failed: Option<Error>,
}

impl SourceReader {
    /// Opens a source and goes to where a checkpoint left it.
    pub(crate) fn open(source: &Source, job: &Job, from: Position) -> Result<Self, Error> {
        let mut reader = Reader::open(&source.path, &job.limits)?;
        let format = match source.format {
            Some(format) => format,
            // Of nothing any format will do.
            None => match reader.detect() {
                Err(shoal_formats::Error::Empty { .. }) => Format::Native,
                format => format?,
            },
        };
        reader.skip_to(from)?;
        reader.follow(job.follow.is_some())?;
        Ok(Self {
            source: source.clone(),
            reader,
            format,
            limits: job.limits,
            analyst: Analyst::new(&job.detect),
            line: Vec::new(),
            failed: None,
        })
    }

    /// Whether reading may wait for somebody to write: not a file.
    fn may_wait(&self) -> bool {
        self.source.is_pipe()
    }

    /// The identity of the input, as it is now.
    pub(crate) fn identity(&self) -> Result<Identity, Error> {
        Ok(self.reader.identity()?)
    }

    /// Reads the next batch. Damage ends it with an error after what was read before has been given.
    pub(crate) fn batch(&mut self) -> Result<Batch, Error> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut batch = Batch { items: Vec::new(), raw: Vec::new(), position: self.reader.position(), more: More::Yes };
        while batch.items.len() < BATCH && batch.raw.len() < BATCH_BYTES {
            match self.reader.next(&mut self.line) {
                Ok(Some(record)) => {
                    let item = self.item(&record, &mut batch.raw);
                    batch.items.push(item);
                }
                Ok(None) => {
                    batch.more = if self.reader.follows() { More::Later } else { More::No };
                    break;
                }
                // What was read before the damage goes first.
                Err(error) => {
                    self.failed = Some(error.into());
                    break;
                }
            }
        }
        batch.position = self.reader.position();
        Ok(batch)
    }

    fn item(&mut self, record: &shoal_formats::Record, raw: &mut Vec<u8>) -> Item {
        match self.format.decode_record(record, &self.line, &self.limits) {
            Ok(mut post) => {
                if self.source.filter.as_ref().is_some_and(|filter| !filter(&mut post)) {
                    return Item::Filtered;
                }
                let start = raw.len();
                raw.extend_from_slice(&self.line);
                let analysed = self.analyst.analyse(post);
                let read = Read { analysed, offset: record.offset, record: record.number, raw: None };
                Item::Post(Box::new(read), start..raw.len())
            }
            Err(refusal) => Item::Dead(self.dead(record, refusal)),
        }
    }

    fn dead(&self, record: &shoal_formats::Record, refusal: Refusal) -> DeadLetter {
        DeadLetter::new(self.source.name.clone(), record, refusal, self.line.clone())
    }
}

/// Where batches come from.
pub(crate) enum Feed {
    /// Read when asked for.
    Inline(Box<SourceReader>),
    /// Read ahead on a thread.
    Thread(Receiver<Result<Batch, Error>>),
}

impl Feed {
    /// Reads on a thread of its own when there may be more than one, or when reading may wait: others, and whoever
    /// wants to stop, must not.
    pub(crate) fn new(reader: SourceReader, threads: usize, follow: Option<&Follow>) -> Self {
        if threads <= 1 && follow.is_none() && !reader.may_wait() {
            return Self::Inline(Box::new(reader));
        }
        let (sender, receiver) = sync_channel(AHEAD);
        let poll = follow.map(|follow| follow.poll);
        thread::spawn(move || read_ahead(reader, &sender, poll));
        Self::Thread(receiver)
    }

    /// The next batch; `None` when none has come within `patience`.
    pub(crate) fn next(&mut self, patience: Duration) -> Option<Result<Batch, Error>> {
        match self {
            Self::Inline(reader) => Some(reader.batch()),
            Self::Thread(receiver) => match receiver.recv_timeout(patience) {
                Ok(batch) => Some(batch),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Err(Error::Stopped)),
            },
        }
    }
}

/// Reads until the source ends, fails or nobody listens.
fn read_ahead(mut reader: SourceReader, sender: &SyncSender<Result<Batch, Error>>, poll: Option<Duration>) {
    loop {
        let batch = reader.batch();
        let more = batch.as_ref().map_or(More::No, |batch| batch.more);
        let silent = batch.as_ref().is_ok_and(|batch| batch.items.is_empty() && more == More::Later);
        if !silent && sender.send(batch).is_err() {
            return;
        }
        match (more, poll) {
            (More::No, _) => return,
            // Files do not say when they grow.
            (More::Later, Some(poll)) => thread::sleep(poll),
            _ => {}
        }
    }
}
