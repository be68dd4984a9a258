//! Erasures: their subjects and results.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The account or post that an erasure is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An account, `platform:native`, with all its posts.
    Account(String),
    /// A post, `platform:native`.
    Post(String),
}

impl Subject {
    /// `account` or `post`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Post(_) => "post",
        }
    }

    /// The id, `platform:native`.
    pub fn id(&self) -> &str {
        match self {
            Self::Account(id) | Self::Post(id) => id,
        }
    }
}

/// The result of an erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Erasure {
    /// The number of the entry in the audit log.
    pub entry: u64,
    /// Posts that can no longer be found.
    pub posts: u64,
    /// Alerts whose evidence was cut.
    pub alerts: u64,
}
