//! Framings: the ways in which an input is cut into records.

use std::io::BufRead as _;

/// Cuts the bytes of an input into records. A framing knows nothing of what a record says, and remembers nothing at a
/// boundary, so that reading can go on at any [`Position`](crate::Position).
pub trait Framing: Sync {
    /// The first boundary in `unread`, which begins at a boundary; `None` when it lies beyond. `search` keeps what was
    /// found out about bytes without a boundary for when there are more of them. The first of these may have been taken
    /// away by then, when a record outgrew its limit.
    fn boundary(&self, unread: &[u8], search: &mut BoundarySearch) -> Option<Boundary>;
}

/// The end of a record. A record of nothing but white space is passed over: so a framing passes over what lies between
/// records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boundary {
    /// The length of the record in bytes.
    pub length: usize,
    /// The length with what ends the record, such as a line feed: where the next record begins.
    pub end: usize,
}

/// The progress of looking for a boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BoundarySearch {
    /// Bytes that are known to hold no boundary.
    pub searched: usize,
    /// A note of the framing's own: the depth of brackets, for example.
    pub note: u64,
}

/// Lines, ended by a line feed: the framing of NDJSON and of most else.
#[derive(Debug, Clone, Copy)]
pub struct Lines;

impl Framing for Lines {
    fn boundary(&self, unread: &[u8], search: &mut BoundarySearch) -> Option<Boundary> {
        let mut rest = unread.get(search.searched..)?;
        // The library's fast search for a byte is only within reach as a reader of slices, which cannot fail.
        let passed = rest.skip_until(b'\n').unwrap_or_default();
        search.searched += passed;
        let end = search.searched;
        (passed > 0 && unread.get(end - 1) == Some(&b'\n')).then(|| Boundary { length: end - 1, end })
    }
}
