//! The position of one partition in its topic.

use std::ops::RangeInclusive;

/// The position of a partition in its topic, the end of a bounded run, and the decisions made on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadPosition {
    /// The next record.
    pub(crate) next: u64,
    end: Option<u64>,
    /// Decisions before this offset have been made.
    decided: u64,
    finished: bool,
}

impl ReadPosition {
    /// A position at `next`; a bounded run ends at `end`.
    pub(crate) fn new(next: u64, end: Option<u64>) -> Self {
        Self { next, end, decided: next, finished: false }
    }

    /// Says whether the record at `offset` is to be read. One beyond the end is not, but moves the position there.
    pub(crate) fn admits(&mut self, offset: u64) -> bool {
        if self.finished || offset < self.next {
            return false;
        }
        let end = self.end.filter(|end| offset >= *end);
        self.next = self.next.max(end.unwrap_or(0));
        end.is_none()
    }

    /// Goes beyond the record at `offset`.
    pub(crate) fn pass(&mut self, offset: u64) {
        self.next = offset + 1;
    }

    /// Goes to `offset`: up to there is nothing that was not read.
    pub(crate) fn advance(&mut self, offset: u64) {
        self.next = self.next.max(offset);
    }

    /// Takes the offsets up to `offset` whose decisions have not been made. Offsets have gaps, and a decision may stand
    /// in one.
    pub(crate) fn take_undecided(&mut self, offset: u64) -> RangeInclusive<u64> {
        let undecided = self.decided..=offset;
        self.decided = offset + 1;
        undecided
    }

    /// Finishes the partition if it has reached the end; `true` the first time.
    pub(crate) fn finish(&mut self) -> bool {
        let reached = !self.finished && self.end.is_some_and(|end| self.next >= end);
        self.finished |= reached;
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_outside_of_the_range_are_not_read_and_the_end_is_reached_once() {
        let mut position = ReadPosition::new(5, Some(8));
        assert!(!position.admits(4) && position.admits(5));
        position.pass(5);
        assert!(!position.admits(5) && !position.finish());
        // Offsets 6 and 7 hold no record.
        assert!(!position.admits(9));
        assert_eq!(position.next, 8);
        assert!(position.finish() && !position.finish() && !position.admits(8));
    }

    #[test]
    fn every_decision_is_made_once_also_in_a_gap_of_offsets() {
        let mut position = ReadPosition::new(5, None);
        assert_eq!(position.take_undecided(5), 5..=5);
        assert_eq!(position.take_undecided(9), 6..=9);
        assert!(position.take_undecided(9).is_empty());
    }
}
