//! The last minutes, sampled.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use maud::{Markup, html};

use super::figures::Figures;
use crate::app::App;

/// Between two samples.
const EVERY: Duration = Duration::from_secs(5);
/// Samples that are kept: ten minutes.
const KEPT: usize = 120;
const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 40.0;

/// Counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    pub(super) at: Instant,
    /// Records read so far.
    pub(super) records: f64,
    /// Revisions of alerts so far.
    pub(super) alerts: f64,
    /// The distance of the slowest stage from the newest post, in seconds.
    pub(super) lag: f64,
}

/// The last minutes, since somebody first looked.
#[derive(Debug)]
pub(in crate::page) struct History {
    samples: Mutex<VecDeque<Sample>>,
    begun: Once,
}

impl Default for History {
    fn default() -> Self {
        Self { samples: Mutex::default(), begun: Once::new() }
    }
}

impl History {
    /// Begins to sample, once, for as long as the server runs.
    pub(in crate::page) fn begin(self: &Arc<Self>, app: &Arc<App>) {
        self.begun.call_once(|| {
            let (history, registry) = (Arc::downgrade(self), app.registry.clone());
            tokio::spawn(async move {
                let mut ticks = tokio::time::interval(EVERY);
                loop {
                    ticks.tick().await;
                    let Some(history) = history.upgrade() else { return };
                    history.add(Sample::of(&Figures::now(&registry)));
                }
            });
        });
    }

    fn add(&self, sample: Sample) {
        let mut samples = self.lock();
        if samples.len() == KEPT {
            samples.pop_front();
        }
        samples.push_back(sample);
    }

    /// All samples, oldest first.
    pub(super) fn samples(&self) -> Vec<Sample> {
        self.lock().iter().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Sample>> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sample {
    pub(super) fn of(figures: &Figures) -> Self {
        let lag = figures.most("shoal_lag_seconds", "stage").into_values().fold(0.0, f64::max);
        Self {
            at: Instant::now(),
            records: figures.sum("shoal_source_records_total"),
            alerts: figures.sum("shoal_alerts_total"),
            lag,
        }
    }
}

/// The growth of a count each second, between samples.
pub(super) fn rates(samples: &[Sample], count: fn(&Sample) -> f64) -> Vec<f64> {
    let rate = |two: &[Sample]| {
        let (before, after) = (two.first()?, two.last()?);
        let seconds = after.at.duration_since(before.at).as_secs_f64();
        (seconds > 0.0).then(|| ((count(after) - count(before)) / seconds).max(0.0))
    };
    samples.windows(2).filter_map(rate).collect()
}

/// Values as a line, the newest at the right.
pub(super) fn line(values: &[f64], label: &str) -> Markup {
    let most = values.iter().copied().fold(0.0, f64::max);
    let scale = if most > 0.0 { (HEIGHT - 4.0) / most } else { 0.0 };
    let first = KEPT.saturating_sub(values.len());
    let point = |(at, value): (usize, &f64)| {
        format!("{:.1},{:.1}", (first + at) as f64 / (KEPT - 1) as f64 * WIDTH, HEIGHT - 2.0 - value * scale)
    };
    let points: Vec<_> = values.iter().enumerate().map(point).collect();
    html! {
        svg.line viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" role="img" aria-label=(label) {
            line.ground x1="0" x2=(WIDTH) y1=(HEIGHT - 1.0) y2=(HEIGHT - 1.0) {}
            polyline.course points=(points.join(" ")) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at: Instant, seconds: u64, records: f64) -> Sample {
        Sample { at: at + Duration::from_secs(seconds), records, alerts: 0.0, lag: 0.0 }
    }

    #[test]
    fn it_is_bounded_and_gives_rates() {
        let (history, start) = (History::default(), Instant::now());
        for step in 0..300 {
            history.add(sample(start, step * 5, step as f64 * 50.0));
        }
        let samples = history.samples();
        assert_eq!(samples.len(), KEPT);
        assert!(rates(&samples, |sample| sample.records).iter().all(|rate| (*rate - 10.0).abs() < 1e-9));
    }

    #[test]
    fn a_line_stays_on_the_paper() {
        for values in [vec![], vec![0.0], vec![1e300, 0.0], vec![3.0; 500]] {
            assert!(!line(&values, "x").into_string().contains("NaN"));
        }
    }
}
