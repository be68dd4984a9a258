//! A source partition as the fused driver sees it.

use std::time::Instant;

use shoal_detect::Analysed;
use shoal_formats::{DeadLetter, Position};
use shoal_model::{Deletion, Timestamp};

use crate::checkpoint::marks::{SourceMark, SourceOrigin};
use crate::order::idle::IdleDecision;
use crate::order::intake::Intake;
use crate::read::batch::{Batch, More};
use crate::read::feed::Feed;

/// A source partition.
pub(crate) struct SourcePartition {
    pub(crate) name: String,
    pub(crate) feed: Feed,
    pub(crate) origin: SourceOrigin,
    pub(crate) position: Position,
    /// The offset at which a topic is left that is not followed.
    pub(crate) end: Option<u64>,
    pub(crate) ended: bool,
    /// The moment when something last came, and whether it is thought idle since. Only while following.
    pub(crate) heard: Instant,
    pub(crate) idle: bool,
    /// The bound up to which times were believed since the last record.
    pub(crate) limit: Option<Timestamp>,
    pub(crate) intake: Intake<Analysed>,
}

impl SourcePartition {
    /// The event time that this source lets pass; `None` holds it back.
    pub(crate) fn watermark(&self) -> Option<Timestamp> {
        self.intake.order.watermark()
    }

    /// The mark of it in a checkpoint.
    pub(crate) fn mark(&self) -> SourceMark {
        SourceMark { origin: self.origin.clone(), position: self.position, end: self.end, ended: self.ended }
    }

    /// Takes in a batch. Dead letters go to `dead`. Gives what was deleted.
    pub(crate) fn take(&mut self, batch: Batch<Analysed>, dead: &mut Vec<DeadLetter>) -> Vec<Deletion> {
        self.position = batch.position;
        self.limit = None;
        self.ended |= batch.more == More::No;
        self.intake.take(&self.name, batch, dead)
    }

    /// Lets the others pass, because nothing has come for a while: see [`Intake::idle`].
    pub(crate) fn grow_idle(&mut self, idle: IdleDecision, dead: &mut Vec<DeadLetter>) {
        self.intake.counts.idle += u64::from(!self.idle);
        (self.idle, self.limit) = (true, Some(idle.limit));
        self.intake.idle(&self.name, idle, dead);
    }
}
