//! Pages of alerts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::ops::Bound;

use shoal_model::{AlertState, ObjectKey, Timestamp};
use tantivy::columnar::{Column, StrColumn};
use tantivy::index::SegmentReader;
use tantivy::query::{BooleanQuery, EnableScoring, Occur, Query, RangeQuery};
use tantivy::{DocAddress, DocSet, TERMINATED, Term, f64_to_u64, i64_to_u64};

use super::cursor::CursorScope;
use super::fields::{AlertFieldResolver, newest_only};
use super::request::{AlertPage, AlertRequest, AlertSort, AlertSummary, Bin, Total, check_limit};
use super::revisions::read;
use super::scan::tantivy_error;
use crate::budget::{Budget, Ticker};
use crate::documents::{accounts, language};
use crate::query::{InvalidValue, TermQueries, compile, key, parse, range};
use crate::store::snapshot::Snapshot;
use crate::{Error, SearchLimits};

/// Looks up the number of times each verdict was given on an alert.
pub(super) type VerdictsOf<'a> = &'a dyn Fn(&str) -> Result<BTreeMap<String, u64>, Error>;

/// An alert's place in the order of a page: the greater comes first. Ids are unique.
type AlertRank = (u64, String);

/// A page of alerts.
pub(super) fn alerts(
    snapshot: &Snapshot,
    request: &AlertRequest,
    limits: &SearchLimits,
    feedback: VerdictsOf<'_>,
) -> Result<AlertPage, Error> {
    let budget = Budget::start(limits);
    check_limit(request.limit)?;
    let origin = CursorScope::new(&snapshot.id, &normal(request, limits)?);
    let after = request.cursor.as_deref().map(|cursor| after(origin, cursor)).transpose()?;
    let query = query(snapshot, request, limits, &budget)?;
    let (count, mut best) =
        collect(snapshot, query.as_ref(), request.sort, after.as_ref(), request.limit + 1, &budget)?;
    let more = best.len() > request.limit;
    best.truncate(request.limit);
    let next = best.last().filter(|_| more).map(|(rank, _)| origin.cursor(rank.0, rank.1.as_bytes()));
    let alerts = best.into_iter().map(|(_, at)| summary(snapshot, at, feedback)).collect::<Result<_, Error>>()?;
    Ok(AlertPage { total: Total { count, exact: true }, alerts, next })
}

/// The newest alerts that match a query.
pub(super) fn newest_of(
    snapshot: &Snapshot,
    query: Box<dyn Query>,
    number: usize,
    budget: &Budget,
    feedback: VerdictsOf<'_>,
) -> Result<Vec<AlertSummary>, Error> {
    let query = newest_only(snapshot, query);
    let (_, best) = collect(snapshot, query.as_ref(), AlertSort::Newest, None, number, budget)?;
    best.into_iter().map(|(_, at)| summary(snapshot, at, feedback)).collect()
}

/// A request in its normal form: cursors of another one do not fit.
fn normal(request: &AlertRequest, limits: &SearchLimits) -> Result<String, Error> {
    let tree = parse(&request.query, limits)?.map(|tree| tree.to_string()).unwrap_or_default();
    let states: BTreeSet<&str> = request.states.iter().copied().map(AlertState::name).collect();
    let filters = AlertRequest { query: tree, states: Vec::new(), limit: 0, cursor: None, ..request.clone() };
    Ok(format!("alerts {filters:?} {states:?}"))
}

fn after(origin: CursorScope, cursor: &str) -> Result<AlertRank, Error> {
    let (value, name) = origin.read(cursor)?;
    Ok((value, String::from_utf8_lossy(&name).into_owned()))
}

fn query(
    snapshot: &Snapshot,
    request: &AlertRequest,
    limits: &SearchLimits,
    budget: &Budget,
) -> Result<Box<dyn Query>, Error> {
    let fields = &snapshot.alert_fields;
    let queries = TermQueries { budget };
    let tree = parse(&request.query, limits)?;
    let mut all = vec![compile(tree.as_ref(), &AlertFieldResolver { snapshot }, budget)?];
    // What binds the whole tree is left to whoever calls.
    let (since, until) = tree.map_or((Timestamp::MIN, Timestamp::MAX), |tree| tree.range());
    let since = request.since.map_or(since, |other| other.max(since));
    let until = request.until.map_or(until, |other| other.min(until));
    all.push(range(fields.end, Bound::Included(since.micros()), Bound::Unbounded));
    all.push(range(fields.start, Bound::Unbounded, Bound::Excluded(until.micros())));
    let text = |field, text: &str| queries.any_term([Term::from_field_text(field, text)]);
    if !request.states.is_empty() {
        let states: BTreeSet<&str> = request.states.iter().copied().map(AlertState::name).collect();
        all.push(queries.any_term(states.into_iter().map(|state| Term::from_field_text(fields.state, state))));
    }
    all.extend(request.platform.as_deref().map(|platform| text(fields.platform, platform)));
    all.extend(request.language.as_deref().map(|tag| text(fields.language, &language(tag))));
    all.extend(request.account.as_deref().map(|account| text(fields.account, account)));
    all.extend(request.layer.map(|layer| text(fields.layer, layer.name())));
    all.extend(request.shadow.map(|shadow| text(fields.shadow, if shadow { "true" } else { "false" })));
    if let Some(object) = request.object.as_deref() {
        let told = |InvalidValue { problem, remedy }| Error::InvalidRequest { field: "object", problem, remedy };
        let object: ObjectKey = key(object).map_err(told)?;
        all.push(queries.any_term([Term::from_field_u64(fields.object, object.raw())]));
    }
    if let Some(bits) = request.min_bits {
        let least = Term::from_field_f64(fields.bits, bits);
        all.push(Box::new(RangeQuery::new(Bound::Included(least), Bound::Unbounded)));
    }
    if let Some(accounts) = request.min_accounts {
        let least = Term::from_field_u64(fields.accounts, accounts);
        all.push(Box::new(RangeQuery::new(Bound::Included(least), Bound::Unbounded)));
    }
    let all = all.into_iter().map(|query| (Occur::Must, query)).collect();
    Ok(newest_only(snapshot, Box::new(BooleanQuery::new(all))))
}

/// The column that alerts are sorted by, in one segment.
enum SortColumn {
    Time(Column<i64>),
    Bits(Column<f64>),
    Accounts(Column<u64>),
}

impl SortColumn {
    fn of(sort: AlertSort, reader: &SegmentReader) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        Ok(match sort {
            AlertSort::Newest => Self::Time(fast.i64("raised_at")?),
            AlertSort::Strongest => Self::Bits(fast.f64("bits")?),
            AlertSort::Largest => Self::Accounts(fast.u64("accounts")?),
        })
    }

    /// A number that sorts like the value.
    fn value(&self, document: u32) -> u64 {
        match self {
            Self::Time(column) => column.first(document).map_or(0, i64_to_u64),
            Self::Bits(column) => column.first(document).map_or(0, f64_to_u64),
            Self::Accounts(column) => column.first(document).unwrap_or(0),
        }
    }
}

/// The number of matching alerts, and the best `keep` of those after `after`.
fn collect(
    snapshot: &Snapshot,
    query: &dyn Query,
    sort: AlertSort,
    after: Option<&AlertRank>,
    keep: usize,
    budget: &Budget,
) -> Result<(u64, Vec<(AlertRank, DocAddress)>), Error> {
    budget.check()?;
    let weight =
        query.weight(EnableScoring::disabled_from_searcher(&snapshot.alerts)).map_err(tantivy_error("alerts"))?;
    let mut best: BinaryHeap<Reverse<(AlertRank, DocAddress)>> = BinaryHeap::new();
    let mut count = 0;
    let mut ticker = Ticker::new(budget);
    for (segment, reader) in (0..).zip(snapshot.alerts.segment_readers()) {
        let mut scorer = weight.scorer(reader, 1.0).map_err(tantivy_error("alerts"))?;
        let key = SortColumn::of(sort, reader).map_err(tantivy_error("alerts"))?;
        let ids = reader.fast_fields().str("alert_id").map_err(tantivy_error("alerts"))?;
        let mut at = scorer.doc();
        while at != TERMINATED && !ticker.tick() {
            if reader.alive_bitset().is_none_or(|alive| alive.is_alive(at)) {
                count += 1;
                let value = key.value(at);
                let full = best.len() >= keep;
                let enters = !full || best.peek().is_some_and(|worst| value >= worst.0.0.0);
                if enters && after.is_none_or(|after| value <= after.0) {
                    let rank = (value, id(ids.as_ref(), at)?);
                    if after.is_none_or(|after| rank < *after) {
                        best.push(Reverse((rank, DocAddress::new(segment, at))));
                        if full {
                            best.pop();
                        }
                    }
                }
            }
            at = scorer.advance();
        }
        budget.check()?;
    }
    budget.check_memory()?;
    Ok((count, best.into_sorted_vec().into_iter().map(|entry| entry.0).collect()))
}

fn id(ids: Option<&StrColumn>, document: u32) -> Result<String, Error> {
    let mut id = String::new();
    if let Some(ids) = ids
        && let Some(ordinal) = ids.term_ords(document).next()
    {
        ids.ord_to_str(ordinal, &mut id).map_err(tantivy_error("alerts"))?;
    }
    Ok(id)
}

/// Labels in the summary of an alert.
const LABELS: usize = 3;

fn summary(snapshot: &Snapshot, at: DocAddress, feedback: VerdictsOf<'_>) -> Result<AlertSummary, Error> {
    let alert = read(snapshot, at)?;
    let reader = snapshot.alerts.segment_reader(at.segment_ord);
    let opened = reader.fast_fields().i64("opened_at").map_err(tantivy_error("alerts"))?.first(at.doc_id);
    let feedback = feedback(&alert.alert_id)?;
    let accounts = accounts(&alert);
    let observed = alert.observed;
    let bin = |bin: &shoal_model::TimelineBin| Bin { start: bin.start, count: bin.posts };
    Ok(AlertSummary {
        accounts,
        revision: alert.revision,
        state: alert.state,
        shadow: alert.shadow,
        opened_at: opened.map_or(alert.raised_at, Timestamp::from_micros),
        raised_at: alert.raised_at,
        start: observed.window.start,
        end: observed.window.end,
        objects: observed.layers.iter().map(|count| count.objects).sum(),
        layers: observed.layers.iter().map(|count| count.layer).collect(),
        labels: observed.objects.iter().take(LABELS).map(|object| object.label.clone()).collect(),
        bits: alert.strength.bits,
        threshold_bits: alert.strength.threshold_bits,
        timeline: observed.timeline.iter().map(bin).collect(),
        feedback,
        summary: alert.summary,
        alert_id: alert.alert_id,
    })
}
