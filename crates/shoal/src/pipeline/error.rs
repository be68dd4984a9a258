//! Errors of a pipeline. Every one names the place, the key and the remedy.

use std::io;
use std::path::PathBuf;

pub(crate) use super::origins::Spot;

/// A pipeline that cannot run as it is written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The pipeline file cannot be read.
    #[error("{}: cannot read the pipeline: {source}\n  help: name a pipeline file, such as pipelines/demo.toml", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// Something that is written wrong.
    #[error("{at}: {problem}\n  help: {remedy}")]
    Wrong {
        /// The key and its place.
        at: Spot,
        /// The problem.
        problem: String,
        /// The remedy.
        remedy: String,
    },
    /// A pipeline that is to run and reads nothing.
    #[error(
        "{}: source: there is none\n  help: name files with --input, or add [[source]] with a path or topic to the pipeline",
        .file.display()
    )]
    NoSource {
        /// The file.
        file: PathBuf,
    },
    /// A pipeline without an index where one is asked for.
    #[error("{}: index: there is none\n  help: add [index] with path = \"shoal-index\" to the pipeline", .file.display())]
    NoIndex {
        /// The file.
        file: PathBuf,
    },
    /// A pipeline without a cluster where one is asked for.
    #[error(
        "{}: kafka: there is none\n  help: add [kafka] with bootstrap = [\"host:9092\"] to the pipeline",
        .file.display()
    )]
    NoKafka {
        /// The file.
        file: PathBuf,
    },
    /// A pipeline that neither reads nor writes a topic where topics are asked for.
    #[error(
        "{}: it names no topic\n  help: add [[source]] with a topic, or write alerts = {{ topic = \"alerts\" }} under [output]",
        .file.display()
    )]
    NoTopic {
        /// The file.
        file: PathBuf,
    },
}

impl Spot {
    /// The error about this spot.
    pub(crate) fn wrong(&self, problem: impl Into<String>, remedy: impl Into<String>) -> Error {
        Error::Wrong { at: self.clone(), problem: problem.into(), remedy: remedy.into() }
    }
}
