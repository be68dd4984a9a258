//! Snapshots: everything that is searchable at one moment.

use std::sync::Arc;

use shoal_model::Timestamp;
use tantivy::Searcher;

use crate::schema::{AlertFields, PostFields, TextFields};

/// An index at one moment.
#[derive(Clone)]
pub(crate) struct Snapshot {
    /// The id of the index.
    pub(crate) id: Arc<str>,
    /// Buckets of posts, oldest first.
    pub(crate) buckets: Arc<[BucketView]>,
    pub(crate) posts: Arc<PostFields>,
    pub(crate) alerts: Searcher,
    pub(crate) alert_fields: Arc<AlertFields>,
    pub(crate) texts: Searcher,
    pub(crate) text_fields: Arc<TextFields>,
    /// Bytes on disk.
    pub(crate) bytes: u64,
}

/// A bucket at one moment.
#[derive(Clone)]
pub(crate) struct BucketView {
    /// The first and last `observed_at` of its posts; late posts may lie before the bucket's own start.
    pub(crate) range: Option<(Timestamp, Timestamp)>,
    pub(crate) searcher: Searcher,
}
