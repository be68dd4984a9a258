//! The ranges that partitions are read in: the offset to begin at, and the end of a bounded run.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use shoal_detect::StageName;
use shoal_kafka::Reader;

use super::shared::SharedRun;
use crate::Error;
use crate::cluster::progress_log::{LogRecord, ProgressLog};
use crate::cluster::scan::QUERY_TIMEOUT;
use crate::cluster::session::write_down;
use crate::job::Input;
use crate::staged::topology::PartitionId;

/// The time between two looks at how far the progress log was read.
const CATCH_UP_POLL: Duration = Duration::from_millis(10);

/// The ranges that partitions are read in.
pub(crate) struct ReadRanges {
    shared: Arc<SharedRun>,
}

impl ReadRanges {
    pub(crate) fn new(shared: Arc<SharedRun>) -> Self {
        Self { shared }
    }

    /// The number of a source partition.
    pub(crate) fn number(&self, topic: &str, partition: i32) -> Option<u16> {
        let here = |input: &Input| matches!(input, Input::Topic { topic: other, partition: number } if other == topic && *number == partition);
        let position = self.shared.job.sources.iter().position(|source| here(&source.input))?;
        u16::try_from(position).ok()
    }

    /// The range of a partition. For a source its beginning and, in a bounded run, its end are decisions, made once.
    pub(crate) fn range(&self, id: PartitionId, topic: &str, partition: i32) -> Result<ReadRange, Error> {
        let reader = Reader::open(&self.shared.kafka.connection())?;
        let (low, high) = reader.watermarks(topic, partition, QUERY_TIMEOUT)?;
        let (first, last) = (u64::try_from(low).unwrap_or(0), u64::try_from(high).unwrap_or(0));
        if id.stage != StageName::Ingest {
            // Records that are missing on a channel show as a gap.
            return Ok(ReadRange { first, begin: first, end: None });
        }
        self.catch_up(&reader)?;
        let name = &self.shared.job.sources[usize::from(id.partition)].name;
        let (decided, known) = {
            let progress_log = self.shared.progress_log();
            (progress_log.begin_of(name), progress_log.end_of(name))
        };
        if decided.is_none() {
            self.decide(|progress_log| progress_log.begin_record(name, first))?;
        }
        let begin = decided.unwrap_or(first);
        if first > 0 && decided.is_none() {
            let why = "its first records are gone: alerts that rest on them may be missing or weaker";
            tracing::warn!(topic, partition, first, "starting from the first record that is left; {why}");
        }
        match (self.shared.job.follow.is_some(), known) {
            (true, Some(_)) => Err(Error::EndedBefore { topic: topic.to_owned() }),
            (true, None) => Ok(ReadRange { first, begin, end: None }),
            (false, Some(end)) => {
                if end < last {
                    let why = "raise kafka.epoch to read on";
                    tracing::warn!(topic, partition, end, last, "this run ends where it ended before; {why}");
                }
                Ok(ReadRange { first, begin, end: Some(end) })
            }
            (false, None) => {
                self.decide(|progress_log| progress_log.end_record(name, last))?;
                Ok(ReadRange { first, begin, end: Some(last) })
            }
        }
    }

    /// Writes a decision down.
    fn decide(&self, record: impl FnOnce(&ProgressLog) -> Result<LogRecord, serde_json::Error>) -> Result<(), Error> {
        let record = record(&self.shared.progress_log())?;
        write_down(&self.shared.producer, &self.shared.topology.progress_log_topic(), &record)
    }

    /// Waits until everything that has been said is known here: decisions must not be made twice.
    fn catch_up(&self, reader: &Reader) -> Result<(), Error> {
        let topic = self.shared.topology.progress_log_topic();
        let (_, end) = reader.watermarks(&topic, 0, QUERY_TIMEOUT)?;
        let started = Instant::now();
        while self.shared.progress_log_read.load(Ordering::Acquire) < u64::try_from(end).unwrap_or(0) {
            if self.shared.has_failed() {
                return Ok(());
            }
            if started.elapsed() > QUERY_TIMEOUT {
                let why = "it is read more slowly than it is written".to_owned();
                return Err(Error::Silent { topic, waited: QUERY_TIMEOUT, why });
            }
            thread::sleep(CATCH_UP_POLL);
        }
        Ok(())
    }
}

/// The records of a partition that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadRange {
    /// The first record that is left.
    pub(crate) first: u64,
    /// The first record of this epoch.
    pub(crate) begin: u64,
    /// The first record that is not read.
    pub(crate) end: Option<u64>,
}

impl ReadRange {
    /// The offset to go on at: that of a checkpoint, or the beginning. Everything that was sent must be sent again
    /// under the same numbers, so the records from there on must still be there.
    pub(crate) fn from(self, checkpoint: Option<u64>, topic: &str, partition: i32) -> Result<u64, Error> {
        let wanted = checkpoint.unwrap_or(self.begin);
        if wanted < self.first {
            return Err(Error::Deleted { topic: topic.to_owned(), partition, first: self.first, wanted });
        }
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_must_be_sent_again_from_the_same_records() {
        let range = |first, begin| ReadRange { first, begin, end: None };
        assert_eq!(range(0, 0).from(None, "posts", 0).unwrap(), 0);
        assert_eq!(range(7, 7).from(None, "posts", 0).unwrap(), 7);
        assert_eq!(range(7, 0).from(Some(9), "posts", 0).unwrap(), 9);
        assert!(matches!(range(7, 0).from(None, "posts", 0), Err(Error::Deleted { wanted: 0, .. })));
        assert!(matches!(range(7, 0).from(Some(5), "posts", 0), Err(Error::Deleted { wanted: 5, .. })));
    }
}
