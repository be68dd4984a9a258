//! Going through what fits, bucket by bucket, within the time there is.

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

/// How many documents are handed on at once.
const BLOCK: usize = 64;

/// A document that fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hit {
    pub(super) document: DocId,
    /// When it was seen, in microseconds.
    pub(super) at: i64,
    /// How well it fits; 0 when that was not asked.
    pub(super) score: Score,
}

/// A segment of a bucket that is gone through.
#[derive(Clone, Copy)]
pub(super) struct ScannedSegment<'a> {
    /// The bucket's place in the snapshot.
    pub(super) bucket: usize,
    /// The segment's place in the bucket.
    pub(super) segment: u32,
    pub(super) reader: &'a SegmentReader,
}

/// Who is told of what fits.
pub(super) trait Visitor {
    /// A segment begins.
    fn begin(&mut self, place: &ScannedSegment<'_>) -> Result<(), Error>;

    /// Documents of it that fit, in the order of the segment.
    fn hits(&mut self, hits: &[Hit]) -> Result<(), Error>;

    /// It ends, all of it told or as much as there was time for.
    fn end(&mut self) -> Result<(), Error>;
}

/// A question as it is put to every segment.
pub(super) struct Scan<'a> {
    query: &'a dyn Query,
    /// Seen not before, and before.
    range: (Timestamp, Timestamp),
    scored: bool,
    pub(super) budget: &'a Budget,
    statistics: TermStatistics<'a>,
}

impl<'a> Scan<'a> {
    /// A question for everything that was seen not before, and before, the times of `range`.
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

    /// Buckets that posts that fit can be in: their place, and the times of their posts.
    pub(super) fn reached(&self) -> Vec<(usize, (Timestamp, Timestamp))> {
        let buckets = self.buckets().iter().enumerate().filter_map(|(at, bucket)| Some((at, bucket.range?)));
        buckets.filter(|(_, (first, last))| *last >= self.range.0 && *first < self.range.1).collect()
    }

    /// Tells of everything in the bucket at this place that fits. Whether time was enough for all.
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

/// How frequent words are, over all buckets. What was asked once is known: every bucket asks for the same.
struct TermStatistics<'a> {
    buckets: &'a [BucketView],
    known: RefCell<HashMap<StatisticsKey, u64>>,
}

/// What is counted.
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

/// An error of the engine in a part of the index.
pub(super) fn tantivy_error<E: Into<tantivy::TantivyError>>(part: &'static str) -> impl Fn(E) -> Error {
    move |source| Error::Tantivy { path: PathBuf::from(part), source: source.into() }
}
