//! The job of a run: inputs, outputs, and settings.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use shoal_formats::{Format, Limits};
use shoal_kafka::{Connection, GroupProtocol};
use shoal_model::{Post, Provenance};

use crate::Metrics;

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
    pub kafka: Option<Kafka>,
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

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Topic(topic) => write!(f, "topic {topic}"),
        }
    }
}

/// The use of a Kafka cluster. Nothing here changes an alert.
#[derive(Debug, Clone)]
pub struct Kafka {
    /// The connection to it.
    pub connection: Connection,
    /// The beginning of the names of Shoal's own topics and groups.
    pub prefix: String,
    /// The name of this process among the others, the same after a restart: static membership.
    pub instance: Option<String>,
    /// The protocol by which groups share their partitions.
    pub protocol: GroupProtocol,
    /// Raised to start again from the first retained record without mixing with what was done before.
    pub epoch: u32,
    /// Posts that one input may be ahead of the slowest stage.
    pub ahead: usize,
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

/// The place of the state, and the intervals between checkpoints.
#[derive(Debug, Clone)]
pub struct StateSettings {
    /// The directory.
    pub directory: PathBuf,
    /// Posts between two checkpoints.
    pub every_posts: u64,
    /// Wall-clock time between two checkpoints; whichever comes first.
    pub every: Duration,
}

/// The way that growing inputs are followed.
#[derive(Debug, Clone)]
pub struct Follow {
    /// Wall-clock time without data after which a source no longer holds the others up.
    pub idle: Duration,
    /// Wall-clock time between two looks at an input that has ended for now.
    pub poll: Duration,
}
