//! What a run tells whoever watches it.

use shoal_detect::{Analysed, ObjectMerge, TextObject};
use shoal_model::{Alert, Deletion, Timestamp};

use crate::Summary;

/// What is going on, for people.
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

/// What detection found out about the posts that an [`Observer`] was shown since the last time.
#[derive(Debug, Clone, Copy)]
pub struct BatchOutcome<'a> {
    /// Those that were left out: their accounts have used the ids before.
    pub duplicates: &'a [Analysed],
    /// What is known now of the texts they have to do with.
    pub texts: &'a [TextObject],
    /// Which text objects became one.
    pub merges: &'a [ObjectMerge],
}

/// Why an observer cannot go on. It ends the run.
pub type ObserverError = Box<dyn std::error::Error + Send + Sync>;

/// Is told what happens.
pub trait Observer {
    /// After every batch.
    fn progress(&mut self, progress: &RunProgress);
    /// For every revision, sent or not.
    fn alert(&mut self, alert: &Alert);
    /// For every post that enters detection, in order, duplicates included: the source's number, where in it the
    /// record begins, the event time at which the post is processed, and the post. Not in a staged run.
    fn post(&mut self, _source: usize, _offset: u64, _at: Timestamp, _post: &Analysed) {}
    /// For every deletion, as soon as it is read. It changes no alert. Not in a staged run.
    fn deletion(&mut self, _deletion: &Deletion) {}
    /// After the posts shown so far went through detection and the alerts they raised were told. Not in a staged run.
    fn settled(&mut self, _settled: &BatchOutcome<'_>) -> Result<(), ObserverError> {
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
