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
mod state;
mod store;
#[doc(hidden)]
pub mod testing;
#[cfg(test)]
mod tests;
mod write;

pub use contract::{Batch, Erasure, FoundPost, ObjectRef, PostDocument, PostKind, Status, StoredPost, Subject};
pub use counters::IndexCounts;
pub use error::Error;
pub use feedback::{Feedback, Verdict};
pub use handle::{Index, Writer};
pub use search::{
    AccountPage, AlertPage, AlertRequest, AlertSort, AlertSummary, Bin, ClusterPage, Evidence, EvidenceObject,
    EvidencePost, Histogram, MAX_PAGE, SearchPage, SearchRequest, SimilarRequest, Sort, TopField, TopValue, Total,
    Variant,
};
pub use settings::{SearchLimits, Settings};
