//! What a fused run publishes of itself: the counters that a staged run's tasks keep themselves.

use std::time::{Duration, Instant, SystemTime};

use prometheus::IntCounter;
use shoal_detect::PrepareCounts;
use shoal_formats::Reason;
use shoal_model::{Alert, AlertState, Timestamp};

use crate::Metrics;
use crate::fused::driver::Consumed;
use crate::fused::source_partition::SourcePartition;

/// How often counters are brought up to date.
const EVERY: Duration = Duration::from_millis(100);

/// Publishes what a run counts.
pub(crate) struct Published {
    metrics: Metrics,
    last: Option<Instant>,
}

impl Published {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self { metrics: metrics.clone(), last: None }
    }

    /// Whether it is time again.
    pub(crate) fn is_due(&mut self) -> bool {
        let due = self.last.is_none_or(|last| last.elapsed() >= EVERY);
        if due {
            self.last = Some(Instant::now());
        }
        due
    }

    /// Brings the counters of a source up to date.
    pub(crate) fn source(&self, source: &SourcePartition) {
        let (name, counts, metrics) = (source.name.as_str(), &source.intake.counts, &self.metrics);
        raise(&metrics.source_records.with_label_values(&[name]), counts.records);
        let outcomes = [
            ("processed", counts.processed),
            ("filtered", counts.filtered),
            ("deletion", counts.deletions),
            ("dead_letter", counts.dead()),
        ];
        for (outcome, count) in outcomes {
            raise(&metrics.source_outcomes.with_label_values(&[name, outcome]), count);
        }
        raise(&metrics.source_late.with_label_values(&[name]), counts.late);
        raise(&metrics.source_idle.with_label_values(&[name]), counts.idle);
        metrics.source_buffered.with_label_values(&[name]).set(source.intake.order.buffered() as i64);
        if let Some(newest) = source.intake.newest {
            metrics.source_newest.with_label_values(&[name]).set(seconds(newest));
        }
    }

    /// Brings the counters of dead letters up to date, which are over all sources.
    pub(crate) fn dead_letters(&self, counts: &[u64; Reason::COUNT]) {
        for (reason, count) in Reason::ALL.iter().zip(counts).filter(|(_, count)| **count > 0) {
            raise(&self.metrics.dead_letters.with_label_values(&[reason.name()]), *count);
        }
    }

    /// Brings the counters of the stages up to date. In one process nothing waits between them.
    pub(crate) fn stages(&self, consumed: &Consumed, prepare: &PrepareCounts) {
        let stages = [
            ("prepare", consumed.prepare),
            ("match", consumed.matching),
            ("cluster", consumed.cluster),
            ("pair", consumed.pair),
            ("tie", consumed.tie),
            ("circle", consumed.circle),
            ("group", consumed.group),
        ];
        for (stage, count) in stages {
            raise(&self.metrics.stage_received.with_label_values(&[stage]), count);
            raise(&self.metrics.stage_processed.with_label_values(&[stage]), count);
        }
        outcomes(&self.metrics, prepare);
    }

    /// How far event time is, and how far behind the newest post.
    pub(crate) fn watermark(&self, watermark: Timestamp, newest: Option<Timestamp>) {
        if watermark == Timestamp::MIN || watermark == Timestamp::MAX {
            return;
        }
        self.metrics.watermark.with_label_values(&["all", "0"]).set(seconds(watermark));
        let behind = newest.filter(|newest| *newest > watermark).map_or(0.0, |at| at.distance(watermark).seconds());
        self.metrics.lag_seconds.with_label_values(&["all", "0"]).set(behind);
    }
}

/// Counts an alert that was written, and how late it is where posts are of this moment.
pub(crate) fn alert(metrics: &Metrics, alert: &Alert, live: bool) {
    if alert.shadow || alert.state == AlertState::Suppressed {
        metrics.alerts_not_sent.inc();
    } else {
        metrics.alerts.with_label_values(&[alert.state.name()]).inc();
    }
    if live {
        metrics.alert_latency.observe(now().distance(alert.observed.window.end).seconds());
    }
}

/// Brings the counters of what prepare did up to date.
pub(crate) fn outcomes(metrics: &Metrics, counts: &PrepareCounts) {
    let outcomes = [("processed", counts.processed), ("filtered", counts.filtered), ("duplicate", counts.duplicate)];
    for (outcome, count) in outcomes {
        raise(&metrics.prepare_outcomes.with_label_values(&[outcome]), count);
    }
}

/// Counters only go up.
fn raise(counter: &IntCounter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}

/// Seconds since the epoch.
pub(crate) fn seconds(at: Timestamp) -> f64 {
    at.micros() as f64 / 1e6
}

/// The present moment: asked while following alone, when a source is silent or an alert was written.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
