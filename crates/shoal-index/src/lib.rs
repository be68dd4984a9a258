//! Posts and alerts, searchable.
//!
//! An index is a directory: `index.json` (version, id and key), `posts/START/` (a tantivy index for each bucket of
//! event time), `alerts/`, `texts/` (the text object of each shared text), and the logs `erased`, `audit.ndjson` and
//! `feedback.ndjson`. [`Writer`] takes batches from a run; [`Index`] answers requests meanwhile. Nothing in an index
//! decides an alert.
//!
//! **Batches** ([`Batch`]) hold all posts but those that Prepare drops as duplicates, with source and offset, in order,
//! and what became known with them: folded texts that belong to a text object, merged objects, revisions of alerts,
//! deletions.
//!
//! **Buckets** are by the event time at which a post is processed, which never falls, so one bucket is open at a time.
//! A late post lies in the bucket of that moment, with its true time; each bucket knows the range of true times it
//! holds. Retention drops whole buckets.
//!
//! **Exactly once.** The payload of each commit holds, per source, the highest offset handed over. A checkpoint of the
//! run waits for a commit, so the index is never behind it. After a restart, posts up to those offsets are looked up by
//! a term over source, offset, account and id, and left out if they are there; later ones need no lookup. Alerts are
//! upserted by id and revision, texts by key. A run without a state directory reads everything again and finds it here.
//!
//! **Texts.** When a post is indexed nobody knows yet whether its text will be shared. It is indexed with the key of
//! its folded text; the object of a key stands in `texts/`, and `cluster:` expands to the keys of an object. A text
//! that becomes shared costs one small document, and no post is rewritten.
//!
//! **Similar posts** share min-hashes: eight single slots of the sketch are terms, and candidates are verified by exact
//! Jaccard similarity, as in Match.
//!
//! **Queries** have a parser of their own: tantivy's overflows the stack on nested brackets, and an abort cannot be
//! caught. Searches run in loops of their own over segments, so that they end in time. Pages go on from the key of
//! their last row, so that posts arriving in between move nothing.
//!
//! **Erasure** deletes in every bucket, redacts the alerts that name the subject, and commits before it answers. Keyed
//! hashes of erased subjects are kept, and later posts and alerts are checked against them. Bytes are gone after a
//! purge, which rewrites segments with deletions.

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
    EvidencePost, Histogram, MAX_PAGE, SearchPage, SearchRequest, SimilarRequest, Sort, TextVariant, TopField,
    TopValue, Total,
};
pub use settings::{SearchLimits, Settings};
