//! `shoal run`: what the arguments and the pipeline together ask for, done.

mod report;

mod display;
mod health;
mod indexing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::MultiProgress;
use shoal_formats::Reason;
use shoal_model::{Alert, Deletion};
use shoal_serve::Health;
use shoal_stream::{
    BatchOutcome, Follow, Observer, ObserverError, RunProgress, StageName, StagedSummary, StateSettings, Summary,
};

use self::display::Display;
use self::health::RunHealth;
use self::indexing::Indexing;
use self::report::RunReport;
use crate::cli::RunArgs;
use crate::http;
use crate::job::job;
use crate::pipeline::{Error, Overrides, Pipeline};
use crate::terminal::console;
use crate::terminal::figures::peak_memory;

/// Wall-clock time without data after which a followed input no longer holds the others up.
const IDLE: Duration = Duration::from_secs(5);
/// Wall-clock time between two looks at a followed input that has ended for now.
const POLL: Duration = Duration::from_millis(200);

/// Runs a pipeline to the end of its input, or until told to stop.
pub(crate) fn run(args: &RunArgs, lines: &MultiProgress) -> Result<()> {
    let pipeline = prepare(args)?;
    let stages = args.stages(pipeline.kafka.as_ref().is_some_and(|kafka| kafka.staged))?;
    let mut job = job(&pipeline)?;
    job.state = args
        .state
        .as_ref()
        .map(|directory| StateSettings { directory: directory.clone(), checkpoint: pipeline.checkpoint });
    job.follow = args.follow.then_some(Follow { idle: IDLE, poll: POLL });
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&job.stop)).context("cannot listen for signals")?;
    }
    let health = Arc::new(RunHealth::new(&job.metrics, stages.as_ref()));
    let registry = job.metrics.registry();
    let (index, writer) = http::open_index(&pipeline, registry)?.unzip();
    let shown = Arc::clone(&health) as Arc<dyn Health>;
    let _server = http::serve(&pipeline.serve, &pipeline.name, registry, shown, index)?;
    let mut display = Display::new(lines);
    let indexing = writer.map(|writer| Indexing::new(writer, &job));
    let mut shown = RunObserver { display: &mut display, health: &health, indexing };
    let told = match &stages {
        Some(stages) => shoal_stream::run_staged(&job, stages, &mut shown).map(|summary| staged(&summary)),
        None => shoal_stream::run(&job, &mut shown).map(|summary| fused(&summary)),
    };
    // What was told before a failure is kept too: a run that goes on from its state does not tell it again.
    let closed = shown.indexing.take().map_or(Ok(()), Indexing::close);
    display.finish();
    console::note(&told.inspect_err(|_| health.failed())?);
    closed.inspect_err(|_| health.failed())?;
    if let Some(alerts) = &job.outputs.alerts {
        console::note(&format!("{:<18}{alerts}\n", "written to"));
    }
    if let Some(index) = &pipeline.index {
        console::note(&http::afterwards(&pipeline, index));
    }
    Ok(())
}

/// The pipeline with the arguments laid over it, its files looked at: all that can be known to fail before the first
/// post is read.
fn prepare(args: &RunArgs) -> Result<Pipeline, Error> {
    let overrides = Overrides {
        set: &args.set.set,
        inputs: &args.input,
        output: args.output.as_deref(),
        instance: args.instance.as_deref(),
    };
    let pipeline = Pipeline::load(&args.pipeline, &overrides)?;
    pipeline.require_sources()?;
    pipeline.check_paths()?;
    Ok(pipeline)
}

/// Shows a run on the terminal or in the log.
struct RunObserver<'a> {
    display: &'a mut Display,
    health: &'a RunHealth,
    indexing: Option<Indexing>,
}

impl Observer for RunObserver<'_> {
    fn progress(&mut self, progress: &RunProgress) {
        self.health.works();
        self.display.update(progress);
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
        if let Some(indexing) = &mut self.indexing {
            indexing.alert(alert);
        }
    }

    fn keeps_posts(&self) -> bool {
        self.indexing.is_some()
    }

    fn deletion(&mut self, deletion: &Deletion) {
        if let Some(indexing) = &mut self.indexing {
            indexing.deletion(deletion);
        }
    }

    fn settled(&mut self, settled: BatchOutcome) -> Result<(), ObserverError> {
        self.indexing.as_mut().map_or(Ok(()), |indexing| indexing.settled(settled))
    }

    fn checkpoint(&mut self) -> Result<(), ObserverError> {
        self.indexing.as_mut().map_or(Ok(()), Indexing::commit)
    }
}

fn fused(summary: &Summary) -> String {
    let note = "the state is finished and the input has not changed: nothing to do\n";
    (if summary.nothing_to_do { note } else { "" }).to_owned() + &closing(summary).summary()
}

fn staged(summary: &StagedSummary) -> String {
    let counts = |stage: StageName| Some((stage, *summary.stages.get(stage.name())?));
    let closing = RunReport {
        read: summary.records,
        read_now: summary.records,
        outcomes: vec![("processed", summary.processed)],
        further: summary.further,
        ignored: summary.ignored,
        ignored_reasons: BTreeMap::new(),
        dead_letters: summary.dead_letters,
        reasons: BTreeMap::new(),
        late: summary.late,
        alerts: summary.alerts.clone(),
        not_sent: summary.not_sent,
        stages: StageName::ALL.into_iter().filter_map(counts).collect(),
        elapsed: summary.elapsed,
        peak_memory: peak_memory(),
    };
    closing.summary()
}

fn closing(summary: &Summary) -> RunReport {
    let dead = Reason::ALL.into_iter().zip(summary.sources.dead_letters).filter(|(_, count)| *count > 0);
    let mut outcomes = vec![
        ("processed", summary.prepare.processed),
        ("nothing shared", summary.prepare.filtered + summary.sources.filtered),
        ("duplicate", summary.prepare.duplicate),
        ("buffered", summary.buffered),
    ];
    if summary.sources.deletions > 0 {
        outcomes.push(("deletion", summary.sources.deletions));
    }
    RunReport {
        read: summary.sources.records,
        read_now: summary.records_now,
        outcomes,
        further: summary.sources.further,
        ignored: summary.sources.ignored(),
        ignored_reasons: summary.sources.ignored.clone(),
        dead_letters: summary.sources.dead(),
        reasons: dead.map(|(reason, count)| (reason.name().to_owned(), count)).collect(),
        late: summary.sources.late,
        alerts: summary.alerts.sent.clone(),
        not_sent: summary.alerts.not_sent,
        stages: Vec::new(),
        elapsed: summary.elapsed,
        peak_memory: peak_memory(),
    }
}
