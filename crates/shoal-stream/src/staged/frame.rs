//! Frames: what moves between stages.
//!
//! A frame holds up to 512 records of one channel, numbered without gaps, and the event time that the channel has come
//! to once they are sent. Values that many of its records share are written once.

use postcard::{from_bytes, take_from_bytes, to_allocvec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shoal_model::{Timestamp, interned};

use super::topology::PartitionId;

/// The version of the frames, their records included: raised by every change to what stages tell one another.
pub(crate) const FRAME_VERSION: u8 = 2;
/// Records in a frame.
pub(crate) const FRAME_RECORDS: usize = 512;
/// Bytes of a frame, from which on it is cut in two; one record may be larger.
pub(crate) const FRAME_BYTES: usize = 512 << 10;
/// The most that a record may have. Topics are created with it as `max.message.bytes`.
pub(crate) const RECORD_BYTES: usize = 8 << 20;

/// The event time that a channel has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// The moment below which nothing comes any more; [`Timestamp::MAX`] at the end of input.
    pub(crate) watermark: Timestamp,
    /// The highest time at which anything was processed: timers fire no later at the end of input.
    pub(crate) highest: Timestamp,
}

impl Mark {
    /// The mark of a channel on which nothing has come.
    pub(crate) const START: Self = Self { watermark: Timestamp::MIN, highest: Timestamp::MIN };

    /// The moment up to which timers may fire: the end of the input resolves nothing.
    pub(crate) fn timers(self) -> Timestamp {
        if self.is_end() { self.highest } else { self.watermark }
    }

    /// Says whether this is the end of the input.
    pub(crate) fn is_end(self) -> bool {
        self.watermark == Timestamp::MAX
    }

    /// The later of the two in both respects.
    pub(crate) fn max(self, other: Self) -> Self {
        Self { watermark: self.watermark.max(other.watermark), highest: self.highest.max(other.highest) }
    }
}

/// The head of a frame: everything before its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FrameHead {
    /// The partition that sent it.
    pub(crate) from: PartitionId,
    /// The number of its first record on the channel, from 1; of the next one when it has none.
    pub(crate) first: u64,
    /// The number of its records.
    pub(crate) records: u32,
    /// The event time that the channel has come to once they are sent.
    pub(crate) mark: Mark,
}

/// Writes a frame.
pub(crate) fn encode<W: Serialize>(head: &FrameHead, records: &[W]) -> Result<Vec<u8>, postcard::Error> {
    interned::writing(|| to_allocvec(&(FRAME_VERSION, head, records)))
}

/// The reason why a frame cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Written by another version of the program.
    Version(u8),
    /// Not a frame.
    Garbage,
}

/// Reads what a frame says before its records, and what follows.
pub(crate) fn head(bytes: &[u8]) -> Result<(FrameHead, &[u8]), Unreadable> {
    let (version, rest) = take_from_bytes::<u8>(bytes).map_err(|_| Unreadable::Garbage)?;
    if version != FRAME_VERSION {
        return Err(Unreadable::Version(version));
    }
    let (head, rest) = take_from_bytes::<FrameHead>(rest).map_err(|_| Unreadable::Garbage)?;
    let fits = head.records as usize <= FRAME_RECORDS && head.first > 0;
    if fits { Ok((head, rest)) } else { Err(Unreadable::Garbage) }
}

/// Reads the records of a frame.
pub(crate) fn records<W: DeserializeOwned>(head: &FrameHead, rest: &[u8]) -> Result<Vec<W>, Unreadable> {
    let records: Vec<W> = interned::reading(|| from_bytes(rest)).map_err(|_| Unreadable::Garbage)?;
    if records.len() == head.records as usize { Ok(records) } else { Err(Unreadable::Garbage) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use shoal_detect::StageName;

    fn example(records: u32) -> FrameHead {
        let mark = Mark { watermark: Timestamp::from_seconds(5), highest: Timestamp::from_seconds(9) };
        FrameHead { from: PartitionId { stage: StageName::Pair, partition: 3 }, first: 7, records, mark }
    }

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let bytes = encode(&example(2), &["a".to_owned(), "b".to_owned()]).unwrap();
        let (head, rest) = head(&bytes).unwrap();
        assert_eq!(head, example(2));
        assert_eq!(records::<String>(&head, rest).unwrap(), ["a", "b"]);
    }

    #[test]
    fn another_version_is_told_from_garbage() {
        let mut bytes = encode(&example(0), &[""; 0]).unwrap();
        assert!(head(&bytes).is_ok());
        bytes[0] = FRAME_VERSION + 1;
        assert_eq!(head(&bytes).unwrap_err(), Unreadable::Version(FRAME_VERSION + 1));
        assert_eq!(head(b"").unwrap_err(), Unreadable::Garbage);
    }

    #[test]
    fn the_end_of_input_fires_no_timer_beyond_the_last_post() {
        let end = Mark { watermark: Timestamp::MAX, highest: Timestamp::from_seconds(9) };
        assert_eq!(end.timers(), Timestamp::from_seconds(9));
        assert_eq!(example(0).mark.timers(), Timestamp::from_seconds(5));
    }

    proptest! {
        #[test]
        fn no_bytes_are_fatal(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok((head, rest)) = head(&bytes) {
                let _ = records::<(u64, String)>(&head, rest);
            }
        }

        #[test]
        fn damage_is_noticed_or_harmless(at in 0_usize..40, to in any::<u8>()) {
            let mut bytes = encode(&example(2), &["first".to_owned(), "second".to_owned()]).unwrap();
            let at = at % bytes.len();
            bytes[at] = to;
            if let Ok((head, rest)) = head(&bytes) {
                let _ = records::<String>(&head, rest);
            }
        }
    }
}
