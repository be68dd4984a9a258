//! Metrics that a fused run publishes of itself: those that a staged run's tasks keep themselves.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use shoal_detect::StageName;
use shoal_model::{Alert, AlertState, Timestamp};

use crate::Metrics;
use crate::clock::{now, seconds};
use crate::fused::source_partition::SourcePartition;
use crate::metrics::source::SourceMetrics;
use crate::metrics::stage::{StageMetrics, StageTotals};

/// The time between two updates of the metrics.
const REPORT_INTERVAL: Duration = Duration::from_millis(100);

/// The reporter of a run's metrics.
pub(crate) struct Reporter {
    metrics: Metrics,
    sources: Vec<SourceMetrics>,
    stages: BTreeMap<StageName, StageMetrics>,
    last: Option<Instant>,
}

impl Reporter {
    /// The reporter of a run that reads these sources.
    pub(crate) fn new<'a>(metrics: &Metrics, sources: impl IntoIterator<Item = &'a str>) -> Self {
        let sources = sources.into_iter().map(|source| SourceMetrics::new(metrics, source)).collect();
        Self { metrics: metrics.clone(), sources, stages: BTreeMap::new(), last: None }
    }

    /// Says whether an update is due, and begins the time to the next.
    pub(crate) fn is_due(&mut self) -> bool {
        let due = self.last.is_none_or(|last| last.elapsed() >= REPORT_INTERVAL);
        if due {
            self.last = Some(Instant::now());
        }
        due
    }

    /// Brings the counters of the sources up to date.
    pub(crate) fn sources(&mut self, sources: &[SourcePartition]) {
        for (metrics, source) in self.sources.iter_mut().zip(sources) {
            let intake = &source.intake;
            metrics.observe(&intake.counts, intake.order.buffered(), intake.newest);
        }
    }

    /// Brings the counters of the stages up to date. In one process nothing waits between them.
    pub(crate) fn stages(&mut self, totals: impl Iterator<Item = (StageName, StageTotals)>) {
        for (stage, totals) in totals {
            let metrics = self.stages.entry(stage).or_insert_with(|| StageMetrics::new(&self.metrics, stage));
            metrics.observe(totals);
        }
    }

    /// Publishes the event time, and its lag behind the newest post.
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
