//! Where partitions are read from, and where a bounded run ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use shoal_kafka::Reader;

use super::shared::Shared;
use super::topology::{Place, StageName};
use crate::Error;
use crate::kafka::ground::write_down;
use crate::kafka::scan::ASKING;
use crate::settings::Input;

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

    /// The first record of a partition, and where a bounded run ends.
    pub(crate) fn stretch(&self, place: Place, topic: &str, partition: i32) -> Result<(u64, Option<u64>), Error> {
        let reader = Reader::open(&self.shared.kafka.connection)?;
        let (low, high) = reader.watermarks(topic, partition, ASKING)?;
        let first = u64::try_from(low).unwrap_or(0);
        if place.stage != StageName::Ingest {
            return Ok((first, None));
        }
        self.catch_up(&reader)?;
        let name = &self.shared.job.sources[usize::from(place.partition)].name;
        let known = self.shared.board().end_of(name);
        if self.shared.job.follow.is_some() {
            return match known {
                Some(_) => Err(Error::EndedBefore { topic: topic.to_owned() }),
                None => Ok((first, None)),
            };
        }
        // Whoever reads this partition later must end where this one does.
        if known.is_none() {
            let (key, value) = self.shared.board().end(name, u64::try_from(high).unwrap_or(0))?;
            write_down(&self.shared.producer, &self.shared.topology.progress_topic(), &key, &value)?;
        }
        Ok((first, Some(known.unwrap_or(u64::try_from(high).unwrap_or(0)))))
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

/// Where to go on: at the checkpoint, or at the first record. A partition that had `begun` and lost both its checkpoint
/// and its first records cannot go on: what it sent must be sent again under the same numbers.
pub(crate) fn begin(wanted: Option<u64>, first: u64, begun: bool, topic: &str, partition: i32) -> Result<u64, Error> {
    match wanted.or(begun.then_some(0)) {
        Some(wanted) if wanted < first => Err(Error::Deleted { topic: topic.to_owned(), partition, first, wanted }),
        Some(wanted) => Ok(wanted),
        None => {
            if first > 0 {
                let why = "its first records are gone: alerts that rest on them may be missing or weaker";
                tracing::warn!(topic, partition, first, "starting from the first record that is left; {why}");
            }
            Ok(first)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_must_be_sent_again_from_the_same_records() {
        assert_eq!(begin(None, 0, false, "posts", 0).unwrap(), 0);
        assert_eq!(begin(None, 7, false, "posts", 0).unwrap(), 7);
        assert_eq!(begin(Some(9), 7, true, "posts", 0).unwrap(), 9);
        assert_eq!(begin(None, 0, true, "posts", 0).unwrap(), 0);
        assert!(matches!(begin(None, 7, true, "posts", 0), Err(Error::Deleted { wanted: 0, .. })));
        assert!(matches!(begin(Some(5), 7, true, "posts", 0), Err(Error::Deleted { wanted: 5, .. })));
    }
}
