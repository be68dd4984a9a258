//! A staged run: stages in many processes, with topics between them.
//!
//! # Frames and channels
//! A channel is a pair of logical partitions, one sending to the other. Its records are numbered without gaps and move
//! in [`frame`]s: who sends, the number of the first record, the records in postcard with values that several of them
//! share written once, and the mark, which is the event time that the channel has come to. Both ends of the channels of
//! a partition are in [`inbound`] and [`outbound`]. A record that has been seen is dropped, inside of a frame too; a
//! gap stops the run, and so does a record below the mark of its channel. At the end of a bounded input the watermark
//! is +∞, and timers fire up to the highest time at which anything was processed, over all sources: the same as in a
//! fused run.
//!
//! # Tasks
//! A logical partition is a [`task`]: a state machine from the records of its topic to frames, alerts and dead letters.
//! It knows no broker. It holds the records that the slowest channel has not passed, and drives its stage with the same
//! [`Partition::run`](crate::drive::partition::Partition::run) as the fused driver. When a frame is cut and how many
//! records are taken at once depends on the wall clock, and cannot be observed.
//!
//! Ingest is the stage that reads topics of others. It decodes, keeps order within each source partition, and deals
//! posts out by author, whatever partitioner their writer used. Their text is analysed in Prepare, where more
//! partitions share the work and less moves.
//!
//! # Processes
//! A [`process`] has one polling thread for each stage that it takes part in, workers that partitions are pinned to,
//! and one idempotent producer. A delivery that fails for good stops it: nothing may be sent after what is missing. A
//! partition is paused while its worker has more to do than a bound, and a source also while it is too far ahead: while
//! more than `kafka.ahead` posts were sent that the slowest partition of all stages has not passed. Only reading from
//! sources waits for others; waiting further down would deadlock.
//!
//! A partition goes on from its newest valid checkpoint on the local disk, at the offset in the manifest, or from the
//! first retained record. Committed offsets are for people and their tools; nothing is decided by them. What is sent
//! again is dropped where it arrives.
//!
//! # Epoch and progress log
//! The [epoch](crate::cluster::epoch) stands in the header of every frame and in the names of groups and state
//! directories: frames of another epoch are passed over and counted. All processes follow the [progress
//! log](crate::cluster::progress_log), in which partitions report how far they have come. It is how a source knows that
//! it is too far ahead, and a process that everybody has ended. It also holds decisions: that a source was idle, where
//! a source begins, and where a bounded run ends it. An epoch that was run to its end cannot be followed: what was
//! released at the end was released as if nothing came after.

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
