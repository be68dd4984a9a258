//! Stages in many processes, with topics between them.
//!
//! A logical partition is a [`task`]: a state machine from the records of its topic to numbered frames. One polling
//! thread for each stage reads the partitions that the stage's group gives this process and hands their records to
//! workers, which drive the tasks.

pub(crate) mod frame;
mod inbound;
mod outbound;
pub(crate) mod process;
#[cfg(test)]
pub(crate) mod simulation;
mod summary;
pub(crate) mod task;
pub(crate) mod topology;

pub use process::run_staged;
pub use summary::{StageCounts, StagedSummary};
