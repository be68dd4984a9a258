//! The channels out of a partition: records numbered per channel, cut into frames.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::frame::{FRAME_BYTES, FRAME_RECORDS, FrameHead, Mark, RECORD_BYTES, encode};
use super::topology::PartitionId;
use crate::Error;

/// A frame on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutgoingFrame {
    pub(crate) to: PartitionId,
    pub(crate) bytes: Vec<u8>,
}

/// The channels out of one partition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Senders {
    from: PartitionId,
    channels: BTreeMap<PartitionId, Sender>,
}

/// A channel.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Sender {
    /// The number of the next record.
    next: u64,
    /// The mark that was sent last.
    said: Mark,
}

impl Senders {
    /// Channels on which nothing has been sent.
    pub(crate) fn new(from: PartitionId, to: &[PartitionId]) -> Self {
        let sender = Sender { next: 1, said: Mark::START };
        Self { from, channels: to.iter().map(|id| (*id, sender)).collect() }
    }

    /// Cuts records into frames, numbered on. The last one says `mark`; without records a frame is made only when the
    /// mark is news.
    pub(crate) fn send<W: Serialize>(
        &mut self,
        to: PartitionId,
        records: &[W],
        mark: Mark,
        out: &mut Vec<OutgoingFrame>,
    ) -> Result<(), Error> {
        let Some(sender) = self.channels.get_mut(&to) else { return Ok(()) };
        if records.is_empty() && sender.said == mark {
            return Ok(());
        }
        let said = std::mem::replace(&mut sender.said, mark);
        let mut chunks = records.chunks(FRAME_RECORDS).peekable();
        if chunks.peek().is_none() {
            return cut::<W>(self.from, to, sender, &[], mark, mark, out);
        }
        while let Some(chunk) = chunks.next() {
            // Only the last frame may say that everything below the mark has been sent.
            let last = if chunks.peek().is_none() { mark } else { said };
            cut(self.from, to, sender, chunk, said, last, out)?;
        }
        Ok(())
    }
}

/// Makes one frame, or several when it would be too large. All but the last say `before`.
fn cut<W: Serialize>(
    from: PartitionId,
    to: PartitionId,
    sender: &mut Sender,
    records: &[W],
    before: Mark,
    mark: Mark,
    out: &mut Vec<OutgoingFrame>,
) -> Result<(), Error> {
    let head = FrameHead { from, first: sender.next, records: records.len() as u32, mark };
    let bytes = encode(&head, records)?;
    if bytes.len() > FRAME_BYTES && records.len() > 1 {
        let (left, right) = records.split_at(records.len() / 2);
        cut(from, to, sender, left, before, before, out)?;
        return cut(from, to, sender, right, before, mark, out);
    }
    if bytes.len() > RECORD_BYTES {
        return Err(Error::RecordTooLarge { from: from.to_string(), to: to.to_string(), bytes: bytes.len() });
    }
    sender.next += records.len() as u64;
    out.push(OutgoingFrame { to, bytes });
    Ok(())
}

#[cfg(test)]
mod tests {
    use shoal_model::Timestamp;

    use super::*;
    use crate::staged::frame::{head, records};
    use shoal_detect::StageName;

    fn id(stage: StageName) -> PartitionId {
        PartitionId { stage, partition: 0 }
    }

    fn mark(seconds: i64) -> Mark {
        Mark { watermark: Timestamp::from_seconds(seconds), highest: Timestamp::from_seconds(seconds) }
    }

    fn read(sent: &[OutgoingFrame]) -> Vec<(u64, usize, Mark)> {
        let one = |sent: &OutgoingFrame| {
            let (head, rest) = head(&sent.bytes).unwrap();
            let records: Vec<Vec<u8>> = records(&head, rest).unwrap();
            (head.first, records.len(), head.mark)
        };
        sent.iter().map(one).collect()
    }

    #[test]
    fn records_are_numbered_and_only_the_last_frame_says_the_mark() {
        let to = id(StageName::Pair);
        let mut senders = Senders::new(id(StageName::Prepare), &[to]);
        let mut out = Vec::new();
        senders.send(to, &vec![vec![0_u8]; 1_100], mark(5), &mut out).unwrap();
        senders.send::<Vec<u8>>(to, &[], mark(5), &mut out).unwrap();
        senders.send::<Vec<u8>>(to, &[], mark(6), &mut out).unwrap();
        let expected = [(1, 512, Mark::START), (513, 512, Mark::START), (1_025, 76, mark(5)), (1_101, 0, mark(6))];
        assert_eq!(read(&out), expected);
    }

    #[test]
    fn large_frames_are_cut_and_a_record_beyond_all_limits_is_an_error() {
        let to = id(StageName::Pair);
        let mut senders = Senders::new(id(StageName::Prepare), &[to]);
        let mut out = Vec::new();
        senders.send(to, &vec![vec![0_u8; 200 << 10]; 4], mark(5), &mut out).unwrap();
        assert_eq!(read(&out), [(1, 2, Mark::START), (3, 2, mark(5))]);
        let huge = senders.send(to, &[vec![0_u8; RECORD_BYTES]], mark(6), &mut out);
        assert!(matches!(huge, Err(Error::RecordTooLarge { .. })));
    }
}
