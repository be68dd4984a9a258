//! The channels into a partition: numbered, merged by event time.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use shoal_detect::Trigger;
use shoal_model::Timestamp;

use super::frame::{FrameHead, Mark};
use super::topology::PartitionId;

/// The channels into one partition, one for each partition upstream.
#[derive(Debug)]
pub(crate) struct Inbound<T> {
    index: BTreeMap<PartitionId, usize>,
    channels: Vec<Channel<T>>,
}

/// A channel, and the records that came over it and wait.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Channel<T> {
    /// The number of the last record taken.
    seen: u64,
    mark: Mark,
    /// Records that wait for the other channels.
    waiting: VecDeque<(Trigger, T)>,
}

/// A frame that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChannelError {
    /// Records are missing.
    #[error("record {expected} of {from} is missing: the next one is {found}")]
    Gap {
        /// The sender.
        from: PartitionId,
        /// The number that should have come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The sender is not configured.
    #[error("{from} is no partition that this one hears")]
    Stranger {
        /// The sender.
        from: PartitionId,
    },
    /// Event time went back.
    #[error("a record of {from} is for {at}, and the channel had passed {watermark}")]
    Order {
        /// The sender.
        from: PartitionId,
        /// The event time of the record.
        at: Timestamp,
        /// The watermark before it.
        watermark: Timestamp,
    },
}

impl<T> Inbound<T> {
    /// Channels from these partitions, on which nothing has come.
    pub(crate) fn new(from: &[PartitionId]) -> Self {
        let channel = || Channel { seen: 0, mark: Mark::START, waiting: VecDeque::new() };
        Self {
            index: from.iter().enumerate().map(|(at, id)| (*id, at)).collect(),
            channels: from.iter().map(|_| channel()).collect(),
        }
    }

    /// The number of a frame's first records that have come before; they need not be read.
    pub(crate) fn known(&self, head: &FrameHead) -> Result<u32, ChannelError> {
        let Some(at) = self.index.get(&head.from) else { return Err(ChannelError::Stranger { from: head.from }) };
        let seen = self.channels[*at].seen;
        if head.first > seen + 1 {
            return Err(ChannelError::Gap { from: head.from, expected: seen + 1, found: head.first });
        }
        Ok(u32::try_from(seen + 1 - head.first).unwrap_or(u32::MAX).min(head.records))
    }

    /// Takes the records of a frame beyond those known, and its mark.
    pub(crate) fn take(
        &mut self,
        head: &FrameHead,
        records: impl Iterator<Item = (Trigger, T)>,
    ) -> Result<(), ChannelError> {
        let Some(at) = self.index.get(&head.from) else { return Err(ChannelError::Stranger { from: head.from }) };
        let channel = &mut self.channels[*at];
        for (trigger, record) in records {
            if trigger.at < channel.mark.watermark {
                return Err(ChannelError::Order { from: head.from, at: trigger.at, watermark: channel.mark.watermark });
            }
            channel.waiting.push_back((trigger, record));
            channel.seen += 1;
        }
        // A sender that was restarted repeats earlier marks.
        channel.mark = channel.mark.max(head.mark);
        Ok(())
    }

    /// The event time that all channels have come to.
    pub(crate) fn mark(&self) -> Mark {
        let watermark = self.channels.iter().map(|channel| channel.mark.watermark).min();
        let highest = self.channels.iter().map(|channel| channel.mark.highest).max();
        Mark { watermark: watermark.unwrap_or(Timestamp::MAX), highest: highest.unwrap_or(Timestamp::MIN) }
    }

    /// The waiting records below `watermark`, channel by channel.
    pub(crate) fn below(&mut self, watermark: Timestamp) -> Vec<Vec<(Trigger, T)>> {
        let below = |channel: &mut Channel<T>| {
            let count = channel.waiting.partition_point(|(trigger, _)| trigger.at < watermark);
            channel.waiting.drain(..count).collect()
        };
        self.channels.iter_mut().map(below).collect()
    }

    /// Records that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.channels.iter().map(|channel| channel.waiting.len()).sum()
    }

    /// The state that a snapshot keeps.
    pub(crate) fn state(&self) -> &[Channel<T>] {
        &self.channels
    }

    /// Goes on from a state that a snapshot kept. `false` when it is of another topology.
    pub(crate) fn restore(&mut self, channels: Vec<Channel<T>>) -> bool {
        let fits = channels.len() == self.channels.len();
        if fits {
            self.channels = channels;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shoal_detect::StageName;

    fn id(partition: u16) -> PartitionId {
        PartitionId { stage: StageName::Prepare, partition }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn send(
        inbound: &mut Inbound<u32>,
        partition: u16,
        first: u64,
        items: &[(i64, u32)],
        mark: i64,
    ) -> Result<u32, ChannelError> {
        let mark = Mark { watermark: at(mark), highest: at(mark) };
        let head = FrameHead { from: id(partition), first, records: items.len() as u32, mark };
        let known = inbound.known(&head)?;
        let fresh = items.iter().skip(known as usize).map(|(time, item)| (Trigger::timer(at(*time)), *item));
        inbound.take(&head, fresh)?;
        Ok(known)
    }

    fn ready(inbound: &mut Inbound<u32>) -> Vec<u32> {
        let watermark = inbound.mark().watermark;
        inbound.below(watermark).into_iter().flatten().map(|(_, item)| item).collect()
    }

    #[test]
    fn only_what_all_channels_have_passed_is_ready() {
        let mut inbound = Inbound::new(&[id(0), id(1)]);
        send(&mut inbound, 0, 1, &[(10, 1), (20, 2)], 25).unwrap();
        assert_eq!(ready(&mut inbound), Vec::<u32>::new());
        send(&mut inbound, 1, 1, &[(15, 3)], 20).unwrap();
        assert_eq!(ready(&mut inbound), [1, 3]);
        send(&mut inbound, 1, 2, &[], 30).unwrap();
        assert_eq!(ready(&mut inbound), [2]);
        assert_eq!(inbound.waiting(), 0);
    }

    #[test]
    fn what_comes_again_is_dropped_inside_a_frame_too() {
        let mut inbound = Inbound::new(&[id(0)]);
        send(&mut inbound, 0, 1, &[(10, 1), (20, 2)], 21).unwrap();
        assert_eq!(send(&mut inbound, 0, 1, &[(10, 1)], 11), Ok(1));
        assert_eq!(send(&mut inbound, 0, 2, &[(20, 2), (30, 3)], 31), Ok(1));
        assert_eq!(ready(&mut inbound), [1, 2, 3]);
    }

    #[test]
    fn a_gap_is_an_error_even_without_records() {
        let mut inbound = Inbound::new(&[id(0)]);
        send(&mut inbound, 0, 1, &[(10, 1)], 11).unwrap();
        let gap = ChannelError::Gap { from: id(0), expected: 2, found: 3 };
        assert_eq!(send(&mut inbound, 0, 3, &[(20, 2)], 21), Err(gap.clone()));
        assert_eq!(send(&mut inbound, 0, 3, &[], 21), Err(gap));
        assert_eq!(inbound.mark().watermark, at(11));
    }

    #[test]
    fn strangers_and_time_that_goes_back_are_errors() {
        let mut inbound = Inbound::new(&[id(0)]);
        assert_eq!(send(&mut inbound, 7, 1, &[], 1), Err(ChannelError::Stranger { from: id(7) }));
        send(&mut inbound, 0, 1, &[(10, 1)], 11).unwrap();
        assert!(matches!(send(&mut inbound, 0, 2, &[(10, 2)], 12), Err(ChannelError::Order { .. })));
    }
}
