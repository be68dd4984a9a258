//! The progress log: a compacted topic of one partition, `PREFIX.watermarks`, that every process follows.
//!
//! It holds four kinds of records, told apart by key. `EPOCH/at/STAGE/PARTITION` is the progress of a partition.
//! `EPOCH/idle/SOURCE/OFFSET` says that a source was idle when it had read up to the offset, `EPOCH/begin/SOURCE` at
//! which offset reading a source begins, and `EPOCH/end/SOURCE` at which it ends in a bounded run. These three are
//! decisions: they are written before they are acted upon, so that whoever reads the same records again decides the
//! same. The values are JSON, because people read them when something is stuck.
//!
//! Runs in one process read these records across versions: a key is added with a default, none is taken away.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::str::FromStr;

use rdkafka::message::OwnedHeaders;
use serde::{Deserialize, Serialize};
use shoal_detect::StageName;
use shoal_model::Timestamp;

use crate::order::idle::IdleDecision;
use crate::staged::frame::Mark;
use crate::staged::topology::{PartitionId, Topology};
use crate::write::producer::OutgoingRecord;

/// The progress of one partition, as it reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartitionProgress {
    /// The event time that it has come to.
    pub(crate) mark: Mark,
    /// The highest time seen; only of sources.
    pub(crate) newest: Timestamp,
    /// `true` while it is idle; only of sources.
    pub(crate) idle: bool,
}

/// The content of the log, as far as it was read.
#[derive(Debug, Clone)]
pub(crate) struct ProgressLog {
    epoch: String,
    at: BTreeMap<PartitionId, PartitionProgress>,
    idle: BTreeMap<String, BTreeMap<u64, IdleDecision>>,
    begins: BTreeMap<String, u64>,
    ends: BTreeMap<String, u64>,
}

/// [`PartitionProgress`] as it is written: times in microseconds since 1970.
#[derive(Serialize, Deserialize)]
pub(crate) struct ProgressValue {
    watermark: i64,
    highest: i64,
    newest: i64,
    idle: bool,
}

/// [`IdleDecision`] as it is written.
#[derive(Serialize, Deserialize)]
pub(crate) struct IdleValue {
    limit: i64,
    to: i64,
}

/// The offset at which a source begins or ends, as it is written.
#[derive(Serialize, Deserialize)]
pub(crate) struct OffsetValue {
    offset: u64,
}

/// A record of the log that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogRecord {
    pub(crate) key: String,
    pub(crate) value: Vec<u8>,
}

impl LogRecord {
    fn new(key: String, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self { key, value: serde_json::to_vec(value)? })
    }

    /// The record as the producer takes it.
    pub(crate) fn to<'a>(&'a self, topic: &'a str) -> OutgoingRecord<'a> {
        let (key, payload) = (self.key.as_bytes(), self.value.as_slice());
        OutgoingRecord { topic, partition: 0, key, payload, headers: OwnedHeaders::new() }
    }
}

impl ProgressLog {
    /// An empty log of this epoch.
    pub(crate) fn new(epoch: &str) -> Self {
        Self {
            epoch: epoch.to_owned(),
            at: BTreeMap::new(),
            idle: BTreeMap::new(),
            begins: BTreeMap::new(),
            ends: BTreeMap::new(),
        }
    }

    /// Reads a record of the log. Records that others wrote there are passed over.
    pub(crate) fn learn(&mut self, key: &[u8], value: &[u8]) {
        _ = self.learned(key, value);
    }

    fn learned(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let key = std::str::from_utf8(key).ok()?.strip_prefix(self.epoch.as_str())?.strip_prefix('/')?;
        match key.split_once('/')? {
            ("at", id) => {
                let (stage, partition) = id.split_once('/')?;
                let id = PartitionId { stage: StageName::from_str(stage).ok()?, partition: partition.parse().ok()? };
                let written: ProgressValue = serde_json::from_slice(value).ok()?;
                let time = Timestamp::from_micros;
                let mark = Mark { watermark: time(written.watermark), highest: time(written.highest) };
                let progress = PartitionProgress { mark, newest: time(written.newest), idle: written.idle };
                // An end is never unsaid: who says less was cut off, or goes through it all again.
                let ended = self.at.get(&id).is_some_and(|said| said.mark.is_end());
                if !ended || progress.mark.is_end() {
                    self.at.insert(id, progress);
                }
            }
            ("idle", when) => {
                let (source, offset) = when.rsplit_once('/')?;
                let written: IdleValue = serde_json::from_slice(value).ok()?;
                let time = Timestamp::from_micros;
                let idle = IdleDecision { limit: time(written.limit), to: time(written.to) };
                self.idle.entry(source.to_owned()).or_default().insert(offset.parse().ok()?, idle);
            }
            ("end", source) => {
                let OffsetValue { offset } = serde_json::from_slice(value).ok()?;
                self.ends.insert(source.to_owned(), offset);
            }
            ("begin", source) => {
                let OffsetValue { offset } = serde_json::from_slice(value).ok()?;
                self.begins.insert(source.to_owned(), offset);
            }
            _ => {}
        }
        Some(())
    }

    /// The record of a partition's progress.
    pub(crate) fn progress_record(
        &self,
        id: PartitionId,
        progress: &PartitionProgress,
    ) -> Result<LogRecord, serde_json::Error> {
        let written = ProgressValue {
            watermark: progress.mark.watermark.micros(),
            highest: progress.mark.highest.micros(),
            newest: progress.newest.micros(),
            idle: progress.idle,
        };
        LogRecord::new(format!("{}/at/{id}", self.epoch), &written)
    }

    /// The record of the decision that a source is idle.
    pub(crate) fn idle_record(
        &self,
        source: &str,
        offset: u64,
        idle: IdleDecision,
    ) -> Result<LogRecord, serde_json::Error> {
        let written = IdleValue { limit: idle.limit.micros(), to: idle.to.micros() };
        LogRecord::new(format!("{}/idle/{source}/{offset}", self.epoch), &written)
    }

    /// The record of the decision that a bounded run ends at `offset` of a source.
    pub(crate) fn end_record(&self, source: &str, offset: u64) -> Result<LogRecord, serde_json::Error> {
        LogRecord::new(format!("{}/end/{source}", self.epoch), &OffsetValue { offset })
    }

    /// The record of the decision that a source begins at `offset` in this epoch.
    pub(crate) fn begin_record(&self, source: &str, offset: u64) -> Result<LogRecord, serde_json::Error> {
        LogRecord::new(format!("{}/begin/{source}", self.epoch), &OffsetValue { offset })
    }

    /// The offset at which a source begins in this epoch.
    pub(crate) fn begin_of(&self, source: &str) -> Option<u64> {
        self.begins.get(source).copied()
    }

    /// The decisions about a source while it stood at these offsets, in their order.
    pub(crate) fn idle_between(&self, source: &str, offsets: RangeInclusive<u64>) -> Vec<IdleDecision> {
        if offsets.is_empty() {
            return Vec::new();
        }
        self.idle.get(source).map(|idle| idle.range(offsets).map(|(_, idle)| *idle).collect()).unwrap_or_default()
    }

    /// The decision about a source when it had read up to `offset`.
    pub(crate) fn idle_at(&self, source: &str, offset: u64) -> Option<IdleDecision> {
        self.idle.get(source)?.get(&offset).copied()
    }

    /// The offsets at which a source stood when it was decided that it is idle.
    pub(crate) fn idle_offsets(&self, source: &str) -> BTreeSet<u64> {
        self.idle.get(source).map(|decided| decided.keys().copied().collect()).unwrap_or_default()
    }

    /// The offset at which a bounded run ends for a source.
    pub(crate) fn end_of(&self, source: &str) -> Option<u64> {
        self.ends.get(source).copied()
    }

    /// The last report of a partition.
    pub(crate) fn of(&self, id: PartitionId) -> Option<&PartitionProgress> {
        self.at.get(&id)
    }

    /// The watermark of the slowest partition of all stages after ingest.
    pub(crate) fn slowest(&self, topology: &Topology) -> Timestamp {
        let stages = StageName::ALL.into_iter().filter(|stage| *stage != StageName::Ingest);
        let watermark = |id| self.of(id).map_or(Timestamp::MIN, |progress| progress.mark.watermark);
        stages.flat_map(|stage| topology.partition_ids(stage)).map(watermark).min().unwrap_or(Timestamp::MAX)
    }

    /// The moment that an idle source may go to: that of the slowest that is not idle; when all are, just beyond
    /// everything seen.
    pub(crate) fn idle_target(&self, topology: &Topology) -> Timestamp {
        let sources: Vec<_> = topology.partition_ids(StageName::Ingest).map(|id| self.of(id)).collect();
        let active = |progress: &&PartitionProgress| !progress.idle && !progress.mark.is_end();
        let unheard = sources.iter().any(Option::is_none);
        let slowest = sources.iter().flatten().filter(|progress| active(progress)).map(|p| p.mark.watermark).min();
        match slowest {
            // Somebody who has not started yet may be slower than everybody.
            _ if unheard => Timestamp::MIN,
            Some(slowest) => slowest,
            None => {
                let highest = sources.iter().flatten().map(|progress| progress.mark.highest).max();
                let seen = highest.filter(|highest| *highest > Timestamp::MIN);
                seen.map_or(Timestamp::MIN, |highest| highest.plus(shoal_model::Span::from_micros(1)))
            }
        }
    }

    /// The highest time that any source has seen.
    pub(crate) fn newest(&self) -> Timestamp {
        self.at.values().map(|progress| progress.newest).max().unwrap_or(Timestamp::MIN)
    }

    /// Says whether every partition of these stages has reached the end of the input.
    pub(crate) fn have_ended(&self, topology: &Topology, stages: impl IntoIterator<Item = StageName>) -> bool {
        let mut ids = stages.into_iter().flat_map(|stage| topology.partition_ids(stage));
        ids.all(|id| self.of(id).is_some_and(|progress| progress.mark.is_end()))
    }
}

#[cfg(test)]
mod tests {
    use shoal_detect::Partitions;

    use super::*;

    fn topology() -> Topology {
        Topology::new("p", 2, &Partitions::default())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn say(progress_log: &mut ProgressLog, stage: StageName, partition: u16, watermark: Timestamp, idle: bool) {
        let mark = Mark { watermark, highest: watermark.min(at(500)) };
        let progress = PartitionProgress { mark, newest: at(700), idle };
        let LogRecord { key, value } =
            progress_log.progress_record(PartitionId { stage, partition }, &progress).unwrap();
        progress_log.learn(key.as_bytes(), &value);
    }

    #[test]
    fn decisions_are_found_again_and_other_epochs_are_not() {
        let mut progress_log = ProgressLog::new("e1");
        let idle = IdleDecision { limit: at(9), to: at(8) };
        let said =
            [progress_log.idle_record("posts/0", 17, idle).unwrap(), progress_log.end_record("posts/0", 90).unwrap()];
        for LogRecord { key, value } in said {
            progress_log.learn(key.as_bytes(), &value);
            progress_log.learn(key.replace("e1", "e2").replace("17", "18").as_bytes(), &value);
        }
        assert_eq!(progress_log.idle_at("posts/0", 17), Some(idle));
        assert_eq!(progress_log.idle_at("posts/0", 18), None);
        assert_eq!((progress_log.end_of("posts/0"), progress_log.end_of("posts/1")), (Some(90), None));
        progress_log.learn(b"e1/at/nonsense/1", b"{}");
        progress_log.learn(b"\xff", b"");
    }

    #[test]
    fn the_slowest_holds_everybody_back() {
        let (topology, mut progress_log) = (topology(), ProgressLog::new("e"));
        for stage in StageName::ALL {
            say(&mut progress_log, stage, 0, at(100), false);
        }
        assert_eq!(progress_log.slowest(&topology), at(100));
        say(&mut progress_log, StageName::Tie, 0, at(40), false);
        assert_eq!(progress_log.slowest(&topology), at(40));
        assert!(!progress_log.have_ended(&topology, [StageName::Group]));
        say(&mut progress_log, StageName::Group, 0, Timestamp::MAX, false);
        assert!(progress_log.have_ended(&topology, [StageName::Group]));
        assert_eq!(progress_log.newest(), at(700));
    }

    #[test]
    fn the_idle_follow_the_active() {
        let (topology, mut progress_log) = (topology(), ProgressLog::new("e"));
        say(&mut progress_log, StageName::Ingest, 0, at(100), true);
        assert_eq!(progress_log.idle_target(&topology), Timestamp::MIN);
        say(&mut progress_log, StageName::Ingest, 1, at(300), false);
        assert_eq!(progress_log.idle_target(&topology), at(300));
        say(&mut progress_log, StageName::Ingest, 1, at(300), true);
        assert_eq!(progress_log.idle_target(&topology), at(300).plus(shoal_model::Span::from_micros(1)));
    }
}
