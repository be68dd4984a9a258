//! The buckets of one band: from a bucket's tag to its newest document.
//!
//! A bucket is identified by a 32-bit tag, wherever it is stored; which documents a tag leads to does not depend on the
//! size of the table or on when it was rebuilt. The older documents of a bucket hang from the newest in a chain, which
//! the store keeps.

use super::Clock;

/// Slots per line: tags and documents of a line fill 64 bytes, what processors fetch at once.
const LANES: usize = 8;
/// A table has at least this many lines.
const FEWEST_LINES: usize = 4;
/// A table is rebuilt when more than this many of 16 slots were used.
const FULL_OF_16: usize = 13;
/// After a rebuild this many of 16 slots are in use.
const FRESH_OF_16: usize = 8;
/// The tag of a slot that was never used.
const EMPTY: u32 = 0;

/// Some slots of a table. Slots fill from the front and become empty only by a rebuild.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct TableLine {
    tags: [u32; LANES],
    /// The lower half of the newest document's number.
    documents: [u32; LANES],
}

/// The place at which a tag is or would be stored, and the age of its newest live document: 0 if there is none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BucketPlace {
    line: u32,
    lane: u8,
    pub(super) age: u32,
}

/// The buckets of one band: a hash table in lines of eight slots with linear probing.
///
/// A slot whose document is dead is as good as free, so expiry costs nothing. Tags are placed by their upper bits, so
/// that a rebuild reads and writes in order.
#[derive(Debug, Clone)]
pub(super) struct Table {
    lines: Vec<TableLine>,
    /// Slots that are not empty, dead ones included.
    used: usize,
}

impl TableLine {
    const FREE: Self = Self { tags: [EMPTY; LANES], documents: [0; LANES] };

    /// The slots with this tag, as bits.
    fn with_tag(&self, tag: u32) -> u32 {
        self.tags.iter().enumerate().fold(0, |bits, (lane, &other)| bits | (u32::from(other == tag) << lane))
    }

    /// The slots that a new tag may take, as bits.
    fn reusable(&self, clock: Clock) -> u32 {
        let slots = self.tags.iter().zip(&self.documents).enumerate();
        slots.fold(0, |bits, (lane, (&tag, &document))| {
            bits | (u32::from(tag == EMPTY || clock.age(document) == 0) << lane)
        })
    }
}

impl Table {
    pub(super) fn new() -> Self {
        Self { lines: vec![TableLine::FREE; FEWEST_LINES], used: 0 }
    }

    /// A table with these (tag, age) pairs.
    pub(super) fn with(buckets: &[(u32, u32)], clock: Clock) -> Self {
        let mut table = Self { lines: vec![TableLine::FREE; lines_for(buckets.len())], used: 0 };
        for &(tag, age) in buckets {
            let place = table.find(tag, clock);
            table.put(place, tag, clock.number(age));
        }
        table
    }

    /// The live buckets as (tag, age of the newest document), in order of tags.
    pub(super) fn buckets(&self, clock: Clock) -> Vec<(u32, u32)> {
        let slots = self.lines.iter().flat_map(|line| line.tags.iter().zip(&line.documents));
        let ages = slots.map(|(&tag, &document)| (tag, if tag == EMPTY { 0 } else { clock.age(document) }));
        let mut live: Vec<_> = ages.filter(|&(_, age)| age != 0).collect();
        live.sort_unstable();
        live
    }

    /// The line at which a probe for `tag` starts.
    fn home(&self, tag: u32) -> usize {
        ((u64::from(tag) * self.lines.len() as u64) >> 32) as usize
    }

    /// Asks for the memory that a probe for `tag` reads first.
    pub(super) fn prefetch(&self, tag: u32) {
        crate::kernel::prefetch(&self.lines, self.home(tag));
    }

    /// Looks for a tag.
    pub(super) fn find(&self, tag: u32, clock: Clock) -> BucketPlace {
        let mut spare = None;
        let mut line = self.home(tag);
        loop {
            let slots = &self.lines[line];
            let place = |bits: u32| BucketPlace { line: line as u32, lane: bits.trailing_zeros() as u8, age: 0 };
            let same = slots.with_tag(tag);
            if same != 0 {
                let place = place(same);
                return BucketPlace { age: clock.age(slots.documents[usize::from(place.lane)]), ..place };
            }
            let reusable = slots.reusable(clock);
            if reusable != 0 {
                let spare = *spare.get_or_insert_with(|| place(reusable));
                // A tag is stored behind a line only if that line was full; an empty slot is reusable.
                if slots.with_tag(EMPTY) != 0 {
                    return spare;
                }
            }
            line = if line + 1 == self.lines.len() { 0 } else { line + 1 };
        }
    }

    /// Makes `document` the newest of the bucket. The place must come from `find`, with no change since.
    pub(super) fn put(&mut self, place: BucketPlace, tag: u32, document: u32) {
        let slots = &mut self.lines[place.line as usize];
        let lane = usize::from(place.lane);
        self.used += usize::from(slots.tags[lane] == EMPTY);
        slots.tags[lane] = tag;
        slots.documents[lane] = document;
    }

    /// Makes room for one more tag.
    pub(super) fn reserve(&mut self, clock: Clock) {
        if (self.used + 1) * 16 > self.lines.len() * LANES * FULL_OF_16 {
            self.rebuild(clock);
        }
    }

    /// Gives memory back if the table is far larger than the live documents can need.
    pub(super) fn shrink(&mut self, clock: Clock) {
        if self.lines.len() > 2 * lines_for(clock.live as usize) {
            self.rebuild(clock);
        }
    }

    /// Rebuilds the table for what is alive in it.
    pub(super) fn rebuild(&mut self, clock: Clock) {
        let alive = |line: &TableLine, lane: usize| line.tags[lane] != EMPTY && clock.age(line.documents[lane]) != 0;
        let count = self.lines.iter().map(|line| (0..LANES).filter(|&lane| alive(line, lane)).count()).sum();
        let old = std::mem::replace(&mut self.lines, vec![TableLine::FREE; lines_for(count)]);
        self.used = 0;
        for line in &old {
            for lane in (0..LANES).filter(|&lane| alive(line, lane)) {
                let place = self.find(line.tags[lane], clock);
                self.put(place, line.tags[lane], line.documents[lane]);
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.lines.capacity() * size_of::<TableLine>()
    }
}

/// The lines of a fresh table for this many buckets.
fn lines_for(buckets: usize) -> usize {
    ((buckets + 1) * 16).div_ceil(FRESH_OF_16 * LANES).max(FEWEST_LINES)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn insert(table: &mut Table, tag: u32, clock: Clock) -> u32 {
        table.reserve(clock);
        let place = table.find(tag, clock);
        table.put(place, tag, clock.next);
        place.age
    }

    proptest! {
        /// Against a plain map: ages are right whatever the size of the table, near and far from the wrap of numbers.
        #[test]
        fn finds_the_newest_live_document(
            start in prop::sample::select(vec![0u32, u32::MAX - 100]),
            tags in prop::collection::vec(1u32..60, 1..400),
            live_most in 1u32..80,
            spread in prop::sample::select(vec![1u32, 70_000_000]),
        ) {
            let mut table = Table::new();
            let mut newest: HashMap<u32, u32> = HashMap::new();
            let mut clock = Clock { next: start, live: 0 };
            for (count, tag) in tags.into_iter().enumerate() {
                let tag = tag * spread;
                let expected = newest.insert(tag, count as u32).map_or(0, |last| count as u32 - last);
                let expected = if expected <= clock.live { expected } else { 0 };
                prop_assert_eq!(insert(&mut table, tag, clock), expected);
                clock = Clock { next: clock.next.wrapping_add(1), live: (clock.live + 1).min(live_most) };
                table.shrink(clock);
            }
            let buckets = table.buckets(clock);
            prop_assert_eq!(Table::with(&buckets, clock).buckets(clock), buckets);
        }
    }

    #[test]
    fn memory_follows_the_live_documents() {
        let mut table = Table::new();
        let mut clock = Clock { next: 0, live: 0 };
        for count in 0..20_000u32 {
            insert(&mut table, crate::hash::mix(u64::from(count)) as u32 | 1, clock);
            clock = Clock { next: count + 1, live: (count + 1).min(1_000) };
            assert!(table.lines.len() <= 2 * lines_for(1_000), "{} lines", table.lines.len());
        }
        table.shrink(Clock { live: 3, ..clock });
        assert_eq!(table.lines.len(), FEWEST_LINES);
        assert!(table.bytes() <= FEWEST_LINES * 64);
    }
}
