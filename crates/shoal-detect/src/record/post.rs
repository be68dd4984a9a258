//! Posts, as analysed, and the outcome of each.

use serde::{Deserialize, Serialize};
use shoal_model::{Descriptor, Interned, Layer, ObjectKey, Post, PostKey, PostRef, TextKey};
use shoal_sketch::Sketch;

use super::PostEntities;

/// A post with all that can be computed from it alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysed {
    /// The post.
    pub post: Post,
    /// The post as evidence refers to it.
    pub reference: Interned<PostRef>,
    /// The key of the post.
    pub key: PostKey,
    /// The traces it leaves on explicit objects, at most one per object.
    pub traces: Vec<ExplicitTrace>,
    /// The text that it publishes; `None` for a repost or a text too short to count.
    pub text: Option<AnalysedText>,
    /// The addresses and hashtags, where somebody keeps posts. Found again in the post when absent, as after a restart.
    #[serde(skip)]
    pub entities: Option<Box<PostEntities>>,
    /// The number by which its driver knows it, handed on with a kept post.
    #[serde(skip)]
    pub number: u64,
}

/// A trace on an explicit object, before it is stamped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplicitTrace {
    /// The layer.
    pub layer: Layer,
    /// The object.
    pub object: ObjectKey,
    /// The object's description.
    pub descriptor: Interned<Descriptor>,
}

/// A published text in the views used for matching.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalysedText {
    /// The key of the folded text: equal keys are equal texts.
    pub key: TextKey,
    /// An excerpt for people.
    pub excerpt: Interned<Descriptor>,
    /// Hashed 4-grams of the folded text, sorted and distinct; empty when it matches exactly only.
    #[serde(with = "packed")]
    pub shingles: Vec<u32>,
    /// Their sketch.
    pub sketch: Sketch,
}

/// Outcomes of the posts that prepare consumed. Their sum is what it consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PrepareCounts {
    /// Left at least one trace or text.
    pub processed: u64,
    /// Left none: nothing in them that accounts could share.
    pub filtered: u64,
    /// Came with an id that the account had used before.
    pub duplicate: u64,
}

/// Hashes as bytes: they do not get shorter as numbers of variable length, and bytes are copied at once.
mod packed {
    use std::fmt;

    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(hashes: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        serializer.serialize_bytes(&bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
        struct Hashes;

        impl<'de> Visitor<'de> for Hashes {
            type Value = Vec<u32>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("hashes of four bytes each")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u32>, E> {
                let (hashes, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(E::invalid_length(bytes.len(), &self));
                }
                Ok(hashes.iter().map(|hash| u32::from_le_bytes(*hash)).collect())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<u32>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = sequence.next_element()? {
                    bytes.push(byte);
                }
                self.visit_bytes(&bytes)
            }
        }

        deserializer.deserialize_bytes(Hashes)
    }
}
