//! Counters of one stage, the same in both drivers.

use prometheus::IntCounter;
use shoal_detect::{PrepareCounts, StageName};

use crate::Metrics;

/// Counts of a partition, or of all partitions of a stage. They only rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct StageTotals {
    /// Records that arrived.
    pub(crate) received: u64,
    /// Records that were processed.
    pub(crate) processed: u64,
    /// Records that were dropped because they had come before.
    pub(crate) seen: u64,
    /// Outcomes of the records processed, where not all are alike.
    pub(crate) outcomes: PrepareCounts,
}

impl StageTotals {
    fn outcomes(&self) -> [u64; 3] {
        [self.outcomes.processed, self.outcomes.filtered, self.outcomes.duplicate]
    }
}

/// The counters of one stage, as whoever drives it raises them.
pub(crate) struct StageMetrics {
    received: IntCounter,
    processed: IntCounter,
    seen: IntCounter,
    outcomes: [IntCounter; 3],
    /// The totals up to which they were raised.
    counted: StageTotals,
}

impl StageMetrics {
    /// The counters of a stage.
    pub(crate) fn new(metrics: &Metrics, stage: StageName) -> Self {
        let label = &[stage.name()];
        Self {
            received: metrics.stage_received.with_label_values(label),
            processed: metrics.stage_processed.with_label_values(label),
            seen: metrics.stage_seen.with_label_values(label),
            outcomes: ["processed", "filtered", "duplicate"]
                .map(|outcome| metrics.prepare_outcomes.with_label_values(&[outcome])),
            counted: StageTotals::default(),
        }
    }

    /// Goes on after totals that another process has counted.
    pub(crate) fn resume(&mut self, totals: StageTotals) {
        self.counted = totals;
    }

    /// Raises the counters by what has been counted since the last time.
    pub(crate) fn observe(&mut self, totals: StageTotals) {
        let before = std::mem::replace(&mut self.counted, totals);
        self.received.inc_by(totals.received - before.received);
        self.processed.inc_by(totals.processed - before.processed);
        self.seen.inc_by(totals.seen - before.seen);
        for ((counter, now), before) in self.outcomes.iter().zip(totals.outcomes()).zip(before.outcomes()) {
            counter.inc_by(now - before);
        }
    }
}
