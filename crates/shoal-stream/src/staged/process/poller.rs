//! The polling thread of one stage: reads its topics, hands records to workers, pauses, commits.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message, Offset, TopicPartitionList};
use shoal_detect::StageName;
use shoal_kafka::{CloseWithin, Purpose, diagnose};

use super::handover::OwnedRecord;
use super::owned::{OwnedPartitions, TopicPartition, commit_all};
use super::shared::SharedRun;
use super::worker::{WorkerCommand, WorkerHandles};
use crate::Error;
use crate::cluster::leaders;
use crate::cluster::record::Incoming;
use crate::job::Input;

/// The time that a poll waits.
const POLL_TIMEOUT: Duration = Duration::from_millis(20);
/// Records or bytes that go to a worker together.
const BATCH: Backlog = Backlog { records: 256, bytes: 1 << 20 };
/// The backlog of a partition's worker above which the partition is paused.
const PAUSE_ABOVE: Backlog = Backlog { records: 8_192, bytes: 16 << 20 };
/// The backlog below which it is resumed. Pausing throws away what was fetched, so the two lie apart.
const RESUME_BELOW: Backlog = Backlog { records: 1_024, bytes: 2 << 20 };
/// The time between two looks at pauses, idleness and commits.
const STEER_INTERVAL: Duration = Duration::from_millis(20);
/// The longest that the thread may be away; after a longer time it knows nothing about silence.
const LONGEST_ABSENCE: Duration = Duration::from_secs(1);
/// The time between two requests to an idle partition to follow the others.
const IDLE_INTERVAL: Duration = Duration::from_millis(200);
/// The longest that closing a consumer may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Records and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Backlog {
    records: usize,
    bytes: usize,
}

impl Backlog {
    fn exceeds(self, limit: Self) -> bool {
        self.records > limit.records || self.bytes > limit.bytes
    }
}

/// The polling thread of one stage.
pub(crate) struct StagePoller {
    consumer: CloseWithin<BaseConsumer<OwnedPartitions>>,
    shared: Arc<SharedRun>,
    workers: WorkerHandles,
    steered: Instant,
    idled: Instant,
}

impl StagePoller {
    /// Joins the group of a stage.
    pub(crate) fn join(stage: StageName, shared: &Arc<SharedRun>, workers: WorkerHandles) -> Result<Self, Error> {
        let kafka = &shared.kafka;
        let epoch: String = shared.epoch.chars().take(16).collect();
        let purpose = Purpose::Consumer {
            group: format!("{}.{epoch}.{stage}", kafka.prefix),
            instance: kafka.instance.as_ref().map(|instance| format!("{instance}.{stage}")),
            protocol: kafka.group_protocol,
        };
        let mut config = kafka.connection().client(&purpose)?;
        config.set("enable.partition.eof", "true").set("statistics.interval.ms", leaders::STATISTICS_INTERVAL_MS);
        let group = OwnedPartitions::new(stage, shared, workers.clone());
        let consumer: BaseConsumer<OwnedPartitions> =
            config.create_with_context(group).map_err(|error| shoal_kafka::Error::client(&error))?;
        let topics = topics(stage, shared);
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        consumer.subscribe(&topics).map_err(|error| shoal_kafka::Error::client(&error))?;
        let consumer = CloseWithin::new("consumer", consumer, CLOSE_TIMEOUT);
        let now = Instant::now();
        Ok(Self { consumer, shared: Arc::clone(shared), workers, steered: now, idled: now })
    }

    /// Polls until the run is over, then lets go of everything.
    pub(crate) fn run(mut self) {
        while !self.shared.is_over() {
            let (group, consumer) = (self.consumer.context(), &*self.consumer);
            match consumer.poll(POLL_TIMEOUT) {
                Some(Ok(message)) => take(group, &self.workers, &message),
                Some(Err(KafkaError::PartitionEOF(partition))) => self.reached_end(partition),
                Some(Err(error)) => self.failed(&error),
                None => self.flush(),
            }
            if self.steered.elapsed() >= STEER_INTERVAL {
                self.steer();
            }
        }
        let group = self.consumer.context();
        let owned: Vec<TopicPartition> = group.slots().keys().cloned().collect();
        group.let_go(&self.consumer, &owned, !self.shared.has_failed());
    }

    fn flush(&self) {
        for slot in self.consumer.context().slots().values_mut() {
            slot.flush(&self.workers);
        }
    }

    /// Notes that everything a partition had has come. The client does not say of which topic.
    fn reached_end(&self, partition: i32) {
        let Ok(positions) = self.consumer.position() else { return };
        let mut slots = self.consumer.context().slots();
        for ((topic, _), slot) in slots.iter_mut().filter(|((_, number), _)| *number == partition) {
            slot.flush(&self.workers);
            // Before the first record the client has no position.
            let read = match positions.find_partition(topic, partition).map(|element| element.offset()) {
                Some(Offset::Offset(offset)) => u64::try_from(offset).unwrap_or(0).max(slot.position),
                _ => slot.position,
            };
            slot.at_end = true;
            slot.position = read;
            self.workers.tell(slot.id, WorkerCommand::StandAt(slot.id, read));
        }
    }

    /// Stops the run at an error that cannot pass; the client tries again after any other.
    fn failed(&self, error: &KafkaError) {
        let group = self.consumer.context();
        group.watch.error(error, &error.to_string());
        let code = error.rdkafka_error_code();
        let is_final = matches!(
            code,
            Some(
                RDKafkaErrorCode::AutoOffsetReset
                    | RDKafkaErrorCode::OffsetOutOfRange
                    | RDKafkaErrorCode::TopicAuthorizationFailed
                    | RDKafkaErrorCode::GroupAuthorizationFailed
                    | RDKafkaErrorCode::FencedInstanceId
                    | RDKafkaErrorCode::Fatal
            )
        );
        if is_final {
            let diagnosis = diagnose(code, &error.to_string());
            let topic = topics(group.stage, &self.shared).join(", ");
            self.shared.fail(Error::NotRead { topic, what: diagnosis.what, remedy: diagnosis.remedy });
        }
    }

    fn steer(&mut self) {
        let away = self.steered.elapsed() > LONGEST_ABSENCE;
        self.steered = Instant::now();
        self.flush();
        self.pause_and_resume();
        self.commit();
        if let Err(error) = self.shared.producer.check() {
            self.shared.fail(error);
        }
        self.look_for_idle(away);
    }

    /// Pauses partitions that their workers, or the slowest stage, cannot follow, and resumes those that they can.
    fn pause_and_resume(&self) {
        let group = self.consumer.context();
        let mut slots = group.slots();
        for ((topic, partition), slot) in slots.iter_mut() {
            let load = &slot.load;
            let (records, bytes) = (load.records.load(Ordering::Relaxed), load.bytes.load(Ordering::Relaxed));
            let (ahead, most) = (load.ahead.load(Ordering::Relaxed), self.shared.kafka.ahead);
            let (limit, far) = if slot.paused { (RESUME_BELOW, most / 2) } else { (PAUSE_ABOVE, most) };
            let queue = Backlog { records, bytes }.exceeds(limit);
            let skew = ahead > far;
            if (queue || skew) == slot.paused {
                continue;
            }
            let mut list = TopicPartitionList::new();
            list.add_partition(topic, *partition);
            let turned = if slot.paused { self.consumer.resume(&list) } else { self.consumer.pause(&list) };
            if turned.is_ok() {
                slot.paused = !slot.paused;
                slot.heard = Instant::now();
                let why = if skew { "skew" } else { "queue" };
                let pauses = &self.shared.job.metrics.pauses;
                pauses.with_label_values(&[group.stage.name(), why]).inc_by(u64::from(slot.paused));
            }
        }
    }

    fn commit(&self) {
        let group = self.consumer.context();
        let committable: Vec<_> = {
            let slots = group.slots();
            slots
                .iter()
                .filter_map(|(partition, slot)| Some((partition.clone(), slot.load.take_committable()?)))
                .collect()
        };
        if !committable.is_empty() && !self.consumer.assignment_lost() {
            commit_all(&self.consumer, &committable, CommitMode::Async);
        }
    }

    /// Lets others pass, while following, a source partition of which everything has come and nothing more for a while.
    /// A thread that was away, or has no connection to the leader, knows nothing about silence.
    fn look_for_idle(&mut self, away: bool) {
        let (group, Some(follow)) = (self.consumer.context(), &self.shared.job.follow) else { return };
        if group.stage != StageName::Ingest || self.idled.elapsed() < IDLE_INTERVAL {
            return;
        }
        self.idled = Instant::now();
        let unsure = away || self.consumer.assignment_lost();
        for slot in group.slots().values_mut() {
            if unsure || !slot.is_led {
                slot.heard = Instant::now();
            }
            let nothing_waits = slot.load.records.load(Ordering::Relaxed) == 0 && slot.batch.is_empty();
            if slot.at_end && !slot.paused && nothing_waits && slot.heard.elapsed() >= follow.idle {
                self.workers.tell(slot.id, WorkerCommand::Idle(slot.id));
            }
        }
    }
}

/// Hands a record to its worker.
fn take(group: &OwnedPartitions, workers: &WorkerHandles, message: &BorrowedMessage<'_>) {
    let mut slots = group.slots();
    let Some(slot) = slots.get_mut(&(message.topic().to_owned(), message.partition())) else { return };
    let owned = OwnedRecord::of(&Incoming::new(message));
    let labels = &[message.topic(), "in"];
    let metrics = &group.shared.job.metrics;
    metrics.frames.with_label_values(labels).inc();
    metrics.bytes.with_label_values(labels).inc_by(owned.length() as u64);
    (slot.heard, slot.at_end) = (Instant::now(), false);
    slot.position = owned.offset + 1;
    slot.batch_bytes += owned.length();
    slot.batch.push(owned);
    if slot.batch.len() >= BATCH.records || slot.batch_bytes >= BATCH.bytes {
        slot.flush(workers);
    }
}

/// The topics that a stage reads.
pub(crate) fn topics(stage: StageName, shared: &SharedRun) -> Vec<String> {
    if stage != StageName::Ingest {
        return vec![shared.topology.topic(stage)];
    }
    let mut topics: Vec<String> = Vec::new();
    for source in &shared.job.sources {
        let Input::Topic { topic, .. } = &source.input else { continue };
        if !topics.contains(topic) {
            topics.push(topic.clone());
        }
    }
    topics
}
