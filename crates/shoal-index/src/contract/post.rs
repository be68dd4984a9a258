//! Posts as they are kept and found.

use serde::{Deserialize, Serialize};
use shoal_model::{Layer, Timestamp};
use utoipa::ToSchema;

/// A post as the index keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoredPost {
    /// `platform:native`.
    pub id: String,
    /// The account, `platform:native`.
    pub author: String,
    /// The name that the platform showed for the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// When the post was seen.
    #[schema(value_type = String, format = DateTime)]
    pub observed_at: Timestamp,
    /// When its author claims to have published it, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// The language: as declared, else as detected; `und` when neither says.
    pub lang: String,
    /// What the post does.
    pub kind: PostKind,
    /// The text as published. Written by a stranger.
    pub text: String,
    /// Addresses that the platform says the post links to. Written by a stranger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Where a person can look at the post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The post that is repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repost_of: Option<String>,
    /// The account whose post is repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repost_from: Option<String>,
    /// The post that is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The post that is quoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_of: Option<String>,
    /// The explicit objects it acts on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectRef>,
    /// The key of its folded text in hexadecimal, where the text counts: equal keys are equal texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_key: Option<String>,
}

/// What a post does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PostKind {
    /// It says something of its own.
    Post,
    /// It is nothing but a repeat of another.
    Repost,
    /// It answers another.
    Reply,
    /// It quotes another.
    Quote,
}

impl PostKind {
    /// As written in queries and in the index.
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
    /// Its type.
    #[schema(value_type = String)]
    pub layer: Layer,
    /// Its key in hexadecimal, 16 digits.
    pub key: String,
    /// What it is: an address, an id, hashtags. Written by a stranger.
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
    /// The text with what was looked for in `<mark>`, everything else escaped for HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highlight: Option<String>,
    /// How well it fits (BM25), when sorted by relevance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// The exact Jaccard similarity to the post that was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f64>,
}
