//! The examples in Python write what Shoal reads and read what it writes, against a real Kafka; what stands in the
//! topics is what the schemas and docs/kafka.md say.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::kafka::{PATIENCE, alerts_in, connection, create_topics, over_topics};
use common::{Made, Numbers, alerts, assert_enough, config, identities, job, stream, write};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Headers;
use rdkafka::{Message, Offset, TopicPartitionList};
use serde_json::Value;
use shoal_broker::Cluster;
use shoal_kafka::Purpose;
use shoal_model::Alert;
use shoal_stream::run;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/python");
const POST_SCHEMA: &str = include_str!("../../shoal-model/schema/post.v1.schema.json");
const DEAD_LETTER_SCHEMA: &str = include_str!("../../shoal-model/schema/dead-letter.v1.schema.json");

/// Lines that are no posts, and the reason that is to be given for each.
const BAD: [(&[u8], &str); 4] = [
    (br#"{"id":"b1","platform":"made","author":"u1","ts":"2023-11-1"#, "truncated"),
    (br#"{"id":"b2","platform":"made","author":"u2","ts":"2023-11-20T00:00:00Z"}"#, "missing_field"),
    (b"\xff", "invalid_utf8"),
    (br#"{"id":"b3","platform":"made","author":"u3","ts":"2999-01-01T00:00:00Z","text":"from afar"}"#, "future"),
];

/// A Python with what the examples need.
struct Python(PathBuf);

impl Python {
    /// Made once; or a `SKIPPED:` line where it cannot be had.
    fn or_skip() -> Option<Self> {
        let requirements = Path::new(EXAMPLES).join("requirements.txt");
        shoal_tools::or_skip("the examples in Python", shoal_tools::python(&requirements)).map(Self)
    }

    /// Runs an example to its end; gives what it printed.
    fn run(&self, script: &str, arguments: &[&str]) -> String {
        // Nothing is to be left in the source tree.
        said(Command::new(&self.0).arg("-B").arg(Path::new(EXAMPLES).join(script)).args(arguments)).unwrap()
    }

    /// The position at which the example that reads alerts goes on.
    fn position(&self, database: &str) -> String {
        let code = "import sqlite3, sys
print(*sqlite3.connect(sys.argv[1]).execute('SELECT next FROM positions').fetchall())";
        said(Command::new(&self.0).args(["-c", code, database])).unwrap()
    }
}

/// The output of a command, or the reason why it failed.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// A record of a topic.
struct Found {
    partition: i32,
    key: Option<Vec<u8>>,
    value: Vec<u8>,
    headers: BTreeMap<String, String>,
}

impl Found {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.value).unwrap()
    }

    fn key(&self) -> &str {
        std::str::from_utf8(self.key.as_deref().unwrap()).unwrap()
    }
}

/// Every record of a topic, with its headers.
fn records(cluster: &Cluster, topic: &str) -> Vec<Found> {
    let mut config = connection(cluster).client(&Purpose::Reader).unwrap();
    config.set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().unwrap();
    let partitions = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap().topics()[0].partitions().len();
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions {
        list.add_partition_offset(topic, partition as i32, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let (mut records, mut ended) = (Vec::new(), 0);
    while ended < partitions {
        match consumer.poll(PATIENCE).unwrap() {
            Ok(message) => {
                let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
                let headers = message.headers().into_iter().flat_map(Headers::iter);
                records.push(Found {
                    partition: message.partition(),
                    key: message.key().map(<[u8]>::to_vec),
                    value: message.payload().unwrap().to_vec(),
                    headers: headers.map(|header| (header.key.to_owned(), text(header.value))).collect(),
                });
            }
            Err(KafkaError::PartitionEOF(_)) => ended += 1,
            Err(error) => panic!("{error}"),
        }
    }
    records
}

/// Fails unless the headers say so, and the records of each partition and channel are numbered from 1.
fn assert_numbered(records: &[Found], schema: &str, channel: impl Fn(&Found) -> String) {
    let mut numbers: BTreeMap<(i32, String), u64> = BTreeMap::new();
    for record in records {
        let names: Vec<&str> = record.headers.keys().map(String::as_str).collect();
        assert_eq!(names, ["shoal-channel", "shoal-epoch", "shoal-schema", "shoal-sequence"]);
        assert_eq!(record.headers["shoal-schema"], schema);
        assert_eq!(record.headers["shoal-channel"], channel(record));
        let epoch = &record.headers["shoal-epoch"];
        assert!(epoch.len() == 32 && epoch.chars().all(|digit| digit.is_ascii_hexdigit()), "{epoch}");
        let number = numbers.entry((record.partition, channel(record))).or_default();
        *number += 1;
        assert_eq!(record.headers["shoal-sequence"], number.to_string());
    }
}

fn validator(schema: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// The posts, shuffled within lateness, with lines among them that are none.
fn write_shuffled(path: &Path, posts: &[Made]) {
    let mut numbers = Numbers(11);
    let mut shuffled: Vec<_> = posts.iter().map(|post| (post.seconds + numbers.below(59) as i64, post)).collect();
    shuffled.sort_by_key(|(arrival, _)| *arrival);
    let mut file = File::create(path).unwrap();
    for (at, (_, post)) in shuffled.into_iter().enumerate() {
        if let Some((bad, _)) = BAD.get(at / 500).filter(|_| at % 500 == 250) {
            file.write_all(bad).unwrap();
            file.write_all(b"\n").unwrap();
        }
        writeln!(file, "{}", post.line).unwrap();
    }
}

#[test]
fn posts_by_python_become_alerts_for_python() {
    let Some(python) = Python::or_skip() else { return };
    let Some(cluster) = Cluster::plain_or_skip() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let posts = stream(1);
    write(Path::new(&path("posts.ndjson")), &posts);
    let from_file = job(&[path("posts.ndjson").into()], path("alerts.ndjson").into(), config());
    let baseline = alerts(&from_file).0;
    assert_enough(&baseline);

    let prefix = format!("python-{}", std::process::id());
    let topic = |name: &str| format!("{prefix}.{name}");
    let fused = over_topics(from_file, &cluster, &prefix);
    create_topics(&fused, 1);
    write_shuffled(Path::new(&path("shuffled.ndjson")), &posts);
    let arguments = ["--bootstrap", cluster.bootstrap(), "--topic", &topic("posts"), &path("shuffled.ndjson")];
    let said = python.run("produce_posts.py", &arguments);
    assert_eq!(said, format!("{} written, 0 not written\n", posts.len() + BAD.len()));
    check_posts(&records(&cluster, &topic("posts")), posts.len());

    let (alerts, database, properties) = (topic("alerts"), path("alerts.db"), path("client.properties"));
    fs::write(&properties, format!("# as a file\n\nbootstrap.servers = {}\n", cluster.bootstrap())).unwrap();
    let consume = || {
        let arguments = ["--config", &properties, "--topic", &alerts, "--database", &database, "--until-end"];
        python.run("consume_alerts.py", &arguments)
    };
    assert_eq!(consume(), "");
    let summary = run(&fused, &mut ()).unwrap();
    assert!(summary.is_conserved(), "{summary:?}");
    check_alerts(&consume(), &baseline);
    assert_eq!(consume(), "");
    let found = alerts_in(&cluster, &alerts);
    assert_eq!(identities(&found), identities(&baseline));
    let validator = validator(shoal_model::ALERT_SCHEMA);
    let found = records(&cluster, &alerts);
    assert_eq!(python.position(&database), format!("({},)\n", found.len()));
    assert_numbered(&found, "alert.v2", |_| "alerts".to_owned());
    for record in &found {
        assert!(validator.is_valid(&record.json()));
        assert_eq!(record.json()["alert_id"], record.key());
    }
    check_dead_letters(&records(&cluster, &topic("dead-letters")), &topic("posts"));
}

fn check_posts(found: &[Found], posts: usize) {
    let validator = validator(POST_SCHEMA);
    let valid = |record: &&Found| serde_json::from_slice(&record.value).is_ok_and(|value| validator.is_valid(&value));
    // A time that nobody believes is a valid one.
    assert_eq!(found.iter().filter(valid).count(), posts + 1);
    let mut homes: BTreeMap<&str, i32> = BTreeMap::new();
    for record in found {
        assert_eq!(record.headers, BTreeMap::from([("shoal-schema".to_owned(), "post.v1".to_owned())]));
        let Ok(post) = serde_json::from_slice::<Value>(&record.value) else {
            assert_eq!(record.key, None);
            continue;
        };
        assert_eq!(record.key(), format!("made:{}", post["author"].as_str().unwrap()));
        assert_eq!(*homes.entry(record.key()).or_insert(record.partition), record.partition);
    }
    assert!(homes.values().collect::<BTreeSet<_>>().len() > 1);
}

/// A line for each revision of each alert, and no other.
fn check_alerts(said: &str, baseline: &[Alert]) {
    let mut lines: Vec<(String, u32, usize)> = said
        .lines()
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            (columns[0].to_owned(), columns[1].parse().unwrap(), columns[3].parse().unwrap())
        })
        .collect();
    let mut expected: Vec<_> =
        baseline.iter().map(|alert| (alert.alert_id.clone(), alert.revision, alert.observed.accounts.len())).collect();
    lines.sort();
    expected.sort();
    assert_eq!(lines, expected);
}

fn check_dead_letters(found: &[Found], source: &str) {
    assert_numbered(found, "dead-letter.v1", |record| record.key().to_owned());
    let validator = validator(DEAD_LETTER_SCHEMA);
    let mut reasons = BTreeSet::new();
    for record in found {
        let letter = record.json();
        if let Err(error) = validator.validate(&letter) {
            panic!("{error}: {letter}");
        }
        assert_eq!(letter["source"], record.key());
        assert!(record.key().starts_with(&format!("{source}/")), "{}", record.key());
        reasons.insert(letter["reason"].as_str().unwrap().to_owned());
    }
    assert_eq!(found.len(), BAD.len());
    assert_eq!(reasons, BAD.map(|(_, reason)| reason.to_owned()).into());
}
