//! Where partitions are read from, and where a bounded run ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use shoal_kafka::Reader;

use super::shared::Shared;
use crate::Error;
use crate::cluster::progress_log::Board;
use crate::cluster::scan::ASKING;
use crate::cluster::session::write_down;
use crate::job::Input;
use crate::staged::topology::{Place, StageName};

/// How often somebody who waits for the progress topic looks again.
const LOOKING: Duration = Duration::from_millis(10);

/// Answers where to begin.
pub(crate) struct Origin {
    shared: Arc<Shared>,
}

impl Origin {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The number of a source partition.
    pub(crate) fn number(&self, topic: &str, partition: i32) -> Option<u16> {
        let here = |input: &Input| matches!(input, Input::Topic { topic: other, partition: number } if other == topic && *number == partition);
        let position = self.shared.job.sources.iter().position(|source| here(&source.input))?;
        u16::try_from(position).ok()
    }

    /// Where a partition begins and, in a bounded run, ends: for a source these are decisions, made once.
    pub(crate) fn stretch(&self, place: Place, topic: &str, partition: i32) -> Result<Stretch, Error> {
        let reader = Reader::open(&self.shared.kafka.connection)?;
        let (low, high) = reader.watermarks(topic, partition, ASKING)?;
        let (first, last) = (u64::try_from(low).unwrap_or(0), u64::try_from(high).unwrap_or(0));
        if place.stage != StageName::Ingest {
            // What is missing of a channel shows as a gap.
            return Ok(Stretch { first, begin: first, end: None });
        }
        self.catch_up(&reader)?;
        let name = &self.shared.job.sources[usize::from(place.partition)].name;
        let (decided, known) = {
            let board = self.shared.board();
            (board.begin_of(name), board.end_of(name))
        };
        if decided.is_none() {
            self.decide(|board| board.begin(name, first))?;
        }
        let begin = decided.unwrap_or(first);
        if first > 0 && decided.is_none() {
            let why = "its first records are gone: alerts that rest on them may be missing or weaker";
            tracing::warn!(topic, partition, first, "starting from the first record that is left; {why}");
        }
        match (self.shared.job.follow.is_some(), known) {
            (true, Some(_)) => Err(Error::EndedBefore { topic: topic.to_owned() }),
            (true, None) => Ok(Stretch { first, begin, end: None }),
            (false, Some(end)) => {
                if end < last {
                    let why = "raise kafka.epoch to read on";
                    tracing::warn!(topic, partition, end, last, "this run ends where it ended before; {why}");
                }
                Ok(Stretch { first, begin, end: Some(end) })
            }
            (false, None) => {
                self.decide(|board| board.end(name, last))?;
                Ok(Stretch { first, begin, end: Some(last) })
            }
        }
    }

    /// Writes a decision down.
    fn decide(&self, record: impl FnOnce(&Board) -> Result<(String, Vec<u8>), serde_json::Error>) -> Result<(), Error> {
        let (key, value) = record(&self.shared.board())?;
        write_down(&self.shared.producer, &self.shared.topology.progress_topic(), &key, &value)
    }

    /// Waits until everything that has been said is known here: decisions must not be made twice.
    fn catch_up(&self, reader: &Reader) -> Result<(), Error> {
        let topic = self.shared.topology.progress_topic();
        let (_, end) = reader.watermarks(&topic, 0, ASKING)?;
        let started = Instant::now();
        while self.shared.board_read.load(Ordering::Acquire) < u64::try_from(end).unwrap_or(0) {
            if self.shared.has_failed() {
                return Ok(());
            }
            if started.elapsed() > ASKING {
                let why = "it is read more slowly than it is written".to_owned();
                return Err(Error::Silent { topic, waited: ASKING, why });
            }
            thread::sleep(LOOKING);
        }
        Ok(())
    }
}

/// What of a partition is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The first record that is left.
    pub(crate) first: u64,
    /// The first record of this epoch.
    pub(crate) begin: u64,
    /// The first record that is not read.
    pub(crate) end: Option<u64>,
}

impl Stretch {
    /// Where to go on: at a checkpoint, or at the beginning. What was sent must be sent again under the same numbers,
    /// so the records from there on must still be there.
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
        let stretch = |first, begin| Stretch { first, begin, end: None };
        assert_eq!(stretch(0, 0).from(None, "posts", 0).unwrap(), 0);
        assert_eq!(stretch(7, 7).from(None, "posts", 0).unwrap(), 7);
        assert_eq!(stretch(7, 0).from(Some(9), "posts", 0).unwrap(), 9);
        assert!(matches!(stretch(7, 0).from(None, "posts", 0), Err(Error::Deleted { wanted: 0, .. })));
        assert!(matches!(stretch(7, 0).from(Some(5), "posts", 0), Err(Error::Deleted { wanted: 5, .. })));
    }
}
