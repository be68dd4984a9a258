//! Records of strangers, topics that do not fit, and brokers that go: nothing lost, doubled or different.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use common::kafka::{PATIENCE, connection, consume, produce};
use common::stream;
use common::topics::{Case, all_stages, counted, fill, wait_until};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use shoal_broker::Cluster;
use shoal_kafka::topics::{TopicSpec, create};
use shoal_kafka::{Connection, Purpose};
use shoal_stream::{Error, Follow, Job, Metrics, run, run_staged};

static CLUSTER: LazyLock<Option<Cluster>> = LazyLock::new(Cluster::plain_or_skip);

/// A copy of the job, in a new process as far as counting goes.
fn again(job: &Job) -> Job {
    Job { metrics: Metrics::new().unwrap(), stop: std::sync::Arc::default(), ..job.clone() }
}

/// Writes one record with a header.
fn write(cluster: &Cluster, topic: &str, header: (&str, &str), value: Option<&[u8]>) {
    let producer: ThreadedProducer<DefaultProducerContext> =
        connection(cluster).client(&Purpose::Producer).unwrap().create().unwrap();
    let header = Header { key: header.0, value: Some(header.1) };
    let mut record: BaseRecord<'_, (), [u8]> = BaseRecord::to(topic).partition(0);
    record = record.headers(OwnedHeaders::new().insert(header));
    record.payload = value;
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(PATIENCE).unwrap();
}

/// The number of dead letters, by reason.
fn dead_letters(cluster: &Cluster, prefix: &str) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for (_, key, value) in consume(cluster, &format!("{prefix}.dead-letters")) {
        let letter: serde_json::Value = serde_json::from_slice(&value).unwrap();
        assert_eq!(letter["source"].as_str().unwrap().as_bytes(), key);
        *reasons.entry(letter["reason"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    reasons
}

#[test]
fn what_is_no_post_is_kept_once_and_changes_nothing() {
    let Some(cluster) = &*CLUSTER else { return };
    let case = Case::new(cluster);
    for prefix in ["fused", "staged"] {
        let job = case.over_topics(prefix);
        let topic = format!("{prefix}.posts");
        let huge = vec![b'x'; job.limits.record_bytes + 1];
        for bad in [b"no json".as_slice(), b"", &huge, b"\xff\xfe"] {
            produce(cluster, &topic, [(1, bad)].into_iter());
        }
        write(cluster, &topic, ("shoal-schema", "post.v1"), None);
        write(cluster, &topic, ("shoal-schema", "post.v2"), Some(stream(1)[0].line.as_bytes()));
        for _ in 0..2 {
            // The second time nothing is remembered, and everything is read again.
            match prefix {
                "fused" => assert_eq!(run(&again(&job), &mut ()).unwrap().sources.dead(), 6),
                _ => drop(run_staged(&again(&job), &all_stages(), &mut ()).unwrap()),
            }
            let reasons = dead_letters(cluster, prefix);
            let expected =
                [("empty", 2), ("invalid_json", 1), ("invalid_utf8", 1), ("too_large", 1), ("unknown_schema", 1)];
            assert_eq!(reasons, expected.map(|(reason, count)| (reason.to_owned(), count)).into());
            case.assert_same(prefix);
        }
    }
}

#[test]
fn what_no_stage_wrote_between_stages_is_passed_over_and_counted() {
    let Some(cluster) = &*CLUSTER else { return };
    let case = Case::new(cluster);
    let job = case.over_topics("strangers");
    for topic in ["strangers.prepare", "strangers.group"] {
        produce(cluster, topic, [(0, b"garbage".as_slice())].into_iter());
        write(cluster, topic, ("shoal-epoch", "another"), Some(b"of another epoch"));
        write(cluster, topic, ("shoal-epoch", "another"), None);
    }
    run_staged(&job, &all_stages(), &mut ()).unwrap();
    assert_eq!(counted(&job, "shoal_frames_ignored_total") as u64, 6);
    case.assert_same("strangers");
}

#[test]
fn topics_that_do_not_fit_are_named() {
    let Some(cluster) = &*CLUSTER else { return };
    let case = Case::new(cluster);
    let job = case.empty("fits", 1);
    let spec = |name: &str, partitions| TopicSpec {
        name: name.to_owned(),
        partitions,
        replication: 1,
        settings: BTreeMap::new(),
        purpose: String::new(),
    };
    // As a broker makes them by itself: with one partition.
    let others = ["other.posts", "other.alerts", "other.dead-letters", "other.watermarks", "other.match"];
    let connection = connection(cluster);
    create(&connection, &others.map(|name| spec(name, 1)), PATIENCE).unwrap();
    let mut other = again(&job);
    for source in &mut other.sources {
        if let shoal_stream::Input::Topic { topic, .. } = &mut source.input {
            "other.posts".clone_into(topic);
        }
    }
    let error = run(&other, &mut ()).unwrap_err();
    assert!(matches!(&error, Error::OtherPartitions { topic, found: 1, expected: 4 } if topic == "other.posts"));
    assert!(error.to_string().contains("shoal topics create"), "{error}");
    let mut other = again(&job);
    "other".clone_into(&mut other.kafka.as_mut().unwrap().prefix);
    let error = run_staged(&other, &all_stages(), &mut ()).unwrap_err();
    assert!(matches!(&error, Error::NoTopic { topic } if topic == "other.prepare"), "{error}");
    create(&connection, &[spec("other.prepare", 4)], PATIENCE).unwrap();
    let error = run_staged(&other, &all_stages(), &mut ()).unwrap_err();
    assert!(matches!(&error, Error::OtherPartitions { topic, .. } if topic == "other.match"), "{error}");
}

#[test]
fn brokers_that_are_not_there_are_said() {
    let Some(cluster) = &*CLUSTER else { return };
    let mut job = Case::new(cluster).empty("absent", 1);
    job.kafka = job.kafka.map(|kafka| kafka.reached_by(Connection::plaintext(["127.0.0.1:1"])));
    let started = Instant::now();
    let error = run_staged(&job, &all_stages(), &mut ()).unwrap_err();
    assert!(matches!(&error, Error::Kafka(_)) && error.to_string().contains("127.0.0.1:1"), "{error}");
    assert!(started.elapsed() < PATIENCE);
}

#[test]
fn a_changed_configuration_is_an_epoch_of_its_own() {
    let Some(cluster) = &*CLUSTER else { return };
    let case = Case::new(cluster);
    let job = case.over_topics("epochs");
    run_staged(&job, &all_stages(), &mut ()).unwrap();
    // All has been done.
    run_staged(&again(&job), &all_stages(), &mut ()).unwrap();
    case.assert_same("epochs");
    let mut raised = again(&job);
    raised.kafka.as_mut().unwrap().epoch = 1;
    run_staged(&raised, &all_stages(), &mut ()).unwrap();
    assert!(counted(&raised, "shoal_frames_ignored_total") > 0.0);
    let found = case.found("epochs");
    assert_eq!(found.len(), 2 * case.baseline.len());
    assert_eq!(common::identities(&found), common::identities(&case.baseline));
}

/// A run that follows, and where it stands.
fn following(job: &Job) -> thread::JoinHandle<()> {
    let job = job.clone();
    thread::spawn(move || drop(run_staged(&job, &all_stages(), &mut ()).unwrap()))
}

fn read(job: &Job) -> u64 {
    counted(job, "shoal_source_records_total") as u64
}

/// Silence is not what is tested here.
fn patient(job: Job) -> Job {
    Job { follow: Some(Follow { idle: Duration::from_hours(1), poll: Duration::from_millis(200) }), ..job }
}

/// Ends a run that followed, and does the rest as one that does not: the last posts wait for nobody.
fn end(job: &Job, run: thread::JoinHandle<()>) {
    job.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    run.join().unwrap();
    run_staged(&Job { follow: None, ..again(job) }, &all_stages(), &mut ()).unwrap();
}

#[test]
fn a_broker_that_is_gone_for_a_while_is_waited_for() {
    let Some(cluster) = Cluster::builder().start_or_skip() else { return };
    let case = Case::new(&cluster);
    let job = patient(case.empty("gone", 1));
    let (posts, half) = (stream(1), stream(1).len() / 2);
    let run = following(&job);
    fill(&cluster, "gone.posts", &posts[..half]);
    wait_until("half is read", || read(&job) == half as u64);
    cluster.kill(1).unwrap();
    wait_until("the outage shows", || counted(&job, "shoal_broker_trouble_seconds") > 5.0);
    assert!(!run.is_finished());
    cluster.start(1).unwrap();
    fill(&cluster, "gone.posts", &posts[half..]);
    wait_until("everything is read", || read(&job) == posts.len() as u64);
    end(&job, run);
    case.assert_same("gone");
}

#[test]
fn one_of_three_brokers_killed_under_load_changes_nothing() {
    let Some(cluster) = Cluster::builder().three_brokers().start_or_skip() else { return };
    let case = Case::new(&cluster);
    let job = patient(case.empty("three", 3));
    let posts = stream(1);
    let run = following(&job);
    let third = posts.len() / 3;
    thread::scope(|scope| {
        let filling = scope.spawn(|| posts.chunks(third).for_each(|part| fill(&cluster, "three.posts", part)));
        wait_until("a third is read", || read(&job) >= third as u64);
        cluster.kill(2).unwrap();
        filling.join().unwrap();
        wait_until("everything is read without it", || read(&job) == posts.len() as u64);
        cluster.start(2).unwrap();
    });
    end(&job, run);
    case.assert_same("three");
}
