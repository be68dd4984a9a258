//! Posts and alerts, searchable.
//!
//! An index is a directory: `index.json` (its version, id and key), `posts/START/` (a tantivy index for each bucket of
//! event time), `alerts/`, `texts/` (which folded text belongs to which text object), and the logs of what people did,
//! `audit.ndjson` and `feedback.ndjson`. [`Writer`] takes what the stream tells; [`Index`] answers questions meanwhile.

mod audit;
mod build;
mod counts;
mod disk;
mod document;
mod engine;
mod erased;
mod error;
mod feedback;
mod identity;
mod index;
mod lock;
mod marks;
#[doc(hidden)]
pub mod measuring;
mod part;
mod parts;
mod posts;
mod query;
mod redact;
mod schema;
mod search;
mod segmenter;
mod settings;
mod shared;
mod snapshot;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use counts::Counts;
pub use document::{Batch, PostDocument};
pub use error::Error;
pub use feedback::{Feedback, Verdict};
pub use index::{Erasure, Index, Status, Subject, Writer};
pub use posts::{FoundPost, ObjectRef, PostKind, StoredPost};
pub use search::{
    AccountPage, AlertPage, AlertRequest, AlertSort, AlertSummary, Bin, ClusterPage, Evidence, EvidenceObject,
    EvidencePost, Histogram, MAX_PAGE, SearchPage, SearchRequest, SimilarRequest, Sort, TopField, TopValue, Total,
    Variant,
};
pub use settings::{Limits, Settings};
