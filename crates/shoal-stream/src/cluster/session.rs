//! What a run asks a cluster before it starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use rdkafka::Message;
use rdkafka::message::OwnedHeaders;
use shoal_kafka::{Connection, Reader};

use super::epoch::epoch;
use super::progress_log::ProgressLog;
use super::scan::{QUERY_TIMEOUT, scan};
use crate::Error;
use crate::fused::source_partition::{SourceOrigin, SourcePartition};
use crate::job::{Input, Job, Kafka, Output};
use crate::order::intake::IdleDecision;
use crate::staged::topology::Topology;
use crate::write::ClusterWriter;
use crate::write::producer::{OutgoingRecord, Producer};

/// A cluster that can do what is asked of it.
pub(crate) struct ClusterSession {
    pub(crate) kafka: Kafka,
    pub(crate) topology: Topology,
    pub(crate) broker: ClusterWriter,
    /// What everybody has said so far, and where that ends.
    pub(crate) progress_log: ProgressLog,
    pub(crate) progress_log_end: u64,
    /// Of each source that is a topic: its first offset, and the one after its last record.
    pub(crate) offsets: BTreeMap<usize, (i64, i64)>,
}

impl ClusterSession {
    /// Makes ready what a run over topics needs; nothing when the job has to do with none. `ends` is where sources end
    /// that are not followed.
    pub(crate) fn of(job: &Job, staged: bool, ends: &[Option<u64>]) -> Result<Option<Self>, Error> {
        let outputs = [&job.outputs.alerts, &job.outputs.shadow, &job.outputs.dead_letters];
        let writes = outputs.into_iter().flatten().any(|output| matches!(output, Output::Topic(_)));
        let reads = job.sources.iter().any(|source| matches!(source.input, Input::Topic { .. }));
        if !writes && !reads {
            return Ok(None);
        }
        let kafka = job.kafka.clone().ok_or(Error::NoKafka)?;
        let topology = Topology::new(&kafka.prefix, job.sources.len(), &job.detect.partitions);
        let offsets = offsets(job)?;
        let epoch = epoch(job, &kafka, staged, ends)?;
        let mut progress_log = ProgressLog::new(&epoch);
        let mut progress_log_end = 0;
        if reads {
            let end = learn(&kafka.connection, &Reader::open(&kafka.connection)?, &topology, &mut progress_log)?;
            progress_log_end = u64::try_from(end).unwrap_or(0);
        }
        let producer = Arc::new(Producer::new(&kafka.connection, Arc::clone(&job.stop), &job.metrics)?);
        let broker = ClusterWriter { connection: kafka.connection.clone(), producer, epoch };
        Ok(Some(Self { kafka, topology, broker, progress_log, progress_log_end, offsets }))
    }

    /// Where a source goes on that is at `position`. Its first records may be gone when nothing was read yet, which is
    /// said loudly.
    pub(crate) fn begin(&self, number: usize, position: u64, topic: &str, partition: i32) -> Result<u64, Error> {
        let (low, high) = self.offsets.get(&number).copied().unwrap_or_default();
        let (first, end) = (u64::try_from(low).unwrap_or(0), u64::try_from(high).unwrap_or(0));
        if position == 0 && first > 0 {
            let why = "its first records are gone: alerts that rest on them may be missing or weaker";
            tracing::warn!(topic, partition, first, "starting from the first record that is left; {why}");
            return Ok(first);
        }
        if position < first || position > end {
            let topic = topic.to_owned();
            return Err(Error::OutOfRange { topic, partition, low, high, wanted: position });
        }
        Ok(position)
    }

    /// Whether the first records of a source are gone.
    pub(crate) fn is_cut(&self) -> Option<usize> {
        self.offsets.iter().find(|(_, (low, _))| *low > 0).map(|(number, _)| *number)
    }

    /// Writes down that a source is idle, before anybody acts upon it.
    pub(crate) fn decide_idle(&self, source: &SourcePartition, idle: IdleDecision) -> Result<(), Error> {
        if matches!(source.origin, SourceOrigin::File(_)) {
            return Ok(());
        }
        let (key, value) = self.progress_log.idle(&source.name, source.position.offset, idle)?;
        write_down(&self.broker.producer, &self.topology.progress_log_topic(), &key, &value)
    }

    /// What was decided about a source that stands where it stands.
    pub(crate) fn decided_idle(&self, source: &SourcePartition) -> Option<IdleDecision> {
        self.progress_log.idle_at(&source.name, source.position.offset)
    }
}

/// Writes a record of the progress topic and waits until the brokers have it.
pub(crate) fn write_down(producer: &Producer, topic: &str, key: &str, value: &[u8]) -> Result<(), Error> {
    let pending = Arc::default();
    let record =
        OutgoingRecord { topic, partition: 0, key: key.as_bytes(), payload: value, headers: OwnedHeaders::new() };
    producer.send(record, &pending)?;
    producer.settle(&pending)
}

/// Whether a topic has as many partitions as the pipeline says.
pub(crate) fn check_topic(reader: &Reader, topic: &str, expected: i32) -> Result<(), Error> {
    match reader.partition_count(topic, QUERY_TIMEOUT)? {
        None => Err(Error::NoTopic { topic: topic.to_owned() }),
        Some(found) if found == expected => Ok(()),
        Some(found) => Err(Error::OtherPartitions { topic: topic.to_owned(), found, expected }),
    }
}

/// Where the sources that are topics end now.
pub(crate) fn ends(job: &Job) -> Result<BTreeMap<usize, u64>, Error> {
    let end = |(number, (_, high))| (number, u64::try_from(high).unwrap_or(0));
    Ok(offsets(job)?.into_iter().map(end).collect())
}

/// Of every source that is a topic, its first offset and the one after its last record.
fn offsets(job: &Job) -> Result<BTreeMap<usize, (i64, i64)>, Error> {
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
    let reader = Reader::open(&kafka.connection)?;
    for (topic, count) in counts {
        check_topic(&reader, topic, count)?;
    }
    let mut offsets = BTreeMap::new();
    for (number, source) in job.sources.iter().enumerate() {
        if let Input::Topic { topic, partition } = &source.input {
            offsets.insert(number, reader.watermarks(topic, *partition, QUERY_TIMEOUT)?);
        }
    }
    Ok(offsets)
}

/// Reads what everybody has said so far; gives where the topic ends.
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
