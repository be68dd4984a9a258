//! Pages of posts.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;

use shoal_model::Timestamp;
use tantivy::columnar::Column;
use tantivy::query::Query;

use super::counts::{Times, Values};
use super::cursor::{Origin, refused};
use super::fields::OfPosts;
use super::highlight::highlight;
use super::request::{MAX_PAGE, SearchPage, SearchRequest, Sort, TopField, TopValue, Total};
use super::rows::{Address, Finder};
use super::scan::{Hit, Place, Scan, Visitor, engine};
use crate::budget::Budget;
use crate::query::{Clause, Marks, Refused, Tree, Value, lower, parse, value};
use crate::store::snapshot::Snapshot;
use crate::{Error, FoundPost, Limits};

/// Values of a field that are told.
const TOP: usize = 10;

/// How well a post fits: the greater comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    main: i64,
    second: i64,
    /// Unique among posts, so that no two are equal.
    tie: u64,
}

impl Rank {
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
struct Best {
    sort: Sort,
    /// The last of the page before.
    after: Option<Rank>,
    keep: usize,
    heap: BinaryHeap<Reverse<(Rank, Address)>>,
    origins: Option<Column<u64>>,
}

impl Best {
    fn add(&mut self, hit: &Hit, bucket: usize, segment: u32) {
        let rank = Rank::of(self.sort, hit);
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
        self.heap.push(Reverse((rank, Address { bucket, segment, document: hit.document })));
    }

    /// The last of those that are kept, once no more are.
    fn worst(&self) -> Option<Rank> {
        if self.heap.len() < self.keep { None } else { self.heap.peek().map(|worst| worst.0.0) }
    }

    /// Whether no post of a bucket with these times can be among the best.
    fn excludes(&self, range: (Timestamp, Timestamp)) -> bool {
        self.worst().is_some_and(|worst| match self.sort {
            Sort::Newest => range.1.micros() < worst.main,
            Sort::Oldest => !range.0.micros() < worst.main,
            Sort::Relevance => false,
        })
    }

    fn ranked(self) -> Vec<(Rank, Address)> {
        self.heap.into_sorted_vec().into_iter().map(|entry| entry.0).collect()
    }
}

/// Keeps the best posts and counts all.
struct Collector<'a> {
    best: Best,
    count: u64,
    times: Option<Times>,
    values: Vec<(TopField, Values)>,
    budget: &'a Budget,
    place: (usize, u32),
}

impl Visitor for Collector<'_> {
    fn begin(&mut self, place: &Place<'_>) -> Result<(), Error> {
        self.place = (place.bucket, place.segment);
        self.best.origins = Some(place.reader.fast_fields().u64("origin").map_err(engine("posts"))?);
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

/// A question for posts, ready to be put.
pub(super) struct Question {
    tree: Option<Tree>,
    sort: Sort,
    range: (Timestamp, Timestamp),
}

impl Question {
    pub(super) fn new(request: &SearchRequest, limits: &Limits) -> Result<Self, Error> {
        let mut parts: Vec<Tree> = parse(&request.query, limits)?.into_iter().collect();
        parts.extend(filters(request)?.into_iter().map(|value| Tree::Clause(Clause::Field(value))));
        let tree = (!parts.is_empty()).then(|| Tree::and(parts));
        let whole = (Timestamp::MIN, Timestamp::MAX);
        let range = tree.as_ref().map_or(whole, Tree::range);
        Ok(Self { tree, sort: request.sort, range })
    }

    /// What a cursor belongs to.
    fn origin(&self, snapshot: &Snapshot) -> Origin {
        let tree = self.tree.as_ref().map(ToString::to_string).unwrap_or_default();
        Origin::new(&snapshot.id, &format!("posts {:?} {tree}", self.sort))
    }

    fn after(&self, snapshot: &Snapshot, cursor: Option<&str>) -> Result<Option<Rank>, Error> {
        let Some(cursor) = cursor else { return Ok(None) };
        if self.sort == Sort::Relevance {
            return Err(refused("there is one page only in the order of relevance"));
        }
        let (main, name) = self.origin(snapshot).read(cursor)?;
        let tie = name.as_array::<8>().ok_or_else(|| refused("it is of another kind"))?;
        Ok(Some(Rank { main: main as i64, second: 0, tie: u64::from_be_bytes(*tie) }))
    }

    fn marks(&self) -> Marks {
        self.tree.as_ref().map(Marks::of).unwrap_or_default()
    }

    fn lower(&self, snapshot: &Snapshot, limits: &Limits, budget: &Budget) -> Result<Box<dyn Query>, Error> {
        lower(self.tree.as_ref(), &OfPosts { snapshot, limits, budget }, budget)
    }

    /// Goes through the buckets that can have posts that fit, those first that the best come from. Whether time was
    /// enough for everything; fails when it was not even enough for the best.
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

/// The filters of a request, as values of fields.
fn filters(request: &SearchRequest) -> Result<Vec<Value>, Error> {
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
            let told = |Refused { problem, remedy }| Error::Question { field, problem, remedy };
            values.push(value(name, text).map_err(told)?);
        }
    }
    values.extend(request.kind.map(Value::Kind));
    values.extend(request.layer.map(Value::Layer));
    values.extend(request.since.map(Value::Since));
    values.extend(request.until.map(Value::Until));
    Ok(values)
}

/// Fails when a page cannot have so many entries.
pub(super) fn check_limit(limit: usize) -> Result<(), Error> {
    if (1..=MAX_PAGE).contains(&limit) {
        return Ok(());
    }
    Err(Error::Question {
        field: "limit",
        problem: format!("a page cannot have {limit} entries"),
        remedy: format!("ask for 1 to {MAX_PAGE}, and for the next page"),
    })
}

impl TopField {
    /// As in answers, and as the index has it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Language => "language",
            Self::Platform => "platform",
            Self::Kind => "kind",
            Self::Hashtag => "hashtag",
            Self::Domain => "domain",
        }
    }
}

/// What was found.
pub(super) struct Gathered {
    /// The best posts, best first.
    ranked: Vec<(Rank, Address)>,
    pub(super) total: Total,
    pub(super) times: Option<Times>,
    values: Vec<(TopField, Values)>,
}

impl Gathered {
    /// Where the best posts are, best first.
    pub(super) fn addresses(&self) -> impl Iterator<Item = Address> {
        self.ranked.iter().map(|(_, address)| *address)
    }

    /// The most frequent values of a field that was counted.
    pub(super) fn top(&self, field: TopField) -> Vec<TopValue> {
        self.values.iter().find(|(counted, _)| *counted == field).map_or_else(Vec::new, |(_, values)| values.top(TOP))
    }
}

/// What is wanted of what fits.
pub(super) struct Wanted {
    /// How many of the best posts.
    pub(super) keep: usize,
    pub(super) times: bool,
    pub(super) values: Vec<(TopField, Values)>,
    /// Whether all are to be counted.
    pub(super) count: bool,
}

/// Puts a question.
pub(super) fn gather(
    snapshot: &Snapshot,
    question: &Question,
    after: Option<Rank>,
    wanted: Wanted,
    limits: &Limits,
    budget: &Budget,
) -> Result<Gathered, Error> {
    let query = question.lower(snapshot, limits, budget)?;
    let scored = question.sort == Sort::Relevance;
    let scan = Scan::new(&snapshot.buckets, query.as_ref(), question.range, scored, budget);
    let best = Best { sort: question.sort, after, keep: wanted.keep, heap: BinaryHeap::new(), origins: None };
    let times = wanted.times.then(Times::default);
    let mut collector = Collector { best, count: 0, times, values: wanted.values, budget, place: (0, 0) };
    let exact = question.collect(&scan, &mut collector, wanted.count)?;
    let Collector { best, count, times, values, .. } = collector;
    Ok(Gathered { ranked: best.ranked(), total: Total { count, exact }, times, values })
}

/// A page of posts.
pub(super) fn search(snapshot: &Snapshot, request: &SearchRequest, limits: &Limits) -> Result<SearchPage, Error> {
    let budget = Budget::start(limits);
    check_limit(request.limit)?;
    let question = Question::new(request, limits)?;
    let after = question.after(snapshot, request.cursor.as_deref())?;
    let scored = request.sort == Sort::Relevance;
    let top: BTreeSet<TopField> = request.top.iter().copied().collect();
    let values = top.iter().map(|field| (*field, Values::new(field.name()))).collect();
    let wanted = Wanted { keep: request.limit + 1, times: request.histogram, values, count: true };
    let mut found = gather(snapshot, &question, after, wanted, limits, &budget)?;
    let more = found.ranked.len() > request.limit;
    found.ranked.truncate(request.limit);
    let next = found
        .ranked
        .last()
        .filter(|_| more && !scored)
        .map(|(rank, _)| question.origin(snapshot).cursor(rank.main as u64, &rank.tie.to_be_bytes()));
    let mut finder = Finder::new(snapshot, &budget);
    let marks = request.highlight.then(|| question.marks());
    let mut posts = Vec::with_capacity(found.ranked.len());
    for (rank, address) in &found.ranked {
        let mut post = finder.found(*address)?;
        post.highlight = marks.as_ref().map(|marks| highlight(&post.post.text, marks));
        post.score = scored.then(|| f32::from_bits(rank.main as u32));
        posts.push(post);
    }
    let top = top.into_iter().map(|field| (field.name().to_owned(), found.top(field))).collect();
    let histogram = found.times.as_ref().map(Times::histogram);
    Ok(SearchPage { total: found.total, posts, next, histogram, top, took_ms: budget.millis() })
}

/// Posts that are kept while they are given, at a time.
const EXPORTED: usize = 10_000;

/// Gives posts in the order of the request, at most `most`, as long as `each` answers `true`. Gives how many.
pub(super) fn export(
    snapshot: &dyn Fn() -> Result<Arc<Snapshot>, Error>,
    request: &SearchRequest,
    most: u64,
    limits: &Limits,
    each: &mut dyn FnMut(FoundPost) -> bool,
) -> Result<u64, Error> {
    let mut question = Question::new(request, limits)?;
    let mut after = question.after(&*snapshot()?, request.cursor.as_deref())?;
    let marks = request.highlight.then(|| question.marks());
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
        let wanted = Wanted { keep, times: false, values: Vec::new(), count: false };
        let ranked = gather(snapshot, &question, after, wanted, limits, &Budget::start(limits))?.ranked;
        let whole = ranked.len() < keep;
        let reading = Budget::start(limits);
        let mut finder = Finder::new(snapshot, &reading);
        for (rank, address) in ranked {
            let mut found = finder.found(address)?;
            found.highlight = marks.as_ref().map(|marks| highlight(&found.post.text, marks));
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
