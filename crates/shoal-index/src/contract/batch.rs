//! Batches: posts and everything that became known with them.

use std::sync::Arc;

use shoal_detect::{Analysed, ExplicitTrace, ObjectMerge, TextObject};
use shoal_model::{Alert, Post, TextKey, Timestamp};

use crate::schema::MIN_HASHES;

/// A post to index.
#[derive(Debug, Clone, PartialEq)]
pub struct PostDocument {
    pub(crate) source: Arc<str>,
    pub(crate) offset: u64,
    pub(crate) at: Timestamp,
    pub(crate) post: Post,
    /// Explicit objects.
    pub(crate) objects: Vec<ExplicitTrace>,
    pub(crate) text: Option<TextDocument>,
}

/// The text of a post to index.
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

    /// Takes a post as detection sees it: read from `source` at `offset`, processed at the event time `at`, which never
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

/// A batch of posts, and everything that became known with it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Posts that are no duplicates.
    pub posts: Vec<PostDocument>,
    /// Texts that several accounts published, and the objects they belong to.
    pub texts: Vec<TextObject>,
    /// Merged text objects.
    pub merges: Vec<ObjectMerge>,
    /// Revisions of alerts, sent or not.
    pub alerts: Vec<Alert>,
    /// Deletions that the sources report, and their event times. They are erased like by [`crate::Index::erase`], but
    /// with the next commit, and with one entry in the audit log for all of a commit (by `stream`). They are
    /// remembered, so that posts that come (again) later, in the same batch or after a restart, are left out; those of
    /// posts only as long as posts of that age are kept.
    pub deletions: Vec<(super::Subject, Timestamp)>,
}
