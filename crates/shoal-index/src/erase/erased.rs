//! Erased subjects, known by keyed hashes: later posts and alerts are checked against them.

use std::path::{Path, PathBuf};

use hashbrown::{HashMap, HashSet};
use shoal_model::Timestamp;

use crate::Error;
use crate::contract::Subject;
use crate::store::disk::{self, AppendLog};
use crate::store::identity::IndexKey;

/// All erased subjects.
#[derive(Debug)]
pub(crate) struct Erased {
    key: IndexKey,
    accounts: HashSet<u128>,
    /// Posts, with the event time of the deletion that a source reported; `None` where a person erased, which is
    /// remembered for ever.
    posts: HashMap<u128, Option<Timestamp>>,
    path: PathBuf,
    file: AppendLog,
    /// Lines of the file.
    written: usize,
    /// Lines to be written.
    unsaved: Vec<String>,
}

impl Erased {
    /// Reads `erased`. A line that cannot be read is an error: its subject would be shown again.
    pub(crate) fn open(directory: &Path, key: IndexKey) -> Result<Self, Error> {
        let path = directory.join("erased");
        let (file, bytes) = AppendLog::open(&path)?;
        let (accounts, posts, unsaved) = (HashSet::new(), HashMap::new(), Vec::new());
        let mut out = Self { key, accounts, posts, path, file, written: 0, unsaved };
        for line in disk::lines(&bytes) {
            out.written += 1;
            std::str::from_utf8(line).ok().and_then(|line| out.take(line)).ok_or_else(|| Error::Damaged {
                path: out.path.clone(),
                detail: format!("line {} cannot be read", out.written),
                remedy: "take it from a backup, or delete the line and erase again what it stood for".to_owned(),
            })?;
        }
        Ok(out)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let (kind, hash, at) = (words.next()?, words.next()?, words.next());
        let hash = u128::from_str_radix(hash, 16).ok()?;
        let at = at.map(str::parse).transpose().ok()?.map(Timestamp::from_micros);
        match kind {
            "account" => drop(self.accounts.insert(hash)),
            "post" => drop(self.remember(hash, at)),
            _ => return None,
        }
        Some(())
    }

    /// Remembers a post; returns `false` when nothing changed.
    fn remember(&mut self, hash: u128, at: Option<Timestamp>) -> bool {
        let known = self.posts.get(&hash);
        // What a person asked for is not forgotten because a source says it too.
        let is_news = known.is_none_or(|known| known.is_some() && *known != at);
        if is_news {
            self.posts.insert(hash, at);
        }
        is_news
    }

    /// Adds a subject for ever, and saves. Returns its hash.
    pub(crate) fn add(&mut self, subject: &Subject) -> Result<String, Error> {
        let hash = self.note(subject, None);
        self.save()?;
        Ok(hash)
    }

    /// Adds a subject, with the event time of a deletion that a source reported. Returns its hash. Durable with
    /// [`Erased::save`].
    pub(crate) fn note(&mut self, subject: &Subject, at: Option<Timestamp>) -> String {
        let kind = subject.kind();
        let hash = self.key.subject(kind, subject.id());
        let line = match (subject, at) {
            (Subject::Account(_), _) => self.accounts.insert(hash).then(|| format!("{kind} {hash:032x}")),
            (Subject::Post(_), None) => self.remember(hash, None).then(|| format!("{kind} {hash:032x}")),
            (Subject::Post(_), Some(at)) => {
                self.remember(hash, Some(at)).then(|| format!("{kind} {hash:032x} {}", at.micros()))
            }
        };
        self.unsaved.extend(line);
        format!("{hash:032x}")
    }

    /// Writes added subjects.
    pub(crate) fn save(&mut self) -> Result<(), Error> {
        if !self.unsaved.is_empty() {
            self.file.add(&self.unsaved.join("\n"))?;
            self.written += self.unsaved.len();
            self.unsaved.clear();
        }
        Ok(())
    }

    /// Forgets deletions that sources reported before `expiry`: posts as old are not kept. The file is rewritten once
    /// most of it is forgotten.
    pub(crate) fn forget(&mut self, expiry: Timestamp) -> Result<(), Error> {
        self.posts.retain(|_, at| at.is_none_or(|at| at >= expiry));
        if self.written <= 2 * (self.accounts.len() + self.posts.len()) {
            return Ok(());
        }
        let mut lines: Vec<String> = self.accounts.iter().map(|hash| format!("account {hash:032x}\n")).collect();
        lines.extend(self.posts.iter().map(|(hash, at)| match at {
            Some(at) => format!("post {hash:032x} {}\n", at.micros()),
            None => format!("post {hash:032x}\n"),
        }));
        lines.sort_unstable();
        disk::replace(&self.path, lines.concat().as_bytes())?;
        self.file = AppendLog::open(&self.path)?.0;
        self.written = lines.len();
        self.unsaved.clear();
        Ok(())
    }

    /// Nothing has been erased yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.posts.is_empty()
    }

    /// Tests for an erased account.
    pub(crate) fn has_account(&self, id: &str) -> bool {
        !self.accounts.is_empty() && self.accounts.contains(&self.key.subject("account", id))
    }

    /// Tests for a post that was erased by its own id.
    pub(crate) fn has_post(&self, id: &str) -> bool {
        !self.posts.is_empty() && self.posts.contains_key(&self.key.subject("post", id))
    }
}

#[cfg(test)]
mod tests {
    use shoal_model::Span;

    use super::*;
    use crate::store::identity::IndexIdentity;
    use crate::testing;

    #[test]
    fn what_sources_say_is_forgotten_in_time_and_what_people_say_never() {
        let directory = testing::directory();
        let key = IndexIdentity::create(directory.path(), Span::from_seconds(86_400)).unwrap().key;
        let at = Timestamp::from_seconds;
        let post = |id: u32| Subject::Post(format!("test:{id}"));
        let mut erased = Erased::open(directory.path(), key).unwrap();
        for id in 0..10 {
            erased.note(&post(id), Some(at(id.into())));
        }
        erased.note(&Subject::Account("test:a".to_owned()), Some(at(0)));
        erased.add(&post(1)).unwrap();
        erased.note(&post(1), Some(at(1)));
        erased.save().unwrap();
        for _ in 0..2 {
            assert_eq!((erased.written, erased.posts.len()), (12, 10));
            erased = Erased::open(directory.path(), key).unwrap();
        }
        erased.forget(at(8)).unwrap();
        for _ in 0..2 {
            assert_eq!((erased.written, erased.posts.len()), (4, 3));
            assert!(erased.has_post("test:1") && erased.has_post("test:9") && !erased.has_post("test:7"));
            assert!(erased.has_account("test:a") && !erased.has_account("test:1"));
            erased = Erased::open(directory.path(), key).unwrap();
        }
    }
}
