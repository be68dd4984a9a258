//! Settings that a library refuses, told with the place in the file and a remedy.

use toml::Table;

use super::error::Error;
use super::file::PipelineFile;
use super::messages;
use super::origins::{KeyPath, Origins};

const BALANCED: &str = "see the comments in pipelines/balanced.toml";

/// A setting that a library refuses.
pub(super) struct RefusedSetting {
    key: String,
    problem: String,
    /// The default is the remedy that always works.
    remedy: Option<String>,
}

impl RefusedSetting {
    /// The error about it.
    pub(super) fn at(self, origins: &Origins) -> Error {
        let path = KeyPath::parse(&self.key).unwrap_or_default();
        let remedy = self.remedy.unwrap_or_else(|| default_of(&path));
        origins.spot(&path).wrong(self.problem, remedy)
    }

    /// An error that is about no setting; validation knows none.
    fn other(table: &str, error: &dyn std::error::Error) -> Self {
        Self { key: table.to_owned(), problem: error.to_string(), remedy: Some(BALANCED.to_owned()) }
    }
}

fn default_of(path: &KeyPath) -> String {
    let defaults = Table::try_from(PipelineFile::examples()).unwrap_or_default();
    match messages::example(path, &defaults) {
        Some(example) => format!("the default is {example}; {BALANCED}"),
        None => BALANCED.to_owned(),
    }
}

impl From<shoal_kafka::Error> for RefusedSetting {
    fn from(error: shoal_kafka::Error) -> Self {
        match error {
            shoal_kafka::Error::Setting { key, problem, remedy } => Self { key, problem, remedy: Some(remedy) },
            other => Self::other("kafka", &other),
        }
    }
}

impl From<shoal_stream::Error> for RefusedSetting {
    fn from(error: shoal_stream::Error) -> Self {
        match error {
            shoal_stream::Error::Setting { key, problem, remedy } => Self { key, problem, remedy: Some(remedy) },
            other => Self::other("checkpoint", &other),
        }
    }
}

impl From<shoal_formats::Error> for RefusedSetting {
    fn from(error: shoal_formats::Error) -> Self {
        match error {
            shoal_formats::Error::Setting { key, problem, remedy } => Self { key, problem, remedy: Some(remedy) },
            other => Self::other("input", &other),
        }
    }
}

impl From<shoal_index::Error> for RefusedSetting {
    fn from(error: shoal_index::Error) -> Self {
        match error {
            shoal_index::Error::Setting { key, problem, remedy } => Self { key, problem, remedy: Some(remedy) },
            other => Self::other("index", &other),
        }
    }
}

impl From<shoal_serve::Error> for RefusedSetting {
    fn from(error: shoal_serve::Error) -> Self {
        match error {
            shoal_serve::Error::Setting { key, problem, remedy } => Self { key, problem, remedy: Some(remedy) },
            other => Self::other("serve", &other),
        }
    }
}

impl From<shoal_detect::Error> for RefusedSetting {
    fn from(error: shoal_detect::Error) -> Self {
        match error {
            shoal_detect::Error::Config { key, why } => {
                Self { key: format!("detect.{key}"), problem: why, remedy: None }
            }
            shoal_detect::Error::Window(error) => {
                Self { key: "detect.text.similarity".to_owned(), problem: error.to_string(), remedy: None }
            }
        }
    }
}
