//! The embedded runtime: sources in, alerts out, state in between.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};
use shoal_detect::{Analysed, Timed, Trigger};
use shoal_formats::{DeadLetter, Position};
use shoal_model::{Provenance, Timestamp};

use crate::Error;
use crate::checkpoint::{Manifest, STATE_VERSION, StateDirectory};
use crate::fused::{Fused, FusedState};
use crate::output::{Lengths, Sinks};
use crate::partition::{PartitionState, SourcePartition};
use crate::resume::{Plan, plan};
use crate::settings::{Job, Observer, Progress};
use crate::source::{Feed, SourceReader};
use crate::summary::{AlertCounts, Summary};

/// Reads the sources to their end, or (with `follow`) until told to stop.
///
/// Without state nothing is kept and outputs are replaced. With state the run goes on from the newest checkpoint of
/// the same configuration and inputs; outputs are cut to what it has seen, so that they end up byte for byte as if
/// nothing had happened. A finished state with unchanged inputs changes nothing.
pub fn run(job: &Job, observer: &mut dyn Observer) -> Result<Summary, Error> {
    if job.sources.is_empty() {
        return Err(Error::NoSources);
    }
    if let (Some(_), Some(pipe)) = (&job.state, job.sources.iter().find(|source| source.is_pipe())) {
        return Err(Error::PipeWithState(pipe.path.clone()));
    }
    let state = job.state.as_ref().map(|state| StateDirectory::open(&state.directory)).transpose()?;
    let summary = match plan(job, state.as_ref())? {
        Plan::Finished(manifest) => Run::resume(job, state, &manifest)?.nothing_to_do(),
        Plan::Resume(manifest) => Run::resume(job, state, &manifest)?.read(job, observer)?,
        Plan::Afresh => Run::afresh(job, state)?.read(job, observer)?,
    };
    observer.finished(&summary);
    Ok(summary)
}

/// How long a wait for input goes on before somebody who wants to stop is heard.
const PATIENCE: Duration = Duration::from_millis(200);
/// Posts that one followed source may be ahead of the slowest.
const FAR_AHEAD: usize = 65_536;

/// A run under way.
struct Run {
    fused: Fused,
    sources: Vec<SourcePartition>,
    sinks: Sinks,
    state: Option<StateDirectory>,
    alerts: AlertCounts,
    /// The highest event time of a post so far.
    highest: Option<Timestamp>,
    /// The last checkpoint, and posts since.
    checkpoint: (u64, Instant, u64),
    started: Instant,
    records_before: u64,
    resumed: bool,
    fingerprint: String,
    output_paths: Vec<String>,
}

/// What a snapshot holds besides the stages.
#[derive(Serialize)]
struct SnapshotRef<'a, F> {
    fused: F,
    sources: Vec<&'a PartitionState>,
    alerts: &'a AlertCounts,
    highest: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Snapshot {
    fused: FusedState,
    sources: Vec<PartitionState>,
    alerts: AlertCounts,
    highest: Option<Timestamp>,
}

/// The present moment: only asked while following, when a source is idle.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn fused(job: &Job) -> Result<Fused, Error> {
    let provenance = Provenance {
        configuration: job.fingerprint.clone(),
        version: job.version.clone(),
        inputs: job.sources.iter().map(|source| source.name.clone()).collect(),
    };
    Fused::new(&job.detect, provenance)
}

fn open(job: &Job, number: usize, from: Position, state: PartitionState) -> Result<SourcePartition, Error> {
    let source = &job.sources[number];
    let reader = SourceReader::open(source, job, from)?;
    let identity = reader.identity()?;
    Ok(SourcePartition {
        name: source.name.clone(),
        feed: Feed::new(reader, job.threads, job.follow.as_ref()),
        identity,
        position: from,
        ended: false,
        heard: Instant::now(),
        idle: false,
        state,
    })
}

impl Run {
    fn afresh(job: &Job, state: Option<StateDirectory>) -> Result<Self, Error> {
        let fused = fused(job)?;
        let sources = (0..job.sources.len())
            .map(|number| open(job, number, Position::default(), PartitionState::new(&job.detect.order)));
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        if let Some(state) = &state {
            state.clear()?;
        }
        let sinks = Sinks::open(&job.outputs, Lengths::default(), None)?;
        Ok(Self::new(job, fused, sources, sinks, state))
    }

    fn new(
        job: &Job,
        fused: Fused,
        sources: Vec<SourcePartition>,
        sinks: Sinks,
        state: Option<StateDirectory>,
    ) -> Self {
        let now = Instant::now();
        Self {
            fused,
            sources,
            sinks,
            state,
            alerts: AlertCounts::default(),
            highest: None,
            checkpoint: (0, now, 0),
            started: now,
            records_before: 0,
            resumed: false,
            fingerprint: job.fingerprint.clone(),
            output_paths: job.outputs.paths(),
        }
    }

    fn resume(job: &Job, state: Option<StateDirectory>, manifest: &Manifest) -> Result<Self, Error> {
        let Some(directory) = &state else { return Self::afresh(job, state) };
        let snapshot: Snapshot = directory.read(manifest.number)?;
        let mut fused = fused(job)?;
        fused.restore(snapshot.fused);
        let mut sources = Vec::new();
        for ((number, mark), state) in manifest.sources.iter().enumerate().zip(snapshot.sources) {
            let mut source = open(job, number, mark.position, state)?;
            source.ended = mark.ended;
            // One that was idle must not bring back a time that has passed.
            if let Some(highest) = snapshot.highest.filter(|_| source.state.order.watermark().is_some()) {
                source.state.order.pass(highest);
            }
            sources.push(source);
        }
        let sinks = Sinks::open(&job.outputs, manifest.outputs, Some(directory.path()))?;
        let mut run = Self::new(job, fused, sources, sinks, state);
        run.checkpoint.0 = manifest.number;
        run.alerts = snapshot.alerts;
        run.highest = snapshot.highest;
        run.records_before = run.sources.iter().map(|source| source.state.counts.records).sum();
        run.resumed = true;
        Ok(run)
    }

    fn nothing_to_do(&self) -> Summary {
        Summary { nothing_to_do: true, ..self.summary() }
    }

    fn read(mut self, job: &Job, observer: &mut dyn Observer) -> Result<Summary, Error> {
        loop {
            if job.stop.load(Ordering::Relaxed) {
                self.save(false)?;
                return if job.follow.is_some() { Ok(self.summary()) } else { Err(Error::Stopped) };
            }
            let fed = if job.follow.is_some() { self.feed_any(job)? } else { self.feed_slowest(job)? };
            self.drive(observer)?;
            observer.progress(&self.progress());
            if !fed {
                break;
            }
            self.save_if_due(job)?;
        }
        self.save(true)?;
        Ok(self.summary())
    }

    /// Takes a batch from the source that holds event time back. `false` when all have ended.
    fn feed_slowest(&mut self, job: &Job) -> Result<bool, Error> {
        let slowest = (0..self.sources.len())
            .filter(|number| !self.sources[*number].ended)
            .min_by_key(|number| self.sources[*number].watermark());
        let Some(number) = slowest else { return Ok(false) };
        while !self.feed(number, PATIENCE)? && !job.stop.load(Ordering::Relaxed) {}
        Ok(true)
    }

    /// While following: takes what there is from every source, and lets those pass that have nothing. `false` when
    /// all have ended, as pipes do.
    fn feed_any(&mut self, job: &Job) -> Result<bool, Error> {
        let Some(follow) = &job.follow else { return self.feed_slowest(job) };
        let patience = follow.poll / u32::try_from(self.sources.len()).unwrap_or(u32::MAX).max(1);
        for number in 0..self.sources.len() {
            // One that is far ahead of the others waits for them: what it has brought is kept in memory.
            let source = &self.sources[number];
            if source.ended || source.state.released.len() > FAR_AHEAD {
                continue;
            }
            let fed = self.feed(number, patience)?;
            let source = &mut self.sources[number];
            if fed {
                source.heard = Instant::now();
            } else if !source.idle && source.heard.elapsed() >= follow.idle {
                let mut dead = Vec::new();
                source.grow_idle(now(), &mut dead);
                self.bury(&dead)?;
            }
        }
        Ok(self.sources.iter().any(|source| !source.ended))
    }

    fn feed(&mut self, number: usize, patience: Duration) -> Result<bool, Error> {
        let Some(batch) = self.sources[number].feed.next(patience) else { return Ok(false) };
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                // What was read before is safe: a run with state goes on from here when the input is mended.
                self.save(false)?;
                return Err(error);
            }
        };
        let mut dead: Vec<DeadLetter> = Vec::new();
        let source = &mut self.sources[number];
        if let (true, Some(highest)) = (std::mem::take(&mut source.idle), self.highest) {
            source.state.order.pass(highest);
        }
        source.take(batch, &mut dead);
        self.bury(&dead)?;
        Ok(true)
    }

    fn bury(&mut self, dead: &[DeadLetter]) -> Result<(), Error> {
        dead.iter().try_for_each(|letter| self.sinks.dead_letter(letter))
    }

    /// How far event time has come: no source can bring anything older, except late. While all are idle, as far as
    /// anything was seen.
    fn watermark(&self) -> Option<Timestamp> {
        let slowest = self.sources.iter().map(SourcePartition::watermark).min().flatten()?;
        if slowest < Timestamp::MAX { Some(slowest) } else { self.sources.iter().filter_map(|s| s.state.newest).max() }
    }

    /// Drives what is below the watermark through the stages.
    fn drive(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let Some(slowest) = self.sources.iter().map(SourcePartition::watermark).min().flatten() else { return Ok(()) };
        let posts = self.released_below(slowest, observer);
        self.checkpoint.2 += posts.len() as u64;
        // Timers fire up to the highest post, not to the end of time: the end of a file resolves nothing.
        let Some(highest) = self.highest else { return Ok(()) };
        for alert in self.fused.drive(posts, slowest.min(highest)) {
            self.alerts.add(&alert);
            self.sinks.alert(&alert)?;
            observer.alert(&alert);
        }
        self.sinks.flush()
    }

    fn released_below(&mut self, watermark: Timestamp, observer: &mut dyn Observer) -> Vec<(Trigger, Analysed)> {
        let mut posts = Vec::new();
        loop {
            let next = self.sources.iter().enumerate().filter_map(|(number, source)| {
                let placed = source.state.released.front().filter(|placed| placed.at < watermark)?;
                Some((number, placed))
            });
            let first = next.min_by(|(_, a), (_, b)| a.at.cmp(&b.at).then_with(|| a.item.tie_break(&b.item)));
            let Some(number) = first.map(|(number, _)| number) else { return posts };
            let Some(placed) = self.sources[number].state.released.pop_front() else { return posts };
            self.highest = self.highest.max(Some(placed.at));
            let post = placed.item.analysed;
            observer.post(number, &post.post.author.id);
            posts.push((Trigger { at: placed.at, post: Some(post.reference.clone()) }, post));
        }
    }

    fn save_if_due(&mut self, job: &Job) -> Result<(), Error> {
        let Some(settings) = &job.state else { return Ok(()) };
        let (_, last, posts) = self.checkpoint;
        if posts >= settings.every_posts || (posts > 0 && last.elapsed() >= settings.every) {
            self.save(false)?;
        }
        Ok(())
    }

    /// Waits until the outputs are on disk, then writes a checkpoint, if state is kept.
    fn save(&mut self, finished: bool) -> Result<(), Error> {
        let outputs = self.sinks.sync()?;
        let Some(state) = &self.state else { return Ok(()) };
        let manifest = Manifest {
            version: STATE_VERSION,
            fingerprint: self.fingerprint.clone(),
            number: self.checkpoint.0 + 1,
            sources: self.sources.iter().map(SourcePartition::mark).collect(),
            output_paths: self.output_paths.clone(),
            outputs,
            snapshot: (0, 0),
            finished,
        };
        let snapshot = SnapshotRef {
            fused: self.fused.state(),
            sources: self.sources.iter().map(|source| &source.state).collect(),
            alerts: &self.alerts,
            highest: self.highest,
        };
        state.write(manifest, &snapshot)?;
        self.checkpoint = (self.checkpoint.0 + 1, Instant::now(), 0);
        Ok(())
    }

    fn progress(&self) -> Progress {
        Progress {
            records: self.sources.iter().map(|source| source.state.counts.records).sum(),
            posts: self.fused.consumed().prepare,
            watermark: self.watermark(),
            newest: self.sources.iter().filter_map(|source| source.state.newest).max(),
            alerts: self.alerts.total(),
            dead_letters: self.sources.iter().map(|source| source.state.counts.dead()).sum(),
        }
    }

    fn summary(&self) -> Summary {
        let mut summary = Summary {
            prepare: self.fused.counts(),
            consumed: self.fused.consumed(),
            alerts: self.alerts.clone(),
            elapsed: self.started.elapsed(),
            resumed: self.resumed,
            ..Summary::default()
        };
        for source in &self.sources {
            let buffered = source.state.order.buffered() + source.state.released.len();
            summary.add_source(&source.state.counts, buffered);
        }
        summary.records_now = summary.sources.records - self.records_before;
        summary
    }
}
