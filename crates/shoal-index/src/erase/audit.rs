//! `audit.ndjson`, the audit log: each entry carries the hash of the one before.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shoal_model::Timestamp;

use crate::store::disk::{self, AppendLog};
use crate::{Error, Verdict};

/// An action on the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuditAction {
    /// A post or an account was erased.
    Erasure {
        /// `account` or `post`.
        kind: String,
        /// The keyed hash of its id.
        subject: String,
        /// The reason.
        reason: String,
        /// Deleted posts.
        posts: u64,
        /// Redacted alerts.
        alerts: u64,
    },
    /// Deletions that sources reported were carried out.
    Deletions {
        /// Number of posts and accounts.
        subjects: u64,
        /// Deleted posts.
        posts: u64,
        /// Redacted alerts.
        alerts: u64,
    },
    /// Deleted documents were removed from disk.
    Purge {
        /// Number of documents.
        freed: u64,
    },
    /// A conclusion about an alert.
    Feedback {
        /// The alert.
        alert_id: String,
        /// The revision.
        revision: u32,
        /// The conclusion.
        verdict: Verdict,
    },
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AuditEntry {
    /// 1, 2, 3, …
    #[serde(rename = "entry")]
    number: u64,
    /// The time, by the wall clock.
    at: Timestamp,
    /// The name of whoever acted.
    by: String,
    action: AuditAction,
    /// SHA-256 of the line before, without its end; zeros for the first.
    previous: String,
}

/// The log.
#[derive(Debug)]
pub(crate) struct AuditLog {
    lines: AppendLog,
    /// The number of the last entry.
    last: u64,
    /// The hash of the last line.
    head: String,
}

impl AuditLog {
    /// Opens the log to append to it. Also returns the place at which its chain is broken. A broken chain stops
    /// nothing, or anybody who can touch the log could stop the index; it is reported for as long as it is broken.
    pub(crate) fn open(directory: &Path) -> Result<(Self, Option<String>), Error> {
        let (lines, bytes) = AppendLog::open(&path(directory))?;
        let ChainCheck { last, head, broken } = check(&bytes);
        Ok((Self { lines, last, head }, broken))
    }

    /// Adds an entry. Returns its number.
    pub(crate) fn add(&mut self, by: &str, action: AuditAction) -> Result<u64, Error> {
        let entry =
            AuditEntry { number: self.last + 1, at: now(), by: by.to_owned(), action, previous: self.head.clone() };
        let line = serde_json::to_string(&entry).unwrap_or_default();
        self.lines.add(&line)?;
        self.last = entry.number;
        self.head = hash(line.as_bytes());
        Ok(entry.number)
    }
}

/// The place at which the chain of the log is broken, if it is.
pub(crate) fn broken(directory: &Path) -> Result<Option<String>, Error> {
    let bytes = disk::read(&path(directory))?.unwrap_or_default();
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Ok(check(bytes.get(..whole).unwrap_or_default()).broken)
}

/// The moment by the wall clock.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
}

fn path(directory: &Path) -> std::path::PathBuf {
    directory.join("audit.ndjson")
}

struct ChainCheck {
    last: u64,
    head: String,
    broken: Option<String>,
}

fn check(bytes: &[u8]) -> ChainCheck {
    let mut checked = ChainCheck { last: 0, head: "0".repeat(64), broken: None };
    for (line, number) in disk::lines(bytes).zip(1_u64..) {
        let problem = match serde_json::from_slice::<AuditEntry>(line) {
            Err(_) => Some("cannot be read"),
            Ok(entry) if entry.previous != checked.head => Some("does not follow from the line before"),
            Ok(entry) if entry.number != number => Some("has the number of another"),
            Ok(_) => None,
        };
        if checked.broken.is_none() {
            checked.broken = problem.map(|problem| format!("line {number} of audit.ndjson {problem}"));
        }
        checked.last = number;
        checked.head = hash(line);
    }
    checked
}

fn hash(line: &[u8]) -> String {
    disk::hex(&Sha256::digest(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(directory: &Path) -> String {
        let (mut audit, broken) = AuditLog::open(directory).unwrap();
        assert_eq!(broken, None);
        for freed in 1..=3 {
            assert_eq!(audit.add("somebody", AuditAction::Purge { freed }).unwrap(), freed);
        }
        std::fs::read_to_string(path(directory)).unwrap()
    }

    #[test]
    fn every_entry_follows_from_the_one_before() {
        let directory = tempfile::tempdir().unwrap();
        filled(directory.path());
        let (mut audit, broken) = AuditLog::open(directory.path()).unwrap();
        assert_eq!((audit.add("other", AuditAction::Purge { freed: 9 }).unwrap(), broken), (4, None));
        assert_eq!(super::broken(directory.path()).unwrap(), None);
    }

    #[test]
    fn what_was_changed_removed_or_moved_shows() {
        let directory = tempfile::tempdir().unwrap();
        let text = filled(directory.path());
        let lines: Vec<&str> = text.lines().collect();
        let changed = text.replace("\"freed\":2", "\"freed\":20");
        let removed = [lines[0], lines[2], ""].join("\n");
        let moved = [lines[1], lines[0], lines[2], ""].join("\n");
        let noise = format!("{text}noise\n");
        for (text, line) in [(changed, 3), (removed, 2), (moved, 1), (noise, 4)] {
            std::fs::write(path(directory.path()), &text).unwrap();
            let (mut audit, broken) = AuditLog::open(directory.path()).unwrap();
            assert!(broken.clone().unwrap().starts_with(&format!("line {line} ")), "{broken:?}");
            audit.add("somebody", AuditAction::Purge { freed: 1 }).unwrap();
            assert_eq!(super::broken(directory.path()).unwrap(), broken);
        }
    }
}
