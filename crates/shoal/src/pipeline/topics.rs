//! Topics that are read and written: names that Kafka takes, and one use for each.

use shoal_kafka::topics::{LONGEST_NAME, check_name};
use shoal_stream::{KafkaSettings, Output, StageName};

use super::error::{Error, Spot};
use super::{PipelineOutputs, PipelineSource, SourceInput};

/// Refuses a name of a topic that Kafka would refuse.
pub(super) fn check_topic(name: &str, spot: &Spot) -> Result<(), Error> {
    check_name("", name, LONGEST_NAME).map_err(|error| match error {
        shoal_kafka::Error::Setting { problem, remedy, .. } => spot.wrong(problem, remedy),
        other => spot.wrong(other.to_string(), "name another topic"),
    })
}

/// Refuses topics that cannot be what they are meant to be together. Whether they exist is for the cluster to say.
pub(super) fn check_topics(
    sources: &[PipelineSource],
    output: &PipelineOutputs,
    kafka: Option<&KafkaSettings>,
) -> Result<(), Error> {
    let read = sources.iter().map(|source| match &source.input {
        SourceInput::Topic { topic, .. } => (Some(topic.as_str()), &source.spot, Use::Read),
        SourceInput::Stdin | SourceInput::File(_) => (None, &source.spot, Use::Read),
    });
    let written = output.places().into_iter().map(|(place, spot)| match place {
        Output::Topic(topic) => (Some(topic.as_str()), spot, Use::Written),
        Output::File(_) => (None, spot, Use::Written),
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

/// The use of a topic.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Written,
}

impl Use {
    /// The remedy for a file where a topic is needed.
    fn as_topic(self) -> &'static str {
        match self {
            Self::Read => "name a topic of [kafka], or leave out kafka.staged",
            Self::Written => "write { topic = \"name\" }, or leave out kafka.staged",
        }
    }

    /// The problem with one topic for two uses, and the remedy.
    fn after(self, before: Self) -> (&'static str, &'static str) {
        match (before, self) {
            (Self::Read, Self::Read) => ("is read twice", "read it once"),
            (Self::Written, Self::Written) => ("is written twice", "give alerts, shadow and dead_letters a topic each"),
            _ => ("is read and written", "write to another topic"),
        }
    }
}

/// Says whether a topic would stand between stages.
fn is_own(topic: &str, prefix: &str) -> bool {
    let Some(name) = topic.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) else { return false };
    name == "watermarks" || name.parse::<StageName>().is_ok()
}
