//! The thin shell around tasks: threads, partitions, checkpoints.

mod owned;
pub(crate) mod partition_run;
mod poller;
mod read_range;
mod run;
pub(crate) mod shared;
mod worker;

pub use run::run_staged;
