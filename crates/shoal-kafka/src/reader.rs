//! Questions of a run before it starts: how many partitions, which offsets, what was last.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::message::{Message, OwnedMessage};
use rdkafka::metadata::{Metadata, MetadataPartition, MetadataTopic};
use rdkafka::{Offset, TopicPartitionList};

use crate::diagnosis::{TroubleKind, code_of};
use crate::{CloseWithin, Connection, Error, Purpose, Trouble, Watch, WatchContext};

/// Time of a call into the client. Between two, what the client has to say is heard and tokens are given.
const SLICE: Duration = Duration::from_millis(200);

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// Time that closing a reader may take.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Time that brokers may take to know what they lead.
const LEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// After the first complaint about a broker it takes this long until it is given up: a host may have several addresses,
/// and what tells most may come last.
const GRACE: Duration = Duration::from_secs(1);

/// Asks a cluster about topics and reads single records, without a group.
pub struct Reader {
    consumer: CloseWithin<BaseConsumer<WatchContext>>,
    watch: Watch,
    brokers: usize,
    /// `true` once the cluster has answered; from then on what does not answer is waited for.
    has_answered: AtomicBool,
}

impl Reader {
    /// A reader; nothing is asked yet.
    pub fn open(connection: &Connection) -> Result<Self, Error> {
        let watch = Watch::of_reader(connection);
        let mut config = connection.client(&Purpose::Reader)?;
        // The end is what is asked for: brokers need not wait there for more.
        config.set("enable.partition.eof", "true").set("fetch.wait.max.ms", "10");
        // Leaders of topics that are only asked about are not looked up again before this.
        config.set("metadata.max.age.ms", "1000");
        let consumer = config.create_with_context(WatchContext(watch.clone()));
        let consumer = CloseWithin::new("reader", consumer.map_err(|error| Error::client(&error))?, CLOSE_TIMEOUT);
        Ok(Self { consumer, watch, brokers: connection.bootstrap.len(), has_answered: AtomicBool::new(false) })
    }

    /// The troubles so far.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// All topics that we may see, and the brokers; the first question to a cluster. The error says why nobody
    /// answers, as soon as every broker named has complained.
    pub fn metadata(&self, within: Duration) -> Result<Metadata, Error> {
        self.ask("brokers and topics", within, |consumer| consumer.fetch_metadata(None, SLICE))
    }

    /// The number of partitions of a topic; `None` where there is no such topic.
    pub fn partition_count(&self, topic: &str, within: Duration) -> Result<Option<i32>, Error> {
        Ok(self.shape(topic, within)?.map(|shape| shape.partitions))
    }

    /// The shape of a topic; `None` where there is no such topic.
    pub(crate) fn shape(&self, topic: &str, within: Duration) -> Result<Option<Shape>, Error> {
        let asked = format!("partitions of topic `{topic}`");
        let metadata = self.ask(&asked, within, |consumer| consumer.fetch_metadata(Some(topic), SLICE))?;
        let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else { return Ok(None) };
        match found.error().map(Code::from) {
            None => Ok(Some(Shape::of(found))),
            Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => Ok(None),
            Some(code) => Err(Error::cluster(asked, &KafkaError::MetadataFetch(code))),
        }
    }

    /// The offsets of a partition: of its first record, and the one after its last.
    pub fn watermarks(&self, topic: &str, partition: i32, within: Duration) -> Result<(i64, i64), Error> {
        let asked = format!("offsets of `{topic}` partition {partition}");
        let started = Instant::now();
        loop {
            let answer = self.ask(&asked, within, |consumer| consumer.fetch_watermarks(topic, partition, SLICE));
            // A broker may not know yet that it leads a partition that was just made, or just moved.
            match &answer {
                Err(Error::Cluster { diagnosis, .. })
                    if diagnosis.kind == TroubleKind::UnknownTopic
                        && started.elapsed() < LEADER_TIMEOUT.min(within) =>
                {
                    _ = self.consumer.poll(PAUSE);
                }
                _ => return answer,
            }
        }
    }

    /// The last record of a partition, if it holds any. Offsets have gaps, in compacted topics above all, so it is
    /// looked for backwards in growing steps.
    pub fn last_record(&self, topic: &str, partition: i32, within: Duration) -> Result<Option<OwnedMessage>, Error> {
        let deadline = Instant::now() + within;
        let (low, high) = self.watermarks(topic, partition, within)?;
        let mut step = 1;
        let mut start = high;
        while start > low {
            start = high.saturating_sub(step).max(low);
            step = step.saturating_mul(16);
            let from = From { topic, partition, offset: Offset::Offset(start) };
            let last = self.read(&from, deadline, |offset| offset + 1 >= high)?;
            if last.is_some() {
                return Ok(last);
            }
        }
        Ok(None)
    }

    /// Reads on from the end of a partition until it is said that nothing is there.
    pub(crate) fn reach_end(&self, topic: &str, partition: i32, within: Duration) -> Result<(), Error> {
        let end = From { topic, partition, offset: Offset::End };
        self.read(&end, Instant::now() + within, |_| true).map(drop)
    }

    /// Reads a partition until a record satisfies, or to its end; the last record that was read.
    fn read(
        &self,
        from: &From<'_>,
        deadline: Instant,
        suffices: impl Fn(i64) -> bool,
    ) -> Result<Option<OwnedMessage>, Error> {
        let mut assignment = TopicPartitionList::new();
        let place = assignment.add_partition_offset(from.topic, from.partition, from.offset);
        let refused = |error: KafkaError| Error::cluster(from.to_string(), &error);
        place.and_then(|()| self.consumer.assign(&assignment)).map_err(refused)?;
        let mut last = None;
        let read = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break Err(self.unanswered(&from.to_string()));
            }
            match self.consumer.poll(SLICE.min(left)) {
                Some(Ok(record)) => {
                    last = Some(record.detach());
                    if suffices(record.offset()) {
                        break Ok(last);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => break Ok(last),
                Some(Err(error)) if is_final(&error) => break Err(refused(error)),
                Some(Err(_)) | None => {}
            }
        };
        self.consumer.unassign().map_err(refused)?;
        read
    }

    /// Asks until there is an answer, a refusal, or nobody left to wait for.
    fn ask<T>(
        &self,
        asked: &str,
        within: Duration,
        question: impl Fn(&BaseConsumer<WatchContext>) -> KafkaResult<T>,
    ) -> Result<T, Error> {
        let start = Instant::now();
        loop {
            // Hears complaints; gives the token, without which nothing is answered.
            while self.consumer.poll(Duration::ZERO).is_some() {}
            match question(&self.consumer) {
                Ok(answer) => {
                    self.has_answered.store(true, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) if is_final(&error) => return Err(Error::cluster(asked, &error)),
                Err(_) if start.elapsed() >= within || self.is_hopeless() => {
                    while self.consumer.poll(Duration::ZERO).is_some() {}
                    return Err(self.unanswered(asked));
                }
                // Some questions fail at once.
                Err(_) => _ = self.consumer.poll(PAUSE),
            }
        }
    }

    /// Says whether every broker that we were told of has complained, and some time ago.
    fn is_hopeless(&self) -> bool {
        if self.has_answered.load(Ordering::Relaxed) {
            return false;
        }
        let troubles = self.watch.troubles();
        let heard = |trouble: &&Trouble| trouble.first.elapsed() >= GRACE;
        let mut brokers: Vec<_> =
            troubles.iter().filter(heard).filter_map(|trouble| trouble.broker.as_deref()).collect();
        brokers.sort_unstable();
        brokers.dedup();
        brokers.len() >= self.brokers
            || troubles.iter().any(|one| one.diagnosis.kind == TroubleKind::Token && heard(&one))
    }

    fn unanswered(&self, asked: &str) -> Error {
        match self.watch.worst() {
            Some(trouble) => Error::Cluster { asked: asked.to_owned(), diagnosis: trouble.diagnosis },
            None => Error::cluster(asked, &KafkaError::Global(Code::OperationTimedOut)),
        }
    }
}

/// The partitions and replicas of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) partitions: i32,
    /// The least of any partition.
    pub(crate) replicas: i32,
    /// Partitions that no broker serves.
    pub(crate) leaderless: Vec<i32>,
}

impl Shape {
    pub(crate) fn of(topic: &MetadataTopic) -> Self {
        let partitions = topic.partitions();
        let leaderless = partitions.iter().filter(|partition| partition.leader() < 0);
        Self {
            partitions: partitions.len() as i32,
            replicas: partitions.iter().map(|partition| partition.replicas().len() as i32).min().unwrap_or(0),
            leaderless: leaderless.map(MetadataPartition::id).collect(),
        }
    }
}

/// The place to read from.
struct From<'a> {
    topic: &'a str,
    partition: i32,
    offset: Offset,
}

impl fmt::Display for From<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "records of `{}` partition {}", self.topic, self.partition)
    }
}

/// Says whether asking again is of no use. A complaint about the group that a reader never joins is none.
fn is_final(error: &KafkaError) -> bool {
    matches!(
        code_of(error),
        Some(
            Code::TopicAuthorizationFailed
                | Code::ClusterAuthorizationFailed
                | Code::UnknownTopicOrPartition
                | Code::UnknownTopic
                | Code::UnknownPartition
                | Code::InvalidTopic
                | Code::OffsetOutOfRange
                | Code::AutoOffsetReset
                | Code::Fatal
        )
    )
}
