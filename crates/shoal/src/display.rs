//! What a run shows while it works and when it ends: a line on a terminal, log events elsewhere, and a summary.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use shoal_model::{Span, Timestamp};

/// How often the line on a terminal changes.
const REDRAW: Duration = Duration::from_millis(250);
/// How often progress is logged where there is no terminal.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Progress {
    /// Records read, whatever became of them.
    pub(crate) read: u64,
    /// The event time up to which everything is decided.
    pub(crate) watermark: Option<Timestamp>,
    /// The newest event time that was read; how far it is ahead of the watermark is the lag.
    pub(crate) newest: Option<Timestamp>,
    /// Alerts raised, all revisions counted.
    pub(crate) alerts: u64,
    /// Records that are no posts.
    pub(crate) dead_letters: u64,
}

impl Progress {
    fn lag(&self) -> Option<Span> {
        self.newest.zip(self.watermark).map(|(newest, watermark)| newest.max(watermark).distance(watermark))
    }
}

/// Shows the progress of a run.
pub(crate) struct Display {
    line: Option<ProgressBar>,
    started: Instant,
    shown: Option<Shown>,
}

/// What was shown last, and when.
struct Shown {
    at: Instant,
    read: u64,
}

impl Display {
    /// A line among `lines` when standard error is a terminal, log events otherwise.
    pub(crate) fn new(lines: &MultiProgress) -> Self {
        let line = std::io::stderr().is_terminal().then(|| {
            lines.set_draw_target(ProgressDrawTarget::stderr_with_hz(4));
            // Without a length indicatif has a spinner, which is what unknown lengths ask for.
            let line = lines.add(ProgressBar::no_length());
            line.set_style(ProgressStyle::default_spinner());
            line
        });
        Self { line, started: Instant::now(), shown: None }
    }

    /// Takes note of how far the run is. Cheap enough to be called for every batch of posts.
    pub(crate) fn update(&mut self, progress: &Progress) {
        let now = Instant::now();
        let pause = if self.line.is_some() { REDRAW } else { LOG_EVERY };
        let (since, before) = self.shown.as_ref().map_or((self.started, 0), |shown| (shown.at, shown.read));
        if now.duration_since(since) < pause {
            return;
        }
        let rate = per_second(progress.read.saturating_sub(before), now.duration_since(since));
        match &self.line {
            Some(line) => {
                line.set_message(describe(progress, rate));
                line.tick();
            }
            None => log(progress, rate),
        }
        self.shown = Some(Shown { at: now, read: progress.read });
    }

    /// Takes the line away.
    pub(crate) fn finish(self) {
        if let Some(line) = self.line {
            line.finish_and_clear();
        }
    }
}

fn describe(progress: &Progress, rate: f64) -> String {
    let mut line = format!("{} read, {}/s", grouped(progress.read), grouped(rate as u64));
    // Writing to a String cannot fail.
    if let Some(watermark) = progress.watermark {
        _ = write!(line, ", at {watermark}");
    }
    if let Some(lag) = progress.lag() {
        _ = write!(line, ", lag {:.1} s", lag.seconds());
    }
    _ = write!(line, ", {} alerts", grouped(progress.alerts));
    if progress.dead_letters > 0 {
        _ = write!(line, ", {} dead letters", grouped(progress.dead_letters));
    }
    line
}

fn log(progress: &Progress, rate: f64) {
    tracing::info!(
        read = progress.read,
        per_second = rate as u64,
        watermark = progress.watermark.map(|time| time.to_string()),
        lag_seconds = progress.lag().map(Span::seconds),
        alerts = progress.alerts,
        dead_letters = progress.dead_letters,
        "progress"
    );
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Closing {
    /// Records read, by earlier processes too when the run was resumed.
    pub(crate) read: u64,
    /// Records read by this process.
    pub(crate) read_now: u64,
    /// What became of them, in the order to be shown: processed, duplicate …
    pub(crate) outcomes: Vec<(&'static str, u64)>,
    /// Records that are no posts, by reason.
    pub(crate) dead_letters: BTreeMap<String, u64>,
    /// Posts among the processed that came late.
    pub(crate) late: u64,
    /// Alerts that were sent, by state, all revisions counted.
    pub(crate) alerts: BTreeMap<String, u64>,
    /// Revisions in shadow or muted.
    pub(crate) not_sent: u64,
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
        let dead: u64 = self.dead_letters.values().sum();
        if dead > 0 {
            line("  dead letters", format!("{}{}", grouped(dead), parts(&self.dead_letters)));
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

fn per_second(count: u64, time: Duration) -> f64 {
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
    fn the_line_says_where_the_run_is() {
        let progress = Progress {
            read: 1_234_567,
            watermark: Some(Timestamp::from_seconds(1_438_907_400)),
            newest: Some(Timestamp::from_seconds(1_438_907_401)),
            alerts: 12,
            dead_letters: 3,
        };
        insta::assert_snapshot!(describe(&progress, 98_765.4));
        insta::assert_snapshot!(describe(&Progress::default(), 0.0));
    }

    #[test]
    fn the_summary_leaves_nothing_out() {
        let closing = Closing {
            read: 452_013,
            read_now: 252_013,
            outcomes: vec![("processed", 451_000), ("duplicate", 1_000), ("filtered", 0)],
            dead_letters: BTreeMap::from([("bad_time".to_owned(), 3), ("truncated".to_owned(), 10)]),
            late: 7,
            alerts: BTreeMap::from([
                ("opened".to_owned(), 1_500),
                ("updated".to_owned(), 20),
                ("resolved".to_owned(), 0),
            ]),
            not_sent: 2,
            elapsed: Duration::from_millis(4_500),
            peak_memory: Some(300 << 20),
        };
        insta::assert_snapshot!(closing.summary());
        insta::assert_snapshot!(Closing::default().summary());
    }

    #[test]
    fn the_system_tells_the_peak() {
        assert_eq!(high_water("Name:\tshoal\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2_097_152));
        assert_eq!(high_water("Name:\tshoal\n"), None);
    }

    #[test]
    fn progress_is_shown_now_and_then() {
        let mut display = Display::new(&MultiProgress::new());
        display.update(&Progress { read: 10, ..Progress::default() });
        // Too early to show anything, on a terminal or off it.
        assert!(display.shown.is_none());
        display.started -= LOG_EVERY;
        display.update(&Progress { read: 20, ..Progress::default() });
        assert_eq!(display.shown.as_ref().map(|shown| shown.read), Some(20));
        display.finish();
    }
}
