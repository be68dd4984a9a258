//! Writing to topics: one idempotent producer for a process, which never gives up in silence.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, PurgeConfig, ThreadedProducer};
use rdkafka::statistics::Statistics;
use shoal_kafka::{Connection, Purpose, Watch, diagnose};

use crate::cluster::leaders::STATISTICS_INTERVAL_MS;
use crate::cluster::outage::Outage;
use crate::{Error, Metrics};

/// The longest that a run that is to stop waits for brokers that are gone.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// The one producer of a process.
pub(crate) struct Producer {
    inner: ThreadedProducer<Deliveries>,
    stop: Arc<AtomicBool>,
}

/// Hears what became of records.
pub(crate) struct Deliveries {
    watch: Watch,
    outage: Mutex<Outage>,
    failure: Mutex<Option<DeliveryFailure>>,
    room: Mutex<()>,
    has_room: Condvar,
    metrics: Metrics,
}

/// A record that was not written, and never will be.
#[derive(Debug, Clone)]
struct DeliveryFailure {
    topic: String,
    what: String,
    remedy: String,
}

/// The records of one writer that are on their way, and how far its topic's partitions have come.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    state: Mutex<Outstanding>,
    settled: Condvar,
}

#[derive(Debug, Default)]
struct Outstanding {
    records: usize,
    ends: BTreeMap<i32, i64>,
}

impl Pending {
    fn lock(&self) -> MutexGuard<'_, Outstanding> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offsets after the last records that were written, by partition.
    pub(crate) fn ends(&self) -> BTreeMap<i32, i64> {
        self.lock().ends.clone()
    }

    /// Says whether nothing is on its way.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().records == 0
    }

    fn settle(&self, written: Option<(i32, i64)>) {
        let mut state = self.lock();
        state.records = state.records.saturating_sub(1);
        if let Some((partition, offset)) = written {
            let end = state.ends.entry(partition).or_default();
            *end = (*end).max(offset + 1);
        }
        if state.records == 0 {
            self.settled.notify_all();
        }
    }
}

/// A record on its way.
pub(crate) struct Ticket {
    pending: Arc<Pending>,
    since: Instant,
}

/// A record to write.
pub(crate) struct OutgoingRecord<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) key: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) headers: OwnedHeaders,
}

shoal_kafka::watched!(Deliveries, watch, Deliveries::learn);

impl Deliveries {
    /// Takes note of the statistics of the client.
    fn learn(&self, statistics: &Statistics) {
        let outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner).learn(statistics);
        self.metrics.broker_trouble.set(outage.as_secs_f64());
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Ticket>;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: Box<Ticket>) {
        self.metrics.unacknowledged.dec();
        self.metrics.delivery.observe(ticket.since.elapsed().as_secs_f64());
        let written = match result {
            Ok(message) => Some((message.partition(), message.offset())),
            Err((error, message)) => {
                self.fail(message.topic(), error);
                None
            }
        };
        ticket.pending.settle(written);
        self.has_room.notify_all();
    }
}

impl Deliveries {
    fn fail(&self, topic: &str, error: &KafkaError) {
        // Records that are thrown away when the process gives up are no news.
        if matches!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight)) {
            return;
        }
        let diagnosis = diagnose(error.rdkafka_error_code(), &error.to_string());
        let failure = DeliveryFailure { topic: topic.to_owned(), what: diagnosis.what, remedy: diagnosis.remedy };
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
    }
}

impl Producer {
    /// A producer of this cluster. Nothing is connected yet.
    pub(crate) fn new(connection: &Connection, stop: Arc<AtomicBool>, metrics: &Metrics) -> Result<Self, Error> {
        let mut config = connection.client(&Purpose::Producer)?;
        config.set("statistics.interval.ms", STATISTICS_INTERVAL_MS);
        let deliveries = Deliveries {
            watch: Watch::new(connection),
            outage: Mutex::default(),
            failure: Mutex::new(None),
            room: Mutex::new(()),
            has_room: Condvar::new(),
            metrics: metrics.clone(),
        };
        let inner = config.create_with_context(deliveries).map_err(|error| shoal_kafka::Error::client(&error))?;
        Ok(Self { inner, stop })
    }

    /// Fails if something was not written and never will be.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let context = self.inner.context();
        let failure = context.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let fatal = || {
            let trouble = context.watch.fatal()?;
            let what = trouble.diagnosis.what;
            Some(DeliveryFailure { topic: "any topic".to_owned(), what, remedy: trouble.diagnosis.remedy })
        };
        match failure.or_else(fatal) {
            Some(DeliveryFailure { topic, what, remedy }) => Err(Error::NotWritten { topic, what, remedy }),
            None => Ok(()),
        }
    }

    /// Hands a record over; waits while too many are on their way.
    pub(crate) fn send(&self, record: OutgoingRecord<'_>, pending: &Arc<Pending>) -> Result<(), Error> {
        // Nothing may follow what is missing.
        self.check()?;
        let context = self.inner.context();
        let ticket = Box::new(Ticket { pending: Arc::clone(pending), since: Instant::now() });
        pending.lock().records += 1;
        context.metrics.unacknowledged.inc();
        let mut record = BaseRecord::with_opaque_to(record.topic, ticket)
            .partition(record.partition)
            .key(record.key)
            .payload(record.payload)
            .headers(record.headers);
        let mut stopping = None;
        loop {
            let (error, back) = match self.inner.send(record) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            record = back;
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                context.metrics.unacknowledged.dec();
                pending.settle(None);
                context.fail(record.topic, &error);
                return self.check();
            }
            self.check()?;
            self.has_patience(&mut stopping)?;
            let room = context.room.lock().unwrap_or_else(PoisonError::into_inner);
            // There may be room before this one waits: a second look costs little.
            drop(context.has_room.wait_timeout(room, Duration::from_millis(20)));
        }
    }

    /// Waits until everything of one writer is written.
    pub(crate) fn settle(&self, pending: &Pending) -> Result<(), Error> {
        let mut stopping = None;
        let mut state = pending.lock();
        while state.records > 0 {
            let (next, _) =
                pending.settled.wait_timeout(state, Duration::from_millis(100)).unwrap_or_else(PoisonError::into_inner);
            state = next;
            self.check()?;
            self.has_patience(&mut stopping)?;
        }
        drop(state);
        self.check()
    }

    /// Ends the patience of a run that is to stop.
    fn has_patience(&self, stopping: &mut Option<Instant>) -> Result<(), Error> {
        if !self.stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let since = stopping.get_or_insert_with(Instant::now);
        if since.elapsed() < STOP_TIMEOUT { Ok(()) } else { Err(Error::Unwritten { waited: STOP_TIMEOUT }) }
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        // What is not written by now is written again after a restart; the client would wait for the brokers.
        self.inner.purge(PurgeConfig::default().queue().inflight());
    }
}
