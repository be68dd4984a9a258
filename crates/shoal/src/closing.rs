//! What became of a run, told when it ends.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use shoal_stream::{StageCounts, StageName};

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Closing {
    /// Records read, by earlier processes too when the run was resumed.
    pub(crate) read: u64,
    /// Records read by this process.
    pub(crate) read_now: u64,
    /// What became of them, in the order to be shown: processed, duplicate …
    pub(crate) outcomes: Vec<(&'static str, u64)>,
    /// Records that are no posts.
    pub(crate) dead_letters: u64,
    /// Why they are none, where that is known.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// Posts among the processed that came late.
    pub(crate) late: u64,
    /// Alerts that were sent, by state, all revisions counted.
    pub(crate) alerts: BTreeMap<String, u64>,
    /// Revisions in shadow or muted.
    pub(crate) not_sent: u64,
    /// What this process did at each stage, in the order posts go through them; of a staged run only.
    pub(crate) stages: Vec<(StageName, StageCounts)>,
    /// How long this process took.
    pub(crate) elapsed: Duration,
    /// The most memory that was resident at once, in bytes, where the system tells.
    pub(crate) peak_memory: Option<u64>,
}

impl Closing {
    /// The summary, a fact a line.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            // Writing to a String cannot fail.
            _ = writeln!(text, "{name:<18}{value}");
        };
        line("read", grouped(self.read));
        for (outcome, count) in self.outcomes.iter().filter(|(_, count)| *count > 0) {
            line(&format!("  {outcome}"), grouped(*count));
        }
        if self.late > 0 {
            line("  of them late", grouped(self.late));
        }
        if self.dead_letters > 0 {
            line("  dead letters", format!("{}{}", grouped(self.dead_letters), parts(&self.reasons)));
        }
        for (stage, counts) in &self.stages {
            line(&format!("stage {stage}"), described(counts));
        }
        let alerts = self.alerts.values().sum();
        line("alerts", format!("{}{}", grouped(alerts), parts(&self.alerts)));
        if self.not_sent > 0 {
            line("  not sent", format!("{} (in shadow or muted)", grouped(self.not_sent)));
        }
        let rate = per_second(self.read_now, self.elapsed);
        line("speed", format!("{} posts/s in {:.1} s", grouped(rate as u64), self.elapsed.as_secs_f64()));
        if let Some(bytes) = self.peak_memory {
            line("peak memory", format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20)));
        }
        text
    }
}

fn described(counts: &StageCounts) -> String {
    let mut text = format!("{} records", grouped(counts.processed));
    for (count, what) in [(counts.seen, "came again and were dropped"), (counts.waiting, "wait or were given up")] {
        if count > 0 {
            // Writing to a String cannot fail.
            _ = write!(text, ", {} {what}", grouped(count));
        }
    }
    text
}

/// The counts of which a sum is made, in brackets.
fn parts(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<_> =
        counts.iter().filter(|(_, count)| **count > 0).map(|(name, n)| format!("{name} {}", grouped(*n))).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// The most memory that this process ever had resident, in bytes; `None` where the system does not tell.
pub(crate) fn peak_memory() -> Option<u64> {
    high_water(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// A rate.
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    // The clock can stand still over a very short run.
    count as f64 / time.as_secs_f64().max(1e-6)
}

/// A number with commas between the thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn the_summary_leaves_nothing_out() {
        let closing = Closing {
            read: 452_013,
            read_now: 252_013,
            outcomes: vec![("processed", 451_000), ("duplicate", 1_000), ("filtered", 0)],
            dead_letters: 13,
            reasons: BTreeMap::from([("bad_time".to_owned(), 3), ("truncated".to_owned(), 10)]),
            late: 7,
            alerts: BTreeMap::from([
                ("opened".to_owned(), 1_500),
                ("updated".to_owned(), 20),
                ("resolved".to_owned(), 0),
            ]),
            not_sent: 2,
            stages: Vec::new(),
            elapsed: Duration::from_millis(4_500),
            peak_memory: Some(300 << 20),
        };
        insta::assert_snapshot!(closing.summary());
        insta::assert_snapshot!(Closing::default().summary());
        let staged = Closing {
            stages: vec![
                (StageName::Prepare, StageCounts { received: 1_010, processed: 1_000, seen: 10, waiting: 0 }),
                (StageName::Circle, StageCounts { received: 7, processed: 5, seen: 0, waiting: 2 }),
                (StageName::Group, StageCounts::default()),
            ],
            ..closing
        };
        insta::assert_snapshot!(staged.summary());
    }

    #[test]
    fn the_system_tells_the_peak() {
        assert_eq!(high_water("Name:\tshoal\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2_097_152));
        assert_eq!(high_water("Name:\tshoal\n"), None);
    }
}
