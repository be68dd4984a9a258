//! Stages in many processes, with topics between them.
//!
//! A logical partition is a [`task`]: a state machine from the records of its topic to numbered frames. One polling
//! thread for each stage reads the partitions that the stage's group gives this process and hands their records to
//! workers, which drive the tasks.

mod build;
pub(crate) mod frame;
mod inbound;
mod ingest;
mod origin;
mod poller;
mod run;
mod senders;
mod shared;
#[cfg(test)]
mod simulation;
mod slots;
mod stage_task;
mod summary;
mod task;
mod topics;
pub(crate) mod topology;
mod worker;
mod working;

pub use run::run_staged;
pub use summary::{StageCounts, StagedSummary};
pub use topics::topics;
