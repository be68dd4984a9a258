//! The summary of a fused run.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shoal_detect::{PrepareCounts, StageName};
use shoal_formats::Reason;
use shoal_model::saved::since;
use shoal_model::{Alert, AlertState};

use crate::fused::driver::Consumed;

/// Outcomes of the records of one source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SourceCounts {
    /// Records read.
    pub records: u64,
    /// Released in order to prepare.
    pub processed: u64,
    /// Records among them that came after the watermark had passed their time.
    pub late: u64,
    /// Posts that the source's filter left out.
    pub filtered: u64,
    /// Deletions: statements that something published is gone.
    pub deletions: u64,
    /// Records that were refused, by [`Reason::index`].
    #[serde(with = "crate::checkpoint::reasons")]
    pub dead_letters: [u64; Reason::COUNT],
    /// Times that the source was idle.
    pub idle: u64,
    /// Posts and deletions beyond the first of their records.
    #[serde(default, deserialize_with = "since::<4, _, _>")]
    pub further: u64,
    /// Records with nothing for Shoal in them, by reason.
    #[serde(default, deserialize_with = "since::<4, _, _>")]
    pub ignored: BTreeMap<String, u64>,
}

impl SourceCounts {
    /// All dead letters.
    pub fn dead(&self) -> u64 {
        self.dead_letters.iter().sum()
    }

    /// All records that were ignored.
    pub fn ignored(&self) -> u64 {
        self.ignored.values().sum()
    }

    pub(crate) fn ignore(&mut self, reason: &'static str) {
        match self.ignored.get_mut(reason) {
            Some(count) => *count += 1,
            None => _ = self.ignored.insert(reason.to_owned(), 1),
        }
    }

    fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.processed += other.processed;
        self.late += other.late;
        self.filtered += other.filtered;
        self.deletions += other.deletions;
        self.idle += other.idle;
        for (sum, count) in self.dead_letters.iter_mut().zip(other.dead_letters) {
            *sum += count;
        }
        self.further += other.further;
        for (reason, count) in &other.ignored {
            *self.ignored.entry(reason.clone()).or_default() += count;
        }
    }
}

/// Revisions of alerts, by state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlertCounts {
    /// Revisions that were sent, by state.
    pub sent: BTreeMap<String, u64>,
    /// Revisions in shadow or muted.
    pub not_sent: u64,
}

impl AlertCounts {
    pub(crate) fn add(&mut self, alert: &Alert) {
        if alert.shadow || alert.state == AlertState::Suppressed {
            self.not_sent += 1;
            return;
        }
        *self.sent.entry(alert.state.name().to_owned()).or_default() += 1;
    }

    /// All revisions that were sent.
    pub fn total(&self) -> u64 {
        self.sent.values().sum()
    }
}

/// The summary of a run. Everything that a stage consumed is accounted for: see [`Summary::is_conserved`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// Outcomes of the records, over all sources.
    pub sources: SourceCounts,
    /// Records that wait for the watermark or for belief in their time; 0 at the end of the input.
    pub buffered: u64,
    /// Outcomes of the posts in prepare.
    pub prepare: PrepareCounts,
    /// Records consumed per stage.
    pub consumed: Consumed,
    /// Alerts.
    pub alerts: AlertCounts,
    /// Wall-clock time of this process.
    pub elapsed: Duration,
    /// Records read by this process: fewer than `sources.records` after a resume.
    pub records_now: u64,
    /// `true` when a finished state made reading unnecessary.
    pub nothing_to_do: bool,
    /// `true` when the run went on from a checkpoint.
    pub resumed: bool,
}

impl Summary {
    pub(crate) fn add_source(&mut self, counts: &SourceCounts, buffered: usize) {
        self.sources.add(counts);
        self.buffered += buffered as u64;
    }

    /// Says whether every record is accounted for: at the source, and in prepare.
    pub fn is_conserved(&self) -> bool {
        let sources = &self.sources;
        let prepare = self.prepare;
        // Posts released by their source but not yet driven are `buffered` there.
        let aside = sources.filtered + sources.deletions + sources.ignored() + sources.dead();
        sources.records + sources.further == self.consumed.by(StageName::Prepare) + aside + self.buffered
            && self.consumed.by(StageName::Prepare) == prepare.processed + prepare.filtered + prepare.duplicate
    }
}
