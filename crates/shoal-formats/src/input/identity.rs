//! Recognising an input after a restart.

use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::CrcReader;
use serde::{Deserialize, Serialize};

use super::source::{is_stdin, open_file};
use crate::Error;

/// The identity of an input, for a checkpoint. A file that has only grown is still the same input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The path as it was given.
    pub path: String,
    /// The size in bytes, as it lies on disk; 0 for pipes.
    pub size: u64,
    /// The number of first bytes that the checksum covers: at most 64 KiB, 0 for pipes.
    pub checked: u64,
    /// CRC-32 of these bytes.
    pub checksum: u32,
}

impl Identity {
    /// The number of bytes that tell one file from another.
    const CHECKED: u64 = 64 << 10;

    /// The identity of an input as it is now. Nothing is read from pipes.
    pub fn of(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::with_first(path.as_ref(), Self::CHECKED)
    }

    /// Checks that the input at `path`, wherever it lies now, is this one, grown or not. Pipes cannot be checked and
    /// pass.
    pub fn verify(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let now = Self::with_first(path.as_ref(), self.checked)?;
        if now.size < self.size {
            return Err(Error::Shrunk { path: now.path, offset: self.size, size: now.size });
        }
        if (now.checked, now.checksum) != (self.checked, self.checksum) {
            return Err(Error::Changed { path: now.path, checked: self.checked });
        }
        Ok(())
    }

    /// The identity by the first `limit` bytes.
    fn with_first(path: &Path, limit: u64) -> Result<Self, Error> {
        let name = path.display().to_string();
        let unchecked = Self { path: name.clone(), size: 0, checked: 0, checksum: 0 };
        let failed = |source| Error::Open { path: name.clone(), source };
        // Opening a named pipe would wait for its writer.
        if is_stdin(path) || std::fs::metadata(path).is_ok_and(|entry| !entry.is_file() && !entry.is_dir()) {
            return Ok(unchecked);
        }
        let file = open_file(path, &name)?;
        let size = file.metadata().map_err(failed)?.len();
        let mut first = CrcReader::new(BufReader::new(file.take(limit)));
        let checked = io::copy(&mut first, &mut io::sink()).map_err(failed)?;
        Ok(Self { size, checked, checksum: first.crc().sum(), ..unchecked })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_grown_file_is_the_same_and_another_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("posts.jsonl");
        for length in [0, 10, 70_000] {
            fs::write(&path, vec![b'a'; length]).unwrap();
            let identity = Identity::of(&path).unwrap();
            assert_eq!((identity.size, identity.checked), (length as u64, length.min(65_536) as u64));
            identity.verify(&path).unwrap();
            fs::write(&path, vec![b'a'; length + 100_000]).unwrap();
            identity.verify(&path).unwrap();
            if length > 0 {
                fs::write(&path, vec![b'b'; length + 100_000]).unwrap();
                assert!(matches!(identity.verify(&path), Err(Error::Changed { .. })));
                fs::write(&path, vec![b'a'; length - 1]).unwrap();
                assert!(matches!(identity.verify(&path), Err(Error::Shrunk { .. })));
            }
        }
    }

    #[test]
    fn inputs_that_cannot_be_checked() {
        Identity::of("-").unwrap().verify("-").unwrap();
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Identity::of(folder.path()), Err(Error::Directory { .. })));
        assert!(matches!(Identity::of(folder.path().join("none")), Err(Error::Open { .. })));
    }
}
