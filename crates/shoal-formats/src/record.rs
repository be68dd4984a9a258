//! Records and positions: the places in an input that everything else speaks of.

use serde::{Deserialize, Serialize};

/// The UTF-8 byte order mark that some programs write first.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

/// A place in an input at a record boundary, for checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// The offset in the decompressed input.
    pub offset: u64,
    /// The number of records before it.
    pub record: u64,
}

/// A record's place and shape; its bytes are in the buffer that was given to [`Reader::next`](crate::Reader::next).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The offset of its first byte in the decompressed input.
    pub offset: u64,
    /// The number in the input, from 0. Blank ones have none.
    pub number: u64,
    /// The completeness.
    pub kind: RecordKind,
}

/// The completeness of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// A record with its end.
    Whole,
    /// A record longer than [`Limits::record_bytes`](crate::Limits::record_bytes): only its first [`Limits::kept_bytes`](crate::Limits::kept_bytes) are given.
    Oversized {
        /// The length in bytes up to what ends the record.
        length: u64,
    },
    /// The last record of the input, without an end. It may be cut, or just be written that way.
    Unterminated,
}
