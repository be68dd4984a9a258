//! Purges: the bytes of deleted documents are removed from disk.

use std::io;
use std::path::Path;
use std::time::Instant;

use shoal_model::Timestamp;

use super::WriterThread;
use crate::Error;
use crate::erase::audit::AuditAction;
use crate::store::{disk, part};

impl WriterThread {
    /// Rewrites every segment with deleted documents. Returns the number of documents removed.
    pub(super) fn purge(&mut self) -> Result<u64, Error> {
        self.purged_at = Instant::now();
        self.commit()?;
        self.posts.closings().finish_all(&mut self.parts)?;
        let mut freed = 0;
        let starts: Vec<Timestamp> = self.parts.buckets.keys().copied().collect();
        for start in starts {
            freed += self.purge_bucket(start)?;
        }
        if has_deleted(self.parts.alerts.path())? {
            self.alerts.release(&mut self.parts)?;
            freed += purge_part(self.parts.alerts.path())?;
            self.parts.alerts.reload()?;
        }
        if has_deleted(self.parts.texts.path())? {
            self.texts.release(&mut self.parts)?;
            freed += purge_part(self.parts.texts.path())?;
            self.parts.texts.reload()?;
        }
        self.publish();
        if freed > 0 {
            self.shared.counters.purged.add(freed);
            self.shared.audit("shoal", AuditAction::Purge { freed })?;
        }
        Ok(freed)
    }

    fn purge_bucket(&mut self, start: Timestamp) -> Result<u64, Error> {
        let Some(bucket) = self.parts.buckets.get(&start) else { return Ok(0) };
        if !has_deleted(bucket.part.path())? {
            return Ok(0);
        }
        if self.posts.open_start() == Some(start) {
            self.posts.close_bucket(&mut self.parts)?;
            self.posts.closings().finish(start, &mut self.parts)?;
        }
        let Some(bucket) = self.parts.buckets.get_mut(&start) else { return Ok(0) };
        let freed = purge_part(bucket.part.path())?;
        bucket.reload()?;
        Ok(freed)
    }
}

fn has_deleted(path: &Path) -> Result<bool, Error> {
    Ok(part::segments(path)?.iter().any(|segment| segment.num_deleted_docs() > 0))
}

/// Purges a part without another writer.
fn purge_part(path: &Path) -> Result<u64, Error> {
    let mut writer = part::quiet_writer(path)?;
    let mut freed = 0;
    for segment in part::segments(path)? {
        // One by one: a segment merged with itself is the same without what was deleted.
        if segment.num_deleted_docs() > 0 {
            writer.merge(&[segment.id()]).wait().map_err(disk::tantivy_error(path))?;
            freed += u64::from(segment.num_deleted_docs());
        }
    }
    let collected = writer.garbage_collect_files().wait().map_err(disk::tantivy_error(path))?;
    match collected.failed_to_delete_files.first() {
        Some(file) => Err(disk::failed(&path.join(file))(io::Error::other("the file cannot be removed"))),
        None => Ok(freed),
    }
}
