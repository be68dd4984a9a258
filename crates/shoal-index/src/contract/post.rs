//! Posts as stored and found.

use serde::{Deserialize, Serialize};
use shoal_model::{Layer, Timestamp};
use utoipa::ToSchema;

/// A post as the index stores it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoredPost {
    /// `platform:native`.
    pub id: String,
    /// The account, `platform:native`.
    pub author: String,
    /// The name that the platform showed for the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The time the post was seen.
    #[schema(value_type = String, format = DateTime)]
    pub observed_at: Timestamp,
    /// The time of publication that its author claims, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// The language: as declared, else as detected; `und` when neither says.
    pub lang: String,
    /// The kind of post.
    pub kind: PostKind,
    /// The text as published. Written by a stranger.
    pub text: String,
    /// Addresses that the platform says the post links to. Written by a stranger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// The address at which a person can look at the post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The reposted post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repost_of: Option<String>,
    /// The account of the reposted post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repost_from: Option<String>,
    /// The post that it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The quoted post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_of: Option<String>,
    /// The explicit objects it acts on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectRef>,
    /// The key of its folded text in hexadecimal, where the text counts: equal keys are equal texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_key: Option<String>,
    /// The name that the account gives itself. Written by a stranger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The address of the account's page. Written by a stranger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_url: Option<String>,
    /// The client or application that the post was published with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The account or its platform says that a program writes its posts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automated: Option<bool>,
    /// The platform has verified the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// The organisation that the platform says the account belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affiliation: Option<String>,
    /// The time the account was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub author_created_at: Option<Timestamp>,
    /// Hashes of its pictures and films, each `algorithm:value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<String>,
}

/// The kind of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PostKind {
    /// An original post.
    Post,
    /// A plain repost.
    Repost,
    /// A reply.
    Reply,
    /// A quote.
    Quote,
}

impl PostKind {
    /// The name in queries and in the index.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Repost => "repost",
            Self::Reply => "reply",
            Self::Quote => "quote",
        }
    }
}

/// An object that a post acts on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ObjectRef {
    /// The layer.
    #[schema(value_type = String)]
    pub layer: Layer,
    /// The key in hexadecimal, 16 digits.
    pub key: String,
    /// An address, an id or hashtags. Written by a stranger.
    pub label: String,
}

/// A post that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FoundPost {
    /// The post.
    #[serde(flatten)]
    pub post: StoredPost,
    /// The text object that its text belongs to, in hexadecimal, once a second account has published the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The text with the words of the query in `<mark>`, everything else escaped for HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highlight: Option<String>,
    /// The BM25 score, when sorted by relevance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// The exact Jaccard similarity to the requested post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f64>,
}
