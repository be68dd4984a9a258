//! Settings of a run as a pipeline has them: `[kafka]` and `[checkpoint]`. Nothing here changes an alert.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shoal_kafka::{Connection, Error, GroupProtocol, Sasl, Tls, topics};
use shoal_model::Span;

/// The longest name that stages and epochs are added to: what comes of it must fit too.
const LONGEST_NAME: usize = 200;
/// The fewest and the most posts that a source may be ahead.
const AHEAD: std::ops::RangeInclusive<usize> = 512..=1 << 24;

/// The Kafka cluster that topics are in, and its use. Nothing here changes an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KafkaSettings {
    /// Brokers to ask first, each `"host:port"`; they name the others. At least one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1))]
    pub bootstrap: Vec<String>,
    /// The beginning of the names of Shoal's own topics and groups.
    #[schemars(regex(pattern = "^[a-zA-Z0-9._-]{1,200}$"))]
    pub prefix: String,
    /// `true` sends what goes from stage to stage through topics too, so that many processes can share the work. Every
    /// source and output must be a topic then.
    pub staged: bool,
    /// The name of this process among those that share the work, also `--instance`: each its own, and the same again
    /// after a restart, so that a restart moves no partitions. Without one a process is a stranger each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-zA-Z0-9._-]{1,200}$"))]
    pub instance: Option<String>,
    /// The side that decides which process reads what.
    pub group_protocol: GroupProtocol,
    /// A number to raise to start again from the first record that the topics still have. Nothing of what was done
    /// before is mixed in.
    pub epoch: u32,
    /// Posts that one source may be ahead of the slowest stage: more memory, fewer pauses.
    #[schemars(range(min = *AHEAD.start(), max = *AHEAD.end()))]
    pub ahead: usize,
    /// Copies of each topic that `shoal topics create` makes; at most as many as there are brokers. 3 outlive a broker.
    #[schemars(range(min = 1, max = 100))]
    pub replication: i32,
    /// The time that Shoal's own topics keep their records: longer than any process will ever be away.
    #[schemars(extend("x-minimum" = "1h"))]
    pub retention: Span,
    /// TLS, if the brokers speak it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Signing in, if the brokers ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sasl: Option<Sasl>,
    /// Further properties of librdkafka, as texts; those that Shoal must own are refused.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

impl Default for KafkaSettings {
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

impl KafkaSettings {
    /// The way to the cluster.
    pub fn connection(&self) -> Connection {
        Connection {
            bootstrap: self.bootstrap.clone(),
            tls: self.tls.clone(),
            sasl: self.sasl.clone(),
            properties: self.properties.clone(),
        }
    }

    /// The same with another way to a cluster.
    #[must_use]
    pub fn reached_by(self, connection: Connection) -> Self {
        let Connection { bootstrap, tls, sasl, properties } = connection;
        Self { bootstrap, tls, sasl, properties, ..self }
    }

    /// The same with paths of files taken as relative to `base`, the directory of the pipeline's file.
    #[must_use]
    pub fn rebased(self, base: &Path) -> Self {
        let mut connection = self.connection();
        connection.rebase(base);
        self.reached_by(connection)
    }

    /// Refuses what cannot work with any cluster, without asking one. The error names the key as a pipeline has it.
    pub fn validate(&self) -> Result<(), Error> {
        self.connection().validate()?;
        topics::check_name("kafka.prefix", &self.prefix, LONGEST_NAME)?;
        if let Some(name) = &self.instance {
            topics::check_name("kafka.instance", name, LONGEST_NAME)?;
        }
        if !AHEAD.contains(&self.ahead) {
            let remedy = format!("write {} to {}, such as 65536", AHEAD.start(), AHEAD.end());
            return Err(Error::setting("kafka.ahead", format!("{} posts cannot work", self.ahead), remedy));
        }
        if !(1..=100).contains(&self.replication) {
            let problem = format!("{} copies cannot work", self.replication);
            let remedy = "write 1, or up to as many as there are brokers, such as 3";
            return Err(Error::setting("kafka.replication", problem, remedy));
        }
        if self.retention < Span::from_seconds(3_600) {
            let remedy = "write 1h or more, such as 7d: a process that starts again reads what it had not finished";
            return Err(Error::setting("kafka.retention", format!("{} is too short", self.retention), remedy));
        }
        Ok(())
    }
}

/// The times at which the state is kept, with `--state DIR`; whichever comes first. Nothing here changes an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointSettings {
    /// Posts between two checkpoints.
    #[schemars(range(min = 1))]
    pub every_posts: u64,
    /// Time by the clock between two checkpoints.
    #[schemars(extend("x-minimum" = "100ms"))]
    pub every: Span,
}

impl Default for CheckpointSettings {
    fn default() -> Self {
        Self { every_posts: 200_000, every: Span::from_seconds(30) }
    }
}

impl CheckpointSettings {
    /// Refuses what cannot work. The error names the key as a pipeline has it.
    pub fn validate(&self) -> Result<(), crate::Error> {
        let wrong = |key: &str, problem: String, remedy: &str| {
            Err(crate::Error::Setting { key: key.to_owned(), problem, remedy: remedy.to_owned() })
        };
        if self.every_posts == 0 {
            return wrong("checkpoint.every_posts", "0 posts".to_owned(), "write 1 or more, such as 200000");
        }
        if self.every < Span::from_micros(100_000) {
            let problem = format!("{} is too often", self.every);
            return wrong("checkpoint.every", problem, "write 100ms or more, such as 30s");
        }
        Ok(())
    }
}
