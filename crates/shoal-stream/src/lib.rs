//! The runtime: from sources to alerts under the order law.
//!
//! [`run`] reads inputs, keeps every record accounted for, drives the stages of `shoal-detect` and writes alerts.
//! What it writes is a function of posts and configuration alone: not of threads, batches, arrival within lateness,
//! or of being killed and started again.

mod checkpoint;
mod error;
mod fused;
mod merge;
mod output;
mod partition;
mod resume;
mod run;
mod settings;
mod source;
mod summary;

pub use checkpoint::STATE_VERSION;
pub use error::Error;
pub use fused::Consumed;
pub use run::run;
pub use settings::{Filter, Follow, Job, Observer, Outputs, Progress, Source, StateSettings};
pub use summary::{AlertCounts, SourceCounts, Summary};
