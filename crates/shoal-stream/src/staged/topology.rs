//! The table of stages as one pipeline has it: its logical partitions, the channels between them, the topics.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use shoal_detect::{Partitions, StageName};

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
    /// The topology of a pipeline that reads `sources` source partitions; the names of its topics begin with `prefix`.
    pub(crate) fn new(prefix: &str, sources: usize, parts: &Partitions) -> Self {
        let sources = u16::try_from(sources).unwrap_or(u16::MAX);
        let partitions = StageName::ALL.map(|stage| (stage, stage.partitions(parts, sources)));
        Self { prefix: prefix.to_owned(), partitions: partitions.into() }
    }

    /// The number of partitions of a stage.
    pub(crate) fn partitions(&self, stage: StageName) -> u16 {
        self.partitions.get(&stage).copied().unwrap_or(0)
    }

    /// The partitions of a stage.
    pub(crate) fn partition_ids(&self, stage: StageName) -> impl Iterator<Item = PartitionId> + use<> {
        (0..self.partitions(stage)).map(move |partition| PartitionId { stage, partition })
    }

    /// The partitions that every partition of a stage hears, in order.
    pub(crate) fn channels(&self, stage: StageName) -> Vec<PartitionId> {
        stage.upstream().iter().flat_map(|upstream| self.partition_ids(*upstream)).collect()
    }

    /// The partitions that every partition of a stage sends to.
    pub(crate) fn downstream(&self, stage: StageName) -> Vec<PartitionId> {
        stage.downstream().flat_map(|other| self.partition_ids(other)).collect()
    }

    /// The topic that a stage reads; that of ingest is others'.
    pub(crate) fn topic(&self, stage: StageName) -> String {
        format!("{}.{stage}", self.prefix)
    }

    /// The topic of the progress log.
    pub(crate) fn progress_log_topic(&self) -> String {
        format!("{}.watermarks", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
