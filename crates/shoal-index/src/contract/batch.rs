//! Batches: posts and everything that became known with them.

use std::sync::Arc;

use shoal_detect::{KeptPost, ObjectMerge, TextObject};
use shoal_model::{Alert, Timestamp};

/// A post to index.
#[derive(Debug, Clone, PartialEq)]
pub struct PostDocument {
    pub(crate) source: Arc<str>,
    pub(crate) offset: u64,
    /// The number among the contents of the record.
    pub(crate) part: u32,
    pub(crate) at: Timestamp,
    pub(crate) kept: KeptPost,
}

impl PostDocument {
    /// Takes a post that detection kept: read from `source` at `offset`, processed at the event time `at`, which never falls
    /// from one post to the next.
    pub fn new(source: Arc<str>, offset: u64, at: Timestamp, post: impl Into<KeptPost>) -> Self {
        Self { source, offset, part: 0, at, kept: post.into() }
    }

    /// The same where the record says several things, of which the post is the one with this number, from 0.
    #[must_use]
    pub fn with_part(self, part: u32) -> Self {
        Self { part, ..self }
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
