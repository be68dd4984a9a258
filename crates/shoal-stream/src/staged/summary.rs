//! The summary of this process's share of a staged run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use shoal_detect::StageName;
use shoal_model::AlertState;

use super::process::shared::SharedRun;
use crate::Metrics;

/// Outcomes of the records that arrived at one stage, in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct StageCounts {
    /// Records that arrived.
    pub received: u64,
    /// Records among them that were processed.
    pub processed: u64,
    /// Records among them that were dropped because they had come before: a writer was restarted.
    pub seen: u64,
    /// Records among them that still wait, or were given up with their partition.
    pub waiting: u64,
}

/// The summary of this process's share of a staged run. Counts are of this process alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StagedSummary {
    /// Stages after ingest that it took part in.
    pub stages: BTreeMap<&'static str, StageCounts>,
    /// Records of sources that were read.
    pub records: u64,
    /// Posts and deletions beyond the first of their records.
    pub further: u64,
    /// Posts among both that were processed.
    pub processed: u64,
    /// Records processed that were late.
    pub late: u64,
    /// Records with nothing for Shoal in them.
    pub ignored: u64,
    /// Records that were refused.
    pub dead_letters: u64,
    /// Alerts that were sent, by state.
    pub alerts: BTreeMap<String, u64>,
    /// Alerts in shadow or muted.
    pub not_sent: u64,
    /// Wall-clock time.
    pub elapsed: Duration,
}

/// Alerts that were sent, by state.
pub(super) fn alerts(metrics: &Metrics) -> BTreeMap<String, u64> {
    let states =
        [AlertState::Opened, AlertState::Updated, AlertState::Resolved, AlertState::Reopened, AlertState::Suppressed];
    let count = |state: AlertState| (state.name().to_owned(), metrics.alerts.with_label_values(&[state.name()]).get());
    states.into_iter().map(count).filter(|(_, count)| *count > 0).collect()
}

impl StagedSummary {
    pub(super) fn of(shared: &SharedRun, stages: &BTreeSet<StageName>, elapsed: Duration) -> Self {
        let metrics = &shared.job.metrics;
        let of_stage = |stage: &StageName| {
            let label = &[stage.name()];
            let received = metrics.stage_received.with_label_values(label).get();
            let processed = metrics.stage_processed.with_label_values(label).get();
            let seen = metrics.stage_seen.with_label_values(label).get();
            (stage.name(), StageCounts { received, processed, seen, waiting: received - processed - seen })
        };
        let sources = || shared.job.sources.iter().map(|source| source.name.as_str());
        let outcome = |outcome: &str| -> u64 {
            sources().map(|name| metrics.source_outcomes.with_label_values(&[name, outcome]).get()).sum()
        };
        Self {
            stages: stages.iter().filter(|stage| **stage != StageName::Ingest).map(of_stage).collect(),
            records: sources().map(|name| metrics.source_records.with_label_values(&[name]).get()).sum(),
            further: sources().map(|name| metrics.source_further.with_label_values(&[name]).get()).sum(),
            processed: outcome("processed"),
            late: sources().map(|name| metrics.source_late.with_label_values(&[name]).get()).sum(),
            ignored: outcome("ignored"),
            dead_letters: outcome("dead_letter"),
            alerts: alerts(metrics),
            not_sent: metrics.alerts_not_sent.get(),
            elapsed,
        }
    }
}
