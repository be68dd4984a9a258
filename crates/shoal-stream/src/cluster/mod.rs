//! A Kafka cluster as a run sees it: the [`session`] opened with it, the [`progress_log`] of all partitions, the
//! [`epoch`] that keeps runs apart, and [`record`]s of topics that others read and write.

pub(crate) mod epoch;
pub(crate) mod leaders;
pub(crate) mod outage;
pub(crate) mod progress_log;
pub(crate) mod record;
pub(crate) mod scan;
pub(crate) mod session;
mod topics;

pub use topics::topics;
