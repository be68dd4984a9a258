//! The lock of an index: one process writes at a time.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::store::disk;

/// Bytes of the file that are read.
const MAX_OWNER: u64 = 4_096;

/// The lock, held as long as this value lives, and no longer than the process.
#[derive(Debug)]
pub(crate) struct WriterLock {
    file: File,
    path: PathBuf,
}

/// The holder, as written to the file.
#[derive(Serialize, Deserialize)]
struct LockOwner {
    process: u32,
    /// The address at which it serves requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

impl WriterLock {
    pub(crate) fn take(directory: &Path) -> Result<Self, Error> {
        let path = directory.join("writer.lock");
        let failed = disk::failed(&path);
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(&failed)?;
        match file.try_lock() {
            Ok(()) => {
                let mut lock = Self { file, path };
                lock.say(None)?;
                Ok(lock)
            }
            Err(TryLockError::WouldBlock) => Err(Error::Locked { path: directory.to_owned(), owner: owner(file) }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Writes the process, and the address at which it serves requests.
    pub(crate) fn say(&mut self, address: Option<&str>) -> Result<(), Error> {
        let owner = LockOwner { process: std::process::id(), address: address.map(str::to_owned) };
        let json = serde_json::to_string(&owner).unwrap_or_default();
        let mut write = || {
            self.file.set_len(0)?;
            self.file.rewind()?;
            self.file.write_all(json.as_bytes())
        };
        write().map_err(disk::failed(&self.path))
    }
}

/// The holder of the lock, as far as it can be read.
fn owner(file: File) -> String {
    let mut text = String::new();
    let owner =
        file.take(MAX_OWNER).read_to_string(&mut text).ok().and_then(|_| serde_json::from_str::<LockOwner>(&text).ok());
    match owner {
        Some(LockOwner { process, address: Some(address) }) => format!(" (process {process}, {address})"),
        Some(LockOwner { process, address: None }) => format!(" (process {process})"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_says_who_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let mut lock = WriterLock::take(directory.path()).unwrap();
        let me = std::process::id();
        let said = |address: &str| match WriterLock::take(directory.path()) {
            Err(Error::Locked { owner, .. }) => assert_eq!(owner, format!(" (process {me}{address})")),
            other => panic!("{other:?}"),
        };
        said("");
        lock.say(Some("http://127.0.0.1:9464")).unwrap();
        said(", http://127.0.0.1:9464");
        drop(lock);
        WriterLock::take(directory.path()).unwrap();
    }
}
