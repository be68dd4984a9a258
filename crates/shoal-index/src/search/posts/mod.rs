//! Pages of posts.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;

use shoal_model::Timestamp;
use tantivy::columnar::Column;
use tantivy::query::Query;

use super::cursor::{CursorScope, refused};
use super::facets::{TimeCounts, ValueCounts};
use super::fields::PostFieldResolver;
use super::highlight::highlight;
use super::request::{SearchPage, SearchRequest, Sort, TopField, TopValue, Total, check_limit};
use super::scan::{Hit, Scan, ScannedSegment, Visitor, tantivy_error};
use super::stored::{PostAddress, PostReader};
use crate::budget::Budget;
use crate::query::{Clause, FieldValue, HighlightTerms, InvalidValue, QueryTree, compile, parse, value};
use crate::store::snapshot::Snapshot;
use crate::{Error, FoundPost, SearchLimits};

/// Values of a field in a page.
const TOP: usize = 10;

/// A post's place in the order of a page: the greater comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PostRank {
    main: i64,
    second: i64,
    /// Unique among posts, so that no two are equal.
    tie: u64,
}

impl PostRank {
    /// Everything but the tie.
    fn of(sort: Sort, hit: &Hit) -> Self {
        let (main, second) = match sort {
            Sort::Newest => (hit.at, 0),
            Sort::Oldest => (!hit.at, 0),
            Sort::Relevance => {
                // Scores are not negative, and the bits of such numbers are in the order of the numbers.
                (i64::from(hit.score.to_bits()), hit.at)
            }
        };
        Self { main, second, tie: 0 }
    }

    fn with_tie(self, sort: Sort, origin: u64) -> Self {
        Self { tie: if sort == Sort::Oldest { !origin } else { origin }, ..self }
    }
}

/// The best posts of those that come after the last page.
struct TopPosts {
    sort: Sort,
    /// The last of the page before.
    after: Option<PostRank>,
    keep: usize,
    heap: BinaryHeap<Reverse<(PostRank, PostAddress)>>,
    origins: Option<Column<u64>>,
}

impl TopPosts {
    fn add(&mut self, hit: &Hit, bucket: usize, segment: u32) {
        let rank = PostRank::of(self.sort, hit);
        let worst = self.worst();
        if worst.is_some_and(|worst| (rank.main, rank.second) < (worst.main, worst.second)) {
            return;
        }
        let origin = self.origins.as_ref().and_then(|origins| origins.first(hit.document)).unwrap_or(0);
        let rank = rank.with_tie(self.sort, origin);
        if worst.is_some_and(|worst| rank < worst) || self.after.is_some_and(|after| rank >= after) {
            return;
        }
        if worst.is_some() {
            self.heap.pop();
        }
        self.heap.push(Reverse((rank, PostAddress { bucket, segment, document: hit.document })));
    }

    /// The last of the best posts, once there are as many as are kept.
    fn worst(&self) -> Option<PostRank> {
        if self.heap.len() < self.keep { None } else { self.heap.peek().map(|worst| worst.0.0) }
    }

    /// Returns `true` when no post of a bucket with these times can be among the best.
    fn excludes(&self, range: (Timestamp, Timestamp)) -> bool {
        self.worst().is_some_and(|worst| match self.sort {
            Sort::Newest => range.1.micros() < worst.main,
            Sort::Oldest => !range.0.micros() < worst.main,
            Sort::Relevance => false,
        })
    }

    fn ranked(self) -> Vec<(PostRank, PostAddress)> {
        self.heap.into_sorted_vec().into_iter().map(|entry| entry.0).collect()
    }
}

/// Keeps the best matches and counts all.
struct Collector<'a> {
    best: TopPosts,
    count: u64,
    times: Option<TimeCounts>,
    values: Vec<(TopField, ValueCounts)>,
    budget: &'a Budget,
    place: (usize, u32),
}

impl Visitor for Collector<'_> {
    fn begin(&mut self, place: &ScannedSegment<'_>) -> Result<(), Error> {
        self.place = (place.bucket, place.segment);
        self.best.origins = Some(place.reader.fast_fields().u64("origin").map_err(tantivy_error("posts"))?);
        self.values.iter_mut().try_for_each(|(_, values)| values.begin(place.reader))
    }

    fn hits(&mut self, hits: &[Hit]) -> Result<(), Error> {
        self.count += hits.len() as u64;
        for hit in hits {
            self.best.add(hit, self.place.0, self.place.1);
        }
        if let Some(times) = &mut self.times {
            for hit in hits {
                times.add(hit.at);
            }
        }
        self.values.iter_mut().try_for_each(|(_, values)| values.hits(hits, self.budget))
    }

    fn end(&mut self) -> Result<(), Error> {
        self.values.iter_mut().try_for_each(|(_, values)| values.end(self.budget))
    }
}

/// A parsed request for posts.
pub(super) struct PostSearch {
    tree: Option<QueryTree>,
    sort: Sort,
    range: (Timestamp, Timestamp),
}

impl PostSearch {
    pub(super) fn new(request: &SearchRequest, limits: &SearchLimits) -> Result<Self, Error> {
        let mut parts: Vec<QueryTree> = parse(&request.query, limits)?.into_iter().collect();
        parts.extend(filters(request)?.into_iter().map(|value| QueryTree::Clause(Clause::Field(value))));
        let tree = (!parts.is_empty()).then(|| QueryTree::and(parts));
        let whole = (Timestamp::MIN, Timestamp::MAX);
        let range = tree.as_ref().map_or(whole, QueryTree::range);
        Ok(Self { tree, sort: request.sort, range })
    }

    /// The scope of cursors of this search.
    fn origin(&self, snapshot: &Snapshot) -> CursorScope {
        let tree = self.tree.as_ref().map(ToString::to_string).unwrap_or_default();
        CursorScope::new(&snapshot.id, &format!("posts {:?} {tree}", self.sort))
    }

    fn after(&self, snapshot: &Snapshot, cursor: Option<&str>) -> Result<Option<PostRank>, Error> {
        let Some(cursor) = cursor else { return Ok(None) };
        if self.sort == Sort::Relevance {
            return Err(refused("there is one page only in the order of relevance"));
        }
        let (main, name) = self.origin(snapshot).read(cursor)?;
        let tie = name.as_array::<8>().ok_or_else(|| refused("it is of another kind"))?;
        Ok(Some(PostRank { main: main as i64, second: 0, tie: u64::from_be_bytes(*tie) }))
    }

    fn highlighted(&self) -> HighlightTerms {
        self.tree.as_ref().map(HighlightTerms::of).unwrap_or_default()
    }

    fn compile(&self, snapshot: &Snapshot, limits: &SearchLimits, budget: &Budget) -> Result<Box<dyn Query>, Error> {
        compile(self.tree.as_ref(), &PostFieldResolver { snapshot, limits, budget }, budget)
    }

    /// Scans the buckets that can hold matches, those of the best posts first. Returns `false` when time was not enough
    /// for everything; fails when it was not enough for the best posts.
    fn collect(&self, scan: &Scan<'_>, collector: &mut Collector<'_>, counts: bool) -> Result<bool, Error> {
        let mut buckets = scan.reached();
        match self.sort {
            Sort::Newest | Sort::Relevance => buckets.sort_by_key(|(_, range)| Reverse(range.1)),
            Sort::Oldest => buckets.sort_by_key(|(_, range)| range.0),
        }
        for (at, range) in buckets {
            let complete = collector.best.excludes(range);
            if complete && !counts {
                break;
            }
            if !scan.bucket(at, collector)? {
                return if complete { Ok(false) } else { Err(scan.budget.time_out()) };
            }
        }
        Ok(true)
    }
}

/// The filters of a request as values of fields.
fn filters(request: &SearchRequest) -> Result<Vec<FieldValue>, Error> {
    let named = [
        ("platform", "platform", &request.platform),
        ("language", "lang", &request.language),
        ("author", "author", &request.author),
        ("object", "object", &request.object),
        ("cluster", "cluster", &request.cluster),
        ("alert", "alert", &request.alert),
    ];
    let mut values = Vec::new();
    for (field, name, text) in named {
        if let Some(text) = text {
            let told = |InvalidValue { problem, remedy }| Error::InvalidRequest { field, problem, remedy };
            values.push(value(name, text).map_err(told)?);
        }
    }
    values.extend(request.kind.map(FieldValue::Kind));
    values.extend(request.layer.map(FieldValue::Layer));
    values.extend(request.since.map(FieldValue::Since));
    values.extend(request.until.map(FieldValue::Until));
    Ok(values)
}

/// The results of a search.
pub(super) struct Matches {
    /// The best posts, best first.
    ranked: Vec<(PostRank, PostAddress)>,
    pub(super) total: Total,
    pub(super) times: Option<TimeCounts>,
    values: Vec<(TopField, ValueCounts)>,
}

impl Matches {
    /// Addresses of the best posts, best first.
    pub(super) fn addresses(&self) -> impl Iterator<Item = PostAddress> {
        self.ranked.iter().map(|(_, address)| *address)
    }

    /// The most frequent values of a counted field.
    pub(super) fn top(&self, field: TopField) -> Vec<TopValue> {
        self.values.iter().find(|(counted, _)| *counted == field).map_or_else(Vec::new, |(_, values)| values.top(TOP))
    }
}

/// Options of a search: what is collected of the matches.
pub(super) struct CollectOptions {
    /// Number of best posts.
    pub(super) keep: usize,
    pub(super) times: bool,
    pub(super) values: Vec<(TopField, ValueCounts)>,
    /// Count all matches.
    pub(super) count: bool,
}

/// Runs a search.
pub(super) fn gather(
    snapshot: &Snapshot,
    question: &PostSearch,
    after: Option<PostRank>,
    wanted: CollectOptions,
    limits: &SearchLimits,
    budget: &Budget,
) -> Result<Matches, Error> {
    let query = question.compile(snapshot, limits, budget)?;
    let scored = question.sort == Sort::Relevance;
    let scan = Scan::new(&snapshot.buckets, query.as_ref(), question.range, scored, budget);
    let best = TopPosts { sort: question.sort, after, keep: wanted.keep, heap: BinaryHeap::new(), origins: None };
    let times = wanted.times.then(TimeCounts::default);
    let mut collector = Collector { best, count: 0, times, values: wanted.values, budget, place: (0, 0) };
    let exact = question.collect(&scan, &mut collector, wanted.count)?;
    let Collector { best, count, times, values, .. } = collector;
    Ok(Matches { ranked: best.ranked(), total: Total { count, exact }, times, values })
}

/// A page of posts.
pub(super) fn search(snapshot: &Snapshot, request: &SearchRequest, limits: &SearchLimits) -> Result<SearchPage, Error> {
    let budget = Budget::start(limits);
    check_limit(request.limit)?;
    let question = PostSearch::new(request, limits)?;
    let after = question.after(snapshot, request.cursor.as_deref())?;
    let scored = request.sort == Sort::Relevance;
    let top: BTreeSet<TopField> = request.top.iter().copied().collect();
    let values = top.iter().map(|field| (*field, ValueCounts::new(field.name()))).collect();
    let wanted = CollectOptions { keep: request.limit + 1, times: request.histogram, values, count: true };
    let mut found = gather(snapshot, &question, after, wanted, limits, &budget)?;
    let more = found.ranked.len() > request.limit;
    found.ranked.truncate(request.limit);
    let next = found
        .ranked
        .last()
        .filter(|_| more && !scored)
        .map(|(rank, _)| question.origin(snapshot).cursor(rank.main as u64, &rank.tie.to_be_bytes()));
    let mut finder = PostReader::new(snapshot, &budget);
    let highlighted = request.highlight.then(|| question.highlighted());
    let mut posts = Vec::with_capacity(found.ranked.len());
    for (rank, address) in &found.ranked {
        let mut post = finder.found(*address)?;
        post.highlight = highlighted.as_ref().map(|highlighted| highlight(&post.post.text, highlighted));
        post.score = scored.then(|| f32::from_bits(rank.main as u32));
        posts.push(post);
    }
    let top = top.into_iter().map(|field| (field.name().to_owned(), found.top(field))).collect();
    let histogram = found.times.as_ref().map(TimeCounts::histogram);
    Ok(SearchPage { total: found.total, posts, next, histogram, top, took_ms: budget.millis() })
}

/// Posts that an export holds in memory at a time.
const EXPORTED: usize = 10_000;

/// Passes posts to `each` in the order of the request, at most `most`, until it returns `false`. Returns their number.
pub(super) fn export(
    snapshot: &dyn Fn() -> Result<Arc<Snapshot>, Error>,
    request: &SearchRequest,
    most: u64,
    limits: &SearchLimits,
    each: &mut dyn FnMut(FoundPost) -> bool,
) -> Result<u64, Error> {
    let mut question = PostSearch::new(request, limits)?;
    let mut after = question.after(&*snapshot()?, request.cursor.as_deref())?;
    let highlighted = request.highlight.then(|| question.highlighted());
    let mut given = 0;
    let mut now = snapshot()?;
    while given < most {
        // Scores change while posts arrive; times do not.
        if request.sort != Sort::Relevance {
            now = snapshot()?;
        }
        let snapshot = &*now;
        match (request.sort, after) {
            (Sort::Newest, Some(after)) => {
                let until = Timestamp::from_micros(after.main.saturating_add(1));
                question.range.1 = question.range.1.min(until);
            }
            (Sort::Oldest, Some(after)) => question.range.0 = question.range.0.max(Timestamp::from_micros(!after.main)),
            _ => {}
        }
        let keep = (most - given).min(EXPORTED as u64) as usize;
        let wanted = CollectOptions { keep, times: false, values: Vec::new(), count: false };
        let ranked = gather(snapshot, &question, after, wanted, limits, &Budget::start(limits))?.ranked;
        let whole = ranked.len() < keep;
        let reading = Budget::start(limits);
        let mut finder = PostReader::new(snapshot, &reading);
        for (rank, address) in ranked {
            let mut found = finder.found(address)?;
            found.highlight = highlighted.as_ref().map(|highlighted| highlight(&found.post.text, highlighted));
            given += 1;
            after = Some(rank);
            if !each(found) {
                return Ok(given);
            }
        }
        if whole {
            break;
        }
    }
    Ok(given)
}

#[cfg(test)]
mod tests;
