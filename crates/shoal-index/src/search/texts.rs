//! Text objects and their texts.

use std::collections::BTreeSet;

use shoal_model::{ObjectKey, TextKey};
use tantivy::columnar::Column;
use tantivy::index::SegmentReader;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, TERMINATED, Term};

use super::scan::tantivy_error;
use crate::budget::{Budget, Ticker};
use crate::store::snapshot::Snapshot;
use crate::{Error, SearchLimits};

/// Merged objects that are followed at most: a lookup is cut there, so that a cycle ends.
const MAX_MERGED: usize = 10_000;

/// A text object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextObject {
    /// The object that stands for all that were merged into it.
    pub(super) object: ObjectKey,
    /// The object, and those that were merged into it.
    pub(super) objects: Vec<ObjectKey>,
    /// Keys of its texts, ascending.
    pub(super) texts: Vec<TextKey>,
    /// The oldest texts were left out.
    pub(super) cut: bool,
}

/// The columns of a segment of the texts.
struct Columns {
    text_key: Column<u64>,
    object: Column<u64>,
    merged: Column<u64>,
    at: Column<i64>,
}

impl Columns {
    fn of(reader: &SegmentReader) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        Ok(Self {
            text_key: fast.u64("text_key")?,
            object: fast.u64("object")?,
            merged: fast.u64("merged")?,
            at: fast.i64("at")?,
        })
    }

    fn text(&self, document: DocId) -> Option<TextKey> {
        self.text_key.first(document).map(TextKey::from_raw)
    }

    fn object(&self, document: DocId) -> Option<ObjectKey> {
        self.object.first(document).map(ObjectKey::from_raw)
    }

    fn merged(&self, document: DocId) -> Option<ObjectKey> {
        self.merged.first(document).map(ObjectKey::from_raw)
    }
}

/// Passes every document whose `field` is `key` to `each`.
fn each(
    snapshot: &Snapshot,
    field: Field,
    key: impl Into<u64>,
    ticker: &mut Ticker,
    each: &mut dyn FnMut(&Columns, DocId),
) -> tantivy::Result<()> {
    let term = Term::from_field_u64(field, key.into());
    for reader in snapshot.texts.segment_readers() {
        let Some(mut list) = reader.inverted_index(field)?.read_postings(&term, IndexRecordOption::Basic)? else {
            continue;
        };
        let columns = Columns::of(reader)?;
        let alive = reader.alive_bitset();
        let mut document = list.doc();
        while document != TERMINATED && !ticker.tick() {
            if alive.is_none_or(|alive| alive.is_alive(document)) {
                each(&columns, document);
            }
            document = list.advance();
        }
    }
    Ok(())
}

/// The object that `object` was merged into, or itself.
fn standing(snapshot: &Snapshot, object: ObjectKey, ticker: &mut Ticker) -> tantivy::Result<ObjectKey> {
    let mut seen = BTreeSet::from([object]);
    let mut now = object;
    loop {
        let mut next = None;
        each(snapshot, snapshot.text_fields.merged, now, ticker, &mut |columns, document| {
            next = columns.object(document);
        })?;
        match next {
            Some(object) if seen.len() < MAX_MERGED && seen.insert(object) => now = object,
            _ => return Ok(now),
        }
    }
}

/// The text object that `object` is or was merged into, with its newest texts.
pub(super) fn text_object(
    snapshot: &Snapshot,
    object: ObjectKey,
    limits: &SearchLimits,
    budget: &Budget,
) -> Result<TextObject, Error> {
    let mut ticker = Ticker::new(budget);
    let whole = standing(snapshot, object, &mut ticker).map_err(tantivy_error("texts"))?;
    let mut seen = BTreeSet::from([whole, object]);
    let mut objects: Vec<ObjectKey> = seen.iter().copied().collect();
    let mut texts: Vec<(i64, TextKey)> = Vec::new();
    let (mut at, mut cut) = (0, false);
    while let Some(object) = objects.get(at).copied() {
        at += 1;
        each(snapshot, snapshot.text_fields.object, object, &mut ticker, &mut |columns, document| {
            if let Some(text) = columns.text(document) {
                texts.push((columns.at.first(document).unwrap_or(0), text));
                if texts.len() >= 2 * limits.texts.max(MAX_MERGED) {
                    keep_newest(&mut texts, limits.texts);
                    cut = true;
                }
            } else if let Some(merged) = columns.merged(document)
                && seen.len() < MAX_MERGED
                && seen.insert(merged)
            {
                objects.push(merged);
            }
        })
        .map_err(tantivy_error("texts"))?;
        budget.check()?;
    }
    cut |= texts.len() > limits.texts;
    keep_newest(&mut texts, limits.texts);
    let mut texts: Vec<TextKey> = texts.into_iter().map(|(_, text)| text).collect();
    texts.sort_unstable();
    texts.dedup();
    Ok(TextObject { object: whole, objects, texts, cut })
}

fn keep_newest(texts: &mut Vec<(i64, TextKey)>, number: usize) {
    texts.sort_unstable_by(|a, b| b.cmp(a));
    texts.truncate(number);
}

/// The text object of a text that several accounts published.
pub(super) fn object_of(snapshot: &Snapshot, text: TextKey, budget: &Budget) -> Result<Option<ObjectKey>, Error> {
    let mut ticker = Ticker::new(budget);
    let mut object = None;
    each(snapshot, snapshot.text_fields.text_key, text, &mut ticker, &mut |columns, document| {
        object = columns.object(document);
    })
    .and_then(|()| object.map(|object| standing(snapshot, object, &mut ticker)).transpose())
    .map_err(tantivy_error("texts"))
}
