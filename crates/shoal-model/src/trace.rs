//! Behavioural traces (Pacheco et al. 2021): who acted on what, when, in which post.

use serde::{Deserialize, Serialize};

use crate::saved::since;
use crate::{AccountKey, Interned, Layer, ObjectKey, PostKey, Profile, Timestamp};

/// The post in which a trace was left: enough of a post to find it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostRef {
    /// The post's key.
    pub key: PostKey,
    /// The id of the post, `platform:native`.
    pub id: Box<str>,
    /// The id of the account, `platform:native`.
    pub account: Box<str>,
    /// The account's key.
    pub account_key: AccountKey,
    /// The time at which the post was seen: its true time, also for a late one.
    pub at: Timestamp,
    /// The address at which a person can look at the post, where known.
    pub url: Option<Box<str>>,
    /// The account as the platform showed it with the post, where anything is known.
    #[serde(default, deserialize_with = "since::<4, _, _>")]
    pub profile: Option<Interned<Profile>>,
}

/// A description of an object for a person. It travels with the object's traces, so that alerts are self-contained.
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
    /// The object.
    pub object: ObjectKey,
    /// The object's description.
    pub descriptor: Interned<Descriptor>,
    /// The post that acted: who, when, where.
    pub post: Interned<PostRef>,
    /// The account's actions on this layer in the seven UTC days up to and including this one, this one counted.
    pub actions: u32,
    /// For texts, the exact Jaccard similarity to the text that linked it to its cluster; otherwise 1.
    pub similarity: f32,
}
