//! The documents of a window, oldest first.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Clock;
use super::bitmap::Bitmap;

/// Documents per segment. Memory is freed by whole segments.
const SEGMENT: usize = 1024;

/// Consecutive documents; what belongs to one lies at its place in each list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Segment {
    times: Vec<i64>,
    /// The local cluster: the lower half of the number of the document that founded it.
    labels: Vec<u32>,
    /// Per band, how many documents back the next older one of the same bucket is; 0 for none.
    links: Vec<u32>,
    /// The end of each document's shingles; they begin at the end of those of the one before.
    ends: Vec<usize>,
    shingles: Vec<u32>,
    /// They follow from the shingles.
    #[serde(skip)]
    bitmaps: Vec<Bitmap>,
}

/// All documents from `oldest` on, and dead ones that share the first segment with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Store {
    bands: usize,
    /// The number of the first segment's first document; a multiple of the segment's length.
    base: u64,
    oldest: u64,
    next: u64,
    segments: VecDeque<Segment>,
}

impl Segment {
    fn shingles(&self, place: usize) -> &[u32] {
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.shingles[start..self.ends[place]]
    }

    /// Gives back what was reserved for more documents.
    fn seal(&mut self) {
        self.times.shrink_to_fit();
        self.labels.shrink_to_fit();
        self.links.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.shingles.shrink_to_fit();
        self.bitmaps.shrink_to_fit();
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.times.capacity() * size_of::<i64>()
            + self.ends.capacity() * size_of::<usize>()
            + self.bitmaps.capacity() * size_of::<Bitmap>()
            + (self.labels.capacity() + self.links.capacity() + self.shingles.capacity()) * size_of::<u32>()
    }

    /// Tells whether the lists fit each other.
    fn is_sound(&self, bands: usize) -> bool {
        let documents = self.times.len();
        self.labels.len() == documents
            && self.ends.len() == documents
            && Some(self.links.len()) == documents.checked_mul(bands)
            && self.ends.is_sorted()
            && self.ends.last().copied().unwrap_or(0) == self.shingles.len()
            && self.times.is_sorted()
    }
}

impl Store {
    /// An empty store whose first document gets the number `first`.
    pub(super) fn new(bands: usize, first: u64) -> Self {
        let first = first - first % SEGMENT as u64;
        Self { bands, base: first, oldest: first, next: first, segments: VecDeque::new() }
    }

    /// The number of the oldest live document.
    pub(super) fn oldest(&self) -> u64 {
        self.oldest
    }

    /// The number of the next document.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn live(&self) -> u64 {
        self.next - self.oldest
    }

    /// The clock by which ages are counted now.
    pub(super) fn clock(&self) -> Clock {
        Clock { next: self.next as u32, live: self.live() as u32 }
    }

    /// The segment and place of a document that is stored.
    fn locate(&self, document: u64) -> (&Segment, usize) {
        let offset = (document - self.base) as usize;
        (&self.segments[offset / SEGMENT], offset % SEGMENT)
    }

    /// The number of the live document of this age, which is 1 to `live()`.
    pub(super) fn aged(&self, age: u32) -> u64 {
        self.next - u64::from(age)
    }

    /// The shingles of a live document.
    pub(super) fn shingles(&self, document: u64) -> &[u32] {
        let (segment, place) = self.locate(document);
        segment.shingles(place)
    }

    /// The shingles of a live document as a bitmap.
    pub(super) fn bitmap(&self, document: u64) -> &Bitmap {
        let (segment, place) = self.locate(document);
        &segment.bitmaps[place]
    }

    /// The time of a live document.
    pub(super) fn time(&self, document: u64) -> i64 {
        let (segment, place) = self.locate(document);
        segment.times[place]
    }

    /// The local cluster of a live document.
    pub(super) fn label(&self, document: u64) -> u32 {
        let (segment, place) = self.locate(document);
        segment.labels[place]
    }

    /// Moves a live document to another local cluster.
    pub(super) fn relabel(&mut self, document: u64, label: u32) {
        let offset = (document - self.base) as usize;
        self.segments[offset / SEGMENT].labels[offset % SEGMENT] = label;
    }

    /// The age of the next older live document in the same bucket of this band; 0 if there is none.
    pub(super) fn older(&self, age: u32, band: usize) -> u32 {
        let (segment, place) = self.locate(self.aged(age));
        let back = segment.links[place * self.bands + band];
        match age.checked_add(back) {
            Some(older) if back != 0 && u64::from(older) <= self.live() => older,
            _ => 0,
        }
    }

    /// Asks for the memory that `older` reads. Any age will do.
    pub(super) fn prefetch_link(&self, age: u32, band: usize) {
        let offset = (self.next - self.base).wrapping_sub(u64::from(age)) as usize;
        if let Some(segment) = self.segments.get(offset / SEGMENT) {
            crate::kernel::prefetch(&segment.links, (offset % SEGMENT) * self.bands + band);
        }
    }

    /// Asks for the memory of a live document that is read first when it is a candidate.
    pub(super) fn prefetch(&self, document: u64) {
        let (segment, place) = self.locate(document);
        crate::kernel::prefetch(&segment.labels, place);
        crate::kernel::prefetch(&segment.bitmaps, place);
        crate::kernel::prefetch(&segment.ends, place);
    }

    /// Adds the next document. `ages` are those of the newest documents in its buckets, one per band.
    pub(super) fn push(
        &mut self,
        time: i64,
        label: u32,
        ages: impl Iterator<Item = u32>,
        shingles: &[u32],
        bitmap: Bitmap,
    ) {
        if ((self.next - self.base) as usize).is_multiple_of(SEGMENT) {
            if let Some(full) = self.segments.back_mut() {
                full.seal();
            }
            let mut fresh = Segment::default();
            fresh.links.reserve_exact(SEGMENT * self.bands);
            self.segments.push_back(fresh);
        }
        if let Some(segment) = self.segments.back_mut() {
            segment.times.push(time);
            segment.labels.push(label);
            segment.links.extend(ages);
            segment.shingles.extend_from_slice(shingles);
            segment.ends.push(segment.shingles.len());
            segment.bitmaps.push(bitmap);
        }
        self.next += 1;
    }

    /// Forgets the oldest document.
    pub(super) fn forget_oldest(&mut self) {
        self.oldest += 1;
        while self.oldest - self.base >= SEGMENT as u64 {
            self.segments.pop_front();
            self.base += SEGMENT as u64;
        }
    }

    /// Forgets the documents with a time before `before`; how many there were.
    pub(super) fn expire(&mut self, before: i64) -> u64 {
        let first = self.oldest;
        while self.oldest < self.next && self.time(self.oldest) < before {
            self.forget_oldest();
        }
        self.oldest - first
    }

    pub(super) fn bytes(&self) -> usize {
        self.segments.iter().map(Segment::bytes).sum()
    }

    /// Makes what is not written; for a sound store that was read back.
    pub(super) fn complete(&mut self) {
        for segment in &mut self.segments {
            segment.bitmaps = (0..segment.ends.len()).map(|place| Bitmap::of(segment.shingles(place))).collect();
        }
    }

    /// Tells whether a store that was read back is one that could have been written, so that using it cannot panic.
    pub(super) fn is_sound(&self, bands: usize) -> bool {
        let Some(stored) = self.next.checked_sub(self.base) else { return false };
        let whole = |(place, segment): (usize, &Segment)| {
            let expected = (stored - (place * SEGMENT) as u64).min(SEGMENT as u64);
            segment.times.len() as u64 == expected && segment.is_sound(bands)
        };
        self.bands == bands
            && self.next < 1 << 63
            && self.base.is_multiple_of(SEGMENT as u64)
            && (self.base..=self.next).contains(&self.oldest)
            && (self.oldest - self.base < SEGMENT as u64)
            && self.segments.len() as u64 == stored.div_ceil(SEGMENT as u64)
            && self.segments.iter().enumerate().all(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(documents: u64) -> Store {
        let mut store = Store::new(2, u64::from(u32::MAX) - 3000);
        for n in 0..documents {
            let back = u32::from(n > 0);
            store.push(n as i64, n as u32, [back, 0].into_iter(), &[n as u32; 3], Bitmap::of(&[n as u32]));
        }
        store
    }

    #[test]
    fn documents_are_found_by_age_and_chained() {
        let store = filled(5000);
        assert_eq!((store.live(), store.aged(1)), (5000, store.next() - 1));
        assert_eq!(store.shingles(store.aged(5000)), [0; 3]);
        assert_eq!((store.label(store.aged(1)), store.time(store.aged(2))), (4999, 4998));
        assert_eq!((store.older(1, 0), store.older(1, 1), store.older(5000, 0)), (2, 0, 0));
    }

    #[test]
    fn expiry_frees_whole_segments_and_cuts_chains() {
        let mut store = filled(5000);
        let before = store.bytes();
        assert_eq!(store.expire(4000), 4000);
        assert_eq!((store.live(), store.older(999, 0), store.older(1000, 0)), (1000, 1000, 0));
        assert!(store.bytes() < before / 2);
        assert_eq!(store.expire(i64::MAX), 1000);
        assert_eq!(store.live(), 0);
        assert!(store.segments.len() <= 1);
        assert!(store.is_sound(2));
    }

    #[test]
    fn broken_stores_are_noticed() {
        let broken = |change: fn(&mut Store)| {
            let mut store = filled(1500);
            assert!(store.is_sound(2));
            change(&mut store);
            !store.is_sound(2)
        };
        assert!(broken(|s| s.next += 1));
        assert!(broken(|s| s.next = 0));
        assert!(broken(|s| s.oldest = s.next + 1));
        assert!(broken(|s| s.base += 1));
        assert!(broken(|s| s.bands = 3));
        assert!(broken(|s| s.segments[0].ends[3] = 0));
        assert!(broken(|s| s.segments[1].labels.truncate(1)));
        assert!(broken(|s| s.segments[1].shingles.truncate(1)));
        assert!(broken(|s| s.segments.truncate(1)));
    }
}
