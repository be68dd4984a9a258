//! Records of topics, written and read by a client that is not Shoal's.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};

/// Time that a cluster may take for anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client that notices within seconds that a broker is gone, or another one leads.
fn config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("topic.metadata.refresh.interval.ms", "1000");
    config.set("socket.timeout.ms", "6000").set("reconnect.backoff.max.ms", "1000");
    config
}

/// A record to write. Without a payload it is a tombstone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Outgoing<'a> {
    pub(crate) partition: i32,
    pub(crate) payload: Option<&'a [u8]>,
    pub(crate) headers: &'a [(&'a str, &'a str)],
}

/// Writes to topics, each record to the partition that is named.
pub(crate) struct RecordWriter(ThreadedProducer<DefaultProducerContext>);

impl RecordWriter {
    pub(crate) fn new(bootstrap: &str) -> Self {
        let mut config = config(bootstrap);
        config.set("enable.idempotence", "true").set("compression.type", "lz4");
        // Nothing is ever given up.
        config.set("message.timeout.ms", "0").set("request.timeout.ms", "5000");
        // As they come: small batches, so that they can be read little by little.
        config.set("batch.num.messages", "32");
        // Compression makes records fit that are larger than what a topic takes.
        Self(config.set("message.max.bytes", "67108864").create().unwrap())
    }

    /// Hands a record over.
    pub(crate) fn send(&self, topic: &str, outgoing: Outgoing<'_>) {
        let header = |headers: OwnedHeaders, (key, value): &(&str, &str)| {
            headers.insert(Header { key, value: Some(value.as_bytes()) })
        };
        let headers = outgoing.headers.iter().fold(OwnedHeaders::new(), header);
        let mut record = BaseRecord::<(), [u8]>::to(topic).partition(outgoing.partition).headers(headers);
        record.payload = outgoing.payload;
        while let Err((error, back)) = self.0.send(record) {
            assert_eq!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::QueueFull), "{error}");
            self.flush();
            record = back;
        }
    }

    /// Waits until everything is written.
    pub(crate) fn flush(&self) {
        self.0.flush(PATIENCE).unwrap();
    }
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) headers: BTreeMap<String, String>,
}

impl Kept {
    fn of(message: &BorrowedMessage<'_>) -> Self {
        let bytes = |bytes: Option<&[u8]>| bytes.unwrap_or_default().to_vec();
        let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        let headers = message.headers().into_iter().flat_map(Headers::iter);
        Self {
            partition: message.partition(),
            offset: message.offset(),
            key: bytes(message.key()),
            value: bytes(message.payload()),
            headers: headers.map(|header| (header.key.to_owned(), text(header.value))).collect(),
        }
    }
}

/// Looks at topics.
pub(crate) struct Looker(BaseConsumer);

impl Looker {
    pub(crate) fn new(bootstrap: &str) -> Self {
        let mut config = config(bootstrap);
        config.set("group.id", "looker").set("enable.partition.eof", "true").set("enable.auto.commit", "false");
        Self(config.set("allow.auto.create.topics", "false").create().unwrap())
    }

    /// The broker that leads a partition, if there is one that is known.
    pub(crate) fn leader(&self, topic: &str, partition: i32) -> Option<u8> {
        let metadata = self.0.fetch_metadata(Some(topic), Duration::from_secs(5)).ok()?;
        let known = metadata.topics().iter().flat_map(rdkafka::metadata::MetadataTopic::partitions);
        let leader =
            known.filter(|known| known.id() == partition).map(rdkafka::metadata::MetadataPartition::leader).next()?;
        u8::try_from(leader).ok()
    }

    /// The offset after the last record of a partition. While no broker answers there is none.
    pub(crate) fn end(&self, topic: &str, partition: i32) -> Option<i64> {
        self.0.fetch_watermarks(topic, partition, Duration::from_secs(5)).ok().map(|(_, end)| end)
    }

    /// Every record of a topic, partition by partition.
    pub(crate) fn read(&self, topic: &str) -> Vec<Kept> {
        let metadata = self.0.fetch_metadata(Some(topic), PATIENCE).unwrap();
        let partitions = metadata.topics()[0].partitions().len();
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition_offset(topic, partition as i32, Offset::Beginning).unwrap();
        }
        self.0.assign(&list).unwrap();
        let (mut records, mut ended) = (Vec::new(), 0);
        while ended < partitions {
            match self.0.poll(PATIENCE).unwrap() {
                Ok(message) => records.push(Kept::of(&message)),
                Err(KafkaError::PartitionEOF(_)) => ended += 1,
                // A broker is, or was, gone; the client goes on by itself.
                Err(KafkaError::MessageConsumption(
                    RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::AllBrokersDown,
                )) => {}
                Err(error) => panic!("{topic}: {error}"),
            }
        }
        records.sort_by_key(|record| (record.partition, record.offset));
        self.0.unassign().unwrap();
        records
    }
}
