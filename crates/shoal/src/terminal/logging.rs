//! Structured logs, on standard error.

use std::io::{self, IsTerminal, Write};

use indicatif::MultiProgress;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::cli::LogFormat;
use crate::terminal::console;
use shoal_model::display::printable;

/// Starts logging. On a terminal only what needs attention is logged, unless `RUST_LOG` asks for more: the progress
/// line says the rest. Logs are written above the lines of `progress`.
pub(crate) fn start(format: Option<LogFormat>, progress: &MultiProgress) {
    let terminal = io::stderr().is_terminal();
    let default = if terminal { "warn" } else { "info" };
    let filter = filter(std::env::var(EnvFilter::DEFAULT_ENV).ok().as_deref(), default);
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(AboveProgress(progress.clone()))
        .with_ansi(false)
        .with_target(false);
    // The first subscriber stays; there is no other but in tests that run in one process.
    _ = match format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json }) {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
}

/// The filter of what is logged: as asked for, where that can be understood.
fn filter(asked: Option<&str>, default: &str) -> EnvFilter {
    let Some(asked) = asked.filter(|asked| !asked.is_empty()) else { return EnvFilter::new(default) };
    asked.parse().unwrap_or_else(|error| {
        let asked = printable(asked);
        console::note(&format!("warning: RUST_LOG={asked} is not understood ({error}); logging {default}\n"));
        EnvFilter::new(default)
    })
}

/// Standard error, with the progress lines out of the way while something is written.
struct AboveProgress(MultiProgress);

impl<'a> MakeWriter<'a> for AboveProgress {
    type Writer = Above<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Above(&self.0)
    }
}

struct Above<'a>(&'a MultiProgress);

impl Write for Above<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
