//! Bare tantivy with the fields and documents of posts, for benches to compare with.

use std::path::Path;

use tantivy::{Index, TantivyDocument};

use crate::PostDocument;
use crate::documents::PostBuilder;
use crate::schema::{PostFields, SEGMENTER};
use crate::segmenter::{Segmenter, words};

/// Makes an index of bare tantivy with the fields of posts, and documents for it, each with its index as the key.
pub fn bare(directory: &Path, posts: impl IntoIterator<Item = PostDocument>) -> tantivy::Result<Bare> {
    let fields = PostFields::new();
    let index = Index::create_in_dir(directory, fields.schema.clone())?;
    index.tokenizers().register(SEGMENTER, Segmenter::default());
    let mut builder = PostBuilder::new(fields.into());
    let documents = (0..).zip(posts).map(|(origin, post)| builder.document(post, origin).0).collect();
    Ok(Bare { index, documents })
}

/// An index of bare tantivy, and documents to write to it.
pub struct Bare {
    /// An empty index.
    pub index: Index,
    /// Documents, in the order of the posts.
    pub documents: Vec<TantivyDocument>,
}

/// Counts the words of a text.
pub fn count_words(text: &str) -> usize {
    words(text).len()
}
