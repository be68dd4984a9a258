//! A partition at work: its task, its position in its topic, its outputs and its checkpoints.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use shoal_model::Timestamp;

use super::handover::{Committable, OwnedRecord, PartitionLoad};
use super::outputs::PartitionOutputs;
use super::read_position::ReadPosition;
use super::resume_point::ResumePoint;
use super::shared::SharedRun;
use crate::Error;
use crate::checkpoint::manifest::{Manifest, SnapshotSum};
use crate::checkpoint::version::STATE_VERSION;
use crate::checkpoint::{LastCheckpoint, StateDirectory};
use crate::clock::{now, seconds};
use crate::cluster::progress_log::PartitionProgress;
use crate::cluster::session::write_down;
use crate::order::idle::{CLOCKS_APART, IdleDecision};
use crate::staged::frame::Mark;
use crate::staged::task::build::build;
use crate::staged::task::{Accepted, Outgoing, Task};
use crate::staged::topology::PartitionId;

/// The time that records wait for more before they are sent. Every partition tells every one downstream how far it is:
/// at 10 ms that alone keeps a core busy, at 40 ms an alert takes a third of a second longer.
const LINGER: Duration = Duration::from_millis(40);
/// The time between two reports of a partition's progress.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);
/// The time after which a partition checks that its last report is the one that counts.
const PROGRESS_RECHECK_INTERVAL: Duration = Duration::from_secs(2);
/// The time between two commits of positions where no state is kept.
const COMMIT_INTERVAL: Duration = Duration::from_secs(5);

/// A partition at work.
pub(crate) struct PartitionRun {
    task: Box<dyn Task>,
    shared: Arc<SharedRun>,
    load: Arc<PartitionLoad>,
    position: ReadPosition,
    outputs: PartitionOutputs,
    /// The moment when outputs were last sent.
    sent: Instant,
    /// The progress that was last reported, and when.
    reported: Option<PartitionProgress>,
    reported_at: Instant,
    silence: Silence,
    state: Option<StateDirectory>,
    checkpoint: LastCheckpoint,
}

/// The silence of a source since its last record.
#[derive(Debug, Clone, Copy, Default)]
struct Silence {
    /// The others were told that they need not wait.
    is_known: bool,
    /// The bound up to which times were believed.
    limit: Option<Timestamp>,
}

impl PartitionRun {
    /// Takes up the work on a partition from a checkpoint, or from `first`.
    pub(crate) fn open(
        id: PartitionId,
        shared: &Arc<SharedRun>,
        load: Arc<PartitionLoad>,
        resume_point: ResumePoint,
        first: u64,
        end: Option<u64>,
    ) -> Result<Self, Error> {
        let ResumePoint { state, manifest } = resume_point;
        let mut task = build(id, shared)?;
        if let (Some(state), Some(manifest)) = (&state, &manifest) {
            state.read(manifest, |bytes| task.restore(bytes))?;
        }
        let marks = manifest.as_ref().map(|manifest| &manifest.marks);
        let outputs = PartitionOutputs::open(&mut *task, shared, marks)?;
        let next = marks.map_or(first, |marks| marks.offset);
        let now = Instant::now();
        let mut run = Self {
            task,
            shared: Arc::clone(shared),
            load,
            position: ReadPosition::new(next, end),
            outputs,
            sent: now,
            reported: None,
            reported_at: now,
            silence: Silence::default(),
            state,
            checkpoint: LastCheckpoint::new(manifest.map_or(0, |manifest| manifest.number)),
        };
        run.decide_again(next);
        run.finish_if_read();
        run.task.advance();
        Ok(run)
    }

    fn id(&self) -> PartitionId {
        self.task.id()
    }

    /// Says whether the partition was taken away.
    pub(crate) fn is_revoked(&self) -> bool {
        self.load.revoked.load(Ordering::Relaxed)
    }

    /// Takes in records of its topic and processes what can be.
    pub(crate) fn take(&mut self, records: &[OwnedRecord]) -> Result<(), Error> {
        let taken = self.process(records);
        self.load.done(records.len(), records.iter().map(OwnedRecord::length).sum());
        taken
    }

    fn process(&mut self, records: &[OwnedRecord]) -> Result<(), Error> {
        let started = Instant::now();
        for record in records {
            if !self.position.admits(record.offset) {
                continue;
            }
            self.decide_again(record.offset);
            match self.task.accept(&record.incoming())? {
                Accepted::Taken(records) => self.checkpoint.records += records,
                Accepted::Ignored(why) => self.ignored(record, why),
            }
            self.position.pass(record.offset);
            self.silence = Silence::default();
        }
        self.finish_if_read();
        self.task.advance();
        let stage = [self.id().stage.name()];
        self.shared.job.metrics.work.with_label_values(&stage).observe(started.elapsed().as_secs_f64());
        Ok(())
    }

    /// Goes to `offset`, where the client stands at the end of the partition.
    pub(crate) fn stand_at(&mut self, offset: u64) -> Result<(), Error> {
        self.position.advance(offset);
        self.finish_if_read();
        self.tick(Instant::now())
    }

    fn ignored(&self, record: &OwnedRecord, why: &'static str) {
        let id = self.id();
        self.shared.job.metrics.frames_ignored.with_label_values(&[id.stage.name(), why]).inc();
        if why != "other_epoch" {
            tracing::warn!(partition = %id, offset = record.offset, why, "a record that no stage wrote is passed over");
        }
    }

    /// Makes again the decisions that were made before the record at `offset`.
    fn decide_again(&mut self, offset: u64) {
        let Some(source) = self.task.as_source() else { return };
        let undecided = self.position.take_undecided(offset);
        let decided = self.shared.progress_log().idle_between(source.name(), undecided);
        for idle in decided {
            source.idle(idle);
        }
    }

    fn finish_if_read(&mut self) {
        let Some(source) = self.task.as_source() else { return };
        if self.position.finish() {
            source.finish();
            self.task.advance();
        }
    }

    /// Lets event time go on to where the others are, because nothing has come for a while. The decision is written
    /// down before it is acted upon.
    pub(crate) fn grow_idle(&mut self) -> Result<(), Error> {
        if self.load.records.load(Ordering::Relaxed) > 0 {
            return Ok(());
        }
        let mark = self.task.mark();
        let Some(source) = self.task.as_source() else { return Ok(()) };
        // Others must know that nobody needs to wait for this one before it can follow them.
        if !std::mem::replace(&mut self.silence.is_known, true) {
            source.fell_silent();
            return self.report(Instant::now());
        }
        let progress_log = self.shared.progress_log();
        let to = progress_log.idle_target(&self.shared.topology);
        if mark.is_end() || (to <= mark.watermark && self.task.waiting() == 0) {
            return Ok(());
        }
        let Some(source) = self.task.as_source() else { return Ok(()) };
        // What was believed here once is believed: a later clock must not believe more.
        let before = progress_log.idle_at(source.name(), self.position.next).map(|idle| idle.limit);
        let fresh = || before.unwrap_or_else(|| now().plus(CLOCKS_APART));
        let idle = IdleDecision { limit: *self.silence.limit.get_or_insert_with(fresh), to };
        let record = progress_log.idle_record(source.name(), self.position.next, idle)?;
        drop(progress_log);
        write_down(&self.shared.producer, &self.shared.topology.progress_log_topic(), &record)?;
        source.idle(idle);
        self.task.advance();
        Ok(())
    }

    /// Does whatever is due: sends what has waited, reports its progress, makes a checkpoint.
    pub(crate) fn tick(&mut self, now: Instant) -> Result<(), Error> {
        if now.duration_since(self.sent) >= LINGER {
            self.send()?;
            self.sent = now;
        }
        let since = now.duration_since(self.reported_at);
        let is_news =
            self.reported.is_none_or(|last| last.mark != self.task.mark() || last.idle != self.silence.is_known)
                || (since >= PROGRESS_RECHECK_INTERVAL && self.is_contradicted());
        if is_news && (self.task.mark().is_end() || since >= PROGRESS_INTERVAL) {
            self.report(now)?;
        }
        self.measure();
        if self.is_due() {
            self.save()?;
        }
        Ok(())
    }

    /// Says whether the progress log holds another report: a process that owned the partition before may have spoken
    /// last.
    fn is_contradicted(&self) -> bool {
        self.reported.is_some_and(|last| self.shared.progress_log().of(self.id()) != Some(&last))
    }

    fn is_due(&self) -> bool {
        match &self.shared.job.state {
            Some(state) => self.checkpoint.is_stale(state.checkpoint.every_posts, state.checkpoint.every.duration()),
            None => self.checkpoint.is_stale(u64::MAX, COMMIT_INTERVAL),
        }
    }

    fn send(&mut self) -> Result<(), Error> {
        let mut out = Outgoing::default();
        self.task.send(&mut out)?;
        self.outputs.send(out)
    }

    /// Reports how far it has come. The end is only reported once everything is written.
    fn report(&mut self, now: Instant) -> Result<(), Error> {
        self.send()?;
        let mark = self.task.mark();
        if mark.is_end() {
            self.outputs.settle(self.position.next)?;
        }
        let newest = self.task.as_source().and_then(|source| source.newest()).unwrap_or(Timestamp::MIN);
        let progress = PartitionProgress { mark, newest, idle: self.silence.is_known };
        let record = self.shared.progress_log().progress_record(self.id(), &progress)?;
        self.outputs.log(&record)?;
        (self.reported, self.reported_at) = (Some(progress), now);
        Ok(())
    }

    fn measure(&mut self) {
        let (id, metrics) = (self.id(), &self.shared.job.metrics);
        let labels = &[id.stage.name(), &id.partition.to_string()];
        let Mark { watermark, .. } = self.task.mark();
        let progress_log = self.shared.progress_log();
        if watermark > Timestamp::MIN && watermark < Timestamp::MAX {
            metrics.watermark.with_label_values(labels).set(seconds(watermark));
            let newest = progress_log.newest();
            let behind = if newest > watermark { newest.distance(watermark).seconds() } else { 0.0 };
            metrics.lag_seconds.with_label_values(labels).set(behind);
        } else if watermark == Timestamp::MAX {
            metrics.lag_seconds.with_label_values(labels).set(0.0);
        }
        if let Some(source) = self.task.as_source() {
            self.load.ahead.store(source.ahead(progress_log.slowest(&self.shared.topology)), Ordering::Relaxed);
        }
    }

    /// Waits until everything is written, then makes a checkpoint where state is kept. The position that can be
    /// committed is left for the polling thread.
    fn save(&mut self) -> Result<(), Error> {
        self.send()?;
        let started = Instant::now();
        let marks = self.outputs.settle(self.position.next)?;
        let number = self.checkpoint.number + 1;
        let mut metadata = String::new();
        if let Some(state) = &self.state {
            let manifest = Manifest {
                version: STATE_VERSION,
                fingerprint: self.shared.epoch.clone(),
                number,
                marks,
                snapshot: SnapshotSum::default(),
                finished: self.task.mark().is_end(),
            };
            state.write_bytes(manifest, &self.task.snapshot()?)?;
            metadata = format!("checkpoint-{number:010}");
        }
        let stage = [self.id().stage.name()];
        self.shared.job.metrics.checkpoint.with_label_values(&stage).observe(started.elapsed().as_secs_f64());
        self.checkpoint = LastCheckpoint::new(number);
        self.load.offer(Committable { offset: self.position.next, metadata });
        Ok(())
    }

    /// Lets go of the partition: everything is written, and a checkpoint made where state is kept.
    pub(crate) fn close(mut self) -> Result<(), Error> {
        if self.checkpoint.records > 0 || self.outputs.is_pending() {
            self.save()?;
        }
        Ok(())
    }
}
