//! How long connections have been failing.

use std::time::{Duration, Instant};

use shoal_kafka::Watch;

/// A client that fails to connect says so every second; while a broker takes connections and stands still, every
/// seven: six until it gives one up, and one until it tries again.
const RECENT: Duration = Duration::from_secs(10);

/// Follows what a client complains of.
pub(crate) struct Outage {
    watch: Watch,
    since: Option<Instant>,
}

impl Outage {
    pub(crate) fn new(watch: Watch) -> Self {
        Self { watch, since: None }
    }

    /// Seconds since complaints began; 0 when there were none lately.
    pub(crate) fn seconds(&mut self) -> f64 {
        let last = self.watch.troubles().iter().map(|trouble| trouble.last).max();
        let recent = last.filter(|last| last.elapsed() < RECENT);
        self.since = recent.map(|last| self.since.unwrap_or(last));
        self.since.map_or(0.0, |since| since.elapsed().as_secs_f64())
    }
}
