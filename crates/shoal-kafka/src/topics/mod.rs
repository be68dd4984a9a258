//! Topics: created where they are missing, compared where they exist, never changed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::admin::{ConfigResource, NewTopic, OwnedResourceSpecifier, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::finding::count;
use crate::reader::Shape;
use crate::{Connection, Diagnosis, Error, Finding, Reader, TroubleKind, admin, diagnose};

mod name;
mod settings;

pub use self::name::{LONGEST_NAME, check_name};

/// A topic as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    /// The name.
    pub name: String,
    /// The number of partitions, at least 1.
    pub partitions: i32,
    /// The number of replicas of each, at least 1.
    pub replication: i32,
    /// The settings, such as `cleanup.policy`, as brokers call them.
    pub settings: BTreeMap<String, String>,
    /// The purpose, for people.
    pub purpose: String,
}

/// The fate of a topic that was to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicOutcome {
    /// The name.
    pub topic: String,
    /// The fate.
    pub fate: Fate,
}

/// The fate of a topic that was to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It was created.
    Created,
    /// It was there, and is as it was.
    Existed,
    /// It was not created.
    Refused(Diagnosis),
}

/// Creates what is missing and waits until it can be seen. What exists is not changed, even where it differs: see
/// [`check`].
pub fn create(connection: &Connection, specs: &[TopicSpec], within: Duration) -> Result<Vec<TopicOutcome>, Error> {
    let deadline = Instant::now() + within;
    let reader = Reader::open(connection)?;
    let existing = Existing::look(&reader, within)?;
    let missing: Vec<_> = specs.iter().filter(|spec| !existing.0.contains_key(&spec.name)).collect();
    let mut fates = if missing.is_empty() {
        BTreeMap::new()
    } else if admin::is_possible(connection) {
        create_all(connection, &missing, left(deadline))?
    } else {
        missing.iter().map(|spec| (spec.name.as_str(), Fate::Refused(no_administration(spec)))).collect()
    };
    for (name, _) in fates.iter().filter(|(_, fate)| **fate == Fate::Created) {
        // A topic that is created is there; a broker that does not know it yet is asked again.
        while reader.partition_count(name, left(deadline))?.is_none() {
            if Instant::now() >= deadline {
                return Err(Error::cluster(
                    format!("new topic `{name}`"),
                    &KafkaError::MetadataFetch(Code::OperationTimedOut),
                ));
            }
            std::thread::sleep(PAUSE);
        }
    }
    let outcome = |spec: &TopicSpec| {
        let fate = fates.remove(spec.name.as_str()).unwrap_or(Fate::Existed);
        TopicOutcome { topic: spec.name.clone(), fate }
    };
    Ok(specs.iter().map(outcome).collect())
}

/// Compares topics with what they should be, a finding or more each.
pub fn check(connection: &Connection, specs: &[TopicSpec], within: Duration) -> Result<Vec<Finding>, Error> {
    let deadline = Instant::now() + within;
    let existing = Existing::look(&Reader::open(connection)?, within)?;
    let present: Vec<_> = specs.iter().filter(|spec| existing.0.contains_key(&spec.name)).collect();
    let settings = if present.is_empty() || !admin::is_possible(connection) {
        BTreeMap::new()
    } else {
        describe(connection, &present, left(deadline))?
    };
    Ok(specs.iter().flat_map(|spec| compare(spec, &existing, settings.get(&spec.name))).collect())
}

/// Between two looks at a topic that is not there yet.
const PAUSE: Duration = Duration::from_millis(50);

/// The topics that we may see.
struct Existing(BTreeMap<String, Shape>);

impl Existing {
    fn look(reader: &Reader, within: Duration) -> Result<Self, Error> {
        let metadata = reader.metadata(within)?;
        let known = metadata.topics().iter().filter(|topic| topic.error().is_none());
        Ok(Self(known.map(|topic| (topic.name().to_owned(), Shape::of(topic))).collect()))
    }
}

fn create_all<'a>(
    connection: &Connection,
    missing: &[&'a TopicSpec],
    within: Duration,
) -> Result<BTreeMap<&'a str, Fate>, Error> {
    let topics: Vec<_> = missing.iter().map(|spec| new_topic(spec)).collect();
    let results = admin::wait(admin::open(connection)?.create_topics(&topics, &admin::options(within)));
    let results = results.map_err(|error| Error::cluster("creation of topics", &error))?;
    let fates: BTreeMap<_, _> = results
        .into_iter()
        .map(|result| match result {
            Ok(name) => (name, Fate::Created),
            // Somebody else was faster.
            Err((name, Code::TopicAlreadyExists)) => (name, Fate::Existed),
            Err((name, code)) => (name, Fate::Refused(diagnose(Some(code), &code.to_string()))),
        })
        .collect();
    let fate = |spec: &&'a TopicSpec| Some((spec.name.as_str(), fates.get(&spec.name)?.clone()));
    Ok(missing.iter().filter_map(fate).collect())
}

fn new_topic(spec: &TopicSpec) -> NewTopic<'_> {
    let topic = NewTopic::new(&spec.name, spec.partitions, TopicReplication::Fixed(spec.replication));
    spec.settings.iter().fold(topic, |topic, (name, value)| topic.set(name, value))
}

/// The settings of topics by name; none where we may not see them.
fn describe(
    connection: &Connection,
    specs: &[&TopicSpec],
    within: Duration,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, Error> {
    let topics: Vec<_> = specs.iter().map(|spec| ResourceSpecifier::Topic(&spec.name)).collect();
    let results = admin::wait(admin::open(connection)?.describe_configs(&topics, &admin::options(within)));
    let results = results.map_err(|error| Error::cluster("settings of topics", &error))?;
    let settings = |resource: ConfigResource| match resource.specifier {
        // rdkafka passes over the error of a single topic and gives no entries instead.
        OwnedResourceSpecifier::Topic(name) if !resource.entries.is_empty() => {
            let entries = resource.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?)));
            Some((name, entries.collect()))
        }
        _ => None,
    };
    Ok(results.into_iter().flatten().filter_map(settings).collect())
}

fn compare(spec: &TopicSpec, existing: &Existing, settings: Option<&BTreeMap<String, String>>) -> Vec<Finding> {
    let about = format!("topic `{}`", spec.name);
    let Some(&Shape { partitions, replicas, .. }) = existing.0.get(&spec.name) else {
        return vec![Finding::error(about, "it does not exist, or we may not see it", CREATE)];
    };
    let mut findings = Vec::new();
    if partitions != spec.partitions {
        findings.push(wrong_partitions(&spec.name, partitions, spec.partitions));
    }
    if replicas < spec.replication {
        let what = format!("it has {}, wanted {}", count(replicas, "replica"), spec.replication);
        findings.push(Finding::warning(&about, what, "add replicas with kafka-reassign-partitions"));
    }
    match settings {
        Some(settings) => findings.extend(settings::compare(spec, settings, replicas)),
        None => findings.push(Finding::warning(
            &about,
            "its settings cannot be read, so they are not compared",
            "allow our user DESCRIBE_CONFIGS on the topic; with `oauthbearer` use kafka-configs --describe",
        )),
    }
    if findings.is_empty() {
        let size = format!("{}, {}", count(partitions, "partition"), count(replicas, "replica"));
        findings.push(Finding::ok(about, format!("{size}, settings as wanted")));
    }
    findings
}

pub(crate) const CREATE: &str = "create it: `shoal topics create PIPELINE.toml`, and check its name";

/// A topic with another number of partitions than the pipeline says.
pub(crate) fn wrong_partitions(topic: &str, found: i32, wanted: i32) -> Finding {
    let what = format!("it has {}, wanted {wanted}", count(found, "partition"));
    let remedy = "make it anew with the right number, or write the number that it has into the pipeline; partitions \
                  cannot be added, because records would change places";
    Finding::error(format!("topic `{topic}`"), what, remedy)
}

fn no_administration(spec: &TopicSpec) -> Diagnosis {
    let settings = spec.settings.iter().map(|(name, value)| format!(" --config {name}={value}"));
    let settings = settings.collect::<Vec<_>>().concat();
    let TopicSpec { name, partitions, replication, .. } = spec;
    Diagnosis {
        kind: TroubleKind::Other,
        what: "with `oauthbearer` Shoal can use topics and cannot create them".to_owned(),
        remedy: format!(
            "kafka-topics --create --topic {name} --partitions {partitions} --replication-factor {replication}{settings}"
        ),
    }
}

pub(crate) fn left(deadline: Instant) -> Duration {
    // Never nothing: what asks with no time left waits a moment and says so.
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(100))
}
