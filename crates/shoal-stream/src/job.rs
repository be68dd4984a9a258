//! The job of a run: inputs, outputs, and settings.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use shoal_formats::{Format, Limits};
use shoal_model::{Post, Provenance};

use crate::{CheckpointSettings, KafkaSettings, Metrics};

/// The job of a run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The inputs; each is a source partition.
    pub sources: Vec<Source>,
    /// Detection.
    pub detect: shoal_detect::Config,
    /// Limits on records.
    pub limits: Limits,
    /// Threads: 1 does everything in turn; with more, every source is read and analysed on a thread of its own while
    /// one thread detects. No number changes the output.
    pub threads: usize,
    /// Outputs for alerts and dead letters.
    pub outputs: Outputs,
    /// The place of the state, if one is kept.
    pub state: Option<StateSettings>,
    /// Goes on while inputs grow.
    pub follow: Option<Follow>,
    /// The cluster that topics are in; needed when an input or output is a topic.
    pub kafka: Option<KafkaSettings>,
    /// Counters for whoever watches.
    pub metrics: Metrics,
    /// The fingerprint of everything that decides the output.
    pub fingerprint: String,
    /// The version of the program, for the provenance of alerts.
    pub version: String,
    /// Set to stop at the next batch.
    pub stop: Arc<AtomicBool>,
}

/// An input.
#[derive(Clone)]
pub struct Source {
    /// The name of the source in dead letters.
    pub name: String,
    /// The place of its records.
    pub input: Input,
    /// The format of its records; detected when absent, in a file.
    pub format: Option<Format>,
    /// Changes posts, or leaves them out (`false`), before anything else sees them.
    pub filter: Option<Filter>,
}

/// The place of an input's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file of lines; `-` is the standard input.
    File(PathBuf),
    /// A partition of a topic; each record is one.
    Topic {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
}

impl Input {
    /// Says whether reading may wait for somebody to write, and cannot be repeated.
    pub(crate) fn is_pipe(&self) -> bool {
        match self {
            Self::File(path) => {
                path.as_os_str() == "-"
                    || std::fs::metadata(path).is_ok_and(|entry| !entry.is_file() && !entry.is_dir())
            }
            Self::Topic { .. } => false,
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Topic { topic, partition } => write!(f, "{topic}/{partition}"),
        }
    }
}

/// Changes a post before anything else sees it; `false` leaves it out.
pub type Filter = Arc<dyn Fn(&mut Post) -> bool + Send + Sync>;

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("input", &self.input).finish_non_exhaustive()
    }
}

/// The outputs of a run. Records of an absent one are counted and dropped.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    /// Sent alerts, one JSON object a line.
    pub alerts: Option<Output>,
    /// Alerts that are not sent: in shadow, or muted.
    pub shadow: Option<Output>,
    /// Records that are not posts.
    pub dead_letters: Option<Output>,
}

/// A place for records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A file of lines.
    File(PathBuf),
    /// A topic.
    Topic(String),
}

impl Serialize for Output {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::File(path) => path.serialize(serializer),
            Self::Topic(topic) => TopicTable { topic: topic.clone() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Output {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OutputVisitor)
    }
}

impl JsonSchema for Output {
    fn schema_name() -> Cow<'static, str> {
        "Output".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (file, topic) = (generator.subschema_for::<String>(), generator.subschema_for::<TopicTable>());
        json_schema!({
            "title": "file or topic",
            "description": "A file, or `{ topic = \"name\" }`.",
            "oneOf": [file, topic],
        })
    }
}

/// A topic as it is written.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TopicTable {
    /// The name of a topic of `[kafka]`.
    topic: String,
}

/// Says what is expected in words that a person understands.
struct OutputVisitor;

impl<'de> Visitor<'de> for OutputVisitor {
    type Value = Output;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file in quotes or { topic = \"name\" }")
    }

    fn visit_str<E>(self, path: &str) -> Result<Output, E> {
        Ok(Output::File(path.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Output, A::Error> {
        TopicTable::deserialize(MapAccessDeserializer::new(map)).map(|table| Output::Topic(table.topic))
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Topic(topic) => write!(f, "topic {topic}"),
        }
    }
}

impl Job {
    /// The provenance that goes into every alert.
    pub(crate) fn provenance(&self) -> Provenance {
        Provenance {
            configuration: self.fingerprint.clone(),
            version: self.version.clone(),
            inputs: self.sources.iter().map(|source| source.name.clone()).collect(),
        }
    }
}

impl Outputs {
    /// The outputs by name, for a checkpoint to recognise them.
    pub(crate) fn paths(&self) -> Vec<String> {
        let paths = [&self.alerts, &self.shadow, &self.dead_letters];
        paths.map(|output| output.as_ref().map_or_else(String::new, ToString::to_string)).into()
    }
}

/// The place of the state, and the times at which it is kept.
#[derive(Debug, Clone)]
pub struct StateSettings {
    /// The directory.
    pub directory: PathBuf,
    /// The times.
    pub checkpoint: CheckpointSettings,
}

/// The way that growing inputs are followed.
#[derive(Debug, Clone)]
pub struct Follow {
    /// Wall-clock time without data after which a source no longer holds the others up.
    pub idle: Duration,
    /// Wall-clock time between two looks at an input that has ended for now.
    pub poll: Duration,
}
