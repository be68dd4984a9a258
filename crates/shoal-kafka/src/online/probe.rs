//! Finds out what we may do by asking for it in a way that brokers refuse after they have looked at our rights, and
//! before anything happens. Clients have no way to ask for rights as such.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, ProducerContext};

use super::WantedTopic;
use crate::diagnosis::code_of;
use crate::reader::CLOSE_TIMEOUT;
use crate::{CloseWithin, Connection, Error, GroupProtocol, Purpose, Reader, Watch, WatchContext, diagnose};

/// Time that one client is waited for, before the next is looked at.
const SLICE: Duration = Duration::from_millis(50);

/// The answer of a cluster to an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No(String),
    Unknown,
}

impl Answer {
    fn no(code: Code) -> Self {
        Self::No(diagnose(Some(code), &code.to_string()).what)
    }
}

/// Tries to read a topic: looks for what comes after its last record.
pub(super) fn read(reader: &Reader, topic: &str, within: Duration) -> Answer {
    match reader.reach_end(topic, 0, within) {
        Ok(()) => Answer::Yes,
        Err(Error::Cluster { diagnosis, .. }) if !diagnosis.kind.is_passing() => Answer::No(diagnosis.what),
        Err(_) => Answer::Unknown,
    }
}

/// Tries to write topics. Records are sent that want the receipts of two brokers, which no broker takes since
/// Kafka 0.9: it looks at our rights first, then refuses for this reason, and nothing is written.
pub(super) fn write(connection: &Connection, topics: &[&WantedTopic], deadline: Instant) -> BTreeMap<String, Answer> {
    if topics.is_empty() {
        return BTreeMap::new();
    }
    let receipts = Receipts { watch: Watch::new(connection), codes: Arc::default() };
    if let Ok(producer) = producer(connection, receipts.clone()) {
        // The client must have its token before it can send.
        producer.poll(Duration::ZERO);
        for topic in topics {
            // Neither key nor content: compacted topics would refuse this too.
            if let Err((error, _)) = producer.send(BaseRecord::<(), ()>::to(&topic.name).partition(0)) {
                receipts.take(&topic.name, &error);
            }
        }
        while receipts.codes().len() < topics.len() && Instant::now() < deadline {
            producer.poll(SLICE);
        }
    }
    topics.iter().map(|topic| (topic.name.clone(), receipts.answer(&topic.name))).collect()
}

fn producer(connection: &Connection, receipts: Receipts) -> Result<CloseWithin<BaseProducer<Receipts>>, Error> {
    let mut config = connection.client(&Purpose::Producer)?;
    config
        .set("enable.gapless.guarantee", "false")
        .set("enable.idempotence", "false")
        .set("acks", "2")
        .set("retries", "0")
        .set("linger.ms", "0");
    let producer = config.create_with_context(receipts).map_err(|error| Error::client(&error))?;
    Ok(CloseWithin::new("probe of writing", producer, CLOSE_TIMEOUT))
}

/// The answers to the records that were sent.
#[derive(Clone)]
struct Receipts {
    watch: Watch,
    codes: Arc<Mutex<BTreeMap<String, Option<Code>>>>,
}

impl Receipts {
    fn take(&self, topic: &str, error: &KafkaError) {
        self.codes().insert(topic.to_owned(), code_of(error));
    }

    fn answer(&self, topic: &str) -> Answer {
        match self.codes().get(topic) {
            Some(Some(Code::InvalidRequiredAcks)) => Answer::Yes,
            Some(Some(code)) if !diagnose(Some(*code), &code.to_string()).kind.is_passing() => Answer::no(*code),
            _ => Answer::Unknown,
        }
    }

    fn codes(&self) -> MutexGuard<'_, BTreeMap<String, Option<Code>>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

crate::watched!(Receipts, watch);

impl ProducerContext for Receipts {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, _opaque: ()) {
        if let Err((error, record)) = result {
            self.take(record.topic(), error);
        }
    }
}

/// Tries to join groups, in their order. Each is asked for with a session of a millisecond, which no broker
/// takes: it looks at our rights first, then refuses for this reason, and the members of the group notice nothing.
pub(super) fn join(connection: &Connection, groups: &[String], topic: &str, deadline: Instant) -> Vec<Answer> {
    let joining = groups.iter().map(|group| Joining::start(connection, group, topic));
    let mut joining: Vec<_> = joining.collect();
    while joining.iter().any(Joining::is_open) && Instant::now() < deadline {
        for one in &mut joining {
            one.look();
        }
    }
    joining.into_iter().map(|one| one.answer).collect()
}

struct Joining {
    consumer: Option<CloseWithin<BaseConsumer<WatchContext>>>,
    answer: Answer,
}

impl Joining {
    fn start(connection: &Connection, group: &str, topic: &str) -> Self {
        let purpose = Purpose::Consumer { group: group.to_owned(), instance: None, protocol: GroupProtocol::Classic };
        let consumer = connection.client(&purpose).ok().and_then(|mut config| {
            config.set("session.timeout.ms", "1").set("heartbeat.interval.ms", "1");
            let consumer: BaseConsumer<WatchContext> =
                config.create_with_context(WatchContext(Watch::new(connection))).ok()?;
            consumer.subscribe(&[topic]).ok()?;
            Some(CloseWithin::new("probe of a group", consumer, CLOSE_TIMEOUT))
        });
        Self { consumer, answer: Answer::Unknown }
    }

    fn is_open(&self) -> bool {
        self.consumer.is_some()
    }

    fn look(&mut self) {
        let Some(consumer) = &self.consumer else { return };
        let Some(Err(error)) = consumer.poll(SLICE) else { return };
        self.answer = match code_of(&error) {
            Some(Code::InvalidSessionTimeout) => Answer::Yes,
            Some(code @ (Code::GroupAuthorizationFailed | Code::InvalidGroupId)) => Answer::no(code),
            // What it says of the topic is none of the group's business.
            _ => return,
        };
        self.consumer = None;
    }
}
