//! Reading topics for a fused run: one thread polls, decodes and analyses; the partitions are batches of their own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use prometheus::IntCounter;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::statistics::Statistics;
use rdkafka::{Message, Offset, TopicPartitionList};
use shoal_detect::{Analysed, Analyst, TimeDoubt};
use shoal_formats::Position;
use shoal_kafka::{Purpose, Watch, diagnose};

use crate::cluster::leaders::{self, is_led, lag};
use crate::cluster::record::Incoming;
use crate::job::Job;
use crate::read::batch::{Batch, More};
use crate::read::decode::Decoder;
use crate::settings::KafkaSettings;
use crate::{Error, Metrics};

/// Batches of one partition that may wait to be taken before it is no longer read.
const PAUSE_ABOVE: usize = 16;
/// Batches that may wait when it is read again. Pausing throws away what was fetched, so the two lie apart.
const RESUME_BELOW: usize = 4;
/// Records between two looks at who is ahead and what has waited, while records come.
const STEER_EVERY: u32 = 64;
/// The time that a poll waits, and that a record waits for the rest of its batch.
const POLL_TIMEOUT: Duration = Duration::from_millis(20);

/// A partition to read, and the offset to begin at.
#[derive(Debug, Clone)]
pub(crate) struct TopicStart {
    /// The number of the source in the job.
    pub(crate) source: usize,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    /// The first offset to read.
    pub(crate) offset: u64,
    /// The first not to read; none while following.
    pub(crate) end: Option<u64>,
    /// Offsets at which something was decided before: a batch ends there, so that it can be decided again.
    pub(crate) decided: BTreeSet<u64>,
}

/// Batches of one partition.
pub(crate) struct TopicFeed {
    batches: Receiver<Result<Batch<Analysed>, Error>>,
    state: Arc<LaneProgress>,
}

/// The progress of a partition, known to the polling thread and to whoever takes batches.
#[derive(Debug, Default)]
struct LaneProgress {
    /// Batches that wait to be taken.
    waiting: AtomicUsize,
    /// `true` when everything that there was has been given.
    at_end: AtomicBool,
    /// `true` while there is a connection to the partition's leader, which says that there is no more.
    led: AtomicBool,
    /// The offset after the last record that was read.
    position: AtomicU64,
}

/// A partition as the client's statistics are read for it.
struct WatchedLane {
    topic: String,
    partition: i32,
    /// The number of the source, a label of metrics.
    number: String,
    state: Arc<LaneProgress>,
}

/// Hears the client's complaints and statistics.
struct TopicReaderContext {
    watch: Watch,
    metrics: Metrics,
    lanes: Vec<WatchedLane>,
}

shoal_kafka::watched!(TopicReaderContext, watch, TopicReaderContext::learn);

impl TopicReaderContext {
    /// Takes note of the statistics of the client.
    fn learn(&self, statistics: &Statistics) {
        for WatchedLane { topic, partition, number, state } in &self.lanes {
            let lag = lag(statistics, topic, *partition, state.position.load(Ordering::Relaxed));
            state.led.store(is_led(statistics, topic, *partition) && lag == Some(0), Ordering::Relaxed);
            if let Some(lag) = lag {
                self.metrics.lag_records.with_label_values(&["ingest", number]).set(lag);
            }
        }
    }
}

impl ConsumerContext for TopicReaderContext {}

impl TopicFeed {
    /// Says whether there is nothing for now: everything has been given, and the leader would say if there were more.
    pub(crate) fn is_silent(&self) -> bool {
        let state = &self.state;
        state.at_end.load(Ordering::Relaxed)
            && state.led.load(Ordering::Relaxed)
            && state.waiting.load(Ordering::Relaxed) == 0
    }

    /// The next batch; `None` when none has come within `patience`.
    pub(crate) fn next(&mut self, patience: Duration) -> Option<Result<Batch<Analysed>, Error>> {
        match self.batches.recv_timeout(patience) {
            Ok(batch) => {
                self.state.waiting.fetch_sub(1, Ordering::Relaxed);
                Some(batch)
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Err(Error::Stopped)),
        }
    }
}

/// A partition as the polling thread sees it.
struct TopicLane {
    start: TopicStart,
    decoder: Decoder,
    doubt: TimeDoubt,
    batch: Batch<Analysed>,
    begun: Instant,
    sender: Sender<Result<Batch<Analysed>, Error>>,
    state: Arc<LaneProgress>,
    paused: bool,
    ended: bool,
    bytes: IntCounter,
}

/// Starts to read; gives a feed for each start, in order. `keeps_posts` says that an observer does.
pub(crate) fn feeds(
    job: &Job,
    kafka: &KafkaSettings,
    starts: Vec<TopicStart>,
    keeps_posts: bool,
) -> Result<Vec<TopicFeed>, Error> {
    let mut list = TopicPartitionList::new();
    let (mut lanes, mut feeds, mut known) = (Vec::new(), Vec::new(), Vec::new());
    for start in starts {
        let offset = Offset::Offset(i64::try_from(start.offset).unwrap_or(i64::MAX));
        list.add_partition_offset(&start.topic, start.partition, offset)
            .map_err(|error| shoal_kafka::Error::cluster(start.topic.clone(), &error))?;
        let source = &job.sources[start.source];
        let format = source.format.unwrap_or(shoal_formats::Format::DEFAULT);
        let (sender, batches) = channel();
        let state = Arc::new(LaneProgress::default());
        state.position.store(start.offset, Ordering::Relaxed);
        known.push(WatchedLane {
            topic: start.topic.clone(),
            partition: start.partition,
            number: start.source.to_string(),
            state: Arc::clone(&state),
        });
        feeds.push(TopicFeed { batches, state: Arc::clone(&state) });
        let position = Position { offset: start.offset, record: start.offset };
        lanes.push(TopicLane {
            decoder: Decoder::new(source, format, job),
            doubt: TimeDoubt::new(&job.detect.order),
            batch: Batch::at(position),
            begun: Instant::now(),
            sender,
            state,
            paused: false,
            ended: false,
            bytes: job.metrics.bytes.with_label_values(&[&start.topic, "in"]),
            start,
        });
    }
    let watch = Watch::of_reader(&kafka.connection());
    let context = TopicReaderContext { watch: watch.clone(), metrics: job.metrics.clone(), lanes: known };
    let mut config = kafka.connection().client(&Purpose::Reader)?;
    config.set("enable.partition.eof", "true").set("statistics.interval.ms", leaders::STATISTICS_INTERVAL_MS);
    let consumer: BaseConsumer<TopicReaderContext> =
        config.create_with_context(context).map_err(|error| shoal_kafka::Error::client(&error))?;
    consumer.assign(&list).map_err(|error| shoal_kafka::Error::cluster("partitions", &error))?;
    let analyst = Analyst::new(&job.detect).with_entities(keeps_posts);
    let poller = TopicPoller { consumer, watch, lanes, analyst, metrics: job.metrics.clone() };
    thread::Builder::new().name("kafka-poll".to_owned()).spawn(move || poller.run()).map_err(Error::Thread)?;
    Ok(feeds)
}

/// The polling thread.
struct TopicPoller {
    consumer: BaseConsumer<TopicReaderContext>,
    watch: Watch,
    lanes: Vec<TopicLane>,
    analyst: Analyst,
    metrics: Metrics,
}

impl TopicPoller {
    fn run(mut self) {
        for lane in &mut self.lanes {
            lane.end_if_read();
        }
        let mut polled = 0_u32;
        while self.lanes.iter().any(|lane| !lane.ended) {
            polled = polled.wrapping_add(1);
            let consumer = &self.consumer;
            match consumer.poll(POLL_TIMEOUT) {
                Some(Ok(message)) => {
                    Self::take(&mut self.lanes, &mut self.analyst, &message);
                    if !polled.is_multiple_of(STEER_EVERY) {
                        continue;
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => self.reached_end(partition),
                Some(Err(error)) => self.failed(&error),
                None => {}
            }
            self.steer();
        }
    }

    fn take(lanes: &mut [TopicLane], analyst: &mut Analyst, message: &BorrowedMessage<'_>) {
        let here =
            |lane: &&mut TopicLane| lane.start.partition == message.partition() && lane.start.topic == message.topic();
        let Some(lane) = lanes.iter_mut().find(here) else { return };
        let incoming = Incoming::new(message);
        if lane.ended || lane.start.end.is_some_and(|end| incoming.offset >= end) {
            lane.finish();
            return;
        }
        lane.bytes.inc_by(message.payload_len() as u64);
        let (record, bytes) = (incoming.record(), incoming.bytes());
        if lane.batch.items.is_empty() {
            lane.begun = Instant::now();
        }
        let TopicLane { decoder, batch, doubt, .. } = lane;
        decoder.decode_incoming(&incoming, |decoded| {
            batch.add(&record, bytes, decoded, |post| analyst.analyse(post), doubt);
        });
        let next = incoming.offset + 1;
        lane.batch.position = Position { offset: next, record: next };
        lane.state.position.store(next, Ordering::Relaxed);
        lane.state.at_end.store(false, Ordering::Relaxed);
        if lane.batch.is_full() || lane.start.decided.contains(&lane.batch.position.offset) {
            lane.give();
        }
        lane.end_if_read();
    }

    /// The client says that a partition has no more for now. It does not say of which topic.
    fn reached_end(&mut self, partition: i32) {
        let consumer = &self.consumer;
        for lane in self.lanes.iter_mut().filter(|lane| lane.start.partition == partition && !lane.ended) {
            let Some(end) = lane.start.end else {
                lane.state.at_end.store(true, Ordering::Relaxed);
                continue;
            };
            // The last offsets may hold no records: whoever stands at the end has read everything.
            let position = consumer.position().ok().and_then(|list| {
                let element = list.find_partition(&lane.start.topic, partition)?;
                if let Offset::Offset(offset) = element.offset() { u64::try_from(offset).ok() } else { None }
            });
            if position.is_some_and(|position| position >= end) {
                lane.finish();
            }
        }
    }

    /// Gives an error that cannot pass to whoever reads; the client tries again after any other.
    fn failed(&mut self, error: &KafkaError) {
        self.watch.error(error, &error.to_string());
        let code = error.rdkafka_error_code();
        let is_final = matches!(
            code,
            Some(
                RDKafkaErrorCode::AutoOffsetReset
                    | RDKafkaErrorCode::OffsetOutOfRange
                    | RDKafkaErrorCode::TopicAuthorizationFailed
            )
        );
        if !is_final {
            return;
        }
        let diagnosis = diagnose(code, &error.to_string());
        for lane in self.lanes.iter_mut().filter(|lane| !lane.ended) {
            lane.ended = true;
            let (what, remedy) = (diagnosis.what.clone(), diagnosis.remedy.clone());
            let failed = Error::NotRead { topic: lane.start.topic.clone(), what, remedy };
            _ = lane.sender.send(Err(failed));
        }
    }

    /// Sends on what has waited, and reads no more of what is not taken.
    fn steer(&mut self) {
        for lane in &mut self.lanes {
            if !lane.batch.items.is_empty() && lane.begun.elapsed() >= POLL_TIMEOUT {
                lane.give();
            }
            let waiting = lane.state.waiting.load(Ordering::Relaxed);
            let pause = if lane.paused { waiting > RESUME_BELOW } else { waiting >= PAUSE_ABOVE };
            if pause != lane.paused && !lane.ended {
                let mut list = TopicPartitionList::new();
                list.add_partition(&lane.start.topic, lane.start.partition);
                let turned = if pause { self.consumer.pause(&list) } else { self.consumer.resume(&list) };
                if turned.is_ok() {
                    lane.paused = pause;
                    self.metrics.pauses.with_label_values(&["ingest", "queue"]).inc_by(u64::from(pause));
                }
            }
        }
    }
}

impl TopicLane {
    fn end_if_read(&mut self) {
        if self.start.end.is_some_and(|end| self.batch.position.offset >= end) {
            self.finish();
        }
    }

    fn finish(&mut self) {
        if !self.ended {
            self.batch.more = More::No;
            self.give();
            self.ended = true;
        }
    }

    fn give(&mut self) {
        let next = Batch::at(self.batch.position);
        let batch = std::mem::replace(&mut self.batch, next);
        self.state.waiting.fetch_add(1, Ordering::Relaxed);
        if self.sender.send(Ok(batch)).is_err() {
            // Nobody listens any more.
            self.ended = true;
        }
    }
}
