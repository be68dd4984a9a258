//! `[kafka]`: what can be known to be wrong with them before a cluster is asked.

use shoal_stream::StageName;

use super::error::{Error, Spot};
use super::file::Kafka;
use super::origins::{KeyPath, Origins, Step};
use super::tree::parse_keys;
use super::{Input, Output, Source};
use shoal_model::display::printable;

/// The longest name of a topic that Kafka takes.
const LONGEST_TOPIC: usize = 249;
/// The longest name that stages and epochs are added to: what comes of it must fit too.
const LONGEST_NAME: usize = 200;

/// Why Kafka would not take a name.
fn wrong_name(name: &str, longest: usize) -> Option<String> {
    let fits = |symbol: char| symbol.is_ascii_alphanumeric() || "._-".contains(symbol);
    if name.is_empty() {
        Some("it is empty".to_owned())
    } else if name.len() > longest {
        Some(format!("{} characters are too many", name.chars().count()))
    } else if name == "." || name == ".." || !name.chars().all(fits) {
        Some(format!("Kafka does not take the name `{}`", printable(name)))
    } else {
        None
    }
}

/// Refuses a name of a topic that Kafka would refuse.
pub(super) fn check_topic(name: &str, spot: &Spot) -> Result<(), Error> {
    check_name(name, LONGEST_TOPIC, spot)
}

fn check_name(name: &str, longest: usize, spot: &Spot) -> Result<(), Error> {
    let remedy = || format!("write 1 to {longest} of the letters a-z and A-Z, digits, `.`, `_` and `-`");
    wrong_name(name, longest).map_or(Ok(()), |problem| Err(spot.wrong(problem, remedy())))
}

/// Refuses a `[kafka]` that cannot work with any cluster. `instance` is where the name of the process stands.
pub(super) fn check(kafka: &Kafka, instance: &Spot, origins: &Origins) -> Result<(), Error> {
    let spot = |key: &str| origins.spot(&KeyPath::from("kafka").key(key));
    kafka.connection().validate().map_err(|error| match error {
        shoal_kafka::Error::Setting { key, problem, remedy } => origins.spot(&path_of(&key)).wrong(problem, remedy),
        other => origins.spot(&KeyPath::from("kafka")).wrong(other.to_string(), super::BALANCED),
    })?;
    check_name(&kafka.prefix, LONGEST_NAME, &spot("prefix"))?;
    if let Some(name) = &kafka.instance {
        check_name(name, LONGEST_NAME, instance)?;
    }
    if !(512..=1 << 24).contains(&kafka.ahead) {
        let remedy = format!("write 512 to {}, such as 65536", 1 << 24);
        return Err(spot("ahead").wrong(format!("{} posts cannot work", kafka.ahead), remedy));
    }
    if !(1..=100).contains(&kafka.replication) {
        let problem = format!("{} copies cannot work", kafka.replication);
        return Err(spot("replication").wrong(problem, "write 1, or up to as many as there are brokers, such as 3"));
    }
    if kafka.retention.seconds() < 3600.0 {
        let remedy = "write 1h or more, such as 7d: a process that starts again reads what it had not finished";
        return Err(spot("retention").wrong(format!("{} is too short", kafka.retention), remedy));
    }
    Ok(())
}

/// The way to a key that is named as `kafka.bootstrap[0]` or `kafka.properties."client.id"`.
fn path_of(key: &str) -> KeyPath {
    let (keys, index) = match key.strip_suffix(']').and_then(|list| list.rsplit_once('[')) {
        Some((keys, index)) => (keys, index.parse().ok().map(Step::Index)),
        None => (key, None),
    };
    let path = parse_keys(keys).unwrap_or_else(|| KeyPath::from("kafka"));
    index.map_or(path.clone(), |index| path.then(index))
}

/// Refuses topics that cannot be what they are meant to be together. Whether they exist is for the cluster to say.
pub(super) fn check_topics(sources: &[Source], output: &Output, kafka: Option<&Kafka>) -> Result<(), Error> {
    let read = sources.iter().map(|source| match &source.input {
        Input::Topic { topic, .. } => (Some(topic.as_str()), &source.spot, Use::Read),
        Input::Stdin | Input::File(_) => (None, &source.spot, Use::Read),
    });
    let written = output.places().into_iter().map(|(place, spot)| match place {
        shoal_stream::Output::Topic(topic) => (Some(topic.as_str()), spot, Use::Written),
        shoal_stream::Output::File(_) => (None, spot, Use::Written),
    });
    let mut seen: Vec<(&str, &Spot, Use)> = Vec::new();
    for (topic, spot, usage) in read.chain(written) {
        let Some(topic) = topic else {
            if kafka.is_some_and(|kafka| kafka.staged) {
                let problem = "a staged pipeline reads and writes topics only: its processes share no files";
                return Err(spot.wrong(problem, usage.as_topic()));
            }
            continue;
        };
        let Some(kafka) = kafka else {
            let problem = format!("there is no cluster that the topic `{topic}` could be in");
            return Err(spot.wrong(problem, "add [kafka] with bootstrap = [\"host:9092\"]"));
        };
        if is_own(topic, &kafka.prefix) {
            let problem = format!("`{topic}` is the name of one of Shoal's own topics");
            return Err(spot.wrong(problem, "name another topic, or choose another kafka.prefix"));
        }
        if let Some((_, other, before)) = seen.iter().find(|(other, ..)| *other == topic) {
            let (problem, remedy) = usage.after(*before);
            return Err(spot.wrong(format!("`{topic}` {problem}; the other: {other}"), remedy));
        }
        seen.push((topic, spot, usage));
    }
    Ok(())
}

/// What a topic is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Written,
}

impl Use {
    /// How to use a topic instead of a file.
    fn as_topic(self) -> &'static str {
        match self {
            Self::Read => "name a topic of [kafka], or leave out kafka.staged",
            Self::Written => "write { topic = \"name\" }, or leave out kafka.staged",
        }
    }

    /// What is wrong with one topic for two uses, and what to do.
    fn after(self, before: Self) -> (&'static str, &'static str) {
        match (before, self) {
            (Self::Read, Self::Read) => ("is read twice", "read it once"),
            (Self::Written, Self::Written) => ("is written twice", "give alerts, shadow and dead_letters a topic each"),
            _ => ("is read and written", "write to another topic"),
        }
    }
}

/// Whether a topic would stand between stages.
fn is_own(topic: &str, prefix: &str) -> bool {
    let Some(name) = topic.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) else { return false };
    name == "watermarks" || name.parse::<StageName>().is_ok()
}

#[cfg(test)]
mod tests;
