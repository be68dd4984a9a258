//! The types of object that an account can act on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// The type of an object. The order is the one in which the layers of one post are considered: a post counts
/// once, on its first layer with company (the *best* layer).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Repeating a post: the object is the post that was repeated, or its folded text when the id is unknown.
    Repost,
    /// Quoting a post: the object is the post that was quoted.
    Quote,
    /// Publishing a text: the object is a cluster of near-duplicate texts.
    Text,
    /// Sharing a page: the object is the canonical URL.
    Link,
    /// Answering a post: the object is the post that was answered.
    Reply,
    /// Using hashtags: the object is an ordered sequence of at least two of them.
    Hashtags,
    /// Sharing a page of a site: the object is the registrable domain. Shown, never counted as evidence.
    Domain,
}

impl Layer {
    /// Every layer, in order.
    pub const ALL: [Self; 7] =
        [Self::Repost, Self::Quote, Self::Text, Self::Link, Self::Reply, Self::Hashtags, Self::Domain];

    /// The number of layers.
    pub const COUNT: usize = Self::ALL.len();

    /// The position of this layer in [`Layer::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether meetings on this layer are evidence (the circle test). Sites are too common to be.
    pub const fn is_evidence(self) -> bool {
        !matches!(self, Self::Domain)
    }

    /// The name used in configuration, alerts and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Repost => "repost",
            Self::Quote => "quote",
            Self::Text => "text",
            Self::Link => "link",
            Self::Reply => "reply",
            Self::Hashtags => "hashtags",
            Self::Domain => "domain",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Layer {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|layer| layer.name() == name).ok_or_else(|| Error::Layer(name.to_owned()))
    }
}
