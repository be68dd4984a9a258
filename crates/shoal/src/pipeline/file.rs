//! A pipeline file: its tables and keys, with their defaults. What a library needs is a table of that library.

use std::num::NonZero;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shoal_formats::{Format, Limits};
use shoal_stream::{CheckpointSettings, KafkaSettings, Output};

/// A pipeline of Shoal: what is read, what is detected, where it goes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "Shoal pipeline")]
pub(super) struct PipelineFile {
    /// The name of the pipeline; without it that of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// A table for each file or topic that is read; also `--input` on the command line. Several sources are read side
    /// by side and merged by time.
    #[serde(rename = "source", skip_serializing_if = "Vec::is_empty")]
    pub(super) sources: Vec<SourceTable>,
    /// The outputs: files, relative to the working directory, or topics of `[kafka]`.
    pub(super) output: OutputTable,
    /// The Kafka cluster that topics are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kafka: Option<KafkaSettings>,
    /// The index in which posts and alerts can be searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<shoal_index::Settings>,
    /// The HTTP server.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) serve: shoal_serve::Settings,
    /// Limits of what is read of a record.
    pub(super) input: Limits,
    /// The use of the machine.
    pub(super) run: RunTable,
    /// The times at which the state is kept.
    pub(super) checkpoint: CheckpointSettings,
    /// Detection: everything in it decides which alerts are raised.
    pub(super) detect: shoal_detect::Config,
}

impl PipelineFile {
    /// Every key that has a default, at its default, and some of the others with an example.
    pub(super) fn examples() -> Self {
        let kafka = KafkaSettings { bootstrap: vec!["127.0.0.1:9092".to_owned()], ..KafkaSettings::default() };
        let listen = "127.0.0.1:9464".parse().ok();
        let serve = shoal_serve::Settings { listen, ..shoal_serve::Settings::default() };
        Self { kafka: Some(kafka), index: Some(shoal_index::Settings::default()), serve, ..Self::default() }
    }
}

/// A file or a topic of posts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SourceTable {
    /// A file, relative to the pipeline file; `-` is standard input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    /// A topic of `[kafka]` instead of a file. Each of its partitions is read as a source of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) topic: Option<String>,
    /// The number of partitions of the topic, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = Self::MOST_PARTITIONS))]
    pub(super) partitions: Option<u32>,
    /// The format of the records; detected in a file when absent, needed for a topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<Format>,
    /// The name of the source in alerts and dead letters; without it that of the file or the topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

impl SourceTable {
    /// The most partitions that a topic may have: each is a source, with what it holds in memory.
    pub(super) const MOST_PARTITIONS: u32 = 1024;
}

/// The outputs: files, relative to the working directory, or topics of `[kafka]`, such as `{ topic = "alerts" }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OutputTable {
    /// The alerts that are sent, one JSON object a line or record.
    pub(super) alerts: Output,
    /// Shadow and suppressed alerts; without the key they are counted and not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shadow: Option<Output>,
    /// Records that are no posts, byte for byte; without the key they lie beside the alerts, with
    /// `.dead-letters.ndjson` in place of the extension, or in the topic `PREFIX.dead-letters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dead_letters: Option<Output>,
}

impl Default for OutputTable {
    fn default() -> Self {
        Self { alerts: Output::File("alerts.ndjson".into()), shadow: None, dead_letters: None }
    }
}

/// The use of the machine. Nothing here changes an alert.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RunTable {
    /// Threads to work with; without the key as many as the machine has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = Self::MOST_THREADS))]
    pub(super) threads: Option<usize>,
}

impl RunTable {
    /// The most threads that may be asked for.
    pub(super) const MOST_THREADS: usize = 1024;

    /// The number of threads to work with.
    pub(super) fn threads(&self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get))
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
