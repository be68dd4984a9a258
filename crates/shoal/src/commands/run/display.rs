//! The display of a run while it works: a line on a terminal, log events elsewhere.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use shoal_model::Span;
use shoal_stream::RunProgress;

use crate::terminal::figures::{grouped, per_second};

/// The interval at which the line on a terminal changes.
const REDRAW: Duration = Duration::from_millis(250);
/// The interval at which progress is logged where there is no terminal.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Shows the progress of a run.
pub(crate) struct Display {
    line: Option<ProgressBar>,
    started: Instant,
    shown: Option<LastShown>,
}

/// The progress that was shown last, and the moment.
struct LastShown {
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
    pub(crate) fn update(&mut self, progress: &RunProgress) {
        let now = Instant::now();
        let pause = if self.line.is_some() { REDRAW } else { LOG_EVERY };
        let (since, before) = self.shown.as_ref().map_or((self.started, 0), |shown| (shown.at, shown.read));
        if now.duration_since(since) < pause {
            return;
        }
        let rate = per_second(progress.records.saturating_sub(before), now.duration_since(since));
        match &self.line {
            Some(line) => {
                line.set_message(describe(progress, rate));
                line.tick();
            }
            None => log(progress, rate),
        }
        self.shown = Some(LastShown { at: now, read: progress.records });
    }

    /// Takes the line away.
    pub(crate) fn finish(self) {
        if let Some(line) = self.line {
            line.finish_and_clear();
        }
    }
}

/// The distance of the newest event time from the watermark.
fn lag(progress: &RunProgress) -> Option<Span> {
    progress.newest.zip(progress.watermark).map(|(newest, watermark)| newest.max(watermark).distance(watermark))
}

fn describe(progress: &RunProgress, rate: f64) -> String {
    let mut line = format!("{} read, {}/s", grouped(progress.records), grouped(rate as u64));
    // Writing to a String cannot fail.
    if let Some(watermark) = progress.watermark {
        _ = write!(line, ", at {watermark}");
    }
    if let Some(lag) = lag(progress) {
        _ = write!(line, ", lag {:.1} s", lag.seconds());
    }
    _ = write!(line, ", {} alerts", grouped(progress.alerts));
    if progress.dead_letters > 0 {
        _ = write!(line, ", {} dead letters", grouped(progress.dead_letters));
    }
    line
}

fn log(progress: &RunProgress, rate: f64) {
    tracing::info!(
        read = progress.records,
        per_second = rate as u64,
        watermark = progress.watermark.map(|time| time.to_string()),
        lag_seconds = lag(progress).map(Span::seconds),
        alerts = progress.alerts,
        dead_letters = progress.dead_letters,
        "progress"
    );
}

#[cfg(test)]
mod tests {
    use shoal_model::Timestamp;

    use super::*;

    #[test]
    fn the_line_says_where_the_run_is() {
        let progress = RunProgress {
            records: 1_234_567,
            posts: 1_234_000,
            watermark: Some(Timestamp::from_seconds(1_438_907_400)),
            newest: Some(Timestamp::from_seconds(1_438_907_401)),
            alerts: 12,
            dead_letters: 3,
        };
        insta::assert_snapshot!(describe(&progress, 98_765.4));
        insta::assert_snapshot!(describe(&RunProgress::default(), 0.0));
    }

    #[test]
    fn progress_is_shown_now_and_then() {
        let mut display = Display::new(&MultiProgress::new());
        display.update(&RunProgress { records: 10, ..RunProgress::default() });
        // Too early to show anything, on a terminal or off it.
        assert!(display.shown.is_none());
        display.started -= LOG_EVERY;
        display.update(&RunProgress { records: 20, ..RunProgress::default() });
        assert_eq!(display.shown.as_ref().map(|shown| shown.read), Some(20));
        display.finish();
    }
}
