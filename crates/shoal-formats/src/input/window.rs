//! The bytes between a source and its lines.

use std::io::{self, BufRead as _, ErrorKind, Read};

/// The number of bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// Bytes that were read and not yet given out. It grows by at most one chunk beyond what its owner leaves in it.
#[derive(Default)]
pub(super) struct ReadWindow {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Unread bytes that are known to hold no line feed, so that a long line is searched once.
    searched: usize,
}

impl ReadWindow {
    /// The bytes that were not yet given out.
    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The length of the first line, without its line feed, once it has ended.
    pub(super) fn line(&mut self) -> Option<usize> {
        let unread = self.unread();
        let mut rest = unread.get(self.searched..)?;
        // The library's fast search for a byte is only within reach as a reader of slices, which cannot fail.
        let passed = rest.skip_until(b'\n').unwrap_or_default();
        let length = self.searched + passed;
        if passed > 0 && unread.get(length - 1) == Some(&b'\n') {
            return Some(length - 1);
        }
        self.searched = length;
        None
    }

    /// Gives out the first `bytes` bytes.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.start = self.end.min(self.start + bytes);
        self.searched = self.searched.saturating_sub(bytes);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        (self.start, self.end, self.searched) = (0, 0, 0);
    }

    /// Reads more; 0 at the end of the source.
    pub(super) fn fill(&mut self, source: &mut impl Read) -> io::Result<usize> {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.bytes.len() < self.end + CHUNK {
            self.bytes.resize(self.end + CHUNK, 0);
        }
        loop {
            match source.read(self.bytes.get_mut(self.end..).unwrap_or_default()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(read) => {
                    self.end += read;
                    return Ok(read);
                }
            }
        }
    }
}
