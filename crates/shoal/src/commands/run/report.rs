//! The report of a run, told when it ends.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use shoal_stream::{StageCounts, StageName};

use crate::terminal::figures::{grouped, per_second};

/// The report of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct RunReport {
    /// Records read, by earlier processes too when the run was resumed.
    pub(crate) read: u64,
    /// Records read by this process.
    pub(crate) read_now: u64,
    /// The fates of the records, in the order to be shown: processed, duplicate …
    pub(crate) outcomes: Vec<(&'static str, u64)>,
    /// Posts and deletions beyond the first of their records.
    pub(crate) further: u64,
    /// Records with nothing for Shoal in them.
    pub(crate) ignored: u64,
    /// The records that they were, where that is known.
    pub(crate) ignored_reasons: BTreeMap<String, u64>,
    /// Records that are no posts.
    pub(crate) dead_letters: u64,
    /// The reasons, where they are known.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// Posts among the processed that came late.
    pub(crate) late: u64,
    /// Alerts that were sent, by state, all revisions counted.
    pub(crate) alerts: BTreeMap<String, u64>,
    /// Revisions in shadow or muted.
    pub(crate) not_sent: u64,
    /// The work of this process at each stage, in the order posts go through them; of a staged run only.
    pub(crate) stages: Vec<(StageName, StageCounts)>,
    /// The time that this process took.
    pub(crate) elapsed: Duration,
    /// The most memory that was resident at once, in bytes, where the system tells.
    pub(crate) peak_memory: Option<u64>,
}

impl RunReport {
    /// The summary, a fact a line.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            // Writing to a String cannot fail.
            _ = writeln!(text, "{name:<18}{value}");
        };
        line("read", grouped(self.read));
        if self.further > 0 {
            line("  and in them", format!("{} posts and deletions beyond the first", grouped(self.further)));
        }
        for (outcome, count) in self.outcomes.iter().filter(|(_, count)| *count > 0) {
            line(&format!("  {outcome}"), grouped(*count));
        }
        if self.late > 0 {
            line("  of them late", grouped(self.late));
        }
        if self.ignored > 0 {
            line("  ignored", format!("{}{}", grouped(self.ignored), parts(&self.ignored_reasons)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_leaves_nothing_out() {
        let closing = RunReport {
            read: 452_013,
            read_now: 252_013,
            outcomes: vec![("processed", 451_000), ("duplicate", 1_000), ("filtered", 0)],
            further: 2_000,
            ignored: 20,
            ignored_reasons: BTreeMap::from([("like".to_owned(), 17), ("profile".to_owned(), 3)]),
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
        insta::assert_snapshot!(RunReport::default().summary());
        let staged = RunReport {
            stages: vec![
                (StageName::Prepare, StageCounts { received: 1_010, processed: 1_000, seen: 10, waiting: 0 }),
                (StageName::Circle, StageCounts { received: 7, processed: 5, seen: 0, waiting: 2 }),
                (StageName::Group, StageCounts::default()),
            ],
            ..closing
        };
        insta::assert_snapshot!(staged.summary());
    }
}
