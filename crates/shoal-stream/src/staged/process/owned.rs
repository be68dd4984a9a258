//! The partitions of one stage that this process owns, as the polling thread sees them.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::util::Timeout;
use rdkafka::{Offset, TopicPartitionList};
use shoal_detect::StageName;
use shoal_kafka::{Trouble, Watch};

use super::handover::{Committable, OwnedRecord, PartitionLoad};
use super::read_range::ReadRanges;
use super::resume_point::ResumePoint;
use super::shared::SharedRun;
use super::worker::{OpenPartition, WorkerCommand, WorkerHandles};
use crate::Error;
use crate::cluster::leaders::{is_led, lag};
use crate::staged::topology::PartitionId;

/// A client that complained so lately has no brokers.
const RECENT_TROUBLE: Duration = Duration::from_secs(3);
/// The longest that a worker may take to let go of a partition before the group is told anyway.
const REVOKE_TIMEOUT: Duration = Duration::from_mins(1);

/// A partition that this process owns.
pub(crate) struct Slot {
    pub(crate) id: PartitionId,
    pub(crate) load: Arc<PartitionLoad>,
    /// Records that go to the worker together.
    pub(crate) batch: Vec<OwnedRecord>,
    pub(crate) batch_bytes: usize,
    /// The offset after the last record that came.
    pub(crate) position: u64,
    /// The moment when something last came.
    pub(crate) heard: Instant,
    /// `true` when everything there was has come.
    pub(crate) at_end: bool,
    /// `true` while it is not read.
    pub(crate) paused: bool,
    /// `true` while there is a connection to its leader, which says that there is no more: silence means that there is
    /// nothing.
    pub(crate) is_led: bool,
}

impl Slot {
    /// Hands the batch to the worker.
    pub(crate) fn flush(&mut self, workers: &WorkerHandles) {
        if !self.batch.is_empty() {
            let batch = std::mem::take(&mut self.batch);
            self.load.records.fetch_add(batch.len(), Ordering::Relaxed);
            self.load.bytes.fetch_add(std::mem::take(&mut self.batch_bytes), Ordering::Relaxed);
            workers.tell(self.id, WorkerCommand::Records(self.id, batch));
        }
    }
}

/// A partition of a topic.
pub(crate) type TopicPartition = (String, i32);

/// A consumer's context: takes up and lets go of partitions as the group decides.
pub(crate) struct OwnedPartitions {
    pub(crate) stage: StageName,
    pub(crate) shared: Arc<SharedRun>,
    pub(crate) workers: WorkerHandles,
    pub(crate) watch: Watch,
    slots: Mutex<BTreeMap<TopicPartition, Slot>>,
    ranges: ReadRanges,
}

impl OwnedPartitions {
    /// A member of a stage's group that owns nothing yet.
    pub(crate) fn new(stage: StageName, shared: &Arc<SharedRun>, workers: WorkerHandles) -> Self {
        let watch = Watch::new(&shared.kafka.connection());
        let ranges = ReadRanges::new(Arc::clone(shared));
        Self { stage, shared: Arc::clone(shared), workers, watch, slots: Mutex::default(), ranges }
    }

    /// The partitions that it owns.
    pub(crate) fn slots(&self) -> MutexGuard<'_, BTreeMap<TopicPartition, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn id(&self, topic: &str, partition: i32) -> Option<PartitionId> {
        let partition = match self.stage {
            StageName::Ingest => self.ranges.number(topic, partition)?,
            _ => u16::try_from(partition).ok()?,
        };
        (partition < self.shared.topology.partitions(self.stage))
            .then_some(PartitionId { stage: self.stage, partition })
    }

    /// Takes up a partition; gives where to read from. A topic that was given more partitions cannot be read on.
    fn take_up(&self, topic: &str, partition: i32) -> Result<u64, Error> {
        let Some(id) = self.id(topic, partition) else {
            let expected = self.slots().keys().filter(|(other, _)| other == topic).count() as i32;
            return Err(Error::OtherPartitions { topic: topic.to_owned(), found: partition + 1, expected });
        };
        let range = self.ranges.range(id, topic, partition)?;
        let resume_point = ResumePoint::of(&self.shared, id)?;
        let offset = range.from(resume_point.offset(), topic, partition)?;
        let load = Arc::new(PartitionLoad::default());
        let opening = OpenPartition { id, load: Arc::clone(&load), resume_point, first: offset, end: range.end };
        self.workers.tell(id, WorkerCommand::Open(Box::new(opening)));
        let slot = Slot {
            id,
            load,
            batch: Vec::new(),
            batch_bytes: 0,
            position: offset,
            heard: Instant::now(),
            at_end: false,
            paused: false,
            is_led: false,
        };
        tracing::info!(partition = %id, offset, "taken up");
        self.slots().insert((topic.to_owned(), partition), slot);
        Ok(offset)
    }

    /// Lets go of partitions: what was sent is written and, where that still makes sense, committed.
    pub(crate) fn let_go(&self, consumer: &BaseConsumer<Self>, partitions: &[TopicPartition], commit: bool) {
        let gone: Vec<_> = {
            let mut slots = self.slots();
            partitions.iter().filter_map(|partition| slots.remove_entry(partition)).collect()
        };
        resume_paused(consumer, &gone);
        let (answer, answered) = channel();
        for (_, slot) in &gone {
            slot.load.revoked.store(true, Ordering::Relaxed);
            self.workers.tell(slot.id, WorkerCommand::Close(slot.id, answer.clone()));
        }
        drop(answer);
        // Nothing is sent: the channel ends when the last worker has let go.
        if !gone.is_empty() && answered.recv_timeout(REVOKE_TIMEOUT) == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
        {
            tracing::warn!(stage = %self.stage, "letting go of partitions takes long; the group goes on without");
        }
        let committable: Vec<_> = gone
            .iter()
            .filter_map(|(partition, slot)| Some((partition.clone(), slot.load.take_committable()?)))
            .collect();
        for (_, slot) in &gone {
            tracing::info!(partition = %slot.id, "let go");
            self.shared.job.metrics.forget(slot.id.stage.name(), slot.id.partition);
        }
        // Without brokers a commit would wait for them.
        let heard = |trouble: &Trouble| trouble.last.elapsed() < RECENT_TROUBLE;
        if commit && !self.watch.troubles().iter().any(heard) {
            commit_all(consumer, &committable, CommitMode::Sync);
        }
        self.count();
    }

    fn count(&self) {
        let owned = self.slots().len() as i64;
        self.shared.job.metrics.assigned.with_label_values(&[self.stage.name()]).set(owned);
    }
}

/// Resumes partitions that go. The client remembers that they were paused: when they come back they would never be
/// read.
fn resume_paused(consumer: &BaseConsumer<OwnedPartitions>, gone: &[(TopicPartition, Slot)]) {
    let mut list = TopicPartitionList::new();
    for ((topic, partition), _) in gone.iter().filter(|(_, slot)| slot.paused) {
        list.add_partition(topic, *partition);
    }
    if list.count() == 0 {
        return;
    }
    if let Err(error) = consumer.resume(&list) {
        tracing::debug!(%error, "partitions were let go while they were paused");
    }
}

/// Commits positions. Nobody depends on it: restarts begin at checkpoints. It tells operators how far a group is.
pub(crate) fn commit_all(
    consumer: &BaseConsumer<OwnedPartitions>,
    committable: &[(TopicPartition, Committable)],
    mode: CommitMode,
) {
    let mut list = TopicPartitionList::new();
    for ((topic, partition), committable) in committable {
        let offset = Offset::Offset(i64::try_from(committable.offset).unwrap_or(i64::MAX));
        let mut added = list.add_partition(topic, *partition);
        if added.set_offset(offset).is_ok() {
            added.set_metadata(&committable.metadata);
        }
    }
    if list.count() == 0 {
        return;
    }
    if let Err(error) = consumer.commit(&list, mode) {
        tracing::debug!(%error, "positions were not committed");
    }
}

fn partitions(list: &TopicPartitionList) -> Vec<TopicPartition> {
    list.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect()
}

shoal_kafka::watched!(OwnedPartitions, watch, OwnedPartitions::learn);

impl OwnedPartitions {
    /// Takes note of the statistics of the client.
    fn learn(&self, statistics: &Statistics) {
        for ((topic, partition), slot) in self.slots().iter_mut() {
            let lag = lag(statistics, topic, *partition, slot.position);
            slot.is_led = is_led(statistics, topic, *partition) && lag == Some(0);
            if let Some(lag) = lag {
                let labels = &[self.stage.name(), &slot.id.partition.to_string()];
                self.shared.job.metrics.lag_records.with_label_values(labels).set(lag);
            }
        }
    }
}

impl ConsumerContext for OwnedPartitions {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                for mut element in list.elements() {
                    self.begin(&mut element);
                }
                if list.count() > 0 {
                    self.shared.job.metrics.rebalances.with_label_values(&[self.stage.name()]).inc();
                }
                self.count();
            }
            Rebalance::Revoke(list) => {
                // Nothing may be committed for a partition that was lost to another process.
                self.let_go(consumer, &partitions(list), !consumer.assignment_lost());
            }
            Rebalance::Error(error) => self.watch.error(error, "rebalance"),
        }
    }

    fn main_queue_min_poll_interval(&self) -> Timeout {
        Timeout::After(Duration::from_millis(100))
    }
}

impl OwnedPartitions {
    /// Sets where a partition is read from, which takes effect as the partition is assigned.
    fn begin(&self, element: &mut TopicPartitionListElem<'_>) {
        let (topic, partition) = (element.topic().to_owned(), element.partition());
        let begun = self.take_up(&topic, partition).and_then(|offset| {
            let offset = Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX));
            element.set_offset(offset).map_err(|error| shoal_kafka::Error::cluster(topic.as_str(), &error).into())
        });
        if let Err(error) = begun {
            self.shared.fail(error);
        }
    }
}
