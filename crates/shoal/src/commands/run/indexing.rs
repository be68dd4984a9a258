//! What the index is told of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use shoal_detect::Analysed;
use shoal_index::{Batch, PostDocument, Subject, Writer};
use shoal_model::{Alert, Deletion, Timestamp};
use shoal_stream::{BatchOutcome, Job, ObserverError};

/// Gathers what a run tells and hands it to the index, batch by batch.
pub(crate) struct Indexing {
    writer: Writer,
    sources: Vec<Arc<str>>,
    batch: Batch,
}

impl Indexing {
    /// For a run of this job.
    pub(crate) fn new(writer: Writer, job: &Job) -> Self {
        let sources = job.sources.iter().map(|source| Arc::from(source.name.as_str())).collect();
        Self { writer, sources, batch: Batch::default() }
    }

    pub(crate) fn post(&mut self, source: usize, offset: u64, at: Timestamp, post: &Analysed) {
        if let Some(source) = self.sources.get(source) {
            self.batch.posts.push(PostDocument::new(Arc::clone(source), offset, at, post));
        }
    }

    pub(crate) fn alert(&mut self, alert: &Alert) {
        self.batch.alerts.push(alert.clone());
    }

    pub(crate) fn deletion(&mut self, deletion: &Deletion) {
        let subject = match &deletion.post {
            Some(post) => Subject::Post(post.clone()),
            None => Subject::Account(deletion.account.clone()),
        };
        self.batch.deletions.push((subject, deletion.observed_at));
    }

    pub(crate) fn settled(&mut self, settled: &BatchOutcome<'_>) -> Result<(), ObserverError> {
        leave_out(&mut self.batch.posts, settled.duplicates);
        self.batch.texts.extend(settled.texts);
        self.batch.merges.extend(settled.merges);
        self.hand_over()?;
        Ok(())
    }

    /// Deletions do not wait for posts: they may be all there is.
    fn hand_over(&mut self) -> Result<(), shoal_index::Error> {
        if self.batch == Batch::default() { Ok(()) } else { self.writer.add(std::mem::take(&mut self.batch)) }
    }

    /// Waits until everything so far is on disk.
    pub(crate) fn commit(&mut self) -> Result<(), ObserverError> {
        self.hand_over()?;
        Ok(self.writer.commit()?)
    }

    /// The same, for the last time.
    pub(crate) fn close(mut self) -> Result<(), shoal_index::Error> {
        // Posts that were told and never settled belong to a run that failed: it tells them again.
        self.batch.posts.clear();
        self.hand_over()?;
        self.writer.close()
    }
}

/// Leaves out duplicates: as many of equal posts as there are, the last ones.
fn leave_out(posts: &mut Vec<PostDocument>, duplicates: &[Analysed]) {
    let mut left: BTreeMap<&str, Vec<&Analysed>> = BTreeMap::new();
    for duplicate in duplicates {
        left.entry(&duplicate.post.id).or_default().push(duplicate);
    }
    if left.is_empty() {
        return;
    }
    let mut keep: Vec<bool> = Vec::with_capacity(posts.len());
    for document in posts.iter().rev() {
        let equal = left.get_mut(document.post().id.as_str());
        let equal = equal.and_then(|left| {
            let at = left.iter().position(|duplicate| duplicate.post == *document.post())?;
            Some(left.swap_remove(at))
        });
        keep.push(equal.is_none());
    }
    posts.retain(|_| keep.pop().unwrap_or(true));
}
