//! Tasks: logical partitions as state machines from the records of their topics to frames, alerts and dead letters.
//!
//! A task knows no broker. Its snapshot and the offset after the last record it accepted belong together; what it sends
//! again after a restart has the same numbers.

pub(crate) mod build;
pub(crate) mod ingest;
pub(crate) mod stage;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shoal_formats::DeadLetter;
use shoal_model::{Alert, Timestamp, interned};

use crate::Error;
use crate::cluster::record::Incoming;
use crate::order::idle::IdleDecision;
use crate::staged::frame::Mark;
use crate::staged::outbound::OutgoingFrame;
use crate::staged::topology::PartitionId;

/// Output of a task that is to be sent.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    pub(crate) frames: Vec<OutgoingFrame>,
    pub(crate) alerts: Vec<Alert>,
    pub(crate) dead_letters: Vec<DeadLetter>,
}

impl Outgoing {
    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.alerts.is_empty() && self.dead_letters.is_empty()
    }
}

/// The outcome of a record in a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// The record is part of the input: so many records of a frame, or a post.
    Taken(u64),
    /// The record is no part of the input, for this reason: it stays in the topic and changes nothing.
    Ignored(&'static str),
}

/// A logical partition at work. What it sends depends on the records of its topic, in their order, and on nothing
/// else: not on how they are batched, nor on when it is asked to send.
pub(crate) trait Task: Send {
    /// The partition.
    fn id(&self) -> PartitionId;

    /// Takes in one record of its topic.
    fn accept(&mut self, record: &Incoming<'_>) -> Result<Accepted, Error>;

    /// Processes everything that can be processed.
    fn advance(&mut self);

    /// Gives what is to be sent.
    fn send(&mut self, out: &mut Outgoing) -> Result<(), Error>;

    /// The event time that it has come to.
    fn mark(&self) -> Mark;

    /// Records that wait in it.
    fn waiting(&self) -> usize;

    /// A snapshot of everything it remembers, to be taken after [`Task::send`].
    fn snapshot(&self) -> Result<Vec<u8>, Error>;

    /// Goes on from a snapshot taken under the same configuration.
    fn restore(&mut self, snapshot: &[u8]) -> Result<(), Error>;

    /// The task as a source partition, if it is one.
    fn as_source(&mut self) -> Option<&mut dyn SourceTask> {
        None
    }
}

/// A task that reads a topic of others, which may end, or fall silent.
pub(crate) trait SourceTask {
    /// The source's name.
    fn name(&self) -> &str;

    /// Releases everything: the end of the input has been reached.
    fn finish(&mut self);

    /// Notes that nothing has come for a while, for the first time since something did.
    fn fell_silent(&mut self);

    /// Follows a decision made because nothing has come for a while.
    fn idle(&mut self, idle: IdleDecision);

    /// The highest time seen.
    fn newest(&self) -> Option<Timestamp>;

    /// Posts that it has sent and that the slowest stage, which is at `slowest`, has not passed.
    fn ahead(&mut self, slowest: Timestamp) -> usize;
}

/// Writes a snapshot.
pub(crate) fn write(state: &impl Serialize) -> Result<Vec<u8>, Error> {
    Ok(interned::writing(|| postcard::to_allocvec(state))?)
}

/// Reads a snapshot.
pub(crate) fn read<T: DeserializeOwned>(snapshot: &[u8]) -> Result<T, Error> {
    Ok(interned::reading(|| postcard::from_bytes(snapshot))?)
}
