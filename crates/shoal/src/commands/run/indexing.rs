//! Handing a run over to the index.

use std::sync::Arc;

use shoal_index::{Batch, PostDocument, Subject, Writer};
use shoal_model::{Alert, Deletion};
use shoal_stream::{BatchOutcome, Job, ObservedPost, ObserverError};

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

    pub(crate) fn settled(&mut self, settled: BatchOutcome) -> Result<(), ObserverError> {
        let document = |ObservedPost { source, offset, part, at, post }| {
            let source = Arc::clone(self.sources.get(source)?);
            Some(PostDocument::new(source, offset, at, post).with_part(part))
        };
        self.batch.posts.extend(settled.posts.into_iter().filter_map(document));
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
        self.hand_over()?;
        self.writer.close()
    }
}
