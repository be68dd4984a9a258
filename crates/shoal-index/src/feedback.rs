//! Feedback: conclusions of people about alerts.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use shoal_model::Timestamp;
use utoipa::ToSchema;

use crate::Error;
use crate::store::disk::{self, AppendLog};

/// A conclusion about an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The accounts act together.
    True,
    /// The accounts do not act together.
    False,
    /// The accounts act together, openly and harmlessly.
    BenignCoordination,
    /// Undecided.
    Unsure,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Self; 4] = [Self::True, Self::False, Self::BenignCoordination, Self::Unsure];

    /// The name in JSON and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::BenignCoordination => "benign_coordination",
            Self::Unsure => "unsure",
        }
    }
}

/// A conclusion as it is kept. The newest of each person counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Feedback {
    /// The alert.
    pub alert_id: String,
    /// The revision that was looked at.
    pub revision: u32,
    /// The conclusion.
    pub verdict: Verdict,
    /// The reason, at most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The author: the name of the token, or `local`.
    pub by: String,
    /// The time of the conclusion, by the wall clock.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Characters of a note.
pub(crate) const MAX_NOTE: usize = 2_000;

/// All conclusions by alert, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Conclusions {
    by_alert: HashMap<String, Vec<Feedback>>,
    /// Bytes of the file that were read.
    length: u64,
}

impl Conclusions {
    /// Reads `feedback.ndjson` again where it has changed. A line that cannot be read is passed over, with a warning.
    pub(crate) fn follow(&mut self, directory: &Path) -> Result<(), Error> {
        let path = path(directory);
        let length = match std::fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(disk::failed(&path)(error)),
        };
        if length != self.length {
            let bytes = disk::read(&path)?.unwrap_or_default();
            self.by_alert.clear();
            self.take(&path, &bytes);
            self.length = bytes.len() as u64;
        }
        Ok(())
    }

    fn take(&mut self, path: &Path, bytes: &[u8]) {
        for (line, number) in disk::lines(bytes).zip(1_u64..) {
            match serde_json::from_slice::<Feedback>(line) {
                Ok(feedback) => self.by_alert.entry(feedback.alert_id.clone()).or_default().push(feedback),
                Err(error) => tracing::warn!(path = %path.display(), line = number, %error, "feedback cannot be read"),
            }
        }
    }

    /// Conclusions about an alert, oldest first.
    pub(crate) fn of(&self, alert_id: &str) -> &[Feedback] {
        self.by_alert.get(alert_id).map_or(&[], Vec::as_slice)
    }

    /// Number of times each verdict was given on an alert. The newest of each person counts.
    pub(crate) fn verdicts(&self, alert_id: &str) -> BTreeMap<String, u64> {
        let newest: BTreeMap<&str, Verdict> = self.of(alert_id).iter().map(|f| (f.by.as_str(), f.verdict)).collect();
        let mut counts = BTreeMap::new();
        for verdict in newest.into_values() {
            *counts.entry(verdict.name().to_owned()).or_default() += 1;
        }
        counts
    }
}

/// The file that conclusions are added to.
#[derive(Debug)]
pub(crate) struct FeedbackLog {
    lines: AppendLog,
}

impl FeedbackLog {
    pub(crate) fn open(directory: &Path) -> Result<Self, Error> {
        Ok(Self { lines: AppendLog::open(&path(directory))?.0 })
    }

    pub(crate) fn add(&mut self, feedback: &Feedback) -> Result<(), Error> {
        self.lines.add(&serde_json::to_string(feedback).unwrap_or_default())
    }
}

fn path(directory: &Path) -> PathBuf {
    directory.join("feedback.ndjson")
}
