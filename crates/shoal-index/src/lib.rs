//! Posts and alerts, searchable.
//!
//! An index is a directory: `index.json` (its version, id and key), `posts/START/` (a tantivy index for each bucket of
//! event time), `alerts/`, `texts/` (which folded text belongs to which text object), and the logs of what people did,
//! `audit.ndjson` and `feedback.ndjson`. [`Writer`] takes what the stream tells; [`Index`] answers questions meanwhile.

mod budget;
mod contract;
mod counters;
mod documents;
mod erase;
mod error;
mod feedback;
mod handle;
mod query;
mod schema;
mod search;
mod segmenter;
mod settings;
mod shared;
mod store;
#[doc(hidden)]
pub mod testing;
#[cfg(test)]
mod tests;
mod write;

pub use contract::{Batch, FoundPost, ObjectRef, PostDocument, PostKind, StoredPost};
pub use counters::Counts;
pub use error::Error;
pub use feedback::{Feedback, Verdict};
pub use handle::{Erasure, Index, Status, Subject, Writer};
pub use search::{
    AccountPage, AlertPage, AlertRequest, AlertSort, AlertSummary, Bin, ClusterPage, Evidence, EvidenceObject,
    EvidencePost, Histogram, MAX_PAGE, SearchPage, SearchRequest, SimilarRequest, Sort, TopField, TopValue, Total,
    Variant,
};
pub use settings::{Limits, Settings};
