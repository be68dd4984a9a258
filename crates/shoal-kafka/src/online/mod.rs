//! Looks at a cluster before anything runs: whether it lets us in, and whether everything is there and allowed.

mod probe;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::metadata::Metadata;

use crate::error::{CLIENT, SECRET};
use crate::finding::count;
use crate::reader::Shape;
use crate::{CheckReport, Connection, Diagnosis, Error, Finding, Reader, Sasl, Trouble, TroubleKind, topics};
use probe::Answer;

/// The topics and groups that a run will need.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The topics.
    pub topics: Vec<WantedTopic>,
    /// The groups to be joined.
    pub groups: Vec<String>,
}

/// A topic that a run will need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedTopic {
    /// The name.
    pub name: String,
    /// The number of partitions that it must have; `None` where any number will do.
    pub partitions: Option<i32>,
    /// `true` if it will be read.
    pub read: bool,
    /// `true` if it will be written.
    pub write: bool,
}

const CONNECTION: &str = "connection";

/// Looks at everything that a run will need. Nothing is changed, no record is left anywhere and no group is disturbed.
pub fn check(connection: &Connection, wanted: &Wanted, within: Duration) -> CheckReport {
    let deadline = Instant::now() + within;
    let mut findings = Vec::new();
    let reader = match Reader::open(connection) {
        Ok(reader) => reader,
        Err(error) => {
            findings.push(failed(CONNECTION, error));
            return CheckReport { findings };
        }
    };
    match reader.metadata(within) {
        Ok(metadata) => {
            findings.extend(connected(connection, &metadata));
            findings.extend(troubles(&reader).map(|one| Finding::warning(CONNECTION, one.what, one.remedy)));
        }
        Err(error) => {
            findings.extend(unreached(&reader, error));
            return CheckReport { findings };
        }
    }
    let principal = principal(connection);
    let looks: Vec<_> = wanted.topics.iter().map(|topic| look(&reader, topic, &principal, deadline)).collect();
    let written: Vec<_> = wanted
        .topics
        .iter()
        .zip(&looks)
        .filter(|(topic, look)| topic.write && look.is_ok())
        .map(|(topic, _)| topic)
        .collect();
    let may_write = probe::write(connection, &written, deadline);
    for (topic, look) in wanted.topics.iter().zip(looks) {
        match look {
            Ok(shape) => {
                let read = topic.read.then(|| probe::read(&reader, &topic.name, topics::left(deadline)));
                let rights = Rights { read, write: may_write.get(&topic.name).cloned() };
                findings.extend(found(topic, &shape, &rights, &principal));
            }
            Err(finding) => findings.push(finding),
        }
    }
    findings.extend(look_at_groups(connection, wanted, deadline));
    CheckReport { findings }
}

/// The principal that rights are given to, as `kafka-acls` calls it.
fn principal(connection: &Connection) -> String {
    match &connection.sasl {
        Some(
            Sasl::Plain { username, .. } | Sasl::ScramSha256 { username, .. } | Sasl::ScramSha512 { username, .. },
        ) => format!("User:{username}"),
        _ => "User:…".to_owned(),
    }
}

fn allow(principal: &str, operation: &str, kind: &str, name: &str) -> String {
    format!("kafka-acls --add --allow-principal {principal} --operation {operation} --{kind} {name}")
}

fn connected(connection: &Connection, metadata: &Metadata) -> Vec<Finding> {
    let brokers = count(metadata.brokers().len() as i32, "broker");
    let transport = if connection.tls.is_some() { "over TLS" } else { "in the clear" };
    let user = match &connection.sasl {
        None => String::new(),
        Some(Sasl::OauthBearer { .. }) => ", signed in with a token".to_owned(),
        Some(
            sasl @ (Sasl::Plain { username, .. }
            | Sasl::ScramSha256 { username, .. }
            | Sasl::ScramSha512 { username, .. }),
        ) => format!(", signed in as `{username}` with {}", sasl.mechanism()),
    };
    let mut findings = vec![Finding::ok(CONNECTION, format!("{brokers}, {transport}{user}"))];
    if matches!(connection.sasl, Some(Sasl::Plain { .. } | Sasl::OauthBearer { .. })) && connection.tls.is_none() {
        findings.push(Finding::warning(
            CONNECTION,
            "the secret travels in the clear: whoever sees the network can sign in as we do",
            "name the port of a listener with TLS, and add [kafka.tls]",
        ));
    }
    findings
}

/// The most telling trouble of each broker that has one.
fn troubles(reader: &Reader) -> impl Iterator<Item = Diagnosis> {
    let mut worst = BTreeMap::<String, Trouble>::new();
    for trouble in reader.watch().troubles() {
        let Some(broker) = &trouble.broker else { continue };
        if worst.get(broker).is_none_or(|known| known.weight() <= trouble.weight()) {
            worst.insert(broker.clone(), trouble);
        }
    }
    worst.into_values().map(|trouble| trouble.diagnosis)
}

fn unreached(reader: &Reader, error: Error) -> Vec<Finding> {
    let findings: Vec<_> = troubles(reader).map(|one| Finding::error(CONNECTION, one.what, one.remedy)).collect();
    if findings.is_empty() { vec![failed(CONNECTION, error)] } else { findings }
}

fn failed(about: &str, error: Error) -> Finding {
    match error {
        Error::Cluster { diagnosis, .. } => Finding::error(about, diagnosis.what, diagnosis.remedy),
        Error::Setting { key, problem, remedy } => Finding::error(key, problem, remedy),
        Error::Secret { key, place, reason } => {
            Finding::error(key, format!("cannot take the secret from {place}: {reason}"), SECRET)
        }
        Error::Client(reason) => Finding::error(about, format!("the Kafka client cannot start: {reason}"), CLIENT),
    }
}

/// Looks whether a topic is there.
fn look(reader: &Reader, topic: &WantedTopic, principal: &str, deadline: Instant) -> Result<Shape, Finding> {
    let about = format!("topic `{}`", topic.name);
    match reader.shape(&topic.name, topics::left(deadline)) {
        Ok(Some(shape)) => Ok(shape),
        Ok(None) => Err(Finding::error(about, "it does not exist", topics::CREATE)),
        Err(Error::Cluster { diagnosis, .. }) if diagnosis.kind == TroubleKind::TopicDenied => {
            let operation = if topic.read { "Read" } else { "Write" };
            let what = "we have no right to it, and cannot even see whether it exists";
            Err(Finding::error(about, what, allow(principal, operation, "topic", &topic.name)))
        }
        Err(error) => Err(failed(&about, error)),
    }
}

/// Rights on a topic, as far as they were asked for.
struct Rights {
    read: Option<Answer>,
    write: Option<Answer>,
}

fn found(topic: &WantedTopic, shape: &Shape, rights: &Rights, principal: &str) -> Vec<Finding> {
    let about = format!("topic `{}`", topic.name);
    let mut findings = Vec::new();
    if let Some(wanted) = topic.partitions.filter(|wanted| *wanted != shape.partitions) {
        findings.push(topics::wrong_partitions(&topic.name, shape.partitions, wanted));
    }
    if !shape.leaderless.is_empty() {
        let what = format!("no broker serves partitions {:?}", shape.leaderless);
        findings.push(Finding::error(&about, what, "start the brokers that hold them"));
    }
    let asked = [(&rights.read, "read", "Read"), (&rights.write, "write", "Write")];
    for (answer, verb, operation) in asked {
        match answer {
            Some(Answer::No(what)) => findings.push(Finding::error(
                &about,
                format!("we may not {verb} it: {what}"),
                allow(principal, operation, "topic", &topic.name),
            )),
            Some(Answer::Unknown) => findings.push(Finding::warning(
                &about,
                format!("whether we may {verb} it could not be found out in time"),
                "look again when the cluster has less to do",
            )),
            Some(Answer::Yes) | None => {}
        }
    }
    if findings.is_empty() {
        let what = match (&rights.read, &rights.write) {
            (Some(_), Some(_)) => "may be read and written",
            (Some(_), None) => "may be read",
            (None, Some(_)) => "may be written",
            (None, None) => "is there",
        };
        findings.push(Finding::ok(about, format!("{}, {what}", count(shape.partitions, "partition"))));
    }
    findings
}

fn look_at_groups(connection: &Connection, wanted: &Wanted, deadline: Instant) -> Vec<Finding> {
    let topic = wanted.topics.iter().find(|topic| topic.read).map_or("shoal", |topic| topic.name.as_str());
    let answers = probe::join(connection, &wanted.groups, topic, deadline);
    let finding = |(group, answer): (&String, Answer)| {
        let about = format!("group `{group}`");
        match answer {
            Answer::Yes => Finding::ok(about, "may be joined"),
            Answer::No(what) => Finding::error(
                about,
                format!("we may not join it: {what}"),
                allow(&principal(connection), "Read", "group", group),
            ),
            Answer::Unknown => Finding::warning(
                about,
                "whether we may join it could not be found out in time",
                "look again: a new cluster takes some seconds for its first group",
            ),
        }
    };
    wanted.groups.iter().zip(answers).map(finding).collect()
}
