//! Behavioural traces (Pacheco et al. 2021): who acted on what, when, in which post.

use serde::{Deserialize, Serialize};

use crate::{Interned, Layer, Timestamp};

/// Where a trace was left: enough of a post to find it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostRef {
    /// The post's key: a keyed hash of its account and id.
    pub key: u64,
    /// The id of the post, `platform:native`.
    pub id: Box<str>,
    /// The id of the account, `platform:native`.
    pub account: Box<str>,
    /// The account's key: a keyed hash of its id.
    pub account_key: u64,
    /// When the post was seen: its true time, also for a late one.
    pub at: Timestamp,
    /// Where a person can look at the post, where known.
    pub url: Option<Box<str>>,
}

/// What an object is, for a person: it travels with the object's traces, so that alerts are self-contained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    /// An excerpt of the text, the address, the id of the post or the hashtags.
    pub label: Box<str>,
}

/// Account A acted on object O at time t in post P.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The type of the object.
    pub layer: Layer,
    /// The object's key: a keyed hash of its layer and identity.
    pub object: u64,
    /// What the object is.
    pub descriptor: Interned<Descriptor>,
    /// Who acted, when, where.
    pub post: Interned<PostRef>,
    /// The account's actions on this layer in the seven UTC days up to and including this one, this one counted.
    pub actions: u32,
    /// For texts, the exact Jaccard similarity to the text that linked it to its cluster; otherwise 1.
    pub similarity: f32,
}
