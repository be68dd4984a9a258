//! The parts beside the posts: alerts and texts. Documents there replace one another.

use std::path::PathBuf;

use tantivy::merge_policy::LogMergePolicy;
use tantivy::{IndexWriter, TantivyDocument, Term};

use crate::Error;
use crate::store::disk;
use crate::store::part::{self, IndexPart, MIN_MEMORY};

/// Share of replaced documents of a segment at which it is merged.
const REPLACED: f32 = 0.3;

/// Writes to such a part. tantivy's threads live from the first document until they are released.
pub(super) struct SideWriter {
    path: PathBuf,
    writer: Option<IndexWriter>,
    is_dirty: bool,
}

impl SideWriter {
    pub(super) fn new(part: &IndexPart) -> Self {
        Self { path: part.path().to_owned(), writer: None, is_dirty: false }
    }

    pub(super) const fn is_dirty(&self) -> bool {
        self.is_dirty
    }

    fn writer(&mut self) -> Result<&mut IndexWriter, Error> {
        self.is_dirty = true;
        if self.writer.is_none() {
            let writer = part::writer(&self.path, 1, MIN_MEMORY)?;
            let mut policy = LogMergePolicy::default();
            policy.set_del_docs_ratio_before_merge(REPLACED);
            writer.set_merge_policy(Box::new(policy));
            self.writer = Some(writer);
        }
        self.writer.as_mut().ok_or_else(|| Error::Stopped("no writer".to_owned()))
    }

    /// Writes a document, replacing the one with `key`.
    pub(super) fn put(&mut self, key: Term, document: TantivyDocument) -> Result<(), Error> {
        let path = self.path.clone();
        let writer = self.writer()?;
        writer.delete_term(key);
        let Err(error) = writer.add_document(document) else { return Ok(()) };
        let cause = writer.prepare_commit().map(drop).err().unwrap_or(error);
        Err(disk::tantivy_error(&path)(cause))
    }

    /// Deletes the documents that match a query.
    pub(super) fn delete(&mut self, query: Box<dyn tantivy::query::Query>) -> Result<(), Error> {
        let path = self.path.clone();
        self.writer()?.delete_query(query).map(drop).map_err(disk::tantivy_error(&path))
    }

    /// Commits; returns `false` when there was nothing to commit.
    pub(super) fn commit(&mut self, part: &mut IndexPart) -> Result<bool, Error> {
        let Some(writer) = self.writer.as_mut().filter(|_| self.is_dirty) else { return Ok(false) };
        writer.commit().map_err(disk::tantivy_error(&self.path))?;
        self.is_dirty = false;
        part.reload()?;
        Ok(true)
    }

    /// Commits and closes the writer, so that another one can be opened.
    pub(super) fn release(&mut self, part: &mut IndexPart) -> Result<(), Error> {
        self.commit(part)?;
        if let Some(writer) = self.writer.take() {
            writer.wait_merging_threads().map_err(disk::tantivy_error(&self.path))?;
            part.reload()?;
        }
        Ok(())
    }
}
