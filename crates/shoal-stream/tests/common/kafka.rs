//! Topics for tests: made, filled, read.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, reason = "each test file uses a part; a test may panic")]

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{Message, Offset, TopicPartitionList};
use shoal_broker::Cluster;
use shoal_kafka::{Connection, Purpose, topics};
use shoal_model::{Alert, Span};
use shoal_stream::{Input, Job, KafkaSettings, Output, Outputs, Source};

/// The longest that a cluster may take for anything.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The partitions of source topics.
pub(crate) const PARTITIONS: i32 = 4;

pub(crate) fn connection(cluster: &Cluster) -> Connection {
    Connection::plaintext(cluster.bootstrap().split(','))
}

/// A copy of the job with a topic of posts as its input and topics as its outputs, named by `prefix`.
pub(crate) fn over_topics(job: Job, cluster: &Cluster, prefix: &str) -> Job {
    let topic = format!("{prefix}.posts");
    let sources = (0..PARTITIONS).map(|partition| Source {
        name: format!("{topic}/{partition}"),
        input: Input::Topic { topic: topic.clone(), partition },
        format: Some(shoal_formats::Format::NATIVE),
        filter: None,
    });
    Job {
        sources: sources.collect(),
        outputs: Outputs {
            alerts: Some(Output::Topic(format!("{prefix}.alerts"))),
            shadow: None,
            dead_letters: Some(Output::Topic(format!("{prefix}.dead-letters"))),
        },
        kafka: Some(
            KafkaSettings { prefix: prefix.to_owned(), ..KafkaSettings::default() }.reached_by(connection(cluster)),
        ),
        ..job
    }
}

/// Makes the topics of a job.
pub(crate) fn create_topics(job: &Job, replication: i32) {
    let specs = shoal_stream::topics(job, true, replication, Span::from_seconds(7 * 86_400));
    topics::create(&job.kafka.as_ref().unwrap().connection(), &specs, PATIENCE).unwrap();
}

/// Writes records to the partitions of a topic, each to the one that is named.
pub(crate) fn produce<'a>(cluster: &Cluster, topic: &str, records: impl Iterator<Item = (i32, &'a [u8])>) {
    let config = connection(cluster).client(&Purpose::Producer).unwrap();
    let producer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
    for (partition, payload) in records {
        let mut record = BaseRecord::<(), [u8]>::to(topic).partition(partition).payload(payload);
        while let Err((error, back)) = producer.send(record) {
            assert_eq!(error.rdkafka_error_code(), Some(rdkafka::error::RDKafkaErrorCode::QueueFull), "{error}");
            producer.flush(PATIENCE).unwrap();
            record = back;
        }
    }
    producer.flush(PATIENCE).unwrap();
}

/// Every record of a topic: partition, key, value.
pub(crate) fn consume(cluster: &Cluster, topic: &str) -> Vec<(i32, Vec<u8>, Vec<u8>)> {
    let mut config = connection(cluster).client(&Purpose::Reader).unwrap();
    config.set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
    let mut list = TopicPartitionList::new();
    let partitions = metadata.topics()[0].partitions().len();
    for partition in 0..partitions {
        list.add_partition_offset(topic, partition as i32, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let (mut records, mut ended) = (Vec::new(), 0);
    while ended < partitions {
        match consumer.poll(PATIENCE).expect("records or their end") {
            Ok(message) => {
                let bytes = |bytes: Option<&[u8]>| bytes.unwrap_or_default().to_vec();
                records.push((message.partition(), bytes(message.key()), bytes(message.payload())));
            }
            Err(KafkaError::PartitionEOF(_)) => ended += 1,
            Err(error) => panic!("{error}"),
        }
    }
    records
}

/// The alerts in a topic.
pub(crate) fn alerts_in(cluster: &Cluster, topic: &str) -> Vec<Alert> {
    let records = consume(cluster, topic);
    records.iter().map(|(_, _, value)| serde_json::from_slice(value).unwrap()).collect()
}
