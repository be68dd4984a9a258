//! Reading a range of a topic from one end to the other.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message, Offset, TopicPartitionList};
use shoal_kafka::{Connection, Purpose, Reader, Watch, WatchContext};

use crate::Error;

/// The longest that a question to the cluster may take.
pub(crate) const QUERY_TIMEOUT: Duration = Duration::from_secs(30);
/// The time after which the end of a range is reached although its last offsets hold no records.
const TAIL_GAP_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that nothing may come while a range is read.
const SILENCE_TIMEOUT: Duration = Duration::from_mins(1);

/// A consumer that is assigned by hand.
pub(crate) fn reader(connection: &Connection) -> Result<(BaseConsumer<WatchContext>, Watch), Error> {
    let watch = Watch::of_reader(connection);
    let mut config = connection.client(&Purpose::Reader)?;
    config.set("enable.partition.eof", "true");
    let consumer = config.create_with_context(WatchContext(watch.clone()));
    Ok((consumer.map_err(|error| shoal_kafka::Error::client(&error))?, watch))
}

/// Reads a partition from `from`, or its first record, to where it ends now; gives where that is.
pub(crate) fn scan(
    connection: &Connection,
    topic: &str,
    partition: i32,
    from: Option<i64>,
    mut see: impl FnMut(&BorrowedMessage<'_>),
) -> Result<i64, Error> {
    let (low, high) = Reader::open(connection)?.watermarks(topic, partition, QUERY_TIMEOUT)?;
    let start = from.unwrap_or(low).max(low);
    if start >= high {
        return Ok(high);
    }
    let failed = |error: &KafkaError| shoal_kafka::Error::cluster(format!("records of `{topic}`"), error);
    let (consumer, watch) = reader(connection)?;
    let mut list = TopicPartitionList::new();
    let added = list.add_partition_offset(topic, partition, Offset::Offset(start));
    added.and_then(|()| consumer.assign(&list)).map_err(|error| failed(&error))?;
    let (mut heard, mut ended) = (Instant::now(), false);
    loop {
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => {
                heard = Instant::now();
                if message.offset() < high {
                    see(&message);
                }
                if message.offset() + 1 >= high {
                    return Ok(high);
                }
            }
            Some(Err(KafkaError::PartitionEOF(_))) => ended = true,
            Some(Err(error)) => watch.error(&error, &error.to_string()),
            // The last offsets may hold no records. But a new leader may not know yet what the old one had.
            None if ended && heard.elapsed() > TAIL_GAP_TIMEOUT => return Ok(high),
            None => {}
        }
        if heard.elapsed() > SILENCE_TIMEOUT {
            return Err(Error::Silent { topic: topic.to_owned(), waited: SILENCE_TIMEOUT, why: worst(&watch) });
        }
    }
}

/// The worst trouble with the brokers, in words.
pub(crate) fn worst(watch: &Watch) -> String {
    watch.worst().map_or_else(
        || "the brokers do not answer".to_owned(),
        |trouble| format!("{}; {}", trouble.diagnosis.what, trouble.diagnosis.remedy),
    )
}
