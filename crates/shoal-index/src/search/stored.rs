//! Stored documents, read back.

use hashbrown::HashMap;
use shoal_model::{ObjectKey, TextKey};
use tantivy::schema::{Field, Value as _};
use tantivy::{DocAddress, Searcher, TantivyDocument};

use super::scan::tantivy_error;
use super::texts::object_of;
use crate::budget::Budget;
use crate::store::snapshot::Snapshot;
use crate::{Error, FoundPost, StoredPost};

/// The address of a stored post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PostAddress {
    pub(super) bucket: usize,
    pub(super) segment: u32,
    pub(super) document: u32,
}

/// The document at `address`.
pub(super) fn post_document(snapshot: &Snapshot, address: PostAddress) -> Result<TantivyDocument, Error> {
    let bucket = snapshot.buckets.get(address.bucket).ok_or_else(|| damaged("posts", "a bucket is missing"))?;
    document(&bucket.searcher, DocAddress::new(address.segment, address.document), "posts")
}

/// The post at `address`.
pub(super) fn stored_post(snapshot: &Snapshot, address: PostAddress) -> Result<StoredPost, Error> {
    let document = post_document(snapshot, address)?;
    let json = bytes(&document, snapshot.posts.stored).unwrap_or_default();
    serde_json::from_slice(json).map_err(|error| damaged("posts", &format!("a post cannot be read ({error})")))
}

/// The key of a stored post's text.
pub(super) fn text_key(post: &StoredPost) -> Option<TextKey> {
    post.text_key.as_deref().and_then(|key| key.parse().ok())
}

/// Reads posts with the text objects that their texts belong to.
pub(super) struct PostReader<'a> {
    snapshot: &'a Snapshot,
    budget: &'a Budget,
    /// Text objects by text, as far as they were looked up.
    objects: HashMap<TextKey, Option<ObjectKey>>,
}

impl<'a> PostReader<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, budget: &'a Budget) -> Self {
        Self { snapshot, budget, objects: HashMap::new() }
    }

    /// The post at `address`, with its text object.
    pub(super) fn found(&mut self, address: PostAddress) -> Result<FoundPost, Error> {
        let post = stored_post(self.snapshot, address)?;
        let cluster =
            text_key(&post).map(|text| self.object(text)).transpose()?.flatten().map(|object| object.to_string());
        Ok(FoundPost { post, cluster, highlight: None, score: None, similarity: None })
    }

    fn object(&mut self, text: TextKey) -> Result<Option<ObjectKey>, Error> {
        if let Some(object) = self.objects.get(&text) {
            return Ok(*object);
        }
        let object = object_of(self.snapshot, text, self.budget)?;
        self.objects.insert(text, object);
        Ok(object)
    }
}

/// A document of a part of the index.
pub(super) fn document(searcher: &Searcher, at: DocAddress, part: &'static str) -> Result<TantivyDocument, Error> {
    searcher.doc(at).map_err(tantivy_error(part))
}

/// The value of a field of bytes.
pub(super) fn bytes(document: &TantivyDocument, field: Field) -> Option<&[u8]> {
    document.get_first(field).and_then(|value| value.as_bytes())
}

/// The error for a part of the index that cannot be read.
pub(super) fn damaged(part: &str, detail: &str) -> Error {
    Error::Damaged { path: part.into(), detail: detail.into(), remedy: "move the index away and index again".into() }
}
