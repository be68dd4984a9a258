//! Texts: publication, similarity, and the objects they become.

use serde::{Deserialize, Serialize};
use shoal_model::{Descriptor, Interned, ObjectKey, PostKey, PostRef, TextKey, Timestamp};
use shoal_sketch::Sketch;

use super::AnalysedText;

/// A text, and who published it where.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PublishedText {
    /// The text.
    pub text: AnalysedText,
    /// The post.
    pub post: Interned<PostRef>,
    /// See [`Trace::actions`].
    pub actions: u32,
}

/// Two texts that are nearly the same, verified.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TextLink {
    /// The text of the triggering post.
    pub newer: TextBirth,
    /// The text it was found to repeat.
    pub older: TextBirth,
}

/// A text as the clusters know it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TextBirth {
    /// The key of the text.
    pub key: TextKey,
    /// The first publication of the text.
    pub birth: Birth,
    /// The sketch of the text.
    pub sketch: Sketch,
}

/// The first publication of a text: a total order among texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Birth {
    /// The true time of the post.
    pub at: Timestamp,
    /// The key of the post.
    pub post: PostKey,
}

/// The object that a text belongs to: several accounts have published it, or one has published another like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextObject {
    /// The key of the text.
    pub text: TextKey,
    /// The object it belongs to now.
    pub object: ObjectKey,
    /// The event time of the post that this was seen by.
    pub at: Timestamp,
}

/// Two text objects turned out to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectMerge {
    /// The object that is no longer used.
    pub old: ObjectKey,
    /// The one that stands for both.
    pub new: ObjectKey,
    /// The event time of the post that this was seen by.
    pub at: Timestamp,
}

/// A post of a text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TextPost {
    /// The key of the text.
    pub text: TextKey,
    /// An excerpt of it.
    pub excerpt: Interned<Descriptor>,
    /// The post.
    pub post: Interned<PostRef>,
    /// See [`Trace::actions`].
    pub actions: u32,
    /// See [`Trace::similarity`].
    pub similarity: f32,
    /// Posts of this text that were left out because of the limit, told once.
    pub skipped: u32,
}

/// A text cluster that went into another: the objects are one from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// The object that is no longer used.
    pub old: ObjectKey,
    /// The one that stands for both.
    pub new: ObjectKey,
}
