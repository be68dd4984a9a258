//! What is handed to the index.

use std::sync::Arc;

use shoal_detect::{Analysed, ExplicitTrace, ObjectMerge, TextObject};
use shoal_model::{Alert, Post, TextKey, Timestamp};

use crate::schema::MIN_HASHES;

/// A post to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct PostDocument {
    pub(crate) source: Arc<str>,
    pub(crate) offset: u64,
    pub(crate) at: Timestamp,
    pub(crate) post: Post,
    /// Its explicit objects.
    pub(crate) objects: Vec<ExplicitTrace>,
    pub(crate) text: Option<TextDocument>,
}

/// The text of a post to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextDocument {
    /// The key of the folded text.
    pub(crate) key: TextKey,
    /// The first slots of its sketch, unless it is too short for one.
    pub(crate) slots: Option<[u16; MIN_HASHES]>,
}

impl PostDocument {
    /// The post.
    pub fn post(&self) -> &Post {
        &self.post
    }

    /// A post as detection sees it: read from `source` at `offset`, processed at the event time `at`, which never
    /// falls from one post to the next.
    pub fn new(source: Arc<str>, offset: u64, at: Timestamp, analysed: &Analysed) -> Self {
        let text = analysed.text.as_ref().map(|text| {
            // A text that matches exactly only has no shingles, and an empty sketch that is like any other empty one.
            let slots = (!text.shingles.is_empty()).then(|| std::array::from_fn(|slot| text.sketch.0[slot]));
            TextDocument { key: text.key, slots }
        });
        Self { source, offset, at, post: analysed.post.clone(), objects: analysed.traces.clone(), text }
    }
}

/// What became known with a batch of posts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The posts that were no duplicates.
    pub posts: Vec<PostDocument>,
    /// Texts that several accounts published, and the objects they belong to.
    pub texts: Vec<TextObject>,
    /// Text objects that became one.
    pub merges: Vec<ObjectMerge>,
    /// Revisions of alerts, sent or not.
    pub alerts: Vec<Alert>,
    /// What the sources say is gone, and when: erased like by [`crate::Index::erase`], with the next commit instead of
    /// one of its own, and with one entry in the audit log for all of a commit (by `stream`). Remembered, so that it
    /// stays gone when its posts come (again) later, in the same batch or after a restart; of posts only as long as
    /// posts of that age are kept.
    pub deletions: Vec<(super::Subject, Timestamp)>,
}
