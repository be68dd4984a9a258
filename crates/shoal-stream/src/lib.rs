//! The runtime: from sources to alerts under the order law.
//!
//! [`run`] reads inputs, keeps every record accounted for, drives the stages of `shoal-detect` and writes alerts.
//! What it writes is a function of posts and configuration alone: not of threads, batches, arrival within lateness,
//! or of being killed and started again.

mod checkpoint;
mod error;
mod fused;
mod intake;
mod kafka;
mod merge;
mod metrics;
mod output;
mod partition;
mod published;
mod resume;
mod run;
mod settings;
mod source;
mod sources;
mod staged;
mod summary;
mod topic;

pub use checkpoint::STATE_VERSION;
pub use error::Error;
pub use fused::Consumed;
pub use metrics::Metrics;
pub use run::run;
pub use settings::{
    Filter, Follow, Input, Job, Kafka, ObjectMerge, Observer, ObserverError, Output, Outputs, Progress, Settled,
    Source, StateSettings, TextObject,
};
pub use staged::topology::StageName;
pub use staged::{StageCounts, StagedSummary, run_staged, topics};
pub use summary::{AlertCounts, SourceCounts, Summary};
