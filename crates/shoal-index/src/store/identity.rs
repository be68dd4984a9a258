//! `index.json`: the identity of an index, with the key of its hashes.

use std::hash::Hasher as _;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shoal_model::Span;
use siphasher::sip::SipHasher13;
use siphasher::sip128::SipHasher24;

use crate::Error;
use crate::store::disk;

/// The version of all formats in the directory.
const VERSION: u32 = 1;

const NAME: &str = "index.json";

/// The shortest event time that a bucket covers: each is a directory with files of its own.
const MIN_BUCKET: Span = Span::from_seconds(3_600);

/// The identity of an index.
#[derive(Debug, Clone)]
pub(crate) struct IndexIdentity {
    /// The id, unique to the index.
    pub(crate) id: Arc<str>,
    pub(crate) key: IndexKey,
    /// The event time that one bucket covers.
    pub(crate) bucket: Span,
}

/// The secret of an index: without the directory its hashes reveal nothing, and collisions cannot be made.
#[derive(Clone, Copy)]
pub(crate) struct IndexKey([u8; 32]);

/// The file as written.
#[derive(Serialize, Deserialize)]
struct IdentityFile {
    version: u32,
    id: String,
    key: String,
    bucket: Span,
}

/// The version alone: the rest of a file of another version may have another shape.
#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

impl IndexIdentity {
    /// Reads the identity of an index; `None` where there is no index.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>, Error> {
        let path = directory.join(NAME);
        let damaged = |detail: String| Error::Damaged {
            path: path.clone(),
            detail,
            remedy: "take it from a backup, or move the directory away and index again".to_owned(),
        };
        let Some(bytes) = disk::read(&path)? else {
            // A new file would have another key, under which nothing that is there could be found.
            return if directory.join("posts").exists() {
                Err(damaged("it is not there".to_owned()))
            } else {
                Ok(None)
            };
        };
        let wrong = |error: serde_json::Error| damaged(error.to_string());
        let VersionOnly { version: found } = serde_json::from_slice(&bytes).map_err(wrong)?;
        if found != VERSION {
            return Err(Error::Version { path, found, expected: VERSION });
        }
        let file: IdentityFile = serde_json::from_slice(&bytes).map_err(wrong)?;
        let key =
            IndexKey::parse(&file.key).ok_or_else(|| damaged("its key is no 64 hexadecimal digits".to_owned()))?;
        if file.bucket < MIN_BUCKET {
            return Err(damaged(format!("its buckets of {} are too short", file.bucket)));
        }
        Ok(Some(Self { id: file.id.into(), key, bucket: file.bucket }))
    }

    /// Makes a new identity in an existing directory.
    pub(crate) fn create(directory: &Path, bucket: Span) -> Result<Self, Error> {
        let path = directory.join(NAME);
        let bucket = bucket.max(MIN_BUCKET);
        let mut random = [0; 48];
        getrandom::fill(&mut random).map_err(|error| disk::failed(&path)(std::io::Error::other(error.to_string())))?;
        let (id, key) = random.split_at(16);
        let key = IndexKey(std::array::from_fn(|at| key.get(at).copied().unwrap_or_default()));
        let file = IdentityFile { version: VERSION, id: disk::hex(id), key: disk::hex(&key.0), bucket };
        let mut json = serde_json::to_string_pretty(&file).unwrap_or_default();
        json.push('\n');
        disk::replace(&path, json.as_bytes())?;
        Ok(Self { id: file.id.into(), key, bucket })
    }
}

impl IndexKey {
    fn parse(text: &str) -> Option<Self> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
        let mut key = [0; 32];
        if pairs.len() != key.len() {
            return None;
        }
        for (byte, pair) in key.iter_mut().zip(pairs) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(key))
    }

    fn half(&self, at: usize) -> [u8; 16] {
        std::array::from_fn(|byte| self.0[at * 16 + byte])
    }

    /// The term of a post of a record: no other has it.
    pub(crate) fn origin(&self, source: &str, (offset, part): (u64, u32), account: &str, post: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.half(0));
        for part in [source, account, post] {
            hasher.write_usize(part.len());
            hasher.write(part.as_bytes());
        }
        hasher.write_u64(offset);
        // Records of one post have the terms that they had when all were such.
        if part > 0 {
            hasher.write_u32(part);
        }
        hasher.finish()
    }

    /// The hash of an erased id.
    pub(crate) fn subject(&self, kind: &str, id: &str) -> u128 {
        let hasher = SipHasher24::new_with_key(&self.half(1));
        hasher.hash(format!("{kind} {id}").as_bytes()).as_u128()
    }
}

impl std::fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IndexKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_stays_what_it_was() {
        let directory = tempfile::tempdir().unwrap();
        assert!(IndexIdentity::read(directory.path()).unwrap().is_none());
        let made = IndexIdentity::create(directory.path(), Span::from_seconds(86_400)).unwrap();
        let read = IndexIdentity::read(directory.path()).unwrap().unwrap();
        assert_eq!((made.id, made.bucket, made.key.0), (read.id, read.bucket, read.key.0));
        let other = IndexIdentity::create(directory.path(), Span::from_seconds(1)).unwrap();
        assert_ne!(other.key.origin("a", (1, 0), "b", "c"), read.key.origin("a", (1, 0), "b", "c"));
        assert_eq!(other.bucket, MIN_BUCKET);
    }

    #[test]
    fn another_version_and_damage_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let write = |text: &str| std::fs::write(directory.path().join(NAME), text).unwrap();
        write(r#"{"version": 2, "new": true}"#);
        assert!(matches!(IndexIdentity::read(directory.path()), Err(Error::Version { found: 2, .. })));
        for text in ["", "{}", r#"{"version": 1}"#, r#"{"version":1,"id":"a","key":"0g","bucket":"30d"}"#] {
            write(text);
            assert!(matches!(IndexIdentity::read(directory.path()), Err(Error::Damaged { .. })), "{text}");
        }
        std::fs::remove_file(directory.path().join(NAME)).unwrap();
        std::fs::create_dir(directory.path().join("posts")).unwrap();
        assert!(matches!(IndexIdentity::read(directory.path()), Err(Error::Damaged { .. })));
    }

    #[test]
    fn hashes_keep_their_parts_apart() {
        let key = IndexKey([7; 32]);
        assert_ne!(key.origin("a", (1, 0), "bc", "d"), key.origin("a", (1, 0), "b", "cd"));
        assert_ne!(key.origin("a", (1, 0), "b", "c"), key.origin("a", (2, 0), "b", "c"));
        assert_ne!(key.origin("a", (1, 0), "b", "c"), key.origin("a", (1, 1), "b", "c"));
        assert_ne!(key.subject("account", "x:1"), key.subject("post", "x:1"));
    }
}
