//! A staged run: this process's share of a pipeline whose stages talk over topics.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::{Message, Offset, TopicPartitionList};
use shoal_detect::StageName;
use shoal_kafka::{CloseWithin, Reader};
use shoal_model::Timestamp;

use super::poller::StagePoller;
use super::resume_point::epoch_folder;
use super::shared::SharedRun;
use super::worker::Workers;
use crate::Error;
use crate::cluster::scan::{reader, worst};
use crate::cluster::session::{ClusterSession, check_topic};
use crate::job::Job;
use crate::observer::{Observer, RunProgress};
use crate::staged::summary::StagedSummary;

/// The time between two reports to the observer.
const OBSERVER_INTERVAL: Duration = Duration::from_millis(200);
/// The longest that closing a client may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Takes part in a staged run with these stages: until every partition of them has reached the end of the input, or
/// (with `follow`) until told to stop. All processes of a pipeline run the same configuration.
///
/// The output is a function of the input: any number of processes, restarted at any moment, from a checkpoint or from
/// the first record, give the same alerts.
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
    let ClusterSession { kafka, topology, writer, progress_log, progress_log_end, .. } = session;
    check_topics(&Reader::open(&kafka.connection())?, &topology)?;
    warn_of_new_epoch(job, &writer.epoch);
    let shared = Arc::new(SharedRun::new(job.clone(), kafka, topology, writer.epoch, writer.producer, progress_log));
    shared.progress_log_read.store(progress_log_end, Ordering::Release);
    let workers = Workers::start(job.threads, &shared)?;
    let outcome = threads(&shared, stages, &workers);
    let threads = outcome.unwrap_or_else(|error| {
        shared.fail(error);
        Vec::new()
    });
    let has_died = || workers.has_died() || threads.iter().any(|thread| thread.handle.is_finished());
    let ended = watch(&shared, stages, observer, has_died);
    shared.finish();
    for thread in threads {
        if thread.handle.join().is_err() {
            shared.fail(Error::Died { what: thread.name });
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

/// Refuses topics of the pipeline's own that have other partitions than the configuration says.
fn check_topics(reader: &Reader, topology: &crate::staged::topology::Topology) -> Result<(), Error> {
    for stage in StageName::ALL.into_iter().filter(|stage| *stage != StageName::Ingest) {
        check_topic(reader, &topology.topic(stage), i32::from(topology.partitions(stage)))?;
    }
    Ok(())
}

/// Says that a run begins anew where there are states of other epochs alone: the configuration is another one, or the
/// program, whose stages tell each other something else.
fn warn_of_new_epoch(job: &Job, epoch: &str) {
    let Some(state) = &job.state else { return };
    let others = other_epochs(&state.directory, epoch);
    if others > 0 {
        let why = "the run begins at the first posts that its topics still have; remove the folders of other epochs \
                   once you need them no more";
        tracing::warn!(epoch, others, "a new epoch: states of other epochs are not read; {why}");
    }
}

/// Counts the epochs that have states here; 0 when this one has.
fn other_epochs(directory: &Path, epoch: &str) -> usize {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    let names: Vec<_> = folders.map(|folder| folder.file_name()).collect();
    if names.iter().any(|name| *name == *epoch_folder(epoch)) { 0 } else { names.len() }
}

/// A thread, and what it does.
struct NamedThread {
    name: String,
    handle: JoinHandle<()>,
}

fn threads(
    shared: &Arc<SharedRun>,
    stages: &BTreeSet<StageName>,
    workers: &Workers,
) -> Result<Vec<NamedThread>, Error> {
    let mut threads = Vec::new();
    let start = |name: String, run: Box<dyn FnOnce() + Send>| {
        let handle = thread::Builder::new().name(name.clone()).spawn(run).map_err(Error::Thread)?;
        Ok::<NamedThread, Error>(NamedThread { name, handle })
    };
    let progress_log = Arc::clone(shared);
    threads.push(start("progress log".to_owned(), Box::new(move || follow_progress_log(&progress_log)))?);
    for stage in stages {
        let poller = StagePoller::join(*stage, shared, workers.handles());
        match poller {
            Ok(poller) => threads.push(start(format!("poll {stage}"), Box::new(move || poller.run()))?),
            // The others are joined, so that nothing is left running.
            Err(error) => shared.fail(error),
        }
    }
    Ok(threads)
}

/// Follows the progress log until the run is over.
fn follow_progress_log(shared: &Arc<SharedRun>) {
    if let Err(error) = read_progress_log(shared) {
        shared.fail(error);
    }
}

fn read_progress_log(shared: &Arc<SharedRun>) -> Result<(), Error> {
    let topic = shared.topology.progress_log_topic();
    let (consumer, watch) = reader(&shared.kafka.connection())?;
    let consumer = CloseWithin::new("progress log", consumer, CLOSE_TIMEOUT);
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
                tracing::debug!(why = worst(&watch), "the progress log cannot be read for now");
            }
        }
    }
    Ok(())
}

/// Tells the observer what goes on, until the run is over. Gives whether everything has been processed then.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_other_epochs_alone_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let (before, now) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
        assert_eq!(other_epochs(directory.path(), now), 0);
        fs::create_dir(directory.path().join(epoch_folder(before))).unwrap();
        assert_eq!((other_epochs(directory.path(), now), other_epochs(directory.path(), before)), (1, 0));
        fs::create_dir(directory.path().join(epoch_folder(now))).unwrap();
        assert_eq!(other_epochs(directory.path(), now), 0);
    }
}
