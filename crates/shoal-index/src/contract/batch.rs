//! What is handed to the index.

use std::sync::Arc;

use shoal_detect::Analysed;
use shoal_model::{Alert, Layer, Post, Timestamp};

use crate::schema::MIN_HASHES;

/// A post to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct PostDocument {
    pub(crate) source: Arc<str>,
    pub(crate) offset: u64,
    pub(crate) at: Timestamp,
    pub(crate) post: Post,
    /// Layer, key and label of its explicit objects.
    pub(crate) objects: Vec<(Layer, u64, Box<str>)>,
    /// The key of its folded text and the first slots of its sketch.
    pub(crate) text: Option<(u64, Option<[u16; MIN_HASHES]>)>,
}

impl PostDocument {
    /// The post.
    pub fn post(&self) -> &Post {
        &self.post
    }

    /// A post as detection sees it: read from `source` at `offset`, processed at the event time `at`, which never
    /// falls from one post to the next.
    pub fn new(source: Arc<str>, offset: u64, at: Timestamp, analysed: &Analysed) -> Self {
        let objects = analysed.drafts.iter().map(|draft| (draft.layer, draft.object, draft.descriptor.label.clone()));
        let text = analysed.text.as_ref().map(|text| {
            // A text that matches exactly only has no shingles, and an empty sketch that is like any other empty one.
            let slots = (!text.shingles.is_empty()).then(|| std::array::from_fn(|slot| text.sketch.0[slot]));
            (text.key, slots)
        });
        Self { source, offset, at, post: analysed.post.clone(), objects: objects.collect(), text }
    }
}

/// What became known with a batch of posts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The posts that were no duplicates.
    pub posts: Vec<PostDocument>,
    /// Texts that several accounts published: the key of the folded text, the object that it belongs to, and when.
    pub texts: Vec<(u64, u64, Timestamp)>,
    /// Text objects that became one: the old one, the one that stands for both, and when.
    pub merges: Vec<(u64, u64, Timestamp)>,
    /// Revisions of alerts, sent or not.
    pub alerts: Vec<Alert>,
    /// What the sources say is gone, and when: erased like by [`crate::Index::erase`], with the next commit instead of
    /// one of its own, and with one entry in the audit log for all of a commit (by `stream`). Remembered, so that it
    /// stays gone when its posts come (again) later, in the same batch or after a restart; of posts only as long as
    /// posts of that age are kept.
    pub deletions: Vec<(crate::Subject, Timestamp)>,
}
