//! Figures read from the metrics.

use std::collections::BTreeMap;

use prometheus::Registry;
use prometheus::proto::{Metric, MetricFamily};
use shoal_model::Timestamp;

/// All metrics at one moment.
#[derive(Debug, Clone)]
pub(super) struct Figures(Vec<MetricFamily>);

impl Figures {
    /// The figures as they are now.
    pub(super) fn now(registry: &Registry) -> Self {
        Self(registry.gather())
    }

    fn metrics(&self, name: &str) -> &[Metric] {
        self.0.iter().find(|family| family.name() == name).map_or(&[], MetricFamily::get_metric)
    }

    /// The sum over all labels.
    pub(super) fn sum(&self, name: &str) -> f64 {
        self.metrics(name).iter().map(value).sum()
    }

    /// The sums by the value of one label.
    pub(super) fn by(&self, name: &str, label: &str) -> BTreeMap<String, f64> {
        self.folded(name, label, 0.0, |sum, value| sum + value)
    }

    /// The largest by the value of one label.
    pub(super) fn most(&self, name: &str, label: &str) -> BTreeMap<String, f64> {
        self.folded(name, label, f64::NEG_INFINITY, f64::max)
    }

    /// The smallest by the value of one label.
    pub(super) fn least(&self, name: &str, label: &str) -> BTreeMap<String, f64> {
        self.folded(name, label, f64::INFINITY, f64::min)
    }

    /// Sums by the values of two labels.
    pub(super) fn by_two(&self, name: &str, first: &str, second: &str) -> BTreeMap<(String, String), f64> {
        let mut sums = BTreeMap::new();
        for metric in self.metrics(name) {
            *sums.entry((label(metric, first), label(metric, second))).or_insert(0.0) += value(metric);
        }
        sums
    }

    fn folded(&self, name: &str, of: &str, start: f64, fold: fn(f64, f64) -> f64) -> BTreeMap<String, f64> {
        let mut values = BTreeMap::new();
        for metric in self.metrics(name) {
            let so_far = values.entry(label(metric, of)).or_insert(start);
            *so_far = fold(*so_far, value(metric));
        }
        values
    }
}

/// A time that a gauge gives in seconds since the epoch; none before anything has been seen.
pub(super) fn moment(seconds: f64) -> Option<Timestamp> {
    (seconds.is_finite() && seconds != 0.0 && seconds.abs() < 2e11)
        .then(|| Timestamp::from_micros((seconds * 1e6) as i64))
}

fn label(metric: &Metric, name: &str) -> String {
    metric
        .get_label()
        .iter()
        .find(|label| label.name() == name)
        .map_or_else(String::new, |label| label.value().to_owned())
}

/// A counter's or gauge's value: of each metric one of them is set, and the other is zero.
fn value(metric: &Metric) -> f64 {
    metric.get_counter().get_value() + metric.get_gauge().get_value()
}
