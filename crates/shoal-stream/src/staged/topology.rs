//! Which stages there are, how many partitions each has, and who sends to whom.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use shoal_detect::Partitions;

/// A stage: a consumer group of its own in a staged run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StageName {
    /// Reads topics that others write: decodes, keeps order, keys by author.
    Ingest,
    /// Drops duplicates, counts activity; traces and texts.
    Prepare,
    /// Near-duplicates.
    Match,
    /// The identity of texts.
    Cluster,
    /// Meetings and co-actions.
    Pair,
    /// What two accounts share.
    Tie,
    /// The circle test.
    Circle,
    /// Groups and alerts.
    Group,
}

impl StageName {
    /// All stages, in the order posts go through them.
    pub const ALL: [Self; 8] =
        [Self::Ingest, Self::Prepare, Self::Match, Self::Cluster, Self::Pair, Self::Tie, Self::Circle, Self::Group];

    /// The name, as it is written in topics, groups and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Prepare => "prepare",
            Self::Match => "match",
            Self::Cluster => "cluster",
            Self::Pair => "pair",
            Self::Tie => "tie",
            Self::Circle => "circle",
            Self::Group => "group",
        }
    }

    /// The stages that send to this one.
    pub(crate) const fn upstream(self) -> &'static [Self] {
        match self {
            Self::Ingest => &[],
            Self::Prepare => &[Self::Ingest],
            Self::Match => &[Self::Prepare],
            Self::Cluster => &[Self::Match],
            Self::Pair => &[Self::Prepare, Self::Cluster],
            Self::Tie => &[Self::Pair, Self::Cluster],
            Self::Circle => &[Self::Prepare, Self::Pair],
            Self::Group => &[Self::Prepare, Self::Cluster, Self::Tie, Self::Circle],
        }
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for StageName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let known = Self::ALL.into_iter().find(|stage| stage.name() == name);
        known.ok_or_else(|| format!("there is no stage `{name}`: write {}", names()))
    }
}

/// A logical partition: a stage and a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct PartitionId {
    pub(crate) stage: StageName,
    pub(crate) partition: u16,
}

impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.stage, self.partition)
    }
}

/// The stages of one pipeline with their partitions.
#[derive(Debug, Clone)]
pub(crate) struct Topology {
    prefix: String,
    partitions: BTreeMap<StageName, u16>,
}

impl Topology {
    /// Of a pipeline that reads `sources` source partitions; the names of its topics begin with `prefix`.
    pub(crate) fn new(prefix: &str, sources: usize, parts: &Partitions) -> Self {
        let partitions = StageName::ALL.map(|stage| {
            let count = match stage {
                StageName::Ingest => u16::try_from(sources).unwrap_or(u16::MAX),
                StageName::Prepare => parts.prepare,
                StageName::Match => parts.matching,
                StageName::Pair => parts.pair,
                StageName::Tie => parts.tie,
                StageName::Circle => parts.circle,
                StageName::Cluster | StageName::Group => 1,
            };
            (stage, count)
        });
        Self { prefix: prefix.to_owned(), partitions: partitions.into() }
    }

    /// How many partitions a stage has.
    pub(crate) fn partitions(&self, stage: StageName) -> u16 {
        self.partitions.get(&stage).copied().unwrap_or(0)
    }

    /// The partitions of a stage.
    pub(crate) fn partition_ids(&self, stage: StageName) -> impl Iterator<Item = PartitionId> + use<> {
        (0..self.partitions(stage)).map(move |partition| PartitionId { stage, partition })
    }

    /// Whom every partition of a stage hears, in order.
    pub(crate) fn channels(&self, stage: StageName) -> Vec<PartitionId> {
        stage.upstream().iter().flat_map(|upstream| self.partition_ids(*upstream)).collect()
    }

    /// Whom every partition of a stage sends to.
    pub(crate) fn downstream(&self, stage: StageName) -> Vec<PartitionId> {
        let hears = |other: &&StageName| other.upstream().contains(&stage);
        StageName::ALL.iter().filter(hears).flat_map(|other| self.partition_ids(*other)).collect()
    }

    /// The topic that a stage reads; that of ingest is others'.
    pub(crate) fn topic(&self, stage: StageName) -> String {
        format!("{}.{stage}", self.prefix)
    }

    /// The compacted topic that tells how far every partition has come.
    pub(crate) fn progress_log_topic(&self) -> String {
        format!("{}.watermarks", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for stage in StageName::ALL {
            assert_eq!(stage.name().parse(), Ok(stage));
        }
        let error = "grouping".parse::<StageName>().unwrap_err();
        assert!(error.contains("`grouping`") && error.contains("circle, group"), "{error}");
    }

    #[test]
    fn who_sends_is_heard() {
        let parts = Partitions { prepare: 2, matching: 3, pair: 2, tie: 2, circle: 4 };
        let topology = Topology::new("p", 5, &parts);
        for stage in StageName::ALL {
            for id in topology.downstream(stage) {
                assert_eq!(
                    topology.channels(id.stage).iter().filter(|from| from.stage == stage).count(),
                    topology.partition_ids(stage).count()
                );
            }
        }
        assert_eq!(topology.channels(StageName::Group).len(), 2 + 1 + 2 + 4);
        assert_eq!(topology.topic(StageName::Match), "p.match");
    }
}
