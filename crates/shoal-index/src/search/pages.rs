//! Everything about one account, one text, one alert's evidence.

use serde::{Deserialize, Serialize};
use shoal_model::{AlertObject, AlertPost, Timestamp};
use utoipa::ToSchema;

use super::request::{AlertSummary, Histogram, TopValue, Total};
use crate::contract::{FoundPost, StoredPost};

/// One text's life: who published it, when, where, in which variants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClusterPage {
    /// The text object's key in hexadecimal. Another than was asked for, when that one was merged into it.
    pub id: String,
    /// Its oldest post.
    pub first: FoundPost,
    /// Its newest post.
    pub last: FoundPost,
    /// Posts of it.
    pub posts: Total,
    /// Accounts that published it.
    pub accounts: Total,
    /// Posts over time.
    pub histogram: Histogram,
    /// Accounts with most posts of it.
    pub authors: Vec<TopValue>,
    /// Platforms.
    pub platforms: Vec<TopValue>,
    /// Languages.
    pub languages: Vec<TopValue>,
    /// Its variants, most posts first, at most 50.
    pub variants: Vec<Variant>,
    /// How many variants there are.
    pub variants_total: u64,
    /// Alerts that name it, the newest 20.
    pub alerts: Vec<AlertSummary>,
}

/// A variant of a text: posts whose folded text is equal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Variant {
    /// The key of the folded text in hexadecimal.
    pub text_key: String,
    /// The oldest post with it.
    pub first: StoredPost,
    /// Posts with it.
    pub posts: u64,
    /// The exact Jaccard similarity to the oldest post of the text object.
    pub similarity: f64,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountPage {
    /// `platform:native`.
    pub id: String,
    /// Names that the platform showed with its newest 100 posts, newest first, at most 5.
    pub handles: Vec<String>,
    /// Its posts.
    pub posts: Total,
    /// When its first post was seen.
    #[schema(value_type = String, format = DateTime)]
    pub first_at: Timestamp,
    /// When its last post was seen.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
    /// Posts over time.
    pub histogram: Histogram,
    /// Kinds of its posts.
    pub kinds: Vec<TopValue>,
    /// Languages.
    pub languages: Vec<TopValue>,
    /// Hashtags.
    pub hashtags: Vec<TopValue>,
    /// Domains it linked to.
    pub domains: Vec<TopValue>,
    /// Its newest posts, at most 20.
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
    /// As it stands in the alert.
    #[schema(value_type = Object)]
    pub evidence: AlertPost,
    /// As the index keeps it; absent where it has expired or never was there.
    pub post: Option<StoredPost>,
}
