//! The feed of a source: its batches, from wherever they are read.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use shoal_detect::Analysed;

use crate::Error;
use crate::job::Follow;
use crate::read::batch::{Batch, More};
use crate::read::file::FileReader;
use crate::read::topic::TopicFeed;

/// Batches that a reading thread may be ahead.
const MAX_QUEUED_BATCHES: usize = 4;

/// The feed of a source.
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
    /// Reads a file on a thread of its own when there may be more than one, or when reading may wait: others, and
    /// whoever wants to stop, must not.
    pub(crate) fn of_file(reader: FileReader, threads: usize, follow: Option<&Follow>) -> Self {
        if threads <= 1 && follow.is_none() && !reader.is_pipe() {
            return Self::Inline(Box::new(reader));
        }
        let (sender, receiver) = sync_channel(MAX_QUEUED_BATCHES);
        let poll = follow.map(|follow| follow.poll);
        thread::spawn(move || read_ahead(reader, &sender, poll));
        Self::Thread(receiver)
    }

    /// Says whether having given nothing means that there is nothing.
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

/// Reads until the source ends, fails or nobody listens.
fn read_ahead(mut reader: FileReader, sender: &SyncSender<Result<Batch<Analysed>, Error>>, poll: Option<Duration>) {
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
