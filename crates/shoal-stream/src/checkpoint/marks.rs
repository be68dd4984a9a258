//! Marks: how far inputs and outputs had come when a checkpoint was made.

use std::fmt;

use serde::{Deserialize, Serialize};
use shoal_formats::{Identity, Position};

use crate::write::OutputMarks;
use crate::write::topic::TopicMark;

/// The marks of a run in one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunMarks {
    /// The number that a pipeline raises to start afresh: `kafka.epoch`.
    pub(crate) epoch: u32,
    /// The inputs, in their order.
    pub(crate) sources: Vec<SourceMark>,
    /// The outputs, by name.
    pub(crate) output_paths: Vec<String>,
    /// The amount written to them.
    pub(crate) outputs: OutputMarks,
}

/// The mark of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceMark {
    /// The input.
    pub(crate) origin: SourceOrigin,
    /// The first record that was not read.
    pub(crate) position: Position,
    /// The offset after the last record of a topic when a run that does not follow began.
    pub(crate) end: Option<u64>,
    /// `true` when it was read to its end.
    pub(crate) ended: bool,
}

/// The identity of an input, for a checkpoint to recognise it by.
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

/// The marks of a partition of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskMarks {
    /// The first record of its topic that is not in the snapshot.
    pub(crate) offset: u64,
    /// The amount written to each output, where the partition has it.
    pub(crate) alerts: Option<TopicMark>,
    pub(crate) shadow: Option<TopicMark>,
    pub(crate) dead_letters: Option<TopicMark>,
}
