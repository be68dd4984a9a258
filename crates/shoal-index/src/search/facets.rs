//! Facets: counts over time and of values.

use hashbrown::HashMap;
use shoal_model::Timestamp;
use tantivy::columnar::StrColumn;
use tantivy::index::SegmentReader;

use super::request::{Bin, Histogram, TopValue};
use super::scan::{Hit, tantivy_error};
use crate::Error;
use crate::budget::Budget;

/// Most bins of a histogram, give or take one at an end.
const BINS: i64 = 100;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;

/// Lengths of bins that people can think in, in seconds.
const LENGTHS: [i64; 17] = [
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    30 * DAY,
    90 * DAY,
    YEAR,
    10 * YEAR,
    100 * YEAR,
];

/// Lengths that are counted by before the length of the bins is known. Each is a multiple of the one before, and
/// divides each of [`LENGTHS`] that is not shorter.
const GRAINS: [i64; 4] = [MINUTE, HOUR, DAY, YEAR];

/// Days from the epoch to the first Monday.
const MONDAY: i64 = 4 * DAY;

/// Counts posts over time: by the minute until they lie too far apart, so that memory stays small.
#[derive(Debug, Default)]
pub(super) struct TimeCounts {
    counts: HashMap<i64, u64>,
    grain: usize,
    /// The first and last post, in microseconds.
    range: Option<(i64, i64)>,
}

impl TimeCounts {
    pub(super) fn add(&mut self, at: i64) {
        let (first, last) = self.range.map_or((at, at), |(first, last)| (first.min(at), last.max(at)));
        if self.range != Some((first, last)) {
            self.range = Some((first, last));
            self.coarsen(seconds(last).saturating_sub(seconds(first)));
        }
        *self.counts.entry(seconds(at).div_euclid(self.grain())).or_default() += 1;
    }

    fn grain(&self) -> i64 {
        GRAINS.get(self.grain).copied().unwrap_or(YEAR)
    }

    /// Goes on to count by the longest length that divides the bins over `span` seconds.
    fn coarsen(&mut self, span: i64) {
        let length = length(span);
        while let Some(next) = GRAINS.get(self.grain + 1).copied().filter(|next| *next <= length) {
            let ratio = next / self.grain();
            let mut counts = HashMap::with_capacity(self.counts.len());
            for (bin, count) in self.counts.drain() {
                *counts.entry(i64::div_euclid(bin, ratio)).or_default() += count;
            }
            self.counts = counts;
            self.grain += 1;
        }
    }

    /// The first and last post.
    pub(super) fn range(&self) -> Option<(Timestamp, Timestamp)> {
        self.range.map(|(first, last)| (Timestamp::from_micros(first), Timestamp::from_micros(last)))
    }

    pub(super) fn histogram(&self) -> Histogram {
        let Some((first, last)) = self.range.map(|(first, last)| (seconds(first), seconds(last))) else {
            return Histogram { seconds: MINUTE as u64, bins: Vec::new() };
        };
        let length = length(last.saturating_sub(first));
        // Weeks begin on Mondays. What is longer than a year is counted from the epoch.
        let shift = if length % (7 * DAY) == 0 { MONDAY } else { 0 };
        let bin = |second: i64| second.saturating_sub(shift).div_euclid(length);
        let (begin, end) = (bin(first), bin(last));
        let mut counts = vec![0; (end - begin + 1) as usize];
        for (at, count) in sorted(&self.counts) {
            let place = bin(at.saturating_mul(self.grain())).clamp(begin, end) - begin;
            if let Some(total) = counts.get_mut(place as usize) {
                *total += count;
            }
        }
        let start = |at: i64| Timestamp::from_seconds(at.saturating_mul(length).saturating_add(shift));
        let bins = (begin..).zip(counts).map(|(at, count)| Bin { start: start(at), count });
        Histogram { seconds: length as u64, bins: bins.collect() }
    }
}

/// The shortest length with which at most [`BINS`] cover so many seconds.
fn length(span: i64) -> i64 {
    let fits = |length: &i64| span / length < BINS;
    LENGTHS.into_iter().find(fits).unwrap_or_else(|| (span / BINS / YEAR + 1) * YEAR)
}

const fn seconds(micros: i64) -> i64 {
    micros.div_euclid(1_000_000)
}

fn sorted<K: Copy + Ord>(counts: &HashMap<K, u64>) -> Vec<(K, u64)> {
    let mut all: Vec<(K, u64)> = counts.iter().map(|(key, count)| (*key, *count)).collect();
    all.sort_unstable();
    all
}

/// Bytes that a value takes besides its text.
const VALUE_BYTES: u64 = 64;

/// Counts posts by the values of a fast field of strings.
pub(super) struct ValueCounts {
    field: &'static str,
    counts: HashMap<Box<str>, u64>,
    bytes: u64,
    /// Fail when there are too many values.
    refuses: bool,
    /// Values were left out.
    cut: bool,
    segment: Option<SegmentValues>,
}

struct SegmentValues {
    column: StrColumn,
    counts: Ordinals,
}

/// Values of a segment up to which each has a counter from the start.
const DENSE: usize = 65_536;

/// Counts by a value's ordinal in the dictionary of a segment.
enum Ordinals {
    Dense(Vec<u64>),
    Sparse(HashMap<u64, u64>),
}

impl Ordinals {
    fn new(values: usize) -> Self {
        if values <= DENSE { Self::Dense(vec![0; values]) } else { Self::Sparse(HashMap::new()) }
    }

    fn add(&mut self, ordinal: u64) {
        match self {
            Self::Dense(counts) => {
                if let Some(count) = counts.get_mut(ordinal as usize) {
                    *count += 1;
                }
            }
            Self::Sparse(counts) => *counts.entry(ordinal).or_default() += 1,
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Dense(counts) => counts.len() as u64 * 8,
            Self::Sparse(counts) => counts.len() as u64 * 24,
        }
    }

    /// The ordinals that occurred, ascending, with their counts.
    fn sorted(&self) -> Vec<(u64, u64)> {
        match self {
            Self::Dense(counts) => (0..).zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect(),
            Self::Sparse(counts) => sorted(counts),
        }
    }
}

impl ValueCounts {
    /// A counter that fails when there are too many values.
    pub(super) fn new(field: &'static str) -> Self {
        Self { field, counts: HashMap::new(), bytes: 0, refuses: true, cut: false, segment: None }
    }

    /// A counter that leaves out further values when there are too many.
    pub(super) fn lenient(field: &'static str) -> Self {
        Self { refuses: false, ..Self::new(field) }
    }

    pub(super) fn begin(&mut self, reader: &SegmentReader) -> Result<(), Error> {
        let column = reader.fast_fields().str(self.field).map_err(tantivy_error("posts"))?;
        self.segment = column.map(|column| SegmentValues { counts: Ordinals::new(column.num_terms()), column });
        Ok(())
    }

    pub(super) fn hits(&mut self, hits: &[Hit], budget: &Budget) -> Result<(), Error> {
        let Some(segment) = &mut self.segment else { return Ok(()) };
        for hit in hits {
            for ordinal in segment.column.term_ords(hit.document) {
                segment.counts.add(ordinal);
            }
        }
        budget.allows(segment.counts.bytes());
        budget.check_memory()
    }

    pub(super) fn end(&mut self, budget: &Budget) -> Result<(), Error> {
        let Some(segment) = self.segment.take() else { return Ok(()) };
        let counts = segment.counts.sorted();
        let ordinals: Vec<u64> = counts.iter().map(|(ordinal, _)| *ordinal).collect();
        let mut of_each = counts.into_iter().map(|(_, count)| count);
        let each = |value: &[u8]| {
            let (Ok(value), Some(count)) = (std::str::from_utf8(value), of_each.next()) else { return };
            if let Some(known) = self.counts.get_mut(value) {
                *known += count;
                return;
            }
            let bytes = self.bytes + VALUE_BYTES + value.len() as u64;
            if budget.fits(bytes) {
                self.bytes = bytes;
                self.counts.insert(value.into(), count);
            } else {
                self.cut = true;
            }
        };
        segment.column.dictionary().sorted_ords_to_term_cb(&ordinals, each).map_err(tantivy_error("posts"))?;
        if self.cut && self.refuses { Err(Error::Memory) } else { Ok(()) }
    }

    /// The number of values, and `true` when none was left out.
    pub(super) fn number(&self) -> (u64, bool) {
        (self.counts.len() as u64, !self.cut)
    }

    /// The most frequent values; equally frequent ones in alphabetical order.
    pub(super) fn top(&self, number: usize) -> Vec<TopValue> {
        let mut all: Vec<(&str, u64)> = self.counts.iter().map(|(value, count)| (value.as_ref(), *count)).collect();
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all.into_iter().take(number).map(|(value, count)| TopValue { value: value.to_owned(), count }).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted(seconds: impl IntoIterator<Item = i64>) -> Histogram {
        let mut times = TimeCounts::default();
        seconds.into_iter().for_each(|second| times.add(second * 1_000_000));
        times.histogram()
    }

    #[test]
    fn bins_are_of_lengths_that_people_can_think_in() {
        for (span, length) in [
            (0, MINUTE),
            (99 * MINUTE, MINUTE),
            (100 * MINUTE, 5 * MINUTE),
            (3 * DAY, HOUR),
            (7 * DAY, 3 * HOUR),
            (30 * DAY, 12 * HOUR),
            (99 * DAY, DAY),
            (2 * YEAR, 14 * DAY),
            (10 * YEAR, 90 * DAY),
            (90 * YEAR, YEAR),
            (8_000 * YEAR, 100 * YEAR),
            (200_000 * YEAR, 2_001 * YEAR),
        ] {
            assert_eq!(counted([0, span]).seconds as i64, length, "{span}");
        }
        assert_eq!(counted([]), Histogram { seconds: 60, bins: Vec::new() });
        let weeks = counted([0, 400 * DAY]);
        assert_eq!(weeks.seconds as i64, 7 * DAY);
        assert_eq!(weeks.bins[0].start.to_string(), "1969-12-29T00:00:00Z", "a Monday");
    }

    proptest! {
        #[test]
        fn every_post_is_in_its_bin(times in prop::collection::vec(prop_oneof![0_i64..10_000, 0_i64..9_000_000_000, -60_000_000_000_i64..250_000_000_000], 1..50)) {
            let histogram = counted(times.iter().copied());
            let length = histogram.seconds as i64;
            prop_assert!(histogram.bins.len() <= 102);
            prop_assert_eq!(histogram.bins.iter().map(|bin| bin.count).sum::<u64>(), times.len() as u64);
            prop_assert!(histogram.bins[0].count > 0 && histogram.bins.last().unwrap().count > 0);
            for bin in &histogram.bins {
                let start = bin.start.micros() / 1_000_000;
                let inside = times.iter().filter(|time| (start..start + length).contains(*time)).count() as u64;
                prop_assert_eq!(bin.count, inside, "{:?} {}", bin, length);
            }
        }
    }
}
