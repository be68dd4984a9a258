//! The observer of a run, and what it is told.

use shoal_detect::{KeptPost, ObjectMerge, TextObject};
use shoal_model::{Alert, Deletion, Post, Timestamp};

use crate::{ObserverError, Summary};

/// The progress of a run, for people.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunProgress {
    /// Records read.
    pub records: u64,
    /// Posts processed.
    pub posts: u64,
    /// The event time that the run has come to.
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
    /// The number of the post among the contents of the record, from 0.
    pub part: u32,
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
    /// Texts of which something became known, each once.
    pub texts: Vec<TextObject>,
    /// Text objects that became one.
    pub merges: Vec<ObjectMerge>,
}

/// An observer of a run.
pub trait Observer {
    /// Is told the progress after every batch.
    fn progress(&mut self, progress: &RunProgress);
    /// Is told every revision of an alert, sent or not.
    fn alert(&mut self, alert: &Alert);
    /// Is told every deletion as soon as it is read. It changes no alert. Not in a staged run.
    fn deletion(&mut self, _deletion: &Deletion) {}
    /// Says whether [`Observer::settled`] is to be handed what detection finds out, the posts among it. Asked once, at
    /// the start; otherwise every outcome is empty, and nothing is gathered for it.
    fn keeps_posts(&self) -> bool {
        false
    }
    /// Is handed the outcome of a batch of posts, after the alerts that they raised were told. Not in a staged run.
    fn settled(&mut self, _outcome: BatchOutcome) -> Result<(), ObserverError> {
        Ok(())
    }
    /// Makes safe what it was told: a checkpoint is about to be written, after which it will not be told again.
    fn checkpoint(&mut self) -> Result<(), ObserverError> {
        Ok(())
    }
    /// Is told the summary, once, at the end.
    fn finished(&mut self, _summary: &Summary) {}
}

impl Observer for () {
    fn progress(&mut self, _progress: &RunProgress) {}
    fn alert(&mut self, _alert: &Alert) {}
}
