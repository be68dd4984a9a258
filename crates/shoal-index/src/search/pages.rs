//! Pages about an account, a text object, the evidence of an alert.

use serde::{Deserialize, Serialize};
use shoal_model::{AlertObject, AlertPost, Timestamp};
use utoipa::ToSchema;

use super::request::{AlertSummary, Histogram, TopValue, Total};
use crate::contract::{FoundPost, StoredPost};

/// The life of a text object: its posts over time, its accounts, platforms and variants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClusterPage {
    /// The text object's key in hexadecimal; another than the requested one when that was merged into it.
    pub id: String,
    /// The oldest post.
    pub first: FoundPost,
    /// The newest post.
    pub last: FoundPost,
    /// Number of posts.
    pub posts: Total,
    /// Number of accounts that published it.
    pub accounts: Total,
    /// Posts over time.
    pub histogram: Histogram,
    /// Accounts with most posts of it.
    pub authors: Vec<TopValue>,
    /// Platforms.
    pub platforms: Vec<TopValue>,
    /// Languages.
    pub languages: Vec<TopValue>,
    /// Variants, most posts first, at most 50.
    pub variants: Vec<TextVariant>,
    /// Number of all variants.
    pub variants_total: u64,
    /// Alerts that name it, the newest 20.
    pub alerts: Vec<AlertSummary>,
}

/// A variant of a text: posts whose folded text is equal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Variant)]
pub struct TextVariant {
    /// The key of the folded text in hexadecimal.
    pub text_key: String,
    /// The oldest post with it.
    pub first: StoredPost,
    /// Posts with it.
    pub posts: u64,
    /// The exact Jaccard similarity to the oldest post of the text object.
    pub similarity: f64,
}

/// An account and its posts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountPage {
    /// `platform:native`.
    pub id: String,
    /// Names that the platform showed with its newest 100 posts, newest first, at most 5.
    pub handles: Vec<String>,
    /// Number of posts.
    pub posts: Total,
    /// The time the first post was seen.
    #[schema(value_type = String, format = DateTime)]
    pub first_at: Timestamp,
    /// The time the last post was seen.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
    /// Posts over time.
    pub histogram: Histogram,
    /// Kinds of posts.
    pub kinds: Vec<TopValue>,
    /// Languages.
    pub languages: Vec<TopValue>,
    /// Hashtags.
    pub hashtags: Vec<TopValue>,
    /// Domains it linked to.
    pub domains: Vec<TopValue>,
    /// The newest posts, at most 20.
    pub recent: Vec<FoundPost>,
    /// Alerts that name it as part of the group, the newest 20.
    pub alerts: Vec<AlertSummary>,
}

/// The posts behind an alert, with their texts where the index has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// The alert.
    pub alert_id: String,
    /// The revision.
    pub revision: u32,
    /// Object by object, in the order of the alert.
    pub objects: Vec<EvidenceObject>,
}

/// An object and the posts that acted on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceObject {
    /// The object.
    #[schema(value_type = Object)]
    pub object: AlertObject,
    /// The posts, oldest first.
    pub posts: Vec<EvidencePost>,
}

/// A post of the evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvidencePost {
    /// The evidence as in the alert.
    #[schema(value_type = Object)]
    pub evidence: AlertPost,
    /// The post as stored; absent where it has expired or was never indexed.
    pub post: Option<StoredPost>,
}
