//! The state of an index.

use serde::{Deserialize, Serialize};
use shoal_model::Timestamp;
use utoipa::ToSchema;

/// How an index is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Posts that can be found.
    pub posts: u64,
    /// Alerts that can be found.
    pub alerts: u64,
    /// Buckets of posts.
    pub buckets: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// The first and the last time of a post, where there are any.
    #[schema(value_type = Option<Vec<String>>)]
    pub range: Option<(Timestamp, Timestamp)>,
    /// Posts that were deleted and whose bytes are not purged yet.
    pub deleted: u64,
    /// Whether somebody writes to it in this process.
    pub writes: bool,
    /// Why nothing is written any more, where writing has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Parts that are damaged: set aside, with `.damaged-` in the names of their directories, and not found any more.
    pub damaged: u64,
    /// Where the chain of the audit log was broken when the index was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_broken: Option<String>,
}
