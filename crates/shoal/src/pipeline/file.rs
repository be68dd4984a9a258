//! A pipeline as it is written: the tables and keys of the file, with their defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use shoal_formats::{Format, Limits};
use shoal_kafka::{Connection, GroupProtocol, Sasl, Tls};
use shoal_model::Span;
use shoal_serve::Role;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    /// The name of the pipeline; default: the name of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// What is read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) source: Vec<Source>,
    /// What is written.
    pub(super) output: Output,
    /// The cluster that topics are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kafka: Option<Kafka>,
    /// Where posts and alerts can be searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<Index>,
    /// What is answered over HTTP.
    #[serde(skip_serializing_if = "Serve::is_empty")]
    pub(super) serve: Serve,
    /// How much of a record is read.
    pub(super) input: Limits,
    /// How the machine is used.
    pub(super) run: Run,
    /// How often the state is kept.
    pub(super) checkpoint: Checkpoint,
    /// What is detected.
    pub(super) detect: shoal_detect::Config,
}

impl Written {
    /// Every key that has a default, at its default, and some of the others with an example.
    pub(super) fn examples() -> Self {
        let kafka = Kafka { bootstrap: vec!["127.0.0.1:9092".to_owned()], ..Kafka::default() };
        let serve = Serve { listen: Some("127.0.0.1:9464".to_owned()), ..Serve::default() };
        Self { kafka: Some(kafka), index: Some(Index::default()), serve, ..Self::default() }
    }
}

/// A file or a topic of posts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Source {
    /// A file, one source partition. Relative to the pipeline file; `-` is standard input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    /// A topic instead of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) topic: Option<String>,
    /// How many partitions the topic has, each a source partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) partitions: Option<u32>,
    /// Detected in a file when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<Format>,
    /// Default: the name of the file or the topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

/// Where alerts and dead letters go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Output {
    /// The alerts that are sent, one JSON object a line or record.
    pub(super) alerts: Place,
    /// Shadow and suppressed alerts; when absent they are only counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shadow: Option<Place>,
    /// Default: beside the alerts, with `.dead-letters.ndjson` in place of the extension, or `PREFIX.dead-letters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dead_letters: Option<Place>,
}

/// A place for records: `"path"`, or `{ topic = "name" }`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Place {
    /// A file, relative to the working directory.
    File(String),
    /// A topic.
    Topic(Topic),
}

/// A topic that is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Topic {
    /// Its name.
    pub(super) topic: String,
}

/// A cluster and how it is used. Nothing here changes an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Kafka {
    /// Brokers to ask first, `host:port`.
    pub(crate) bootstrap: Vec<String>,
    /// What the names of Shoal's own topics and groups begin with.
    pub(crate) prefix: String,
    /// Whether every edge between stages is a topic, so that many processes can share the work.
    pub(crate) staged: bool,
    /// The name of this process among the others, the same after a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instance: Option<String>,
    /// How groups agree on who reads what.
    pub(crate) group_protocol: GroupProtocol,
    /// Raised to start again from the first retained record.
    pub(crate) epoch: u32,
    /// Posts that one input may be ahead of the slowest stage.
    pub(crate) ahead: usize,
    /// Copies of a topic that is created.
    pub(crate) replication: i32,
    /// How long Shoal's own topics keep records.
    pub(crate) retention: Span,
    /// TLS, if it is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls: Option<Tls>,
    /// Who we are, if that is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sasl: Option<Sasl>,
    /// Further properties of librdkafka.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) properties: BTreeMap<String, String>,
}

/// What is answered over HTTP.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Serve {
    /// Where metrics and health are, and with [index] the page and the API; when absent nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) listen: Option<String>,
    /// Names that the machine is reached by, beside its addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hosts: Vec<String>,
    /// Who may do what; without any, everybody on this machine may do everything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) token: Vec<Token>,
}

/// Somebody who may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    /// Who that is, for the audit log.
    pub(super) name: String,
    /// What they may do.
    pub(super) role: Role,
    /// The SHA-256 of the token in hexadecimal.
    pub(super) sha256: String,
}

/// Where posts and alerts can be searched. Nothing here changes an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Index {
    /// The directory, relative to the working directory.
    pub(crate) path: String,
    /// The event time that one bucket of posts covers.
    pub(crate) bucket: Span,
    /// How long posts and alerts stay; for ever when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keep: Option<Span>,
    /// Time by the clock until what has come can be found.
    pub(crate) commit: Span,
    /// Memory for posts that are not written yet.
    pub(crate) memory_bytes: usize,
    /// Threads that write.
    pub(crate) threads: usize,
    /// Time by the clock between two purges of what was deleted.
    pub(crate) purge: Span,
}

/// How the machine is used. Nothing here changes an alert.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Run {
    /// Default: as many as the machine has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) threads: Option<usize>,
}

/// How often the state is kept, where a directory for it is given. Whichever comes first counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Checkpoint {
    /// After so many posts.
    pub(crate) every_posts: u64,
    /// After so much time by the clock.
    pub(crate) every: Span,
}

impl Default for Output {
    fn default() -> Self {
        Self { alerts: Place::File("alerts.ndjson".to_owned()), shadow: None, dead_letters: None }
    }
}

impl Default for Kafka {
    fn default() -> Self {
        Self {
            bootstrap: Vec::new(),
            prefix: "shoal".to_owned(),
            staged: false,
            instance: None,
            group_protocol: GroupProtocol::default(),
            epoch: 0,
            ahead: 65_536,
            replication: 1,
            retention: Span::from_seconds(7 * 86_400),
            tls: None,
            sasl: None,
            properties: BTreeMap::new(),
        }
    }
}

impl Default for Index {
    fn default() -> Self {
        Self {
            path: "shoal-index".to_owned(),
            bucket: Span::from_seconds(30 * 86_400),
            keep: None,
            commit: Span::from_seconds(1),
            memory_bytes: 64 << 20,
            threads: 1,
            purge: Span::from_seconds(3_600),
        }
    }
}

impl Default for Checkpoint {
    fn default() -> Self {
        Self { every_posts: 200_000, every: Span::from_seconds(30) }
    }
}

impl Kafka {
    /// The way to the cluster.
    pub(crate) fn connection(&self) -> Connection {
        Connection {
            bootstrap: self.bootstrap.clone(),
            tls: self.tls.clone(),
            sasl: self.sasl.clone(),
            properties: self.properties.clone(),
        }
    }

    /// The same with the paths of files taken as relative to `base`.
    pub(super) fn rebased(self, base: &Path) -> Self {
        let mut connection = self.connection();
        connection.rebase(base);
        Self { tls: connection.tls, sasl: connection.sasl, ..self }
    }
}

impl Serve {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlaceVisitor)
    }
}

/// Tells what is expected in words that a person understands.
struct PlaceVisitor;

impl<'de> Visitor<'de> for PlaceVisitor {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file in quotes or { topic = \"name\" }")
    }

    fn visit_str<E>(self, path: &str) -> Result<Place, E> {
        Ok(Place::File(path.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Place, A::Error> {
        Topic::deserialize(MapAccessDeserializer::new(map)).map(Place::Topic)
    }
}
