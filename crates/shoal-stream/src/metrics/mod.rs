//! Counters, gauges and histograms, under names that dashboards and rules may rely on.
//!
//! No id, text or address is ever the value of a label: labels are stages, sources, topics, partitions, reasons.

pub(crate) mod report;
pub(crate) mod source;
pub(crate) mod stage;

use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

use crate::Error;

/// Counters, gauges and histograms of one process. A clone counts in the same place.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    /// Records read, by source.
    pub(crate) source_records: IntCounterVec,
    /// Outcomes of what records say, by source and outcome: processed, filtered, deletion, ignored, `dead_letter`.
    pub(crate) source_outcomes: IntCounterVec,
    /// Records processed after the watermark had passed their time, by source.
    pub(crate) source_late: IntCounterVec,
    /// Records that wait for the watermark or for belief in their time, by source.
    pub(crate) source_buffered: IntGaugeVec,
    /// Idle marks, by source.
    pub(crate) source_idle: IntCounterVec,
    /// Newest time seen, in seconds since the epoch, by source.
    pub(crate) source_newest: GaugeVec,
    /// Posts and deletions beyond the first of their records, by source.
    pub(crate) source_further: IntCounterVec,
    /// Dead letters, by reason.
    pub(crate) dead_letters: IntCounterVec,
    /// Records with nothing for Shoal in them, by reason.
    pub(crate) ignored: IntCounterVec,
    /// Outcomes of the posts in prepare, by outcome: processed, filtered, duplicate.
    pub(crate) prepare_outcomes: IntCounterVec,
    /// Records that arrived at a stage, by stage.
    pub(crate) stage_received: IntCounterVec,
    /// Records that were processed, by stage.
    pub(crate) stage_processed: IntCounterVec,
    /// Records that were dropped because they had been seen, by stage: a writer was restarted.
    pub(crate) stage_seen: IntCounterVec,
    /// Records that wait for the slowest channel, by stage and partition.
    pub(crate) stage_buffered: IntGaugeVec,
    /// Event time, in seconds since the epoch, by stage and partition.
    pub(crate) watermark: GaugeVec,
    /// Lag of event time behind the newest post seen, in seconds, by stage and partition.
    pub(crate) lag_seconds: GaugeVec,
    /// Records of the topic that are still to be read, by stage and partition.
    pub(crate) lag_records: IntGaugeVec,
    /// Partitions that this process owns, by stage.
    pub(crate) assigned: IntGaugeVec,
    /// Changes of who owns what, by stage.
    pub(crate) rebalances: IntCounterVec,
    /// Frames, by topic and direction: in, out.
    pub(crate) frames: IntCounterVec,
    /// Bytes of frames before compression, by topic and direction.
    pub(crate) bytes: IntCounterVec,
    /// Frames that were passed over, by stage and reason.
    pub(crate) frames_ignored: IntCounterVec,
    /// Pauses in reading a partition, by stage and reason: queue, skew.
    pub(crate) pauses: IntCounterVec,
    /// Records on their way to the brokers.
    pub(crate) unacknowledged: IntGauge,
    /// Seconds from handing a record to the client until the brokers have it.
    pub(crate) delivery: Histogram,
    /// Seconds that a stage works on one batch, by stage.
    pub(crate) work: HistogramVec,
    /// Seconds to make a checkpoint, by stage; `all` for a fused run.
    pub(crate) checkpoint: HistogramVec,
    /// Seconds from the newest post of an alert to the alert being written. Only while following.
    pub(crate) alert_latency: Histogram,
    /// Revisions of alerts written, by state.
    pub(crate) alerts: IntCounterVec,
    /// Revisions in shadow or muted.
    pub(crate) alerts_not_sent: IntCounter,
    /// Seconds since connections to brokers began to fail; 0 while none does.
    pub(crate) broker_trouble: Gauge,
}

/// Registers what it makes.
struct Maker<'a>(&'a Registry);

impl Maker<'_> {
    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        let made = IntCounterVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, prometheus::Error> {
        let made = GaugeVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn int_gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, prometheus::Error> {
        let made = IntGaugeVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> Result<HistogramVec, prometheus::Error> {
        let made = HistogramVec::new(HistogramOpts::new(name, help).buckets(seconds()), labels)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn histogram(&self, name: &str, help: &str) -> Result<Histogram, prometheus::Error> {
        let made = Histogram::with_opts(HistogramOpts::new(name, help).buckets(seconds()))?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }
}

/// Bounds of histograms: from half a millisecond to two minutes, fine where targets lie.
fn seconds() -> Vec<f64> {
    vec![
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5,
        10.0, 20.0, 60.0, 120.0,
    ]
}

impl Metrics {
    /// Metrics that are all at zero.
    pub fn new() -> Result<Self, Error> {
        Self::registered().map_err(Error::Metrics)
    }

    fn registered() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let make = Maker(&registry);
        let (source, stage, place) = (&["source"], &["stage"], &["stage", "partition"]);
        let (topic, why) = (&["topic", "direction"], &["stage", "reason"]);
        let unacknowledged = IntGauge::new("shoal_unacknowledged", "Records on their way to the brokers")?;
        registry.register(Box::new(unacknowledged.clone()))?;
        let alerts_not_sent = IntCounter::new("shoal_alerts_not_sent_total", "Revisions in shadow or muted")?;
        registry.register(Box::new(alerts_not_sent.clone()))?;
        let trouble = "Seconds since connections to brokers began to fail; 0 while none does";
        let broker_trouble = Gauge::new("shoal_broker_trouble_seconds", trouble)?;
        registry.register(Box::new(broker_trouble.clone()))?;
        let latency = "Seconds from the newest post of an alert to the alert being written, while following";
        Ok(Self {
            source_records: make.counters("shoal_source_records_total", "Records read", source)?,
            source_outcomes: make.counters(
                "shoal_source_outcomes_total",
                "What became of the records",
                &["source", "outcome"],
            )?,
            source_late: make.counters("shoal_source_late_total", "Posts that came after the watermark", source)?,
            source_buffered: make.int_gauges("shoal_source_buffered", "Records that wait for order", source)?,
            source_idle: make.counters("shoal_source_idle_total", "Idle marks", source)?,
            source_newest: make.gauges("shoal_source_newest_seconds", "Newest time seen, since the epoch", source)?,
            source_further: make.counters(
                "shoal_source_further_total",
                "Posts and deletions beyond the first of their records",
                source,
            )?,
            dead_letters: make.counters("shoal_dead_letters_total", "Records that are no posts", &["reason"])?,
            ignored: make.counters("shoal_ignored_total", "Records with nothing for Shoal in them", &["reason"])?,
            prepare_outcomes: make.counters(
                "shoal_prepare_posts_total",
                "What prepare did with posts",
                &["outcome"],
            )?,
            stage_received: make.counters("shoal_stage_received_total", "Records that arrived", stage)?,
            stage_processed: make.counters("shoal_stage_processed_total", "Records processed", stage)?,
            stage_seen: make.counters("shoal_stage_seen_total", "Records that came again and were dropped", stage)?,
            stage_buffered: make.int_gauges("shoal_stage_buffered", "Records that wait for other channels", place)?,
            watermark: make.gauges("shoal_watermark_seconds", "Event time, since the epoch", place)?,
            lag_seconds: make.gauges("shoal_lag_seconds", "Event time behind the newest post", place)?,
            lag_records: make.int_gauges("shoal_lag_records", "Records of the topic still to be read", place)?,
            assigned: make.int_gauges("shoal_partitions_assigned", "Partitions that this process owns", stage)?,
            rebalances: make.counters("shoal_rebalances_total", "Changes of who owns what", stage)?,
            frames: make.counters("shoal_frames_total", "Frames", topic)?,
            bytes: make.counters("shoal_bytes_total", "Bytes of frames before compression", topic)?,
            frames_ignored: make.counters("shoal_frames_ignored_total", "Frames passed over", why)?,
            pauses: make.counters("shoal_pauses_total", "How often reading was paused", why)?,
            unacknowledged,
            delivery: make.histogram("shoal_delivery_seconds", "Seconds until the brokers have a record")?,
            work: make.histograms("shoal_work_seconds", "Seconds that a stage works on a batch", stage)?,
            checkpoint: make.histograms("shoal_checkpoint_seconds", "Seconds to make a checkpoint", stage)?,
            alert_latency: make.histogram("shoal_alert_latency_seconds", latency)?,
            alerts: make.counters("shoal_alerts_total", "Revisions of alerts written", &["state"])?,
            alerts_not_sent,
            broker_trouble,
            registry,
        })
    }

    /// Says nothing any more of a partition that was let go.
    pub(crate) fn forget(&self, stage: &str, partition: u16) {
        let labels = &[stage, &partition.to_string()];
        for gauges in [&self.watermark, &self.lag_seconds] {
            // One that was never set is as good.
            _ = gauges.remove_label_values(labels);
        }
        for gauges in [&self.stage_buffered, &self.lag_records] {
            _ = gauges.remove_label_values(labels);
        }
    }

    /// The registry of all metrics.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_valid_and_used_once() {
        let metrics = Metrics::new().unwrap();
        metrics.stage_received.with_label_values(&["match"]).inc_by(3);
        let families = metrics.registry().gather();
        let family = families.iter().find(|family| family.name() == "shoal_stage_received_total").unwrap();
        assert_eq!(family.get_metric().len(), 1);
    }
}
