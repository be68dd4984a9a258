//! The meaning of a record: posts and deletions, or nothing for Shoal.

use std::iter::{Chain, Once, once};
use std::vec;

use shoal_model::{Deletion, Post};

/// A thing that a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Something was published.
    Post(Box<Post>),
    /// Something published is gone.
    Deletion(Deletion),
}

impl Content {
    /// The post, if it is one.
    pub fn post(self) -> Option<Post> {
        match self {
            Self::Post(post) => Some(*post),
            Self::Deletion(_) => None,
        }
    }
}

impl From<Post> for Content {
    fn from(post: Post) -> Self {
        Self::Post(Box::new(post))
    }
}

impl From<Deletion> for Content {
    fn from(deletion: Deletion) -> Self {
        Self::Deletion(deletion)
    }
}

/// The contents of a record in their order, at least one. A single one takes no list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    first: Content,
    rest: Vec<Content>,
}

impl Contents {
    /// The contents of a list; `None` for an empty one.
    pub fn of(list: impl IntoIterator<Item = Content>) -> Option<Self> {
        let mut list = list.into_iter();
        Some(Self { first: list.next()?, rest: list.collect() })
    }
}

impl IntoIterator for Contents {
    type Item = Content;
    type IntoIter = Chain<Once<Content>, vec::IntoIter<Content>>;

    fn into_iter(self) -> Self::IntoIter {
        once(self.first).chain(self.rest)
    }
}

/// The meaning of a record that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// Posts and deletions.
    Contents(Contents),
    /// Well-formed, and neither: a like, a change of a profile. The reason is a short name in `snake_case`, which
    /// stands in counts and metrics.
    Ignored(&'static str),
}

impl Decoded {
    /// The posts of the record.
    pub fn posts(self) -> impl Iterator<Item = Post> {
        let contents = match self {
            Self::Contents(contents) => Some(contents),
            Self::Ignored(_) => None,
        };
        contents.into_iter().flatten().filter_map(Content::post)
    }
}

impl<C: Into<Content>> From<C> for Decoded {
    fn from(content: C) -> Self {
        Self::Contents(Contents { first: content.into(), rest: Vec::new() })
    }
}
