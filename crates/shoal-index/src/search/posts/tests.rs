//! Answers when time runs out during a search.

use tantivy::index::SegmentReader;
use tantivy::query::{AllQuery, EnableScoring, Explanation, Query, Scorer, Weight};

use super::*;
use crate::testing::{documents, index, post};
use crate::{Batch, Index};

/// Everything, until `segments` have been looked at: then time is up.
#[derive(Debug, Clone)]
struct Trap {
    budget: Budget,
    segments: Arc<std::sync::atomic::AtomicUsize>,
}

impl Query for Trap {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let all = AllQuery.weight(scoring)?;
        Ok(Box::new(TrapWeight { trap: self.clone(), all }))
    }
}

struct TrapWeight {
    trap: Trap,
    all: Box<dyn Weight>,
}

impl Weight for TrapWeight {
    fn scorer(&self, reader: &SegmentReader, boost: f32) -> tantivy::Result<Box<dyn Scorer>> {
        if self.trap.segments.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) == 0 {
            self.trap.budget.spend();
        }
        self.all.scorer(reader, boost)
    }

    fn explain(&self, reader: &SegmentReader, document: u32) -> tantivy::Result<Explanation> {
        self.all.explain(reader, document)
    }
}

/// Three days of ten posts.
fn three_days() -> (tempfile::TempDir, Index) {
    let posts = (0..30).map(|at| post(&at.to_string(), "a", at / 10 * 86_400 + at, "word"));
    index(Batch { posts: documents(0, posts), ..Batch::default() })
}

/// Searches a page of `keep` posts with a budget that is used up after so many segments.
fn after(segments: usize, sort: Sort, keep: usize) -> Result<(u64, bool, usize), Error> {
    let (_directory, index) = three_days();
    let snapshot = index.snapshot().unwrap();
    let limits = SearchLimits::default();
    let budget = Budget::start(&limits);
    let question = PostSearch::new(&SearchRequest { sort, ..SearchRequest::default() }, &limits).unwrap();
    let query = Trap { budget: budget.clone(), segments: Arc::new(segments.into()) };
    let scan = Scan::new(&snapshot.buckets, &query, question.range, sort == Sort::Relevance, &budget);
    let best = TopPosts { sort, after: None, keep, heap: BinaryHeap::new(), origins: None };
    let mut collector = Collector { best, count: 0, times: None, values: Vec::new(), budget: &budget, place: (0, 0) };
    let exact = question.collect(&scan, &mut collector, true)?;
    Ok((collector.count, exact, collector.best.ranked().len()))
}

#[test]
fn a_page_that_is_complete_is_given_without_the_count() {
    for sort in [Sort::Newest, Sort::Oldest] {
        assert_eq!(after(usize::MAX, sort, 5).unwrap(), (30, true, 5));
        assert_eq!(after(2, sort, 5).unwrap(), (20, false, 5), "the third day is only counted");
        assert_eq!(after(1, sort, 5).unwrap(), (10, false, 5));
        assert!(matches!(after(1, sort, 15), Err(Error::TimeOut(_))), "the page goes on in the second day");
        assert!(matches!(after(0, sort, 5), Err(Error::TimeOut(_))));
    }
    assert!(matches!(after(2, Sort::Relevance, 5), Err(Error::TimeOut(_))), "the best may be anywhere");
}
