//! The main loop of a fused run: sources in, alerts out, state in between.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use shoal_detect::{Analysed, DuplicatePost, Observed, StageName, Timed, Trigger};
use shoal_formats::DeadLetter;
use shoal_model::{Span, Timestamp, interned};

use crate::checkpoint::manifest::{Manifest, SnapshotSum};
use crate::checkpoint::marks::{RunMarks, SourceOrigin};
use crate::checkpoint::version::STATE_VERSION;
use crate::checkpoint::{LastCheckpoint, StateDirectory};
use crate::clock::now;
use crate::cluster::session::{ClusterSession, ends};
use crate::drive::level::take;
use crate::fused::driver::Fused;
use crate::fused::resume::{StartPlan, plan};
use crate::fused::source_partition::SourcePartition;
use crate::fused::sources::{SourceStart, open};
use crate::job::Job;
use crate::metrics::report::{self, Reporter};
use crate::observer::{BatchOutcome, ObservedDuplicate, ObservedPost, Observer, RunProgress};
use crate::order::idle::{CLOCKS_APART, IdleDecision};
use crate::order::intake::Intake;
use crate::summary::{AlertCounts, Summary};
use crate::write::{OutputMarks, Sinks};
use crate::{Error, Metrics};

/// Reads the sources to their end, or (with `follow`) until told to stop.
///
/// Without state nothing is kept and outputs are replaced. With state the run goes on from the newest checkpoint of
/// the same configuration and inputs; outputs are cut to what it has seen, so that they end up byte for byte as if
/// nothing had happened. A finished state with unchanged inputs changes nothing.
pub fn run(job: &Job, observer: &mut dyn Observer) -> Result<Summary, Error> {
    if job.sources.is_empty() {
        return Err(Error::NoSources);
    }
    if let (Some(_), Some(pipe)) = (&job.state, job.sources.iter().find(|source| source.input.is_pipe())) {
        return Err(Error::PipeWithState(pipe.input.to_string().into()));
    }
    let state = job.state.as_ref().map(|state| StateDirectory::open(&state.directory)).transpose()?;
    let ends = ends(job)?;
    let summary = match plan(job, state.as_ref(), &ends)? {
        StartPlan::Finished(manifest) => FusedRun::resume(job, state, &manifest, false)?.nothing_to_do(),
        StartPlan::Resume(manifest) => {
            FusedRun::resume(job, state, &manifest, observer.keeps_posts())?.read(job, observer)?
        }
        StartPlan::Afresh => FusedRun::afresh(job, state, &ends, observer.keeps_posts())?.read(job, observer)?,
    };
    observer.finished(&summary);
    Ok(summary)
}

/// The longest wait for input before a request to stop is heard.
const STOP_POLL: Duration = Duration::from_millis(200);
/// Posts that one followed source may be ahead of the slowest.
const MAX_RELEASED_AHEAD: usize = 65_536;

/// A fused run under way.
struct FusedRun {
    fused: Fused,
    sources: Vec<SourcePartition>,
    sinks: Sinks,
    state: Option<StateDirectory>,
    session: Option<ClusterSession>,
    reporter: Reporter,
    metrics: Metrics,
    live: bool,
    alerts: AlertCounts,
    /// The highest event time of a post so far.
    highest: Option<Timestamp>,
    checkpoint: LastCheckpoint,
    started: Instant,
    records_before: u64,
    resumed: bool,
    fingerprint: String,
    output_paths: Vec<String>,
}

/// The content of a snapshot after the states of the stages.
pub(crate) type SnapshotTail = (Vec<Intake<Analysed>>, AlertCounts, Option<Timestamp>);

/// The place where a post was read.
#[derive(Debug, Clone, Copy)]
struct ReadPlace {
    source: usize,
    offset: u64,
    part: u32,
    at: Timestamp,
}

impl FusedRun {
    fn afresh(
        job: &Job,
        state: Option<StateDirectory>,
        ends: &BTreeMap<usize, u64>,
        keeps_posts: bool,
    ) -> Result<Self, Error> {
        let end = |number| ends.get(&number).copied().filter(|_| job.follow.is_none());
        let ends: Vec<_> = (0..job.sources.len()).map(end).collect();
        let session = ClusterSession::of(job, false, &ends)?;
        let begins = ends.into_iter().map(|end| SourceStart::afresh(&job.detect.order, end)).collect();
        let sources = open(job, session.as_ref(), begins, keeps_posts)?;
        if let Some(state) = &state {
            state.clear()?;
        }
        let broker = session.as_ref().map(|session| &session.writer);
        let sinks = Sinks::open(&job.outputs, &OutputMarks::default(), None, broker)?;
        if let Some(cut) = session.as_ref().and_then(ClusterSession::first_cut).filter(|_| sinks.have_written()) {
            return Err(Error::FirstRecordsGone { input: job.sources[cut].name.clone() });
        }
        let fused = Fused::new(&job.detect, &job.provenance(), keeps_posts)?;
        Ok(Self::new(job, fused, sources, sinks, state, session))
    }

    fn new(
        job: &Job,
        fused: Fused,
        sources: Vec<SourcePartition>,
        sinks: Sinks,
        state: Option<StateDirectory>,
        session: Option<ClusterSession>,
    ) -> Self {
        let now = Instant::now();
        Self {
            fused,
            sources,
            sinks,
            state,
            session,
            reporter: Reporter::new(&job.metrics, job.sources.iter().map(|source| source.name.as_str())),
            metrics: job.metrics.clone(),
            live: job.follow.is_some(),
            alerts: AlertCounts::default(),
            highest: None,
            checkpoint: LastCheckpoint::new(0),
            started: now,
            records_before: 0,
            resumed: false,
            fingerprint: job.fingerprint.clone(),
            output_paths: job.outputs.paths(),
        }
    }

    fn resume(
        job: &Job,
        state: Option<StateDirectory>,
        manifest: &Manifest<RunMarks>,
        keeps_posts: bool,
    ) -> Result<Self, Error> {
        let Some(directory) = &state else { return Self::afresh(job, state, &BTreeMap::new(), keeps_posts) };
        // A run that was stopped goes on to the end that it had.
        let ends: Vec<_> = manifest.marks.sources.iter().map(|mark| mark.end).collect();
        let session = ClusterSession::of(job, false, &ends)?;
        let mut fused = Fused::new(&job.detect, &job.provenance(), keeps_posts)?;
        let (intakes, alerts, highest): SnapshotTail = directory.read(manifest, |mut bytes| {
            Ok(interned::reading(|| {
                fused.read(&mut bytes)?;
                take(&mut bytes)
            })?)
        })?;
        let marks = manifest.marks.sources.iter().zip(intakes);
        let begins = marks.map(|(mark, intake)| SourceStart {
            position: mark.position,
            end: mark.end,
            ended: mark.ended,
            intake,
        });
        let sources = open(job, session.as_ref(), begins.collect(), keeps_posts)?;
        let broker = session.as_ref().map(|session| &session.writer);
        let sinks = Sinks::open(&job.outputs, &manifest.marks.outputs, Some(directory.path()), broker)?;
        let mut run = Self::new(job, fused, sources, sinks, state, session);
        run.checkpoint = LastCheckpoint::new(manifest.number);
        (run.alerts, run.highest) = (alerts, highest);
        run.records_before = run.sources.iter().map(|source| source.intake.counts.records).sum();
        run.resumed = true;
        Ok(run)
    }

    fn nothing_to_do(&self) -> Summary {
        Summary { nothing_to_do: true, ..self.summary() }
    }

    fn read(mut self, job: &Job, observer: &mut dyn Observer) -> Result<Summary, Error> {
        self.decide_again()?;
        loop {
            if job.stop.load(Ordering::Relaxed) {
                self.save(false, observer)?;
                return if job.follow.is_some() { Ok(self.summary()) } else { Err(Error::Stopped) };
            }
            let fed =
                if job.follow.is_some() { self.feed_any(job, observer)? } else { self.feed_slowest(job, observer)? };
            self.drive(observer)?;
            observer.progress(&self.progress());
            if self.reporter.is_due() || !fed {
                self.publish();
            }
            if !fed {
                break;
            }
            self.save_if_due(job, observer)?;
        }
        self.save(true, observer)?;
        Ok(self.summary())
    }

    /// Takes a batch from the source that holds event time back. `false` when all have ended.
    fn feed_slowest(&mut self, job: &Job, observer: &mut dyn Observer) -> Result<bool, Error> {
        let slowest = (0..self.sources.len())
            .filter(|number| !self.sources[*number].ended)
            .min_by_key(|number| self.sources[*number].watermark());
        let Some(number) = slowest else { return Ok(false) };
        while !self.feed(number, STOP_POLL, observer)? && !job.stop.load(Ordering::Relaxed) {}
        Ok(true)
    }

    /// While following: takes what there is from every source, and lets those pass that have nothing. `false` when
    /// all have ended, as pipes do.
    fn feed_any(&mut self, job: &Job, observer: &mut dyn Observer) -> Result<bool, Error> {
        let Some(follow) = &job.follow else { return self.feed_slowest(job, observer) };
        let patience = follow.poll / u32::try_from(self.sources.len()).unwrap_or(u32::MAX).max(1);
        for number in 0..self.sources.len() {
            // One that is far ahead of the others waits for them: what it has brought is kept in memory.
            let source = &self.sources[number];
            if source.ended || source.intake.released.len() > MAX_RELEASED_AHEAD {
                continue;
            }
            let fed = self.feed(number, patience, observer)?;
            let source = &mut self.sources[number];
            if fed || !source.feed.is_silent() {
                source.heard = Instant::now();
            }
            if fed {
                source.idle = false;
            } else if source.heard.elapsed() >= follow.idle {
                self.grow_idle(number)?;
            }
        }
        Ok(self.sources.iter().any(|source| !source.ended))
    }

    /// Makes again the decisions that were made where the sources stand.
    fn decide_again(&mut self) -> Result<(), Error> {
        let Some(session) = &self.session else { return Ok(()) };
        let mut dead = Vec::new();
        for source in &mut self.sources {
            if let Some(idle) = session.decided_idle(&source.name, source.position.offset) {
                source.grow_idle(idle, &mut dead);
            }
        }
        self.bury(&dead)
    }

    /// A source has nothing for now: it goes to where the slowest of the others is. What is decided about a topic is
    /// written down first, for whoever reads the same records again.
    fn grow_idle(&mut self, number: usize) -> Result<(), Error> {
        let others = self.sources.iter().enumerate().filter(|(other, source)| *other != number && !source.idle);
        let active = others.filter(|(_, source)| !source.ended).map(|(_, source)| source.watermark()).min();
        let highest = || self.sources.iter().filter_map(|source| source.intake.order.highest()).max();
        let to = match active {
            Some(slowest) => slowest,
            None => highest().map(|highest| highest.plus(Span::from_micros(1))),
        };
        let source = &self.sources[number];
        let to = to.unwrap_or(Timestamp::MIN);
        if source.idle && source.watermark() >= Some(to) {
            return Ok(());
        }
        // What was believed here once is believed: a later clock must not believe more.
        let before =
            self.session.as_ref().and_then(|session| session.decided_idle(&source.name, source.position.offset));
        let limit = source.limit.or(before.map(|idle| idle.limit)).unwrap_or_else(|| now().plus(CLOCKS_APART));
        let idle = IdleDecision { limit, to };
        if let (Some(session), SourceOrigin::Topic { .. }) = (&self.session, &source.origin) {
            session.decide_idle(&source.name, source.position.offset, idle)?;
        }
        let mut dead = Vec::new();
        self.sources[number].grow_idle(idle, &mut dead);
        self.bury(&dead)
    }

    fn feed(&mut self, number: usize, patience: Duration, observer: &mut dyn Observer) -> Result<bool, Error> {
        let Some(batch) = self.sources[number].feed.next(patience) else { return Ok(false) };
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                // What was read before is safe: a run with state goes on from here when the input is mended.
                self.save(false, observer)?;
                return Err(error);
            }
        };
        let mut dead: Vec<DeadLetter> = Vec::new();
        let source = &mut self.sources[number];
        for deletion in source.take(batch, &mut dead) {
            observer.deletion(&deletion);
        }
        if let Some(idle) =
            self.session.as_ref().and_then(|session| session.decided_idle(&source.name, source.position.offset))
        {
            source.grow_idle(idle, &mut dead);
        }
        self.bury(&dead)?;
        Ok(true)
    }

    fn bury(&mut self, dead: &[DeadLetter]) -> Result<(), Error> {
        dead.iter().try_for_each(|letter| self.sinks.dead_letter(letter))
    }

    /// The watermark of all sources: none can bring anything older, except late.
    fn watermark(&self) -> Option<Timestamp> {
        self.sources.iter().map(SourcePartition::watermark).min().flatten()
    }

    /// Drives what is below the watermark through the stages.
    fn drive(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let Some(slowest) = self.watermark() else { return settle_nothing(observer) };
        let (posts, places) = self.released_below(slowest);
        self.checkpoint.records += posts.len() as u64;
        // Timers fire up to the highest post, not to the end of time: the end of a file resolves nothing.
        let Some(highest) = self.highest else { return settle_nothing(observer) };
        let driven = self.fused.drive(posts, slowest.min(highest));
        for alert in &driven.alerts {
            self.alerts.add(alert);
            self.sinks.alert(alert)?;
            report::alert(&self.metrics, alert, self.live);
            observer.alert(alert);
        }
        observer.settled(outcome(driven.observed, &places)).map_err(Error::Observer)?;
        self.sinks.flush()
    }

    /// Takes the posts below `watermark`, in order, and the places where they were read.
    fn released_below(&mut self, watermark: Timestamp) -> (Vec<(Trigger, Analysed)>, Vec<ReadPlace>) {
        let (mut posts, mut read_at) = (Vec::new(), Vec::new());
        loop {
            let next = self.sources.iter().enumerate().filter_map(|(number, source)| {
                let placed = source.intake.released.front().filter(|placed| placed.at < watermark)?;
                Some((number, placed))
            });
            let first = next.min_by(|(_, a), (_, b)| a.at.cmp(&b.at).then_with(|| a.item.tie_break(&b.item)));
            let Some(source) = first.map(|(number, _)| number) else { return (posts, read_at) };
            let Some(placed) = self.sources[source].intake.released.pop_front() else { return (posts, read_at) };
            self.highest = self.highest.max(Some(placed.at));
            let (offset, part, post) = (placed.item.offset, placed.item.part, placed.item.post);
            read_at.push(ReadPlace { source, offset, part, at: placed.at });
            posts.push((Trigger { at: placed.at, post: Some(post.reference.clone()) }, post));
        }
    }

    fn save_if_due(&mut self, job: &Job, observer: &mut dyn Observer) -> Result<(), Error> {
        let Some(settings) = &job.state else { return Ok(()) };
        if self.checkpoint.is_stale(settings.checkpoint.every_posts, settings.checkpoint.every.duration()) {
            self.save(false, observer)?;
        }
        Ok(())
    }

    /// Waits until the outputs and the observer are on disk, then writes a checkpoint, if state is kept.
    fn save(&mut self, finished: bool, observer: &mut dyn Observer) -> Result<(), Error> {
        let started = Instant::now();
        let outputs = self.sinks.sync()?;
        let Some(state) = &self.state else { return Ok(()) };
        observer.checkpoint().map_err(Error::Observer)?;
        let manifest = Manifest {
            version: STATE_VERSION,
            fingerprint: self.fingerprint.clone(),
            number: self.checkpoint.number + 1,
            marks: RunMarks {
                epoch: self.session.as_ref().map_or(0, |session| session.kafka.epoch),
                sources: self.sources.iter().map(SourcePartition::mark).collect(),
                output_paths: self.output_paths.clone(),
                outputs,
            },
            snapshot: SnapshotSum::default(),
            finished,
        };
        state.write(manifest, |to| {
            self.fused.write(to)?;
            let intakes: Vec<&Intake<Analysed>> = self.sources.iter().map(|source| &source.intake).collect();
            postcard::to_io(&(intakes, &self.alerts, self.highest), to).map(drop)
        })?;
        self.metrics.checkpoint.with_label_values(&["all"]).observe(started.elapsed().as_secs_f64());
        self.checkpoint = LastCheckpoint::new(self.checkpoint.number + 1);
        Ok(())
    }

    fn publish(&mut self) {
        self.reporter.sources(&self.sources);
        self.reporter.stages(self.fused.totals());
        if let Some(watermark) = self.watermark() {
            self.reporter.watermark(watermark, self.sources.iter().filter_map(|source| source.intake.newest).max());
        }
    }

    fn progress(&self) -> RunProgress {
        RunProgress {
            records: self.sources.iter().map(|source| source.intake.counts.records).sum(),
            posts: self.fused.consumed().by(StageName::Prepare),
            watermark: self.watermark(),
            newest: self.sources.iter().filter_map(|source| source.intake.newest).max(),
            alerts: self.alerts.total(),
            dead_letters: self.sources.iter().map(|source| source.intake.counts.dead()).sum(),
        }
    }

    fn summary(&self) -> Summary {
        let mut summary = Summary {
            prepare: self.fused.outcomes(),
            consumed: self.fused.consumed(),
            alerts: self.alerts.clone(),
            elapsed: self.started.elapsed(),
            resumed: self.resumed,
            ..Summary::default()
        };
        for source in &self.sources {
            let buffered = source.intake.order.buffered() + source.intake.released.len();
            summary.add_source(&source.intake.counts, buffered);
        }
        summary.records_now = summary.sources.records - self.records_before;
        summary
    }
}

/// Hands on an empty outcome: an observer may keep something else than posts.
fn settle_nothing(observer: &mut dyn Observer) -> Result<(), Error> {
    observer.settled(BatchOutcome::default()).map_err(Error::Observer)
}

/// The outcome of posts that were read at these places, for an observer.
fn outcome(observed: Observed, places: &[ReadPlace]) -> BatchOutcome {
    let posts = observed.posts.into_iter().filter_map(|post| {
        let ReadPlace { source, offset, part, at } = *places.get(post.number as usize)?;
        Some(ObservedPost { source, offset, part, at, post })
    });
    let duplicates = observed.duplicates.into_iter().filter_map(|DuplicatePost { number, post }| {
        let source = places.get(number as usize)?.source;
        Some(ObservedDuplicate { source, post })
    });
    BatchOutcome {
        posts: posts.collect(),
        duplicates: duplicates.collect(),
        texts: observed.texts.into_values().collect(),
        merges: observed.merges,
    }
}
