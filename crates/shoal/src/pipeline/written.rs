//! A pipeline as it is written: the tables and keys of the file, with their defaults.

use serde::{Deserialize, Serialize};
use shoal_formats::{Format, Limits};
use shoal_model::Span;

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
    /// How much of a record is read.
    pub(super) input: Limits,
    /// How the machine is used.
    pub(super) run: Run,
    /// How often the state is kept.
    pub(super) checkpoint: Checkpoint,
    /// What is detected.
    pub(super) detect: shoal_detect::Config,
}

/// A file or a stream of posts: one source partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    /// Relative to the pipeline file; `-` is standard input.
    pub(super) path: String,
    /// Detected when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<Format>,
    /// Default: the name of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

/// Where alerts and dead letters go; relative to the working directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Output {
    /// The alerts that are sent, one JSON object a line.
    pub(super) alerts: String,
    /// Shadow and suppressed alerts; when absent they are only counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shadow: Option<String>,
    /// Default: beside the alerts, with `.dead-letters.ndjson` in place of the extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dead_letters: Option<String>,
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
        Self { alerts: "alerts.ndjson".to_owned(), shadow: None, dead_letters: None }
    }
}

impl Default for Checkpoint {
    fn default() -> Self {
        Self { every_posts: 200_000, every: Span::from_seconds(30) }
    }
}
