//! What has been erased, known by keyed hashes: what is told of it later is left out.

use std::collections::HashSet;
use std::path::Path;

use crate::disk::{self, Lines};
use crate::identity::Key;
use crate::index::Subject;
use crate::Error;

/// Everything that has been erased.
#[derive(Debug)]
pub(crate) struct Erased {
    key: Key,
    accounts: HashSet<u128>,
    posts: HashSet<u128>,
    file: Lines,
}

impl Erased {
    /// Reads `erased`. A line that cannot be read stops everything: what it hides would be shown again.
    pub(crate) fn open(directory: &Path, key: Key) -> Result<Self, Error> {
        let path = directory.join("erased");
        let (file, bytes) = Lines::open(&path)?;
        let mut out = Self { key, accounts: HashSet::new(), posts: HashSet::new(), file };
        for (at, line) in disk::lines(&bytes).enumerate() {
            let known = std::str::from_utf8(line).ok().and_then(|line| line.split_once(' ')).and_then(|(kind, hash)| {
                let hash = u128::from_str_radix(hash, 16).ok()?;
                out.set(kind)?.insert(hash);
                Some(())
            });
            known.ok_or_else(|| Error::Damaged {
                path: path.clone(),
                detail: format!("line {} cannot be read", at + 1),
                remedy: "take it from a backup, or delete the line and erase again what it stood for".to_owned(),
            })?;
        }
        Ok(out)
    }

    fn set(&mut self, kind: &str) -> Option<&mut HashSet<u128>> {
        match kind {
            "account" => Some(&mut self.accounts),
            "post" => Some(&mut self.posts),
            _ => None,
        }
    }

    /// Adds a subject, for good. Gives what stands for it.
    pub(crate) fn add(&mut self, subject: &Subject) -> Result<String, Error> {
        let (kind, id) = (subject.kind(), subject.id());
        let hash = self.key.subject(kind, id);
        if self.set(kind).is_some_and(|set| set.insert(hash)) {
            self.file.add(&format!("{kind} {hash:032x}"))?;
        }
        Ok(format!("{hash:032x}"))
    }

    /// Whether nothing has been erased yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.posts.is_empty()
    }

    /// Whether an account has been.
    pub(crate) fn has_account(&self, id: &str) -> bool {
        !self.accounts.is_empty() && self.accounts.contains(&self.key.subject("account", id))
    }

    /// Whether a post has been, by its own id.
    pub(crate) fn has_post(&self, id: &str) -> bool {
        !self.posts.is_empty() && self.posts.contains(&self.key.subject("post", id))
    }
}
