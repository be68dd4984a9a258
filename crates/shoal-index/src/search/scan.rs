//! Scans of the matches of a query, bucket by bucket, within a budget.

use std::cell::RefCell;
use std::path::PathBuf;

use hashbrown::HashMap;
use shoal_model::Timestamp;
use tantivy::columnar::Column;
use tantivy::index::SegmentReader;
use tantivy::query::{Bm25StatisticsProvider, EnableScoring, Query, Scorer};
use tantivy::schema::Field;
use tantivy::{DocId, Score, Searcher, TERMINATED, Term};

use crate::Error;
use crate::budget::{Budget, Ticker};
use crate::store::snapshot::BucketView;

/// Documents that are passed on at once.
const BLOCK: usize = 64;

/// A matching document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hit {
    pub(super) document: DocId,
    /// The time it was seen, in microseconds.
    pub(super) at: i64,
    /// The score; 0 when the scan is not scored.
    pub(super) score: Score,
}

/// A segment that is scanned.
#[derive(Clone, Copy)]
pub(super) struct ScannedSegment<'a> {
    /// The index of the bucket in the snapshot.
    pub(super) bucket: usize,
    /// The ordinal of the segment in the bucket.
    pub(super) segment: u32,
    pub(super) reader: &'a SegmentReader,
}

/// Receives the matches of a scan.
pub(super) trait Visitor {
    /// A segment begins.
    fn begin(&mut self, place: &ScannedSegment<'_>) -> Result<(), Error>;

    /// Matching documents of the segment, in its order.
    fn hits(&mut self, hits: &[Hit]) -> Result<(), Error>;

    /// The segment ends: all of it was passed on, or as much as there was time for.
    fn end(&mut self) -> Result<(), Error>;
}

/// A query as it is put to every segment.
pub(super) struct Scan<'a> {
    query: &'a dyn Query,
    /// The first time included, and the first excluded.
    range: (Timestamp, Timestamp),
    scored: bool,
    pub(super) budget: &'a Budget,
    statistics: TermStatistics<'a>,
}

impl<'a> Scan<'a> {
    /// A scan of everything seen from the first time of `range` on, and before the second.
    pub(super) fn new(
        buckets: &'a [BucketView],
        query: &'a dyn Query,
        range: (Timestamp, Timestamp),
        scored: bool,
        budget: &'a Budget,
    ) -> Self {
        Self { query, range, scored, budget, statistics: TermStatistics { buckets, known: RefCell::default() } }
    }

    fn buckets(&self) -> &'a [BucketView] {
        self.statistics.buckets
    }

    /// Buckets that can hold matches: their index, and the times of their posts.
    pub(super) fn reached(&self) -> Vec<(usize, (Timestamp, Timestamp))> {
        let buckets = self.buckets().iter().enumerate().filter_map(|(at, bucket)| Some((at, bucket.range?)));
        buckets.filter(|(_, (first, last))| *last >= self.range.0 && *first < self.range.1).collect()
    }

    /// Passes the matches of a bucket to the visitor. Returns `false` when time was not enough for all.
    pub(super) fn bucket(&self, at: usize, visitor: &mut dyn Visitor) -> Result<bool, Error> {
        let Some(bucket) = self.buckets().get(at) else { return Ok(true) };
        let scoring = if self.scored {
            EnableScoring::enabled_from_statistics_provider(&self.statistics, &bucket.searcher)
        } else {
            EnableScoring::disabled_from_searcher(&bucket.searcher)
        };
        let weight = self.query.weight(scoring).map_err(tantivy_error("posts"))?;
        for (segment, reader) in (0..).zip(bucket.searcher.segment_readers()) {
            if self.budget.look() {
                return Ok(false);
            }
            let mut scorer = weight.scorer(reader, 1.0).map_err(tantivy_error("posts"))?;
            self.budget.check_memory()?;
            visitor.begin(&ScannedSegment { bucket: at, segment, reader })?;
            let whole = self.segment(reader, scorer.as_mut(), visitor)?;
            visitor.end()?;
            if !whole {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn segment(
        &self,
        reader: &SegmentReader,
        scorer: &mut dyn Scorer,
        visitor: &mut dyn Visitor,
    ) -> Result<bool, Error> {
        let times: Column<i64> = reader.fast_fields().i64("at").map_err(tantivy_error("posts"))?;
        let alive = reader.alive_bitset();
        let (since, until) = (self.range.0.micros(), self.range.1.micros());
        let mut ticker = Ticker::new(self.budget);
        let mut hits = Vec::with_capacity(BLOCK);
        let mut document = scorer.doc();
        loop {
            hits.clear();
            while document != TERMINATED && hits.len() < BLOCK {
                if ticker.tick() {
                    return Ok(false);
                }
                let at = times.first(document).unwrap_or(0);
                let alive = alive.is_none_or(|alive| alive.is_alive(document));
                if alive && since <= at && at < until {
                    let score = if self.scored { scorer.score() } else { 0.0 };
                    hits.push(Hit { document, at, score });
                }
                document = scorer.advance();
            }
            // A part of the query that ran out of time ends early, and what it negates then fits: nothing of this
            // block can be used.
            if self.budget.is_over() {
                return Ok(false);
            }
            visitor.hits(&hits)?;
            if document == TERMINATED {
                return Ok(true);
            }
        }
    }
}

/// BM25 statistics over all buckets, cached: every bucket asks for the same.
struct TermStatistics<'a> {
    buckets: &'a [BucketView],
    known: RefCell<HashMap<StatisticsKey, u64>>,
}

/// A statistic.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum StatisticsKey {
    Tokens(Field),
    Documents,
    With(Term),
}

impl TermStatistics<'_> {
    fn sum(&self, count: StatisticsKey, of: impl Fn(&Searcher) -> tantivy::Result<u64>) -> tantivy::Result<u64> {
        if let Some(sum) = self.known.borrow().get(&count) {
            return Ok(*sum);
        }
        let sum = self.buckets.iter().map(|bucket| of(&bucket.searcher)).sum::<tantivy::Result<u64>>()?;
        self.known.borrow_mut().insert(count, sum);
        Ok(sum)
    }
}

impl Bm25StatisticsProvider for TermStatistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        self.sum(StatisticsKey::Tokens(field), |searcher| searcher.total_num_tokens(field))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.sum(StatisticsKey::Documents, Bm25StatisticsProvider::total_num_docs)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        self.sum(StatisticsKey::With(term.clone()), |searcher| searcher.doc_freq(term))
    }
}

/// An error of tantivy in a part of the index.
pub(super) fn tantivy_error<E: Into<tantivy::TantivyError>>(part: &'static str) -> impl Fn(E) -> Error {
    move |source| Error::Tantivy { path: PathBuf::from(part), source: source.into() }
}
