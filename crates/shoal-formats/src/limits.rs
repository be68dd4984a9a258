//! Limits of what is read from strangers.

use serde::{Deserialize, Serialize};

/// The most that a record may hold. A record beyond a limit is refused whole, never cut, with a reason of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The length of a record in bytes, without its line end. Default 1 MiB.
    pub record_bytes: usize,
    /// The bytes of a record beyond `record_bytes` that are kept for its dead letter. Default 64 KiB.
    pub kept_bytes: usize,
    /// The depth to which objects and arrays may nest, the record itself counted. Default 32.
    pub depth: usize,
    /// The length of a platform, and of an id as the platform gave it, in bytes. Default 512.
    pub id_bytes: usize,
    /// The length of a text in Unicode scalar values, once decoded. Default 100,000.
    pub text_chars: usize,
    /// The number of addresses that a record lists. Default 256.
    pub urls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record_bytes: 1 << 20, kept_bytes: 64 << 10, depth: 32, id_bytes: 512, text_chars: 100_000, urls: 256 }
    }
}
