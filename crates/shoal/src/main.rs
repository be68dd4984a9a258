//! Shoal watches streams of social-media posts and says which accounts are moving together, on what, how unlikely
//! that is by chance, and shows the evidence.

mod cli;
mod commands;
mod http;
mod index_metrics;
mod job;
mod pipeline;
mod terminal;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use indicatif::MultiProgress;

use crate::cli::Cli;
use crate::terminal::{console, logging};
use shoal_model::display::printable_lines;

/// Detection makes and forgets millions of small things; the system's allocator takes a quarter of the time for it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Something failed while it ran.
const FAILED: u8 = 1;
/// The command line or the configuration is wrong: nothing was done.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let progress = MultiProgress::new();
    logging::start(cli.log_format, &progress);
    match commands::execute(cli.command, &progress) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let misused = error.chain().any(|cause| cause.is::<pipeline::Error>() || cause.is::<cli::Misuse>());
            console::note(&printable_lines(&format!("error: {}\n", told(&error))));
            ExitCode::from(if misused { MISUSED } else { FAILED })
        }
    }
}

/// Help and versions are what was asked for; all else is a wrong command line.
fn usage(error: &clap::Error) -> ExitCode {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let text = format!("{}\n", error.render().to_string().trim_end());
    if !asked {
        console::note(&printable_lines(&text));
        return ExitCode::from(MISUSED);
    }
    match console::print(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}

/// An error with its causes. Some errors quote their cause in a sentence of their own; it is not said twice.
fn told(error: &anyhow::Error) -> String {
    let mut told = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}
