//! A logical partition at work: a state machine from the records of its topic to frames, alerts and dead letters.

pub(crate) mod build;
pub(crate) mod ingest;
pub(crate) mod stage;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shoal_formats::DeadLetter;
use shoal_model::{Alert, Timestamp, interned};

use crate::Error;
use crate::cluster::record::Incoming;
use crate::order::intake::IdleDecision;
use crate::staged::frame::Mark;
use crate::staged::outbound::OutgoingFrame;
use crate::staged::topology::PartitionId;

/// What a task has to say.
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

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It is part of the input: so many records, or posts.
    Taken(u64),
    /// It is not, for this reason: it stays in the topic and changes nothing.
    Ignored(&'static str),
}

/// A logical partition at work. What it sends depends on the records of its topic, in their order, and on nothing
/// else: not on how they are batched, nor on when it is asked to send.
pub(crate) trait Task: Send {
    /// Which partition.
    fn id(&self) -> PartitionId;

    /// Takes in one record of its topic.
    fn accept(&mut self, record: &Incoming<'_>) -> Result<Accepted, Error>;

    /// Processes everything that can be processed.
    fn advance(&mut self);

    /// Gives what is to be sent.
    fn send(&mut self, out: &mut Outgoing) -> Result<(), Error>;

    /// How far it has come.
    fn mark(&self) -> Mark;

    /// Records that wait in it.
    fn waiting(&self) -> usize;

    /// Everything it remembers. To be asked after [`Task::send`].
    fn snapshot(&self) -> Result<Vec<u8>, Error>;

    /// Goes on from what it remembered under the same configuration.
    fn restore(&mut self, snapshot: &[u8]) -> Result<(), Error>;

    /// What only a source partition does.
    fn as_source(&mut self) -> Option<&mut dyn SourceTask> {
        None
    }
}

/// A partition that others write: the end of it, and what to do while nothing comes.
pub(crate) trait SourceTask {
    /// The source's name.
    fn name(&self) -> &str;

    /// The end of the input has been reached.
    fn finish(&mut self);

    /// Nothing has come for a while, for the first time since something did.
    fn fell_silent(&mut self);

    /// Nothing has come for a while: goes on to what was decided.
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

/// Reads one.
pub(crate) fn read<T: DeserializeOwned>(snapshot: &[u8]) -> Result<T, Error> {
    Ok(interned::reading(|| postcard::from_bytes(snapshot))?)
}
