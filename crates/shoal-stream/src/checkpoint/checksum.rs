//! Checksums of snapshots.

use std::io::{self, Write};

use crate::checkpoint::manifest::SnapshotSum;

/// A sink that counts and sums what is written to it.
#[derive(Default)]
pub(crate) struct Checksum {
    length: u64,
    crc: crc32fast::Hasher,
}

impl Checksum {
    /// The sum so far.
    pub(crate) fn sum(&self) -> SnapshotSum {
        SnapshotSum { length: self.length, crc: self.crc.clone().finalize() }
    }
}

impl Write for Checksum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.length += bytes.len() as u64;
        self.crc.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A writer that sums what it writes, and keeps the error that made it fail.
pub(crate) struct ChecksummedWriter<W> {
    pub(crate) writer: W,
    pub(crate) checksum: Checksum,
    pub(crate) failed: Option<io::Error>,
}

impl<W: Write> Write for ChecksummedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self.writer.write(bytes) {
            Ok(written) => written,
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                return Err(kind.into());
            }
        };
        self.checksum.write_all(bytes.get(..written).unwrap_or_default())?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush().inspect_err(|error| self.failed = Some(error.kind().into()))
    }
}
