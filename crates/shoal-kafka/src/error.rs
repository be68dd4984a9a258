//! Errors of configuration, secrets and clusters.

use rdkafka::error::KafkaError;

use crate::diagnosis::{Diagnosis, code_of, diagnose};
use crate::printable::excerpt;

pub(crate) const SECRET: &str = "put it there, readable for this user";
pub(crate) const CLIENT: &str = "check [kafka] in the pipeline";

/// A failure on the way to a cluster, with what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that cannot be as it is written.
    #[error("{key}: {problem}; {remedy}")]
    Setting {
        /// The key as written in a pipeline, such as `kafka.tls.key`.
        key: String,
        /// The problem.
        problem: String,
        /// The remedy.
        remedy: String,
    },
    /// A secret that cannot be read.
    #[error("{key}: cannot take the secret from {place}: {reason}; {SECRET}")]
    Secret {
        /// The key as written in a pipeline, such as `kafka.sasl.password`.
        key: String,
        /// The file or the variable.
        place: String,
        /// The problem with it.
        reason: String,
    },
    /// The client refuses to start.
    #[error("the Kafka client cannot start: {0}; {CLIENT}")]
    Client(String),
    /// The cluster refuses, or is not there.
    #[error("{asked}: {diagnosis}")]
    Cluster {
        /// The question, such as "partitions of topic `posts`".
        asked: String,
        /// The problem and its remedy.
        diagnosis: Diagnosis,
    },
}

impl Error {
    /// A setting that cannot work. `key` is named in full, as a pipeline has it.
    pub fn setting(key: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Setting { key: key.into(), problem: problem.into(), remedy: remedy.into() }
    }

    /// A client that could not be made from a configuration of this crate.
    pub fn client(error: &KafkaError) -> Self {
        match error {
            // The value is left out: it may be a secret.
            KafkaError::ClientConfig(_, _, key, _) => Self::Client(format!("it does not take the value of `{key}`")),
            KafkaError::ClientCreation(text) => Self::Client(excerpt(text, 400)),
            other => Self::Client(excerpt(&other.to_string(), 400)),
        }
    }

    /// An answer of the cluster, or its absence.
    pub fn cluster(asked: impl Into<String>, error: &KafkaError) -> Self {
        Self::Cluster { asked: asked.into(), diagnosis: diagnose(code_of(error), &error.to_string()) }
    }

    /// The key of the pipeline that is to be mended, where one is.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Setting { key, .. } | Self::Secret { key, .. } => Some(key),
            Self::Client(_) | Self::Cluster { .. } => None,
        }
    }
}
