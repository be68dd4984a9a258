//! The session of a run with a cluster: everything asked before it started, and the decisions written down.

use std::collections::BTreeMap;
use std::sync::Arc;

use rdkafka::Message;
use shoal_kafka::{Connection, Reader};

use super::epoch::epoch;
use super::progress_log::{LogRecord, ProgressLog};
use super::scan::{QUERY_TIMEOUT, scan};
use crate::Error;
use crate::job::{Input, Job, Output};
use crate::order::idle::IdleDecision;
use crate::settings::KafkaSettings;
use crate::staged::topology::Topology;
use crate::write::ClusterWriter;
use crate::write::producer::Producer;

/// A cluster that can do what is asked of it.
pub(crate) struct ClusterSession {
    pub(crate) kafka: KafkaSettings,
    pub(crate) topology: Topology,
    pub(crate) writer: ClusterWriter,
    /// The progress log as it was at the start, and the offset after its last record.
    pub(crate) progress_log: ProgressLog,
    pub(crate) progress_log_end: u64,
    offsets: BTreeMap<usize, OffsetRange>,
}

/// The records that a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct OffsetRange {
    /// The offset of the first.
    first: u64,
    /// The offset after the last.
    end: u64,
}

impl ClusterSession {
    /// Makes ready what a run over topics needs; nothing when the job has to do with none. `ends` is where sources end
    /// that are not followed.
    pub(crate) fn of(job: &Job, staged: bool, ends: &[Option<u64>]) -> Result<Option<Self>, Error> {
        let outputs = [&job.outputs.alerts, &job.outputs.shadow, &job.outputs.dead_letters];
        let writes_topics = outputs.into_iter().flatten().any(|output| matches!(output, Output::Topic(_)));
        let reads_topics = job.sources.iter().any(|source| matches!(source.input, Input::Topic { .. }));
        if !writes_topics && !reads_topics {
            return Ok(None);
        }
        let kafka = job.kafka.clone().ok_or(Error::NoKafka)?;
        let topology = Topology::new(&kafka.prefix, job.sources.len(), &job.detect.partitions);
        let offsets = offsets(job)?;
        let epoch = epoch(job, &kafka, staged, ends)?;
        let mut progress_log = ProgressLog::new(&epoch);
        let mut progress_log_end = 0;
        if reads_topics {
            let end = learn(&kafka.connection(), &Reader::open(&kafka.connection())?, &topology, &mut progress_log)?;
            progress_log_end = u64::try_from(end).unwrap_or(0);
        }
        let producer = Arc::new(Producer::new(&kafka.connection(), Arc::clone(&job.stop), &job.metrics)?);
        let writer = ClusterWriter { connection: kafka.connection(), producer, epoch };
        Ok(Some(Self { kafka, topology, writer, progress_log, progress_log_end, offsets }))
    }

    /// The offset at which a source goes on that is at `position`. Its first records may be gone when nothing was read
    /// yet, which is said loudly.
    pub(crate) fn begin(&self, number: usize, position: u64, topic: &str, partition: i32) -> Result<u64, Error> {
        let OffsetRange { first, end } = self.offsets.get(&number).copied().unwrap_or_default();
        if position == 0 && first > 0 {
            let why = "its first records are gone: alerts that rest on them may be missing or weaker";
            tracing::warn!(topic, partition, first, "starting from the first record that is left; {why}");
            return Ok(first);
        }
        if position < first || position > end {
            let topic = topic.to_owned();
            return Err(Error::OutOfRange { topic, partition, first, end, wanted: position });
        }
        Ok(position)
    }

    /// The first source whose first records are gone.
    pub(crate) fn first_cut(&self) -> Option<usize> {
        self.offsets.iter().find(|(_, range)| range.first > 0).map(|(number, _)| *number)
    }

    /// Writes down that a source is idle at `offset`, before anybody acts upon it.
    pub(crate) fn decide_idle(&self, source: &str, offset: u64, idle: IdleDecision) -> Result<(), Error> {
        let record = self.progress_log.idle_record(source, offset, idle)?;
        write_down(&self.writer.producer, &self.topology.progress_log_topic(), &record)
    }

    /// The decision that was made about a source while it stood at `offset`.
    pub(crate) fn decided_idle(&self, source: &str, offset: u64) -> Option<IdleDecision> {
        self.progress_log.idle_at(source, offset)
    }
}

/// Writes a record to the progress log, which is `topic`, and waits until the brokers have it.
pub(crate) fn write_down(producer: &Producer, topic: &str, record: &LogRecord) -> Result<(), Error> {
    let pending = Arc::default();
    producer.send(record.to(topic), &pending)?;
    producer.settle(&pending)
}

/// Refuses a topic that has other partitions than the pipeline says.
pub(crate) fn check_topic(reader: &Reader, topic: &str, expected: i32) -> Result<(), Error> {
    match reader.partition_count(topic, QUERY_TIMEOUT)? {
        None => Err(Error::NoTopic { topic: topic.to_owned() }),
        Some(found) if found == expected => Ok(()),
        Some(found) => Err(Error::OtherPartitions { topic: topic.to_owned(), found, expected }),
    }
}

/// The offsets after the last records of the sources that are topics.
pub(crate) fn ends(job: &Job) -> Result<BTreeMap<usize, u64>, Error> {
    Ok(offsets(job)?.into_iter().map(|(number, range)| (number, range.end)).collect())
}

/// The records that every source holds that is a topic.
fn offsets(job: &Job) -> Result<BTreeMap<usize, OffsetRange>, Error> {
    let mut counts: BTreeMap<&str, i32> = BTreeMap::new();
    for source in &job.sources {
        if let Input::Topic { topic, partition } = &source.input {
            let count = counts.entry(topic).or_default();
            *count = (*count).max(partition + 1);
        }
    }
    if counts.is_empty() {
        return Ok(BTreeMap::new());
    }
    let kafka = job.kafka.as_ref().ok_or(Error::NoKafka)?;
    let reader = Reader::open(&kafka.connection())?;
    for (topic, count) in counts {
        check_topic(&reader, topic, count)?;
    }
    let mut offsets = BTreeMap::new();
    for (number, source) in job.sources.iter().enumerate() {
        if let Input::Topic { topic, partition } = &source.input {
            let (low, high) = reader.watermarks(topic, *partition, QUERY_TIMEOUT)?;
            let range = OffsetRange { first: u64::try_from(low).unwrap_or(0), end: u64::try_from(high).unwrap_or(0) };
            offsets.insert(number, range);
        }
    }
    Ok(offsets)
}

/// Reads the progress log to its end; gives the offset after its last record.
fn learn(
    connection: &Connection,
    reader: &Reader,
    topology: &Topology,
    progress_log: &mut ProgressLog,
) -> Result<i64, Error> {
    let topic = topology.progress_log_topic();
    check_topic(reader, &topic, 1)?;
    scan(connection, &topic, 0, None, |message| {
        progress_log.learn(message.key().unwrap_or_default(), message.payload().unwrap_or_default());
    })
}
