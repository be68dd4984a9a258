//! Counters of one source, the same in both drivers.

use prometheus::{Gauge, IntCounter, IntGauge};
use shoal_formats::Reason;
use shoal_model::Timestamp;

use crate::Metrics;
use crate::clock::seconds;
use crate::summary::SourceCounts;

/// The counters of one source, as whoever reads it raises them.
pub(crate) struct SourceMetrics {
    metrics: Metrics,
    name: String,
    records: IntCounter,
    processed: IntCounter,
    filtered: IntCounter,
    deletions: IntCounter,
    ignored: IntCounter,
    dead: IntCounter,
    further: IntCounter,
    late: IntCounter,
    idle: IntCounter,
    buffered: IntGauge,
    /// Made when there is a time to say.
    newest: Option<Gauge>,
    /// The counts up to which they were raised.
    counted: SourceCounts,
}

impl SourceMetrics {
    /// The counters of the source called `name`.
    pub(crate) fn new(metrics: &Metrics, name: &str) -> Self {
        let outcome = |outcome| metrics.source_outcomes.with_label_values(&[name, outcome]);
        Self {
            metrics: metrics.clone(),
            name: name.to_owned(),
            records: metrics.source_records.with_label_values(&[name]),
            processed: outcome("processed"),
            filtered: outcome("filtered"),
            deletions: outcome("deletion"),
            ignored: outcome("ignored"),
            dead: outcome("dead_letter"),
            further: metrics.source_further.with_label_values(&[name]),
            late: metrics.source_late.with_label_values(&[name]),
            idle: metrics.source_idle.with_label_values(&[name]),
            buffered: metrics.source_buffered.with_label_values(&[name]),
            newest: None,
            counted: SourceCounts::default(),
        }
    }

    /// Goes on after counts of another process. The `buffered` posts that it left are counted as read here, where
    /// they are released.
    pub(crate) fn resume(&mut self, counts: &SourceCounts, buffered: usize) {
        self.counted = counts.clone();
        let of_further = (buffered as u64).min(counts.further);
        self.counted.further -= of_further;
        self.counted.records -= buffered as u64 - of_further;
    }

    /// Raises the counters by what has been counted since the last time.
    pub(crate) fn observe(&mut self, counts: &SourceCounts, buffered: usize, newest: Option<Timestamp>) {
        self.buffered.set(buffered as i64);
        if let Some(newest) = newest {
            let (metrics, name) = (&self.metrics, self.name.as_str());
            let gauge = self.newest.get_or_insert_with(|| metrics.source_newest.with_label_values(&[name]));
            gauge.set(seconds(newest));
        }
        if *counts == self.counted {
            return;
        }
        let before = std::mem::replace(&mut self.counted, counts.clone());
        self.records.inc_by(counts.records - before.records);
        self.processed.inc_by(counts.processed - before.processed);
        self.filtered.inc_by(counts.filtered - before.filtered);
        self.deletions.inc_by(counts.deletions - before.deletions);
        self.ignored.inc_by(counts.ignored() - before.ignored());
        self.dead.inc_by(counts.dead() - before.dead());
        self.further.inc_by(counts.further - before.further);
        self.late.inc_by(counts.late - before.late);
        self.idle.inc_by(counts.idle - before.idle);
        for (reason, (now, before)) in Reason::ALL.iter().zip(counts.dead_letters.iter().zip(before.dead_letters)) {
            if *now > before {
                self.metrics.dead_letters.with_label_values(&[reason.name()]).inc_by(now - before);
            }
        }
        for (reason, now) in &counts.ignored {
            let before = before.ignored.get(reason).copied().unwrap_or(0);
            if *now > before {
                self.metrics.ignored.with_label_values(&[reason.as_str()]).inc_by(now - before);
            }
        }
    }
}
