//! What the measuring program needs to compare with the bare engine. No part of the crate's promises.

use std::path::Path;

use tantivy::{Index, TantivyDocument};

use crate::PostDocument;
use crate::documents::PostBuilder;
use crate::schema::{PostFields, SEGMENTER};
use crate::segmenter::{Segmenter, words};

/// An index of the bare engine with the fields of posts, and documents for it. Each has its place for a key.
pub fn bare(directory: &Path, posts: impl IntoIterator<Item = PostDocument>) -> tantivy::Result<Bare> {
    let fields = PostFields::new();
    let index = Index::create_in_dir(directory, fields.schema.clone())?;
    index.tokenizers().register(SEGMENTER, Segmenter::default());
    let mut builder = PostBuilder::new(fields.into());
    let documents = (0..).zip(posts).map(|(origin, post)| builder.document(post, origin).0).collect();
    Ok(Bare { index, documents })
}

/// An index and what is to be put in it.
pub struct Bare {
    /// Empty.
    pub index: Index,
    /// In the order of the posts.
    pub documents: Vec<TantivyDocument>,
}

/// How many words a text has.
pub fn count_words(text: &str) -> usize {
    words(text).len()
}
