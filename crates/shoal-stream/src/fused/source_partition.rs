//! A source partition as the fused driver sees it.

use std::fmt;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use shoal_detect::Analysed;
use shoal_formats::{DeadLetter, Identity, Position};
use shoal_model::{Deletion, Timestamp};

use crate::checkpoint::SourceMark;
use crate::order::intake::{IdleDecision, Intake};
use crate::read::{Batch, Feed, More};

/// What an input is, for a checkpoint to recognise it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SourceOrigin {
    /// A file.
    File(Identity),
    /// A partition of a topic.
    Topic {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
}

impl fmt::Display for SourceOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(identity) => f.write_str(&identity.path),
            Self::Topic { topic, partition } => write!(f, "{topic}/{partition}"),
        }
    }
}

/// A source partition.
pub(crate) struct SourcePartition {
    pub(crate) name: String,
    pub(crate) feed: Feed,
    pub(crate) origin: SourceOrigin,
    pub(crate) position: Position,
    /// Where a topic is left that is not followed.
    pub(crate) end: Option<u64>,
    pub(crate) ended: bool,
    /// When something last came, and whether it is thought idle since. Only while following.
    pub(crate) heard: Instant,
    pub(crate) idle: bool,
    /// Up to where times were believed since the last record.
    pub(crate) limit: Option<Timestamp>,
    pub(crate) intake: Intake<Analysed>,
}

impl SourcePartition {
    /// How far this source lets event time come; `None` holds it back.
    pub(crate) fn watermark(&self) -> Option<Timestamp> {
        self.intake.order.watermark()
    }

    /// What a checkpoint says of it.
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

    /// Nothing has come for a while: see [`Intake::idle`].
    pub(crate) fn grow_idle(&mut self, idle: IdleDecision, dead: &mut Vec<DeadLetter>) {
        self.intake.counts.idle += u64::from(!self.idle);
        (self.idle, self.limit) = (true, Some(idle.limit));
        self.intake.idle(&self.name, idle, dead);
    }
}
