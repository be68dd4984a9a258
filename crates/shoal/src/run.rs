//! `shoal run`: what the arguments and the pipeline together ask for, done.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::MultiProgress;
use shoal_formats::Reason;
use shoal_model::Alert;
use shoal_stream::{Follow, Job, Observer, Outputs, Progress, Source, StateSettings, Summary};

use crate::cli::RunArgs;
use crate::console;
use crate::display::{Closing, Display, peak_memory};
use crate::pipeline::{Error, Overrides, Pipeline};

/// Wall-clock time without data after which a followed input no longer holds the others up.
const IDLE: Duration = Duration::from_secs(5);
/// Wall-clock time between two looks at a followed input that has ended for now.
const POLL: Duration = Duration::from_millis(200);

/// Runs a pipeline to the end of its input, or until told to stop.
pub(crate) fn run(args: &RunArgs, lines: &MultiProgress) -> Result<()> {
    let pipeline = prepare(args)?;
    let mut job = job(&pipeline, pipeline.fingerprint()?);
    job.state = args.state.as_ref().map(|directory| StateSettings {
        directory: directory.clone(),
        every_posts: pipeline.checkpoint.every_posts,
        every: Duration::from_micros(pipeline.checkpoint.every.micros().unsigned_abs()),
    });
    job.follow = args.follow.then_some(Follow { idle: IDLE, poll: POLL });
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&job.stop)).context("cannot listen for signals")?;
    }
    let mut display = Display::new(lines);
    let summary = shoal_stream::run(&job, &mut Shown(&mut display));
    display.finish();
    let summary = summary?;
    if summary.nothing_to_do {
        console::note("the state is finished and the input has not changed: nothing to do\n");
    }
    console::note(&closing(&summary).summary());
    if let Some(alerts) = &job.outputs.alerts {
        console::note(&format!("{:<18}{}\n", "written to", alerts.display()));
    }
    Ok(())
}

/// The pipeline with the arguments laid over it, its files looked at: all that can be known to fail before the first
/// post is read.
fn prepare(args: &RunArgs) -> Result<Pipeline, Error> {
    let overrides = Overrides { set: &args.set.set, inputs: &args.input, output: args.output.as_deref() };
    let pipeline = Pipeline::load(&args.pipeline, &overrides)?;
    pipeline.require_sources()?;
    pipeline.check_paths()?;
    Ok(pipeline)
}

/// A job of the pipeline's sources and outputs, without state.
fn job(pipeline: &Pipeline, fingerprint: String) -> Job {
    let sources = pipeline.sources.iter().map(|source| Source {
        name: source.name.clone(),
        path: source.input.path().to_owned(),
        format: source.format,
        filter: None,
    });
    Job {
        sources: sources.collect(),
        outputs: Outputs {
            alerts: Some(pipeline.output.alerts.clone()),
            shadow: pipeline.output.shadow.clone(),
            dead_letters: Some(pipeline.output.dead_letters.clone()),
        },
        ..bare_job(pipeline, fingerprint)
    }
}

/// A job that detects as the pipeline says, with nothing to read and nowhere to write.
pub(crate) fn bare_job(pipeline: &Pipeline, fingerprint: String) -> Job {
    Job {
        sources: Vec::new(),
        detect: pipeline.detect.clone(),
        limits: pipeline.limits,
        threads: pipeline.threads,
        outputs: Outputs::default(),
        state: None,
        follow: None,
        fingerprint,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        stop: Arc::new(AtomicBool::new(false)),
    }
}

/// Shows a run on the terminal or in the log.
struct Shown<'a>(&'a mut Display);

impl Observer for Shown<'_> {
    fn progress(&mut self, progress: &Progress) {
        self.0.update(&crate::display::Progress {
            read: progress.records,
            watermark: progress.watermark,
            newest: progress.newest,
            alerts: progress.alerts,
            dead_letters: progress.dead_letters,
        });
    }

    fn alert(&mut self, alert: &Alert) {
        tracing::info!(
            alert = alert.alert_id,
            revision = alert.revision,
            state = ?alert.state,
            accounts = alert.observed.accounts.len(),
            bits = alert.strength.bits,
            "alert"
        );
    }
}

fn closing(summary: &Summary) -> Closing {
    let dead = Reason::ALL.into_iter().zip(summary.sources.dead_letters).filter(|(_, count)| *count > 0);
    Closing {
        read: summary.sources.records,
        read_now: summary.records_now,
        outcomes: vec![
            ("processed", summary.prepare.processed),
            ("nothing shared", summary.prepare.filtered + summary.sources.filtered),
            ("duplicate", summary.prepare.duplicate),
            ("buffered", summary.buffered),
        ],
        dead_letters: dead.map(|(reason, count)| (reason.name().to_owned(), count)).collect(),
        late: summary.sources.late,
        alerts: summary.alerts.sent.clone(),
        not_sent: summary.alerts.not_sent,
        elapsed: summary.elapsed,
        peak_memory: peak_memory(),
    }
}
