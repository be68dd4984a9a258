//! The bytes between a source and its records.

use std::io::{self, ErrorKind, Read};

use crate::{Boundary, BoundarySearch, Framing};

/// The number of bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// Bytes that were read and not yet given out. It grows by at most one chunk beyond what its owner leaves in it.
#[derive(Default)]
pub(super) struct ReadWindow {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The progress of looking for the end of the first record, so that a long one is searched once.
    search: BoundarySearch,
}

impl ReadWindow {
    /// The bytes that were not yet given out.
    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The end of the first record, once it has ended.
    pub(super) fn boundary(&mut self, framing: &dyn Framing) -> Option<Boundary> {
        let unread = self.bytes.get(self.start..self.end)?;
        let boundary = framing.boundary(unread, &mut self.search)?;
        self.search = BoundarySearch::default();
        Some(boundary)
    }

    /// Gives out the first `bytes` bytes.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.start = self.end.min(self.start + bytes);
        self.search.searched = self.search.searched.saturating_sub(bytes);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
        self.search_anew();
    }

    /// Takes what is unread for the beginning of a record.
    pub(super) fn search_anew(&mut self) {
        self.search = BoundarySearch::default();
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
