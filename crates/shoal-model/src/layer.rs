//! The types of object that an account can act on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// The type of an object. The order of the variants is that of indices and of serialized tags, and says nothing else:
/// a new layer comes last. See [`Layer::BY_PRIORITY`] and [`Layer::hash_domain`].
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
    /// Every layer, by index.
    pub const ALL: [Self; 7] =
        [Self::Repost, Self::Quote, Self::Text, Self::Link, Self::Reply, Self::Hashtags, Self::Domain];

    /// The number of layers.
    pub const COUNT: usize = Self::ALL.len();

    /// Every layer in the order in which the layers of one post are considered: a post counts once, on its first layer
    /// with company (the *best* layer).
    pub const BY_PRIORITY: [Self; Self::COUNT] =
        [Self::Repost, Self::Quote, Self::Text, Self::Link, Self::Reply, Self::Hashtags, Self::Domain];

    /// The position of this layer in [`Layer::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The position of this layer in [`Layer::BY_PRIORITY`].
    pub const fn priority(self) -> u8 {
        let mut position = 0;
        while position < Self::COUNT && Self::BY_PRIORITY[position] as usize != self as usize {
            position += 1;
        }
        position as u8
    }

    /// The domain in which objects of this layer are hashed. It is part of what states and indexes hold: the number of
    /// a layer never changes and is never used again.
    pub const fn hash_domain(self) -> u8 {
        match self {
            Self::Repost => 16,
            Self::Quote => 17,
            Self::Text => 18,
            Self::Link => 19,
            Self::Reply => 20,
            Self::Hashtags => 21,
            Self::Domain => 22,
        }
    }

    /// The domain in which objects of this layer that stand for a text are hashed. It never changes either.
    pub const fn text_hash_domain(self) -> u8 {
        match self {
            Self::Repost => 24,
            Self::Quote => 25,
            Self::Text => 26,
            Self::Link => 27,
            Self::Reply => 28,
            Self::Hashtags => 29,
            Self::Domain => 30,
        }
    }

    /// Tells whether meetings on this layer are evidence (the circle test). Sites are too common to be.
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

    /// The noun for `count` objects of this layer.
    pub const fn noun(self, count: u64) -> &'static str {
        let (one, many) = match self {
            Self::Repost => ("reposted post", "reposted posts"),
            Self::Quote => ("quoted post", "quoted posts"),
            Self::Text => ("text", "texts"),
            Self::Link => ("link", "links"),
            Self::Reply => ("answered post", "answered posts"),
            Self::Hashtags => ("sequence of hashtags", "sequences of hashtags"),
            Self::Domain => ("site", "sites"),
        };
        if count == 1 { one } else { many }
    }
}

// Both lists hold every layer once, and indices are positions.
const _: () = {
    let mut seen = [false; Layer::COUNT];
    let mut position = 0;
    while position < Layer::COUNT {
        assert!(Layer::ALL[position].index() == position, "a layer is out of its place in ALL");
        let index = Layer::BY_PRIORITY[position].index();
        assert!(!seen[index], "a layer is twice in BY_PRIORITY");
        seen[index] = true;
        position += 1;
    }
};

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Layer {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|layer| layer.name() == name)
            .ok_or_else(|| Error::Layer { name: name.to_owned(), known: Self::ALL.map(Self::name).join(", ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_domains_are_those_of_version_0_1_0() {
        let known: Vec<_> =
            Layer::ALL.iter().map(|layer| (layer.name(), layer.hash_domain(), layer.text_hash_domain())).collect();
        let first = [
            ("repost", 16, 24),
            ("quote", 17, 25),
            ("text", 18, 26),
            ("link", 19, 27),
            ("reply", 20, 28),
            ("hashtags", 21, 29),
            ("domain", 22, 30),
        ];
        assert_eq!(known[..first.len()], first, "a new layer comes last, with numbers that nothing else has");
    }

    #[test]
    fn priorities_are_positions() {
        let priorities: Vec<_> = Layer::BY_PRIORITY.iter().map(|layer| usize::from(layer.priority())).collect();
        assert_eq!(priorities, (0..Layer::COUNT).collect::<Vec<_>>());
    }
}
