//! Alerts from topics, equal to those from files, fused and staged, against a real Kafka.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};

use common::kafka::{create_topics, over_topics};
use common::topics::{Case, all_stages, fill};
use common::{assert_valid, identities, stream, with_state, write};
use shoal_broker::Cluster;
use shoal_model::Alert;
use shoal_stream::{Error, Job, Metrics, Observer, RunProgress, StageName, run, run_staged};

/// The cluster of all tests; their topics have names of their own.
static CLUSTER: LazyLock<Option<Cluster>> = LazyLock::new(Cluster::plain_or_skip);

fn case() -> Option<Case<'static>> {
    CLUSTER.as_ref().map(Case::new)
}

#[test]
fn topics_give_the_same_alerts_as_a_file() {
    let Some(case) = case() else { return };
    let fused = case.over_topics("fused");
    let summary = run(&fused, &mut ()).unwrap();
    assert!(summary.is_conserved(), "{summary:?}");
    assert_valid(&case.found("fused"));
    case.assert_same("fused");

    let staged = case.over_topics("staged");
    run_staged(&staged, &all_stages(), &mut ()).unwrap();
    case.assert_same("staged");
}

/// Stops a run once it has raised so many alerts.
struct StopAfter<'a>(usize, &'a Job);

impl Observer for StopAfter<'_> {
    fn progress(&mut self, _progress: &RunProgress) {}

    fn alert(&mut self, _alert: &Alert) {
        self.0 = self.0.saturating_sub(1);
        if self.0 == 0 {
            self.1.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// A checkpoint made while what was written before is made again must not forget that it was.
#[test]
fn a_run_stopped_while_it_repeats_itself_writes_nothing_twice() {
    let Some(case) = case() else { return };
    let job = case.over_topics("again");
    run(&job, &mut ()).unwrap();
    let mut stopped = with_state(job.clone(), case.directory.path().join("state"), 300);
    stopped.stop = Arc::default();
    assert!(matches!(run(&stopped, &mut StopAfter(5, &stopped)), Err(Error::Stopped)));
    stopped.stop = Arc::default();
    let summary = run(&stopped, &mut ()).unwrap();
    assert!(summary.resumed);
    case.assert_same("again");
}

/// The end of a bounded run is decided once, also when there is more by the time somebody takes up the work again.
#[test]
fn posts_that_come_after_the_end_of_a_staged_run_are_left() {
    let Some(case) = case() else { return };
    let job = case.over_topics("ended");
    let ingest = BTreeSet::from([StageName::Ingest]);
    run_staged(&job, &ingest, &mut ()).unwrap();
    fill(case.cluster, "ended.posts", &stream(2));
    let again = Job { metrics: Metrics::new().unwrap(), ..job };
    run_staged(&again, &all_stages(), &mut ()).unwrap();
    case.assert_same("ended");
}

/// Alerts of one file must not count as those of another that has its name.
#[test]
fn another_file_of_the_same_name_is_another_run() {
    let Some(case) = case() else { return };
    let input = case.directory.path().join("posts.ndjson");
    let mut job = case.file_job(input.clone());
    let topics = over_topics(job.clone(), case.cluster, "files");
    create_topics(&topics, 1);
    (job.outputs, job.kafka) = (topics.outputs, topics.kafka);
    run(&job, &mut ()).unwrap();
    run(&job, &mut ()).unwrap();
    assert_eq!(case.found("files").len(), case.baseline.len(), "nothing twice");
    write(&input, &stream(2));
    run(&job, &mut ()).unwrap();
    let all = case.found("files");
    assert!(all.len() > case.baseline.len());
    assert!(identities(&case.baseline).is_subset(&identities(&all)));
}

/// Records that follow one that was refused for good are not written.
#[test]
fn nothing_is_written_after_what_is_missing() {
    let Some(case) = case() else { return };
    let job = case.over_topics("small");
    let limit = ["--alter", "--entity-type", "topics", "--entity-name", "small.pair", "--add-config"];
    let limit = [&["--bootstrap-server", case.cluster.bootstrap()], &limit[..], &["max.message.bytes=2000"]].concat();
    case.cluster.command("kafka.admin.ConfigCommand", &limit).unwrap();
    let error = run_staged(&job, &all_stages(), &mut ()).unwrap_err();
    assert!(matches!(&error, Error::NotWritten { topic, .. } if topic == "small.pair"), "{error}");
    // Where it may be written again, what is missing is sent again.
    let limit: Vec<&str> =
        limit.iter().map(|word| if word.starts_with("max") { "max.message.bytes=8388608" } else { word }).collect();
    case.cluster.command("kafka.admin.ConfigCommand", &limit).unwrap();
    let again = Job { metrics: Metrics::new().unwrap(), ..job };
    run_staged(&again, &all_stages(), &mut ()).unwrap();
    case.assert_same("small");
}
