//! The state of an index.

use serde::{Deserialize, Serialize};
use shoal_model::Timestamp;
use utoipa::ToSchema;

/// The state of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Searchable posts.
    pub posts: u64,
    /// Searchable alerts.
    pub alerts: u64,
    /// Buckets of posts.
    pub buckets: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// The times of the first and the last post, where there are any.
    #[schema(value_type = Option<Vec<String>>)]
    pub range: Option<(Timestamp, Timestamp)>,
    /// Deleted posts whose bytes are not purged yet.
    pub deleted: u64,
    /// This process writes to the index.
    pub writes: bool,
    /// The reason that nothing is written any more, where writing has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Damaged parts: set aside, with `.damaged-` in the names of their directories, and not searched any more.
    pub damaged: u64,
    /// The place at which the chain of the audit log was broken when the index was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_broken: Option<String>,
}
