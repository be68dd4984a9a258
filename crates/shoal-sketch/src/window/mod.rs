//! A sliding-window MinHash-LSH index with exact verification.

mod bitmap;
mod config;
mod gather;
mod image;
mod store;
mod table;

use serde::{Deserialize, Serialize};

use self::bitmap::Bitmap;
pub use self::config::{Config, ConfigError};
use self::gather::Gather;
use self::store::Store;
use self::table::{BucketPlace, Table};
use crate::Sketch;
use crate::hash::{draw, mix};
use crate::jaccard::{merge, overlap_needed};

/// Tables forget their dead at least this often, long before a number's lower half comes round again.
const PURGE_EVERY: u64 = 1 << 31;

/// The number of candidates whose memory is asked for before the first is looked at: in calm traffic there are no more.
const AHEAD: usize = 6;

/// The number of a document in its window: 0, 1, 2 … in order of insertion, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DocId(pub u64);

/// An earlier document that is similar to the inserted one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// The document.
    pub doc: DocId,
    /// The exact Jaccard similarity of the two shingle sets, at least the window's threshold.
    pub jaccard: f32,
}

/// Counts of what a window did since it was made. Part of its snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WindowCounters {
    /// Documents whose time passed.
    pub expired: u64,
    /// Documents given up before their time because the window was full.
    pub displaced: u64,
    /// Times that a live document was no longer looked at in a bucket because enough newer ones were in it. A document
    /// can be counted once per band.
    pub evictions: u64,
    /// Distinct documents that shared a looked-at bucket with an inserted one.
    pub candidates: u64,
    /// Candidates passed over because a neighbour of their local cluster had been found already.
    pub skipped: u64,
    /// Candidates that a bound on the similarity ruled out.
    pub bounded: u64,
    /// Candidates whose exact similarity was computed, or given up on the way.
    pub verifications: u64,
    /// Insertions that left candidates unverified because `checks` was reached.
    pub capped: u64,
    /// Neighbours reported.
    pub neighbours: u64,
}

/// The rule by which the age of a document follows from the lower half of its number: the next document has age 0, the
/// newest 1.
#[derive(Debug, Clone, Copy)]
struct Clock {
    /// The lower half of the next document's number.
    next: u32,
    /// The number of live documents.
    live: u32,
}

impl Clock {
    /// The age of a live document; 0 for a dead one.
    fn age(self, document: u32) -> u32 {
        let age = self.next.wrapping_sub(document);
        if age <= self.live { age } else { 0 }
    }

    /// The lower half of the number of a document of this age.
    fn number(self, age: u32) -> u32 {
        self.next.wrapping_sub(age)
    }
}

/// A sliding window over documents that finds the earlier near-duplicates of each inserted one.
///
/// The 64 slots of a sketch are cut into bands. Documents that agree in all slots of a band share a **bucket** (Indyk
/// and Motwani 1998); a 32-bit keyed hash identifies a bucket within its band. Of each bucket the newest `bucket` live
/// documents are candidates, and every candidate is verified with the exact Jaccard similarity, so no neighbour is ever
/// false. Candidates are taken in order of shared buckets, most first, and among equals newest first.
///
/// **Floods.** A document belongs to the *local cluster* of its neighbours, or founds one. Once a neighbour is found,
/// further candidates of its local cluster are passed over: one neighbour is reported per local cluster. A document with
/// neighbours in several local clusters moves them to the oldest, so that in a flood few remain.
///
/// **Verification** is preceded by two bounds that never rule out a neighbour: the sizes of the sets, and how far their
/// 512-bit bitmaps differ.
///
/// **Time** is given by the caller and never goes back: an earlier time than the last one counts as the last one. Only
/// [`Window::expire`] makes documents die.
///
/// Neighbours are a function of the sequence of calls alone. Growing and rebuilding tables changes nothing, and a
/// window that was serialised at any point and read back goes on exactly as the original would. Equal histories give
/// equal bytes.
#[derive(Debug, Clone)]
pub struct Window {
    config: Config,
    store: Store,
    tables: Vec<Table>,
    counters: WindowCounters,
    /// The highest time so far.
    latest: i64,
    /// For the query under way; empty in between.
    scratch: Scratch,
}

/// Buffers that a query needs and leaves behind empty.
#[derive(Debug, Clone)]
struct Scratch {
    /// Per band: the bucket's tag, and where it is in the table.
    buckets: Vec<(u32, BucketPlace)>,
    /// The buckets under way, each with the age of its next document.
    cursors: Vec<(usize, u32)>,
    gather: Gather,
    /// Local clusters of which a neighbour was found.
    matched: Vec<u32>,
}

impl Window {
    /// An empty window.
    ///
    /// # Errors
    /// Those of [`ConfigError`].
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self::starting_at(config, 0))
    }

    /// An empty window whose first document gets about this number.
    fn starting_at(config: Config, first: u64) -> Self {
        let bands = usize::from(config.bands);
        Self {
            config,
            store: Store::new(bands, first),
            tables: vec![Table::new(); bands],
            counters: WindowCounters::default(),
            latest: i64::MIN,
            scratch: Scratch::new(&config),
        }
    }

    /// Adds a document and finds its neighbours among the live ones: `found` is replaced by them, strongest first and
    /// among equals oldest first.
    ///
    /// `at` is the document's time. `shingles` are sorted and distinct, and `sketch` is theirs; a document without
    /// shingles has no neighbours and is nobody's. Collapse texts with equal shingles before: each inserted copy takes
    /// a place in the buckets.
    pub fn insert(&mut self, at: i64, shingles: &[u32], sketch: &Sketch, found: &mut Vec<Neighbour>) -> DocId {
        found.clear();
        self.latest = self.latest.max(at);
        if self.store.live() == u64::from(self.config.max_documents) {
            self.store.forget_oldest();
            self.counters.displaced += 1;
        }
        if self.store.next().is_multiple_of(PURGE_EVERY) {
            let clock = self.store.clock();
            for table in &mut self.tables {
                table.rebuild(clock);
            }
        }
        let document = self.store.next();
        if shingles.is_empty() {
            let bands = self.tables.len();
            self.store.push(
                self.latest,
                document as u32,
                std::iter::repeat_n(0, bands),
                shingles,
                Bitmap::of(shingles),
            );
            return DocId(document);
        }
        let bitmap = Bitmap::of(shingles);
        self.look_up(sketch);
        self.gather();
        self.verify(shingles, &bitmap, found);
        found.sort_unstable_by(|a, b| b.jaccard.total_cmp(&a.jaccard).then(a.doc.cmp(&b.doc)));
        self.counters.neighbours += found.len() as u64;
        let label = self.unite(found);
        self.commit(label, shingles, bitmap);
        DocId(document)
    }

    /// Finds the place of each of the document's buckets.
    fn look_up(&mut self, sketch: &Sketch) {
        let clock = self.store.clock();
        let rows = usize::from(self.config.rows);
        self.scratch.buckets.clear();
        for ((band, slots), table) in sketch.0.chunks_exact(rows).enumerate().zip(&mut self.tables) {
            table.reserve(clock);
            let tag = tag(self.config.seed, band, slots);
            table.prefetch(tag);
            self.scratch.buckets.push((tag, BucketPlace::default()));
        }
        for ((tag, place), table) in self.scratch.buckets.iter_mut().zip(&self.tables) {
            *place = table.find(*tag, clock);
        }
    }

    /// Collects the newest documents of each bucket. All buckets are walked in step, so that the memory of the next step
    /// is on its way while the others are looked at.
    fn gather(&mut self) {
        let (store, Scratch { buckets, cursors, gather, .. }) = (&self.store, &mut self.scratch);
        let heads = buckets.iter().enumerate().map(|(band, (_, place))| (band, place.age));
        cursors.clear();
        cursors.extend(heads.filter(|&(_, age)| age != 0));
        for &(band, age) in &*cursors {
            store.prefetch_link(age, band);
        }
        for _ in 1..self.config.bucket {
            cursors.retain_mut(|(band, age)| {
                gather.meet(*age);
                *age = store.older(*age, *band);
                store.prefetch_link(*age, *band);
                *age != 0
            });
        }
        // What is left of each bucket is out of sight once the new document is on top.
        for &(_, age) in &*cursors {
            gather.meet(age);
        }
        self.counters.evictions += cursors.len() as u64;
    }

    /// Verifies the candidates.
    fn verify(&mut self, shingles: &[u32], bitmap: &Bitmap, found: &mut Vec<Neighbour>) {
        self.scratch.matched.clear();
        let mut checks = self.config.checks;
        let candidates = self.scratch.gather.rank();
        self.counters.candidates += candidates.len() as u64;
        for &candidate in candidates.iter().take(AHEAD) {
            self.store.prefetch(self.store.aged(candidate as u32));
        }
        for &candidate in candidates {
            let document = self.store.aged(candidate as u32);
            let label = self.store.label(document);
            if self.scratch.matched.contains(&label) {
                self.counters.skipped += 1;
                continue;
            }
            let other = self.store.shingles(document);
            let needed = overlap_needed(shingles.len(), other.len(), self.config.threshold);
            let most = bitmap.most_common(self.store.bitmap(document), shingles.len() + other.len());
            let Some(needed) = needed.filter(|&needed| needed <= most) else {
                self.counters.bounded += 1;
                continue;
            };
            if checks == 0 {
                self.counters.capped += 1;
                break;
            }
            checks -= 1;
            self.counters.verifications += 1;
            if let Some(jaccard) = merge(shingles, other, needed) {
                found.push(Neighbour { doc: DocId(document), jaccard });
                self.scratch.matched.push(label);
            }
        }
    }

    /// Moves the neighbours to the oldest of their local clusters, which is the new document's too; its own without
    /// neighbours.
    fn unite(&mut self, found: &[Neighbour]) -> u32 {
        let next = self.store.next() as u32;
        let age = |label: &&u32| next.wrapping_sub(**label);
        let Some(&oldest) = self.scratch.matched.iter().max_by_key(age) else { return next };
        for neighbour in found {
            self.store.relabel(neighbour.doc.0, oldest);
        }
        oldest
    }

    /// Stores the document and makes it the newest of its buckets.
    fn commit(&mut self, label: u32, shingles: &[u32], bitmap: Bitmap) {
        let document = self.store.next() as u32;
        for ((tag, place), table) in self.scratch.buckets.iter().zip(&mut self.tables) {
            table.put(*place, *tag, document);
        }
        let ages = self.scratch.buckets.iter().map(|(_, place)| place.age);
        self.store.push(self.latest, label, ages, shingles, bitmap);
    }

    /// Makes the documents whose time is before `before` die, and frees their memory.
    pub fn expire(&mut self, before: i64) {
        let expired = self.store.expire(before);
        self.counters.expired += expired;
        if expired != 0 {
            let clock = self.store.clock();
            for table in &mut self.tables {
                table.shrink(clock);
            }
        }
    }

    /// The shingles of a live document; `None` for one that is dead or not yet inserted. A sketcher of the same seed
    /// makes its sketch of them again.
    pub fn shingles(&self, doc: DocId) -> Option<&[u32]> {
        self.is_live(doc).then(|| self.store.shingles(doc.0))
    }

    /// The time of a live document, as the window counted it.
    pub fn time(&self, doc: DocId) -> Option<i64> {
        self.is_live(doc).then(|| self.store.time(doc.0))
    }

    fn is_live(&self, doc: DocId) -> bool {
        (self.store.oldest()..self.store.next()).contains(&doc.0)
    }

    /// The oldest live document, or the next one to be inserted if none is live: what is kept elsewhere about documents
    /// before it can go.
    pub fn oldest(&self) -> DocId {
        DocId(self.store.oldest())
    }

    /// The number of live documents.
    pub fn len(&self) -> usize {
        self.store.live() as usize
    }

    /// Tells whether no document is live.
    pub fn is_empty(&self) -> bool {
        self.store.live() == 0
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Counts of what the window did so far.
    pub fn counters(&self) -> WindowCounters {
        self.counters
    }

    /// The memory in use, in bytes, as far as the window knows: what the allocator adds is not in it.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.store.bytes()
            + self.tables.iter().map(|table| size_of::<Table>() + table.bytes()).sum::<usize>()
            + self.scratch.gather.bytes()
    }
}

impl Scratch {
    fn new(config: &Config) -> Self {
        let meetings = usize::from(config.bands) * usize::from(config.bucket);
        Self { buckets: Vec::new(), cursors: Vec::new(), gather: Gather::new(meetings), matched: Vec::new() }
    }
}

/// The identity of a bucket within its band: a keyed hash of the band's slots, never 0.
fn tag(seed: u64, band: usize, slots: &[u16]) -> u32 {
    let pack = |some: &[u16]| some.iter().fold(0, |packed, &slot| (packed << 16) | u64::from(slot));
    let hash = slots.chunks(4).fold(draw(seed, band as u64), |hash, some| mix(hash ^ pack(some)));
    ((hash >> 32) as u32).max(1)
}

#[cfg(test)]
mod tests;
