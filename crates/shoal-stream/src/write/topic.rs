//! An output topic whose records are numbered, so that a restarted process writes none of them twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use rdkafka::Message;
use rdkafka::message::{Header, OwnedHeaders};
use shoal_kafka::{Connection, Reader};

use super::producer::{OutgoingRecord, Pending, Producer};
use crate::Error;
use crate::cluster::record::{CHANNEL, EPOCH, SCHEMA, SEQUENCE, header};
use crate::cluster::scan::{QUERY_TIMEOUT, scan};

/// A row of numbered records: those of one writer in one partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct RowId {
    partition: i32,
    writer: String,
}

/// Numbers of the last records, by row.
type RowNumbers = BTreeMap<RowId, u64>;

/// The number of the last record of a row, as a checkpoint keeps it: a list of three.
type RowMark = (i32, String, u64);

/// The mark of an output topic in a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct TopicMark {
    /// Numbers of the last records sent.
    pub(crate) numbers: Vec<RowMark>,
    /// Numbers of the last records in the topic: more, while what was written before is made again.
    pub(crate) written: Vec<RowMark>,
    /// Offsets at or before everything written later, by partition.
    pub(crate) ends: BTreeMap<i32, i64>,
}

/// An output topic.
pub(crate) struct TopicSink {
    topic: String,
    schema: &'static str,
    epoch: String,
    partitions: i32,
    numbers: RowNumbers,
    /// Numbers that were found there at the start: written before, by this process or an earlier one.
    written: RowNumbers,
    ends: BTreeMap<i32, i64>,
    pending: Arc<Pending>,
}

impl TopicSink {
    /// Looks how far the topic has been written, beyond what a checkpoint knows. Numbers are kept of those writers
    /// alone that `ours` says are ours.
    pub(crate) fn open(
        connection: &Connection,
        topic: &str,
        schema: &'static str,
        epoch: &str,
        mark: &TopicMark,
        ours: impl Fn(&str) -> bool,
    ) -> Result<Self, Error> {
        let partitions = Reader::open(connection)?.partition_count(topic, QUERY_TIMEOUT)?;
        let partitions = partitions.ok_or_else(|| Error::NoTopic { topic: topic.to_owned() })?;
        let numbers = from_list(&mark.numbers);
        let mut written = from_list(&mark.written);
        let (mut ends, mut moved) = (BTreeMap::new(), false);
        for partition in 0..partitions {
            let from = mark.ends.get(&partition).copied();
            let end = scan(connection, topic, partition, from, |message| {
                let number: Option<u64> =
                    header(message, SEQUENCE).and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
                let writer = header(message, CHANNEL).and_then(|value| std::str::from_utf8(value).ok());
                let same = header(message, EPOCH) == Some(epoch.as_bytes());
                if let (true, Some(number), Some(writer)) = (same, number, writer.filter(|name| ours(name))) {
                    let row = RowId { partition: message.partition(), writer: writer.to_owned() };
                    let last: &mut u64 = written.entry(row).or_default();
                    *last = number.max(*last);
                    moved |= home(message.key().unwrap_or_default(), partitions) != message.partition();
                }
            })?;
            ends.insert(partition, end);
        }
        if moved {
            return Err(Error::Repartitioned { topic: topic.to_owned() });
        }
        Ok(Self {
            topic: topic.to_owned(),
            schema,
            epoch: epoch.to_owned(),
            partitions,
            numbers,
            written,
            ends,
            pending: Arc::default(),
        })
    }

    /// Says whether it was written before, in this epoch.
    pub(crate) fn has_written(&self) -> bool {
        !self.written.is_empty()
    }

    /// Writes a record, unless it was written before; gives whether it was not. The numbers of `writer` count on.
    pub(crate) fn send(
        &mut self,
        producer: &Producer,
        writer: &str,
        key: &[u8],
        payload: &[u8],
    ) -> Result<bool, Error> {
        let partition = home(key, self.partitions);
        let row = RowId { partition, writer: writer.to_owned() };
        let number = self.numbers.get(&row).map_or(1, |last| last + 1);
        let known = self.written.get(&row).is_some_and(|written| number <= *written);
        self.numbers.insert(row, number);
        if known {
            return Ok(false);
        }
        let number = number.to_string();
        let headers = OwnedHeaders::new_with_capacity(4)
            .insert(Header { key: SCHEMA, value: Some(self.schema) })
            .insert(Header { key: EPOCH, value: Some(&self.epoch) })
            .insert(Header { key: CHANNEL, value: Some(writer) })
            .insert(Header { key: SEQUENCE, value: Some(&number) });
        producer.send(OutgoingRecord { topic: &self.topic, partition, key, payload, headers }, &self.pending)?;
        Ok(true)
    }

    /// Waits until everything is written; gives what a checkpoint keeps.
    pub(crate) fn settle(&mut self, producer: &Producer) -> Result<TopicMark, Error> {
        producer.settle(&self.pending)?;
        self.ends.extend(self.pending.ends());
        for (row, last) in &self.numbers {
            let written = self.written.entry(row.clone()).or_default();
            *written = (*last).max(*written);
        }
        Ok(TopicMark { numbers: to_list(&self.numbers), written: to_list(&self.written), ends: self.ends.clone() })
    }
}

/// The partition of a key, as librdkafka's partitioner `consistent` chooses it; it must never change.
fn home(key: &[u8], partitions: i32) -> i32 {
    (crc32fast::hash(key) % partitions.unsigned_abs().max(1)) as i32
}

fn to_list(numbers: &RowNumbers) -> Vec<RowMark> {
    numbers.iter().map(|(row, last)| (row.partition, row.writer.clone(), *last)).collect()
}

fn from_list(list: &[RowMark]) -> RowNumbers {
    let row = |(partition, writer, last): &RowMark| (RowId { partition: *partition, writer: writer.clone() }, *last);
    list.iter().map(row).collect()
}
