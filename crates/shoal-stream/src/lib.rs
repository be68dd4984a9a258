//! The runtime: from sources to alerts under the order law.
//!
//! [`run()`] reads inputs, keeps every record accounted for, drives the stages of `shoal-detect` and writes alerts. Its
//! output is a function of posts and configuration alone: not of threads, batches, arrival within lateness, or of being
//! killed and started again. [`run_staged`] does the same in many processes, with topics between the stages.
//!
//! The folders follow the way of a post. `read/` makes posts of bytes, `order/` puts them in order within their source,
//! `drive/` drives one partition of a stage. `fused/` is a run in one process, `staged/` one in many. `write/` is
//! outputs, `checkpoint/` state on disk, `cluster/` a Kafka cluster as a run sees it.

mod checkpoint;
mod clock;
mod cluster;
mod drive;
mod error;
mod fused;
mod job;
mod metrics;
mod observer;
mod order;
mod read;
mod settings;
#[cfg(test)]
mod shapes;
mod staged;
mod summary;
#[cfg(test)]
mod testing;
mod write;

pub use checkpoint::version::STATE_VERSION;
pub use cluster::topics;
pub use error::{Error, ObserverError};
pub use fused::driver::Consumed;
pub use fused::run;
pub use job::{Filter, Follow, Input, Job, Output, Outputs, Source, StateSettings};
pub use metrics::Metrics;
pub use observer::{BatchOutcome, ObservedDuplicate, ObservedPost, Observer, RunProgress};
pub use settings::{CheckpointSettings, KafkaSettings};
pub use shoal_detect::StageName;
pub use staged::{StageCounts, StagedSummary, run_staged};
pub use summary::{AlertCounts, SourceCounts, Summary};
