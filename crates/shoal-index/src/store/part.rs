//! A part of an index: a tantivy index in a directory of its own.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tantivy::directory::error::{OpenDirectoryError, OpenReadError};
use tantivy::index::SegmentMeta;
use tantivy::indexer::IndexWriterOptions;
use tantivy::merge_policy::NoMergePolicy;
use tantivy::schema::Schema;
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyError};

use crate::Error;
use crate::schema::SEGMENTER;
use crate::segmenter::Segmenter;
use crate::store::upgrade::META;
use crate::store::{disk, upgrade};

/// Least memory of a thread of tantivy that writes, in bytes.
pub(crate) const MIN_MEMORY: usize = 15_000_000;

/// Blocks of stored documents that a reader keeps unpacked for each segment, 16 KiB each: few, for there may be
/// thousands of segments.
const STORE_BLOCKS: usize = 16;

/// An open part.
pub(crate) struct IndexPart {
    path: PathBuf,
    reader: IndexReader,
    /// The stamp of `meta.json` when it was read.
    stamp: Option<Stamp>,
    /// Bytes on disk then.
    bytes: u64,
}

/// The reason that a part cannot be opened.
pub(crate) enum OpenFault {
    /// No part is there.
    Absent,
    /// Damaged files, or files of another version, with details.
    Damaged(String),
    /// An error that is not about the contents of the files.
    Failed(Error),
}

/// Properties of a file that change when it is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl IndexPart {
    /// Opens an existing part.
    pub(crate) fn open(path: &Path, schema: &Schema) -> Result<Self, OpenFault> {
        // The engine panics on some damage that no checksum covers.
        let opened = catch_unwind(AssertUnwindSafe(|| Self::try_open(path, schema)));
        opened.unwrap_or_else(|_| Err(OpenFault::Damaged("the engine cannot make sense of it".to_owned())))
    }

    fn try_open(path: &Path, schema: &Schema) -> Result<Self, OpenFault> {
        let stamp = Stamp::of(path);
        if stamp.is_none() {
            return Err(if is_empty(path) {
                OpenFault::Absent
            } else {
                OpenFault::Damaged(format!("{META} is missing"))
            });
        }
        let fault = |error| fault(path, error);
        let index = open_index(path).map_err(fault)?;
        if index.schema() != *schema {
            return Err(OpenFault::Damaged("its fields are those of another version".to_owned()));
        }
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(STORE_BLOCKS)
            .try_into()
            .map_err(fault)?;
        Ok(Self { path: path.to_owned(), reader, stamp, bytes: bytes(path) })
    }

    /// Makes a new part.
    pub(crate) fn create(path: &Path, schema: &Schema) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(disk::failed(path))?;
        path.parent().map_or(Ok(()), disk::sync_directory)?;
        tantivy::Index::create_in_dir(path, schema.clone()).map_err(disk::tantivy_error(path))?;
        Self::open(path, schema).map_err(|fault| match fault {
            OpenFault::Failed(error) => error,
            OpenFault::Absent | OpenFault::Damaged(_) => Error::Damaged {
                path: path.to_owned(),
                detail: "what was just written cannot be read".to_owned(),
                remedy: "see to the disk".to_owned(),
            },
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// Bytes on disk when it was loaded last.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Loads the last commit.
    pub(crate) fn reload(&mut self) -> Result<(), Error> {
        self.stamp = Stamp::of(&self.path);
        self.reader.reload().map_err(disk::tantivy_error(&self.path))?;
        self.bytes = bytes(&self.path);
        Ok(())
    }

    /// Loads the last commit of another process; returns `false` when nothing changed.
    pub(crate) fn follow(&mut self) -> Result<bool, Error> {
        let changed = Stamp::of(&self.path) != self.stamp;
        if changed {
            self.reload()?;
        }
        Ok(changed)
    }

    /// The payload of the last commit.
    pub(crate) fn payload(&self) -> Result<Option<String>, Error> {
        let index = open_index(&self.path).map_err(disk::tantivy_error(&self.path))?;
        Ok(index.load_metas().map_err(disk::tantivy_error(&self.path))?.payload)
    }

    /// Verifies the checksums of files, of at most `limit` bytes.
    pub(crate) fn check(path: &Path, limit: &mut u64) -> Result<(), OpenFault> {
        let index = open_index(path).map_err(|error| fault(path, error))?;
        let metas = index.load_metas().map_err(|error| fault(path, error))?;
        let managed = index.directory().list_managed_files();
        for file in metas.list_segment_files().intersection(&managed) {
            let Ok(metadata) = fs::metadata(path.join(file)) else {
                return Err(OpenFault::Damaged(format!("{} is missing", file.display())));
            };
            let Some(left) = limit.checked_sub(metadata.len()) else { break };
            *limit = left;
            match index.directory().validate_checksum(file) {
                Ok(true) => {}
                Ok(false) => return Err(OpenFault::Damaged(format!("{} has a wrong checksum", file.display()))),
                Err(error) => return Err(fault(path, error.into())),
            }
        }
        Ok(())
    }

    /// Looks for files that no commit names: a killed process leaves them behind.
    pub(crate) fn has_strays(path: &Path) -> Result<bool, Error> {
        let metas = open_index(path).and_then(|index| index.load_metas()).map_err(disk::tantivy_error(path))?;
        let living: HashSet<PathBuf> = metas.list_segment_files();
        let mut strays = false;
        for entry in fs::read_dir(path).map_err(disk::failed(path))? {
            let entry = entry.map_err(disk::failed(path))?;
            let name = PathBuf::from(entry.file_name());
            let text = name.to_string_lossy();
            if text.starts_with(".tmp") {
                disk::remove(&entry.path())?;
            } else if !text.starts_with('.') && text != META && !living.contains(&name) {
                strays = true;
            }
        }
        Ok(strays)
    }
}

/// Opens a part to write, with `memory` bytes for all threads. The writer has a tantivy index of its
/// own: files that are not needed any more are removed though a reader of this process still has them open.
pub(crate) fn writer(path: &Path, threads: usize, memory: usize) -> Result<IndexWriter, Error> {
    let threads = threads.max(1);
    let options = IndexWriterOptions::builder()
        .num_worker_threads(threads)
        .memory_budget_per_thread((memory / threads).clamp(MIN_MEMORY, u32::MAX as usize / 2))
        .num_merge_threads(1)
        .build();
    open_index(path).and_then(|index| index.writer_with_options(options)).map_err(disk::tantivy_error(path))
}

/// Opens a part for a few changes: nothing is merged unless requested.
pub(crate) fn quiet_writer(path: &Path) -> Result<IndexWriter, Error> {
    let writer = writer(path, 1, MIN_MEMORY)?;
    writer.set_merge_policy(Box::new(NoMergePolicy));
    Ok(writer)
}

/// Segments that are committed.
pub(crate) fn segments(path: &Path) -> Result<Vec<SegmentMeta>, Error> {
    open_index(path).and_then(|index| index.searchable_segment_metas()).map_err(disk::tantivy_error(path))
}

fn open_index(path: &Path) -> tantivy::Result<tantivy::Index> {
    let index = tantivy::Index::open(upgrade::directory(path)?)?;
    index.tokenizers().register(SEGMENTER, Segmenter::default());
    Ok(index)
}

/// Distinguishes damage from errors around the files.
fn fault(path: &Path, error: TantivyError) -> OpenFault {
    let is_about_files = match disk::system_error(&error) {
        Some(cause) => matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof),
        None => !matches!(error, TantivyError::SystemError(_) | TantivyError::LockFailure(..)),
    };
    match error {
        TantivyError::OpenDirectoryError(OpenDirectoryError::DoesNotExist(_)) => OpenFault::Absent,
        TantivyError::OpenReadError(OpenReadError::FileDoesNotExist(file)) => {
            OpenFault::Damaged(format!("{} is missing", file.display()))
        }
        error if is_about_files => {
            // The engine repeats the whole file in some of its messages.
            let detail: String = error.to_string().chars().take(200).collect();
            OpenFault::Damaged(detail)
        }
        error => OpenFault::Failed(disk::tantivy_error(path)(error)),
    }
}

impl Stamp {
    /// `None` when there is no commit.
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path.join(META)).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { modified: metadata.modified().ok(), length: metadata.len(), inode })
    }
}

/// Tests for a directory with nothing but files that tantivy makes before its first commit.
fn is_empty(path: &Path) -> bool {
    let Ok(entries) = fs::read_dir(path) else { return true };
    entries.flatten().all(|entry| entry.file_name().to_string_lossy().starts_with('.'))
}

/// Bytes of the files in a directory.
fn bytes(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}
