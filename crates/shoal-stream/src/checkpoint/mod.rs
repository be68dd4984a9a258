//! Checkpoints in a local directory.
//!
//! `--state DIR` holds `checkpoint-N.state`, the snapshot: everything that stages and sources remember, in postcard,
//! with values that several of them share written once ([`shoal_model::interned`]): a state of 12,000 reposts of 40
//! posts has 27 MB, and the process that goes on from it 97 MB, where the one that wrote it had 103 MB.
//! `checkpoint-N.json` is its [`manifest`]: the version of the state format, the fingerprint of the configuration, the
//! [`marks`] of inputs and outputs, the length and CRC-32 of the snapshot, and whether the inputs were read to their
//! end.
//!
//! Outputs are synchronised first, then the snapshot is written and synchronised, then the manifest is written under
//! another name, synchronised and renamed: from then on the checkpoint counts. The newest two are kept, in case one is
//! damaged: a damaged one is passed over, with a warning. A file lock keeps a second process out.
//!
//! A run in one process has one directory, and makes a checkpoint between two batches. A staged run has one for each
//! logical partition, `DIR/EPOCH/STAGE-PARTITION/`: they know nothing of each other, because numbered channels make any
//! combination of them right.

mod checksum;
mod last;
pub(crate) mod manifest;
pub(crate) mod marks;
pub(crate) mod reasons;
pub(crate) mod version;

use std::fs::{self, File, TryLockError};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use shoal_model::{interned, saved};

use self::checksum::{Checksum, ChecksummedWriter};
pub(crate) use self::last::LastCheckpoint;
use self::manifest::{Manifest, ManifestHeader};
use self::version::{OLDEST_STATE_VERSION, STATE_VERSION};
use crate::Error;

/// Checkpoints kept, in case the newest is damaged.
const KEPT_CHECKPOINTS: usize = 2;

/// A directory of checkpoints, held by this process alone.
#[derive(Debug)]
pub(crate) struct StateDirectory {
    path: PathBuf,
    /// Held for as long as this lives.
    _lock: File,
}

impl StateDirectory {
    /// Makes the directory where there is none, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::State { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed)?;
        let lock = File::create(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::StateInUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    fn manifest(&self, number: u64) -> PathBuf {
        self.path.join(format!("checkpoint-{number:010}.json"))
    }

    fn snapshot(&self, number: u64) -> PathBuf {
        self.path.join(format!("checkpoint-{number:010}.state"))
    }

    /// The numbers of the manifests there are, newest first.
    fn numbers(&self) -> Result<Vec<u64>, Error> {
        let failed = |source| Error::State { path: self.path.clone(), source };
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("checkpoint-")?.strip_suffix(".json"));
            numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        Ok(numbers)
    }

    /// The newest valid checkpoint. One of another version or configuration is an error, a damaged one is passed over.
    pub(crate) fn newest<M: DeserializeOwned>(&self, fingerprint: &str) -> Result<Option<Manifest<M>>, Error> {
        for number in self.numbers()? {
            match self.check(number, fingerprint)? {
                Ok(manifest) => return Ok(Some(manifest)),
                Err(why) => {
                    tracing::warn!(checkpoint = number, %why, "damaged checkpoint passed over");
                }
            }
        }
        Ok(None)
    }

    /// A manifest whose snapshot is whole; why not, when it is damaged. One that was made otherwise is an error.
    fn check<M: DeserializeOwned>(&self, number: u64, fingerprint: &str) -> Result<Result<Manifest<M>, String>, Error> {
        let text = match fs::read(self.manifest(number)) {
            Ok(text) => text,
            Err(error) => return Ok(Err(error.to_string())),
        };
        match serde_json::from_slice::<ManifestHeader>(&text) {
            Ok(header) => self.check_header(&header, fingerprint)?,
            Err(error) => return Ok(Err(format!("manifest: {error}"))),
        }
        Ok(self.whole(number, &text))
    }

    fn whole<M: DeserializeOwned>(&self, number: u64, text: &[u8]) -> Result<Manifest<M>, String> {
        let manifest: Manifest<M> = serde_json::from_slice(text).map_err(|error| format!("manifest: {error}"))?;
        let file = File::open(self.snapshot(number)).map_err(|error| format!("snapshot: {error}"))?;
        let (mut reader, mut checksum) = (BufReader::with_capacity(1 << 20, file), Checksum::default());
        io::copy(&mut reader, &mut checksum).map_err(|error| format!("snapshot: {error}"))?;
        if checksum.sum() == manifest.snapshot { Ok(manifest) } else { Err("snapshot: wrong checksum".to_owned()) }
    }

    fn check_header(&self, header: &ManifestHeader, fingerprint: &str) -> Result<(), Error> {
        if !(OLDEST_STATE_VERSION..=STATE_VERSION).contains(&header.version) {
            return Err(Error::OtherVersion { state: self.path.clone(), found: header.version });
        }
        match &header.fingerprint {
            Some(found) if found != fingerprint => Err(Error::OtherConfiguration {
                state: self.path.clone(),
                found: found.clone(),
                expected: fingerprint.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Reads the snapshot of a checkpoint, whichever version wrote it.
    pub(crate) fn read<M, T>(
        &self,
        manifest: &Manifest<M>,
        read: impl FnOnce(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let path = self.snapshot(manifest.number);
        let bytes = fs::read(&path).map_err(|source| Error::State { path, source })?;
        saved::reading(manifest.version, || read(&bytes))
    }

    /// Writes a checkpoint. It counts once its manifest has its name; those before the last two are removed.
    pub(crate) fn write<M: Serialize>(
        &self,
        manifest: Manifest<M>,
        snapshot: impl FnOnce(&mut dyn Write) -> Result<(), postcard::Error>,
    ) -> Result<(), Error> {
        self.write_with(manifest, |path, checked| {
            // The serialiser does not say why it could not write: a full disk, most likely.
            match interned::writing(|| snapshot(checked)) {
                Ok(()) => Ok(()),
                Err(error) => Err(match checked.failed.take() {
                    None => Error::Snapshot(error),
                    Some(source) => Error::State { path: path.to_owned(), source },
                }),
            }
        })
    }

    /// Writes a checkpoint whose snapshot is bytes already.
    pub(crate) fn write_bytes<M: Serialize>(&self, manifest: Manifest<M>, snapshot: &[u8]) -> Result<(), Error> {
        self.write_with(manifest, |path, checked| {
            checked.write_all(snapshot).map_err(|source| Error::State { path: path.to_owned(), source })
        })
    }

    fn write_with<M: Serialize>(
        &self,
        mut manifest: Manifest<M>,
        write: impl FnOnce(&Path, &mut ChecksummedWriter<BufWriter<File>>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let path = self.snapshot(manifest.number);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::State { path, source }
        };
        let file = File::create(&path).map_err(failed(&path))?;
        let writer = BufWriter::with_capacity(1 << 20, file);
        let mut checked = ChecksummedWriter { writer, checksum: Checksum::default(), failed: None };
        write(&path, &mut checked)?;
        manifest.snapshot = checked.checksum.sum();
        let file = checked.writer.into_inner().map_err(|error| failed(&path)(error.into_error()))?;
        file.sync_data().map_err(failed(&path))?;
        let text = serde_json::to_vec_pretty(&manifest).map_err(|error| failed(&path)(error.into()))?;
        let (partial, named) = (self.path.join("manifest.partial"), self.manifest(manifest.number));
        File::create(&partial)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_data()))
            .and_then(|()| fs::rename(&partial, &named))
            .and_then(|()| File::open(&self.path)?.sync_all())
            .map_err(failed(&named))?;
        self.prune()
    }

    fn prune(&self) -> Result<(), Error> {
        self.remove(self.numbers()?.into_iter().skip(KEPT_CHECKPOINTS))
    }

    /// Removes all checkpoints: the run starts afresh.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        self.remove(self.numbers()?.into_iter())
    }

    fn remove(&self, numbers: impl Iterator<Item = u64>) -> Result<(), Error> {
        for path in numbers.flat_map(|number| [self.manifest(number), self.snapshot(number)]) {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(Error::State { path, source }),
                _ => {}
            }
        }
        Ok(())
    }

    /// The path of the directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use shoal_model::saved::since;

    use super::manifest::SnapshotSum;
    use super::*;

    const LATER: u32 = OLDEST_STATE_VERSION + 1;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Remembered {
        posts: u64,
        #[serde(default, deserialize_with = "since::<LATER, _, _>")]
        ignored: u64,
        highest: i64,
    }

    #[test]
    fn a_snapshot_is_read_by_the_version_that_wrote_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDirectory::open(folder.path()).unwrap();
        let manifest = Manifest {
            version: OLDEST_STATE_VERSION,
            fingerprint: "f".to_owned(),
            number: 1,
            marks: (),
            snapshot: SnapshotSum::default(),
            finished: false,
        };
        state.write_bytes(manifest, &postcard::to_allocvec(&(7_u64, -9_i64)).unwrap()).unwrap();
        let read = |bytes: &[u8]| Ok(postcard::from_bytes::<Remembered>(bytes)?);
        let manifest = state.newest::<()>("f").unwrap().unwrap();
        let whole = Remembered { posts: 7, ignored: 0, highest: -9 };
        assert_eq!(state.read(&manifest, read).unwrap(), whole);
        let later = Manifest { version: LATER, ..manifest };
        assert!(state.read(&later, read).is_err());
    }
}
