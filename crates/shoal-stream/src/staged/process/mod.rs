//! The process of a staged run: the thin shell around [tasks](super::task).
//!
//! There is one polling thread for each stage that the process takes part in ([`poller`]). It reads the partitions that
//! the group of the stage gives it ([`owned`]), from an offset that is decided once ([`read_range`]) or from a
//! checkpoint ([`resume_point`]), and hands records to the workers that partitions are pinned to ([`worker`]). A worker
//! drives a [`partition_run`]: a task with its [`read_position`], its [`outputs`] and its checkpoints. What the two
//! sides hand to each other is in [`handover`]; what all threads share in [`shared`].

mod handover;
mod outputs;
mod owned;
pub(crate) mod partition_run;
mod poller;
mod read_position;
mod read_range;
mod resume_point;
mod run;
pub(crate) mod shared;
mod worker;

pub use run::run_staged;
