//! The manifest of a checkpoint: what belongs to its snapshot.

use serde::{Deserialize, Serialize};

/// The manifest of a checkpoint. `M` is how far inputs and outputs had come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest<M> {
    /// [`STATE_VERSION`](crate::STATE_VERSION) of the program that wrote it.
    pub(crate) version: u32,
    /// The fingerprint of the configuration.
    pub(crate) fingerprint: String,
    /// 1, 2, 3, …
    pub(crate) number: u64,
    /// The marks of inputs and outputs.
    pub(crate) marks: M,
    /// The snapshot as it must be found.
    pub(crate) snapshot: SnapshotSum,
    /// `true` when the inputs were read to their end.
    pub(crate) finished: bool,
}

/// The length and checksum of a snapshot, written as a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "(u64, u32)", into = "(u64, u32)")]
pub(crate) struct SnapshotSum {
    /// Bytes.
    pub(crate) length: u64,
    /// CRC-32.
    pub(crate) crc: u32,
}

impl From<(u64, u32)> for SnapshotSum {
    fn from((length, crc): (u64, u32)) -> Self {
        Self { length, crc }
    }
}

impl From<SnapshotSum> for (u64, u32) {
    fn from(sum: SnapshotSum) -> Self {
        (sum.length, sum.crc)
    }
}

/// The part of a manifest that every version has: enough to refuse it by name, whatever shape the rest has.
#[derive(Deserialize)]
pub(crate) struct ManifestHeader {
    pub(crate) version: u32,
    pub(crate) fingerprint: Option<String>,
}
