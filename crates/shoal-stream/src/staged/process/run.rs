//! A staged run: this process's share of a pipeline whose stages talk over topics.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::{Message, Offset, TopicPartitionList};
use shoal_kafka::{Held, Reader};
use shoal_model::Timestamp;

use super::poller::StagePoller;
use super::shared::SharedRun;
use super::worker::Workers;
use crate::Error;
use crate::cluster::scan::{reader, worst};
use crate::cluster::session::{ClusterSession, check_topic};
use crate::job::Job;
use crate::observer::{Observer, RunProgress};
use crate::staged::summary::StagedSummary;
use crate::staged::topology::StageName;

/// How often the observer is told.
const OBSERVER_INTERVAL: Duration = Duration::from_millis(200);
/// How long closing a client may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Takes part in a staged run with these stages: until every partition of them has reached the end of the input, or
/// (with `follow`) until told to stop. All processes of a pipeline run the same configuration.
///
/// What is sent is a function of what is read: any number of processes, restarted at any moment, from a checkpoint or
/// from the first record, give the same alerts.
pub fn run_staged(
    job: &Job,
    stages: &BTreeSet<StageName>,
    observer: &mut dyn Observer,
) -> Result<StagedSummary, Error> {
    if job.sources.is_empty() {
        return Err(Error::NoSources);
    }
    let started = Instant::now();
    let Some(session) = ClusterSession::of(job, true, &[])? else { return Err(Error::NoKafka) };
    let ClusterSession { kafka, topology, broker, progress_log, progress_log_end, .. } = session;
    check_topics(&Reader::open(&kafka.connection)?, &topology)?;
    let shared = Arc::new(SharedRun::new(job.clone(), kafka, topology, broker.epoch, broker.producer, progress_log));
    shared.progress_log_read.store(progress_log_end, Ordering::Release);
    let workers = Workers::start(job.threads, &shared)?;
    let outcome = threads(&shared, stages, &workers);
    let threads = outcome.unwrap_or_else(|error| {
        shared.fail(error);
        Vec::new()
    });
    let has_died = || workers.has_died() || threads.iter().any(|(_, thread)| thread.is_finished());
    let ended = watch(&shared, stages, observer, has_died);
    shared.finish();
    for (what, thread) in threads {
        if thread.join().is_err() {
            shared.fail(Error::Died { what });
        }
    }
    workers.join(&shared);
    show(&shared, observer);
    match shared.failure() {
        Some(error) => Err(error),
        None if !ended && job.follow.is_none() => Err(Error::Stopped),
        None => Ok(StagedSummary::of(&shared, stages, started.elapsed())),
    }
}

/// Every topic of the pipeline's own must have the partitions that the configuration says.
fn check_topics(reader: &Reader, topology: &crate::staged::topology::Topology) -> Result<(), Error> {
    for stage in StageName::ALL.into_iter().filter(|stage| *stage != StageName::Ingest) {
        check_topic(reader, &topology.topic(stage), i32::from(topology.partitions(stage)))?;
    }
    Ok(())
}

type Named = (String, JoinHandle<()>);

fn threads(shared: &Arc<SharedRun>, stages: &BTreeSet<StageName>, workers: &Workers) -> Result<Vec<Named>, Error> {
    let mut threads = Vec::new();
    let start = |name: String, run: Box<dyn FnOnce() + Send>| {
        let thread = thread::Builder::new().name(name.clone()).spawn(run).map_err(Error::Thread)?;
        Ok::<Named, Error>((name, thread))
    };
    let progress_log = Arc::clone(shared);
    threads.push(start("progress_log".to_owned(), Box::new(move || follow_board(&progress_log)))?);
    for stage in stages {
        let poller = StagePoller::join(*stage, shared, workers.workers());
        match poller {
            Ok(poller) => threads.push(start(format!("poll {stage}"), Box::new(move || poller.run()))?),
            // The others are joined, so that nothing is left running.
            Err(error) => shared.fail(error),
        }
    }
    Ok(threads)
}

/// Follows the topic that everybody says in how far they have come.
fn follow_board(shared: &Arc<SharedRun>) {
    if let Err(error) = read_board(shared) {
        shared.fail(error);
    }
}

fn read_board(shared: &Arc<SharedRun>) -> Result<(), Error> {
    let topic = shared.topology.progress_log_topic();
    let (consumer, watch) = reader(&shared.kafka.connection)?;
    let consumer = Held::new("progress_log", consumer, CLOSE_TIMEOUT);
    let mut list = TopicPartitionList::new();
    let read = shared.progress_log_read.load(Ordering::Acquire);
    let added = list.add_partition_offset(&topic, 0, Offset::Offset(i64::try_from(read).unwrap_or(0)));
    added.and_then(|()| consumer.assign(&list)).map_err(|error| shoal_kafka::Error::cluster(topic.clone(), &error))?;
    while !shared.is_over() {
        match consumer.poll(Duration::from_millis(50)) {
            Some(Ok(message)) => {
                let (key, value) = (message.key().unwrap_or_default(), message.payload().unwrap_or_default());
                shared.progress_log().learn(key, value);
                shared.progress_log_read.store(u64::try_from(message.offset() + 1).unwrap_or(0), Ordering::Release);
            }
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) | None => {}
            Some(Err(error)) => {
                watch.error(&error, &error.to_string());
                tracing::debug!(why = worst(&watch), "the progress topic cannot be read for now");
            }
        }
    }
    Ok(())
}

/// Tells the observer what goes on, until the run is over; whether everything has been processed then.
fn watch(
    shared: &SharedRun,
    stages: &BTreeSet<StageName>,
    observer: &mut dyn Observer,
    has_died: impl Fn() -> bool,
) -> bool {
    while !shared.is_over() {
        show(shared, observer);
        observer.progress(&progress(shared));
        if has_died() && !shared.is_over() {
            shared.fail(Error::Died { what: "run".to_owned() });
        }
        if shared.job.follow.is_none() && shared.progress_log().have_ended(&shared.topology, stages.iter().copied()) {
            return true;
        }
        thread::sleep(OBSERVER_INTERVAL);
    }
    false
}

fn show(shared: &SharedRun, observer: &mut dyn Observer) {
    for alert in shared.shown() {
        observer.alert(&alert);
    }
}

fn progress(shared: &SharedRun) -> RunProgress {
    let progress_log = shared.progress_log();
    let time = |at: Timestamp| (at > Timestamp::MIN && at < Timestamp::MAX).then_some(at);
    let metrics = &shared.job.metrics;
    let sources = shared.job.sources.iter().map(|source| source.name.as_str());
    let sum = |outcome: Option<&str>| -> u64 {
        let of = |name: &str| match outcome {
            Some(outcome) => metrics.source_outcomes.with_label_values(&[name, outcome]).get(),
            None => metrics.source_records.with_label_values(&[name]).get(),
        };
        sources.clone().map(of).sum()
    };
    RunProgress {
        records: sum(None),
        posts: metrics.stage_processed.with_label_values(&[StageName::Prepare.name()]).get(),
        watermark: time(progress_log.slowest(&shared.topology)),
        newest: time(progress_log.newest()),
        alerts: crate::staged::summary::alerts(metrics).values().sum(),
        dead_letters: sum(Some("dead_letter")),
    }
}
