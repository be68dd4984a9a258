//! One partition at work: its task, where it stands in its topic, what it has sent, its checkpoints.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::message::{Header, OwnedHeaders};
use serde::{Deserialize, Serialize};
use shoal_model::{AlertState, Timestamp};

use super::shared::{OwnedRecord, PartitionLoad, SharedRun};
use crate::Error;
use crate::checkpoint::{Manifest, STATE_VERSION, StateDirectory};
use crate::cluster::progress_log::PartitionProgress;
use crate::cluster::record::EPOCH;
use crate::cluster::session::write_down;
use crate::job::{Output, StateSettings};
use crate::metrics::report::{self, now, seconds};
use crate::order::intake::{CLOCKS_APART, IdleDecision};
use crate::staged::frame::Mark;
use crate::staged::task::build::build;
use crate::staged::task::{Accepted, Outgoing, Task};
use crate::staged::topology::PartitionId;
use crate::write::producer::{OutgoingRecord, Pending};
use crate::write::topic::{TopicMark, TopicSink};
use crate::write::{ALERT_SCHEMA, ALERTS, DEAD_LETTER_SCHEMA, send_alert, send_dead_letter};
use shoal_detect::StageName;

/// How long what is to be sent waits for more of it. Every partition tells every one downstream how far it is: at 10 ms
/// that alone keeps a core busy, at 40 ms an alert takes a third of a second longer.
const LINGER: Duration = Duration::from_millis(40);
/// How often a partition says how far it has come.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);
/// How often it looks whether it was heard.
const PROGRESS_RECHECK_INTERVAL: Duration = Duration::from_secs(2);
/// How long somebody may take to let go of a partition's state.
const STATE_LOCK_TIMEOUT: Duration = Duration::from_secs(30);
/// How often positions are committed where no state is kept.
const COMMIT_INTERVAL: Duration = Duration::from_secs(5);

/// What a checkpoint says of a partition besides its snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskMarks {
    /// The first record of its topic that is not in the snapshot.
    pub(crate) offset: u64,
    pub(crate) alerts: Option<TopicMark>,
    pub(crate) shadow: Option<TopicMark>,
    pub(crate) dead_letters: Option<TopicMark>,
}

/// A position to commit: records below it are settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Committable {
    pub(crate) offset: u64,
    /// The manifest that goes with it.
    pub(crate) metadata: String,
}

/// One partition at work.
pub(crate) struct PartitionRun {
    task: Box<dyn Task>,
    shared: Arc<SharedRun>,
    pub(crate) load: Arc<PartitionLoad>,
    /// The next record of its topic.
    position: u64,
    /// Where a bounded run ends.
    end: Option<u64>,
    pending: Arc<Pending>,
    alerts: Option<TopicSink>,
    shadow: Option<TopicSink>,
    /// The row by which its alerts are numbered.
    alert_row: String,
    dead_letters: Option<TopicSink>,
    state: Option<(StateDirectory, StateSettings)>,
    checkpoint: (u64, Instant, u64),
    sent: Instant,
    said: Option<PartitionProgress>,
    said_at: Instant,
    idle: bool,
    /// Decisions before this offset have been made.
    decided: u64,
    /// Up to where times were believed since the last record.
    limit: Option<Timestamp>,
    finished: bool,
}

/// The directory of one partition's checkpoints.
fn directory(shared: &SharedRun, id: PartitionId) -> Option<PathBuf> {
    let state = shared.job.state.as_ref()?;
    Some(state.directory.join(epoch_folder(&shared.epoch)).join(format!("{}-{}", id.stage, id.partition)))
}

/// The name of the folder that holds the checkpoints of an epoch.
pub(crate) fn epoch_folder(epoch: &str) -> &str {
    epoch.get(..16).unwrap_or(epoch)
}

/// The checkpoint that a partition goes on from.
pub(crate) struct ResumePoint {
    state: Option<StateDirectory>,
    manifest: Option<Manifest<TaskMarks>>,
}

impl ResumePoint {
    /// Looks for the newest valid checkpoint of a partition.
    pub(crate) fn of(shared: &SharedRun, id: PartitionId) -> Result<Self, Error> {
        let Some(directory) = directory(shared, id) else { return Ok(Self { state: None, manifest: None }) };
        let state = locked(&directory)?;
        let manifest = state.newest::<TaskMarks>(&shared.epoch)?;
        Ok(Self { state: Some(state), manifest })
    }

    /// The offset to read from, if there is a checkpoint.
    pub(crate) fn offset(&self) -> Option<u64> {
        self.manifest.as_ref().map(|manifest| manifest.marks.offset)
    }
}

/// Who had the partition before may be about to let go of it.
fn locked(directory: &Path) -> Result<StateDirectory, Error> {
    let started = Instant::now();
    loop {
        match StateDirectory::open(directory) {
            Err(Error::StateInUse(_)) if started.elapsed() < STATE_LOCK_TIMEOUT => thread::sleep(LINGER),
            opened => return opened,
        }
    }
}

/// The row of a partition's alerts in topics, where each writer numbers its own. That of group is named as in a run in
/// one process.
fn alert_row(id: PartitionId) -> String {
    if id.stage == StageName::Group { ALERTS.to_owned() } else { format!("{ALERTS} of {id}") }
}

impl PartitionRun {
    /// Takes up the work on a partition from a checkpoint, or from `first`.
    pub(crate) fn open(
        id: PartitionId,
        shared: &Arc<SharedRun>,
        load: Arc<PartitionLoad>,
        found: ResumePoint,
        first: u64,
        end: Option<u64>,
    ) -> Result<Self, Error> {
        let mut task = build(id, shared)?;
        let marks = found.manifest.as_ref().map(|manifest| manifest.marks.clone());
        if let (Some(state), Some(manifest)) = (&found.state, &found.manifest) {
            state.read(manifest, |bytes| task.restore(bytes))?;
        }
        let number = found.manifest.as_ref().map_or(0, |manifest| manifest.number);
        let outputs = &shared.job.outputs;
        let open = |output: &Option<Output>, schema, mark: Option<TopicMark>, own: &str| match output {
            Some(Output::Topic(topic)) => {
                let (connection, mark) = (&shared.kafka.connection, mark.unwrap_or_default());
                TopicSink::open(connection, topic, schema, &shared.epoch, &mark, |name| name == own).map(Some)
            }
            _ => Ok(None),
        };
        let mark = |which: fn(&TaskMarks) -> &Option<TopicMark>| marks.as_ref().and_then(|marks| which(marks).clone());
        let (mut alerts, mut shadow, mut dead_letters) = (None, None, None);
        let alert_row = alert_row(id);
        if id.stage.raises_alerts() {
            alerts = open(&outputs.alerts, ALERT_SCHEMA, mark(|marks| &marks.alerts), &alert_row)?;
            shadow = open(&outputs.shadow, ALERT_SCHEMA, mark(|marks| &marks.shadow), &alert_row)?;
        }
        if let Some(source) = task.as_source() {
            let own = source.name().to_owned();
            let letters = mark(|marks| &marks.dead_letters);
            dead_letters = open(&outputs.dead_letters, DEAD_LETTER_SCHEMA, letters, &own)?;
        }
        let position = marks.map_or(first, |marks| marks.offset);
        let now = Instant::now();
        let mut working = Self {
            task,
            shared: Arc::clone(shared),
            load,
            position,
            end,
            pending: Arc::default(),
            alerts,
            shadow,
            alert_row,
            dead_letters,
            state: found.state.zip(shared.job.state.clone()),
            checkpoint: (number, now, 0),
            sent: now,
            said: None,
            said_at: now,
            idle: false,
            decided: position,
            limit: None,
            finished: false,
        };
        let position = working.position;
        working.decide_again(position);
        working.finish_if_read();
        working.task.advance();
        Ok(working)
    }

    /// Which partition.
    pub(crate) fn id(&self) -> PartitionId {
        self.task.id()
    }

    /// Takes in records of its topic and processes what can be.
    pub(crate) fn take(&mut self, records: &[OwnedRecord]) -> Result<(), Error> {
        let started = Instant::now();
        for record in records {
            if self.finished || record.offset < self.position {
                continue;
            }
            if let Some(end) = self.end.filter(|end| record.offset >= *end) {
                self.position = self.position.max(end);
                break;
            }
            self.decide_again(record.offset);
            match self.task.accept(&record.incoming())? {
                Accepted::Taken(records) => self.checkpoint.2 += records,
                Accepted::Ignored(why) => self.ignored(record, why),
            }
            self.position = record.offset + 1;
            (self.idle, self.limit) = (false, None);
        }
        self.finish_if_read();
        self.task.advance();
        let stage = [self.id().stage.name()];
        self.shared.job.metrics.work.with_label_values(&stage).observe(started.elapsed().as_secs_f64());
        Ok(())
    }

    /// The client stands at the end of the partition: there is nothing up to there that was not given.
    pub(crate) fn stand_at(&mut self, offset: u64) -> Result<(), Error> {
        self.position = self.position.max(offset);
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

    /// What was decided before the record at `offset` is decided again. Offsets have gaps, and a decision may stand in
    /// one.
    fn decide_again(&mut self, offset: u64) {
        let Some(source) = self.task.as_source() else { return };
        let decided = self.shared.progress_log().idle_between(source.name(), self.decided..=offset);
        self.decided = offset + 1;
        for idle in decided {
            source.idle(idle);
        }
    }

    fn finish_if_read(&mut self) {
        let reached = self.end.is_some_and(|end| self.position >= end);
        if let Some(source) = self.task.as_source().filter(|_| reached && !self.finished) {
            source.finish();
            self.finished = true;
            self.task.advance();
        }
    }

    /// Nothing has come for a while: event time goes on to where the others are. The decision is written down before
    /// it is acted upon.
    pub(crate) fn grow_idle(&mut self) -> Result<(), Error> {
        if self.load.records.load(Ordering::Relaxed) > 0 {
            return Ok(());
        }
        let mark = self.task.mark();
        let Some(source) = self.task.as_source() else { return Ok(()) };
        // Others must know that nobody needs to wait for this one before it can follow them.
        let first = !std::mem::replace(&mut self.idle, true);
        if first {
            source.fell_silent();
            return self.say(Instant::now());
        }
        let progress_log = self.shared.progress_log();
        let to = progress_log.idle_target(&self.shared.topology);
        if mark.is_end() || (to <= mark.watermark && self.task.waiting() == 0) {
            return Ok(());
        }
        let Some(source) = self.task.as_source() else { return Ok(()) };
        // What was believed here once is believed: a later clock must not believe more.
        let before = progress_log.idle_at(source.name(), self.position).map(|idle| idle.limit);
        let limit = *self.limit.get_or_insert_with(|| before.unwrap_or_else(|| now().plus(CLOCKS_APART)));
        let idle = IdleDecision { limit, to };
        let (key, value) = progress_log.idle(source.name(), self.position, idle)?;
        drop(progress_log);
        write_down(&self.shared.producer, &self.shared.topology.progress_log_topic(), &key, &value)?;
        source.idle(idle);
        self.task.advance();
        Ok(())
    }

    /// Sends what has waited, says how far it has come, makes a checkpoint: whatever is due.
    pub(crate) fn tick(&mut self, now: Instant) -> Result<(), Error> {
        if now.duration_since(self.sent) >= LINGER {
            self.send()?;
            self.sent = now;
        }
        let ended = self.task.mark().is_end();
        let news = self.said.is_none_or(|said| said.mark != self.task.mark() || said.idle != self.idle)
            || (now.duration_since(self.said_at) >= PROGRESS_RECHECK_INTERVAL && self.is_unheard());
        if news && (ended || now.duration_since(self.said_at) >= PROGRESS_INTERVAL) {
            self.say(now)?;
        }
        self.measure();
        if self.is_due(now) {
            self.save()?;
        }
        Ok(())
    }

    /// Whether the progress log says something else: somebody who owned the partition before may have spoken last.
    fn is_unheard(&self) -> bool {
        self.said.is_some_and(|said| self.shared.progress_log().of(self.id()) != Some(&said))
    }

    fn is_due(&self, now: Instant) -> bool {
        let (_, last, records) = self.checkpoint;
        let every = self.shared.job.state.as_ref().map_or(COMMIT_INTERVAL, |state| state.every);
        let many = self.shared.job.state.as_ref().is_some_and(|state| records >= state.every_posts);
        records > 0 && (many || now.duration_since(last) >= every)
    }

    fn send(&mut self) -> Result<(), Error> {
        let mut out = Outgoing::default();
        self.task.send(&mut out)?;
        if out.is_empty() {
            return Ok(());
        }
        let (shared, metrics) = (Arc::clone(&self.shared), &self.shared.job.metrics);
        let live = shared.job.follow.is_some();
        let producer = &shared.producer;
        for frame in out.frames {
            let topic = shared.topology.topic(frame.to.stage);
            metrics.frames.with_label_values(&[&topic, "out"]).inc();
            metrics.bytes.with_label_values(&[&topic, "out"]).inc_by(frame.bytes.len() as u64);
            let headers = OwnedHeaders::new_with_capacity(1).insert(Header { key: EPOCH, value: Some(&shared.epoch) });
            let partition = i32::from(frame.to.partition);
            let record = OutgoingRecord { topic: &topic, partition, key: &[], payload: &frame.bytes, headers };
            producer.send(record, &self.pending)?;
        }
        for letter in &out.dead_letters {
            if let Some(sink) = &mut self.dead_letters {
                send_dead_letter(sink, producer, letter)?;
            }
        }
        for alert in out.alerts {
            let sent = !alert.shadow && alert.state != AlertState::Suppressed;
            let is_new = match if sent { &mut self.alerts } else { &mut self.shadow } {
                Some(sink) => send_alert(sink, producer, &self.alert_row, &alert)?,
                None => true,
            };
            if is_new {
                report::alert(metrics, &alert, live);
                self.shared.show(alert);
            }
        }
        Ok(())
    }

    /// Says how far it has come. The end is only said once everything is written.
    fn say(&mut self, now: Instant) -> Result<(), Error> {
        self.send()?;
        let mark = self.task.mark();
        if mark.is_end() {
            self.settle()?;
        }
        let newest = self.task.as_source().and_then(|source| source.newest()).unwrap_or(Timestamp::MIN);
        let progress = PartitionProgress { mark, newest, idle: self.idle };
        let (key, value) = self.shared.progress_log().progress(self.id(), &progress)?;
        let topic = self.shared.topology.progress_log_topic();
        let record = OutgoingRecord {
            topic: &topic,
            partition: 0,
            key: key.as_bytes(),
            payload: &value,
            headers: OwnedHeaders::new(),
        };
        self.shared.producer.send(record, &self.pending)?;
        (self.said, self.said_at) = (Some(progress), now);
        Ok(())
    }

    fn measure(&mut self) {
        let (id, metrics) = (self.id(), &self.shared.job.metrics);
        let labels = &[id.stage.name(), &id.partition.to_string()];
        let Mark { watermark, .. } = self.task.mark();
        let progress_log = self.shared.progress_log();
        if watermark > Timestamp::MIN && watermark < Timestamp::MAX {
            metrics.watermark.with_label_values(labels).set(seconds(watermark));
            let behind = if progress_log.newest() > watermark {
                progress_log.newest().distance(watermark).seconds()
            } else {
                0.0
            };
            metrics.lag_seconds.with_label_values(labels).set(behind);
        } else if watermark == Timestamp::MAX {
            metrics.lag_seconds.with_label_values(labels).set(0.0);
        }
        if let Some(source) = self.task.as_source() {
            self.load.ahead.store(source.ahead(progress_log.slowest(&self.shared.topology)), Ordering::Relaxed);
        }
    }

    /// Waits until everything is written; gives how far the alerts, those in shadow and the dead letters are.
    fn settle(&mut self) -> Result<[Option<TopicMark>; 3], Error> {
        let producer = &self.shared.producer;
        producer.settle(&self.pending)?;
        let settle = |sink: &mut Option<TopicSink>| sink.as_mut().map(|sink| sink.settle(producer)).transpose();
        Ok([settle(&mut self.alerts)?, settle(&mut self.shadow)?, settle(&mut self.dead_letters)?])
    }

    /// Waits until everything is written, then makes a checkpoint where state is kept; what can be committed is left
    /// for the polling thread.
    pub(crate) fn save(&mut self) -> Result<(), Error> {
        self.send()?;
        let started = Instant::now();
        let [alerts, shadow, dead_letters] = self.settle()?;
        let mut metadata = String::new();
        let number = self.checkpoint.0 + 1;
        if let Some((state, _)) = &self.state {
            let marks = TaskMarks { offset: self.position, alerts, shadow, dead_letters };
            let manifest = Manifest {
                version: STATE_VERSION,
                fingerprint: self.shared.epoch.clone(),
                number,
                marks,
                snapshot: (0, 0),
                finished: self.task.mark().is_end(),
            };
            state.write_bytes(manifest, &self.task.snapshot()?)?;
            metadata = format!("checkpoint-{number:010}");
        }
        let stage = [self.id().stage.name()];
        self.shared.job.metrics.checkpoint.with_label_values(&stage).observe(started.elapsed().as_secs_f64());
        self.checkpoint = (number, Instant::now(), 0);
        self.load.settle(Committable { offset: self.position, metadata });
        Ok(())
    }

    /// Lets go of the partition: everything is written, and a checkpoint made where state is kept.
    pub(crate) fn close(mut self) -> Result<(), Error> {
        if self.checkpoint.2 > 0 || !self.pending_is_empty() {
            self.save()?;
        }
        Ok(())
    }

    fn pending_is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}
