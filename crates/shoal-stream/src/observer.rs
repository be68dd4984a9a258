//! The observer of a run, and what it is told.

use shoal_detect::{KeptPost, ObjectMerge, TextObject};
use shoal_model::{Alert, Deletion, Post, Timestamp};

use crate::Summary;

/// The progress of a run, for people.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunProgress {
    /// Records read.
    pub records: u64,
    /// Posts processed.
    pub posts: u64,
    /// How far event time has come.
    pub watermark: Option<Timestamp>,
    /// The highest time seen: the difference to the watermark is the lag.
    pub newest: Option<Timestamp>,
    /// Revisions of alerts written.
    pub alerts: u64,
    /// Dead letters.
    pub dead_letters: u64,
}

/// A post that detection kept, and where it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedPost {
    /// The source's number.
    pub source: usize,
    /// The offset of the record in it.
    pub offset: u64,
    /// The event time at which the post was processed.
    pub at: Timestamp,
    /// The post.
    pub post: KeptPost,
}

/// A post that detection left out, because its account has used the id before.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedDuplicate {
    /// The source's number.
    pub source: usize,
    /// The post.
    pub post: Post,
}

/// The outcome of one batch of posts in detection.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchOutcome {
    /// The posts that were kept, in order.
    pub posts: Vec<ObservedPost>,
    /// The posts that were left out.
    pub duplicates: Vec<ObservedDuplicate>,
    /// What became known of texts, each once.
    pub texts: Vec<TextObject>,
    /// Text objects that became one.
    pub merges: Vec<ObjectMerge>,
}

/// The reason why an observer cannot go on. It ends the run.
pub type ObserverError = Box<dyn std::error::Error + Send + Sync>;

/// Somebody who is told what happens in a run.
pub trait Observer {
    /// After every batch.
    fn progress(&mut self, progress: &RunProgress);
    /// For every revision, sent or not.
    fn alert(&mut self, alert: &Alert);
    /// For every deletion, as soon as it is read. It changes no alert. Not in a staged run.
    fn deletion(&mut self, _deletion: &Deletion) {}
    /// Whether [`Observer::settled`] is to be handed what detection finds out, the posts among it. Asked once, at the
    /// start; otherwise every outcome is empty, and nothing is gathered for it.
    fn keeps_posts(&self) -> bool {
        false
    }
    /// After a batch of posts went through detection and the alerts they raised were told. Not in a staged run.
    fn settled(&mut self, _outcome: BatchOutcome) -> Result<(), ObserverError> {
        Ok(())
    }
    /// Before a checkpoint is written: what was told so far will not be told again once it is.
    fn checkpoint(&mut self) -> Result<(), ObserverError> {
        Ok(())
    }
    /// Once, at the end.
    fn finished(&mut self, _summary: &Summary) {}
}

impl Observer for () {
    fn progress(&mut self, _progress: &RunProgress) {}
    fn alert(&mut self, _alert: &Alert) {}
}
