//! Topics, records and clients against a real cluster of three brokers.

#![allow(clippy::expect_used, reason = "a test's helpers are part of the test")]

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use shoal_broker::Cluster;
use shoal_kafka::online::{self, Wanted, WantedTopic};
use shoal_kafka::topics::{self, Fate, TopicSpec};
use shoal_kafka::{
    CheckReport, CloseWithin, Connection, Error, GroupProtocol, Purpose, Reader, TroubleKind, Watch, WatchContext,
};

const WITHIN: Duration = Duration::from_mins(1);

fn spec(name: &str, partitions: i32, replication: i32, settings: &[(&str, &str)]) -> TopicSpec {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    TopicSpec { name: name.to_owned(), partitions, replication, settings, purpose: String::new() }
}

fn producer(connection: &Connection, transaction: Option<&str>) -> CloseWithin<BaseProducer<WatchContext>> {
    let mut config = connection.client(&Purpose::Producer).expect("a configuration");
    if let Some(id) = transaction {
        config.set("transactional.id", id);
    }
    let producer = config.create_with_context(WatchContext(Watch::new(connection))).expect("a producer");
    CloseWithin::new("producer", producer, WITHIN)
}

fn send(producer: &BaseProducer<WatchContext>, topic: &str, text: &str) {
    producer
        .send(BaseRecord::to(topic).partition(0).key("key").payload(text))
        .map_err(|(error, _)| error)
        .expect("sent");
}

fn last(reader: &Reader, topic: &str) -> Option<(i64, String)> {
    let record = reader.last_record(topic, 0, WITHIN).expect("an answer")?;
    Some((record.offset(), String::from_utf8_lossy(record.payload().unwrap_or_default()).into_owned()))
}

#[test]
fn a_cluster_is_furnished_asked_and_hurt() {
    let Some(cluster) = Cluster::builder().three_brokers().start_or_skip() else { return };
    let connection = Connection::plaintext(cluster.bootstrap().split(','));
    topics_are_created_and_compared(&connection);
    rights_are_found_out(&connection);
    the_last_record_is_found(&connection);
    groups_are_joined(&connection);
    who_takes_a_place_is_told_of(&connection);
    faults_are_survived(&cluster, &connection);
}

fn topics_are_created_and_compared(connection: &Connection) {
    let wanted = [
        spec("log", 4, 3, &[("retention.ms", "-1"), ("max.message.bytes", "2000000")]),
        spec("table", 1, 1, &[("cleanup.policy", "compact")]),
    ];
    let fates = |specs: &[TopicSpec]| -> Vec<Fate> {
        let outcomes = topics::create(connection, specs, WITHIN).expect("an answer");
        outcomes.into_iter().map(|outcome| outcome.fate).collect()
    };
    assert_eq!(fates(&wanted), [Fate::Created, Fate::Created]);
    assert_eq!(fates(&wanted), [Fate::Existed, Fate::Existed]);
    let report = |specs: &[TopicSpec]| {
        CheckReport { findings: topics::check(connection, specs, WITHIN).expect("an answer") }.to_string()
    };
    insta::assert_snapshot!("as_wanted", report(&wanted));
    let other = [
        spec("log", 8, 3, &[("cleanup.policy", "compact,delete"), ("retention.ms", "60000")]),
        spec(
            "table",
            1,
            2,
            &[("cleanup.policy", "compact"), ("max.message.bytes", "2000000"), ("segment.ms", "60000")],
        ),
        spec("no-such-topic", 1, 1, &[]),
    ];
    insta::assert_snapshot!("otherwise", report(&other));
    let impossible =
        [spec("wide", 1, 4, &[]), spec("odd", 1, 1, &[("cleanup.policy", "forget")]), spec("a b", 1, 1, &[])];
    for fate in fates(&impossible) {
        assert!(matches!(&fate, Fate::Refused(diagnosis) if diagnosis.kind == TroubleKind::BadTopic), "{fate:?}");
    }
}

/// Nothing is left behind in a compacted topic either: what is looked for next starts with an empty one.
fn rights_are_found_out(connection: &Connection) {
    let topic = |name: &str| WantedTopic { name: name.to_owned(), partitions: None, read: true, write: true };
    let wanted = Wanted { topics: ["log", "table"].map(topic).into(), groups: vec!["group-Consumer".to_owned()] };
    insta::assert_snapshot!("rights", online::check(connection, &wanted, WITHIN));
}

fn the_last_record_is_found(connection: &Connection) {
    let reader = Reader::open(connection).expect("a reader");
    assert_eq!(reader.partition_count("log", WITHIN).expect("an answer"), Some(4));
    assert_eq!(reader.partition_count("no-such-topic", WITHIN).expect("an answer"), None);
    assert_eq!(reader.watermarks("table", 0, WITHIN).expect("an answer"), (0, 0));
    assert_eq!(last(&reader, "table"), None);
    let plain = producer(connection, None);
    send(&plain, "table", "first");
    send(&plain, "table", "second");
    plain.flush(WITHIN).expect("written");
    assert_eq!(last(&reader, "table"), Some((1, "second".to_owned())));
    // What is rolled back, and the marks of transactions, leave offsets without records.
    let careful = producer(connection, Some("test"));
    careful.init_transactions(WITHIN).expect("begun");
    careful.begin_transaction().expect("begun");
    (0..300).for_each(|_| send(&careful, "table", "taken back"));
    careful.flush(WITHIN).expect("written");
    careful.abort_transaction(WITHIN).expect("taken back");
    let deadline = Instant::now() + WITHIN;
    while reader.watermarks("table", 0, WITHIN).expect("an answer") != (0, 303) {
        assert!(Instant::now() < deadline, "the transaction does not end");
    }
    assert_eq!(last(&reader, "table"), Some((1, "second".to_owned())));
    let missing = reader.last_record("no-such-topic", 0, WITHIN).expect_err("refused");
    assert!(
        matches!(&missing, Error::Cluster { diagnosis, .. } if diagnosis.kind == TroubleKind::UnknownTopic),
        "{missing}"
    );
}

fn groups_are_joined(connection: &Connection) {
    for (protocol, instance) in [(GroupProtocol::Classic, Some("one")), (GroupProtocol::Consumer, None)] {
        let group = format!("group-{protocol:?}");
        let purpose = Purpose::Consumer { group, instance: instance.map(str::to_owned), protocol };
        let config = connection.client(&purpose).expect("a configuration");
        let watch = Watch::new(connection);
        let consumer: BaseConsumer<_> = config.create_with_context(WatchContext(watch.clone())).expect("a consumer");
        let consumer = CloseWithin::new("consumer", consumer, WITHIN);
        consumer.subscribe(&["log"]).expect("subscribed");
        let deadline = Instant::now() + WITHIN;
        while consumer.assignment().expect("an answer").count() < 4 {
            assert!(Instant::now() < deadline, "no partitions with {protocol:?}: {:?}", watch.troubles());
            // No position is known and none is taken: what is read must begin where we say.
            let _ = consumer.poll(Duration::from_millis(50));
        }
    }
}

fn who_takes_a_place_is_told_of(connection: &Connection) {
    let purpose = Purpose::Consumer {
        group: "place".to_owned(),
        instance: Some("one".to_owned()),
        protocol: GroupProtocol::Classic,
    };
    let watches = [Watch::new(connection), Watch::new(connection)];
    let deadline = Instant::now() + WITHIN;
    let mut consumers = Vec::<CloseWithin<BaseConsumer<WatchContext>>>::new();
    for watch in &watches {
        let config = connection.client(&purpose).expect("a configuration");
        let consumer: BaseConsumer<_> = config.create_with_context(WatchContext(watch.clone())).expect("a consumer");
        consumer.subscribe(&["log"]).expect("subscribed");
        while consumer.assignment().expect("an answer").count() < 4 {
            assert!(Instant::now() < deadline, "no partitions: {:?}", watch.troubles());
            let _ = consumer.poll(Duration::from_millis(50));
        }
        consumers.push(CloseWithin::new("consumer", consumer, WITHIN));
    }
    let fatal = loop {
        assert!(Instant::now() < deadline, "the first was told nothing: {:?}", watches[0].troubles());
        for consumer in &consumers {
            let _ = consumer.poll(Duration::from_millis(50));
        }
        if let Some(trouble) = watches[0].fatal() {
            break trouble;
        }
    };
    assert_eq!(fatal.diagnosis.kind, TroubleKind::Fenced, "{fatal:?}");
    assert!(watches[1].fatal().is_none());
}

fn faults_are_survived(cluster: &Cluster, connection: &Connection) {
    let specs: Vec<_> = (0..3).map(|number| spec(&format!("lone-{number}"), 3, 1, &[])).collect();
    topics::create(connection, &specs, WITHIN).expect("an answer");
    let reader = Reader::open(connection).expect("a reader");
    reader.metadata(WITHIN).expect("an answer");
    cluster.kill(3).expect("killed");
    // A partition with replicas has a new leader after some seconds; what is asked waits for it.
    for partition in 0..4 {
        reader.watermarks("log", partition, WITHIN).expect("another broker leads it now");
    }
    let topic = WantedTopic { name: "lone-0".to_owned(), partitions: Some(3), read: false, write: false };
    let report = online::check(connection, &Wanted { topics: vec![topic], groups: Vec::new() }, WITHIN).to_string();
    assert!(report.contains("error    topic `lone-0`: no broker serves partitions ["), "{report}");
    assert!(report.contains("connection: 2 brokers, in the clear"), "{report}");
    cluster.pause(1).expect("paused");
    cluster.pause(2).expect("paused");
    let error = reader.watermarks("log", 0, Duration::from_secs(1)).expect_err("nobody answers");
    assert!(matches!(&error, Error::Cluster { .. }), "{error}");
    // Closing comes back, whatever the client waits for.
    drop(reader);
    cluster.resume(1).expect("resumed");
    cluster.resume(2).expect("resumed");
}
