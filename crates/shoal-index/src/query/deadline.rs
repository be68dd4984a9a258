//! What queries come down to: documents with one of some terms, with a term that begins so, with terms in a row.
//!
//! The engine's own queries know no clock, and a single step of them can take as long as a whole segment has
//! documents. These look at it, and end early when time is up. Whoever reads them looks too, and uses nothing then.

use std::sync::Arc;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::SegmentReader;
use tantivy::postings::SegmentPostings;
use tantivy::query::{
    BitSetDocSet, Bm25Weight, ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{BitSet, DocId, DocSet, Score, TERMINATED, Term};

use super::phrase::{Row, Slot};
use crate::budget::{Budget, Ticker};

/// Bytes that a list of documents takes while it is read.
const LIST_BYTES: u64 = 4_096;

/// How many documents are looked at in the time that a term is looked up in.
const LOOKUP: u64 = 16;

/// What is looked for in one field.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) what: What,
    /// Whether it counts for how well a document fits.
    pub(crate) scored: bool,
    pub(crate) budget: Budget,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// Any of these.
    Any(Arc<[Term]>),
    /// Any of these keys, ascending, in a field that is also a column.
    Keys(Field, &'static str, Arc<[u64]>),
    /// Anything that begins so.
    Begins(Field, Arc<str>),
    /// These in a row; at least one.
    Row(Arc<[Part]>),
}

/// A part of a row.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Is(Term),
    Begins(Field, Arc<str>),
}

struct LeafWeight {
    leaf: Leaf,
    /// How much the terms of a row count.
    bm25: Option<Bm25Weight>,
}

impl Query for Leaf {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let bm25 = match (&self.what, scoring) {
            (What::Row(parts), EnableScoring::Enabled { statistics_provider, .. }) if self.scored => {
                let terms = parts.iter().filter_map(|part| match part {
                    Part::Is(term) => Some(term.clone()),
                    Part::Begins(..) => None,
                });
                let terms: Vec<Term> = terms.collect();
                (!terms.is_empty()).then(|| Bm25Weight::for_terms(statistics_provider, &terms)).transpose()?
            }
            _ => None,
        };
        Ok(Box::new(LeafWeight { leaf: self.clone(), bm25 }))
    }
}

impl Weight for LeafWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let plain = if self.leaf.scored { boost } else { 0.0 };
        let documents = match &self.leaf.what {
            What::Any(terms) => self.any(reader, terms)?,
            What::Keys(field, column, keys) => self.keys(reader, *field, column, keys)?,
            What::Begins(field, stem) => self.begins(reader, *field, stem)?,
            What::Row(parts) => return self.row(reader, parts, boost),
        };
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(documents), plain)))
    }

    fn explain(&self, reader: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        let score = if scorer.seek(document) == document { scorer.score() } else { 0.0 };
        Ok(Explanation::new("leaf", score))
    }
}

impl LeafWeight {
    fn any(&self, reader: &SegmentReader, terms: &[Term]) -> tantivy::Result<BitSet> {
        let mut documents = BitSet::with_max_value(reader.max_doc());
        let mut ticker = Ticker::new(&self.leaf.budget);
        for term in terms {
            if ticker.ticks(16) {
                break;
            }
            let list = reader.inverted_index(term.field())?.read_postings(term, IndexRecordOption::Basic)?;
            if let Some(list) = list
                && collect(list, &mut documents, &mut ticker)
            {
                break;
            }
        }
        Ok(documents)
    }

    /// Looks the keys up, or looks at every document when there are fewer of these.
    fn keys(&self, reader: &SegmentReader, field: Field, column: &str, keys: &[u64]) -> tantivy::Result<BitSet> {
        if keys.len() as u64 * LOOKUP < u64::from(reader.max_doc()) {
            let terms: Vec<Term> = keys.iter().map(|key| Term::from_field_u64(field, *key)).collect();
            return self.any(reader, &terms);
        }
        let mut documents = BitSet::with_max_value(reader.max_doc());
        let mut ticker = Ticker::new(&self.leaf.budget);
        let column = reader.fast_fields().u64(column)?;
        for document in 0..reader.max_doc() {
            if ticker.tick() {
                break;
            }
            if column.values_for_doc(document).any(|key| keys.binary_search(&key).is_ok()) {
                documents.insert(document);
            }
        }
        Ok(documents)
    }

    fn begins(&self, reader: &SegmentReader, field: Field, stem: &str) -> tantivy::Result<BitSet> {
        let mut documents = BitSet::with_max_value(reader.max_doc());
        let mut ticker = Ticker::new(&self.leaf.budget);
        let inverted = reader.inverted_index(field)?;
        let mut terms = inverted.terms().range().ge(stem).into_stream()?;
        while terms.advance() && terms.key().starts_with(stem.as_bytes()) {
            let list = inverted.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
            if ticker.ticks(16) || collect(list, &mut documents, &mut ticker) {
                break;
            }
        }
        Ok(documents)
    }

    fn row(&self, reader: &SegmentReader, parts: &[Part], boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut ticker = Ticker::new(&self.leaf.budget);
        let mut slots = Vec::with_capacity(parts.len());
        let option = match (parts.len(), &self.bm25) {
            (1, None) => IndexRecordOption::Basic,
            (1, _) => IndexRecordOption::WithFreqs,
            _ => IndexRecordOption::WithFreqsAndPositions,
        };
        let mut lists = 0;
        for part in parts {
            let slot = match part {
                Part::Is(term) => reader.inverted_index(term.field())?.read_postings(term, option)?.map(Slot::one),
                Part::Begins(field, stem) => {
                    let found = self.lists(reader, *field, stem, option, &mut ticker)?;
                    lists += found.len() as u64;
                    Slot::many(found)
                }
            };
            match slot {
                Some(slot) if self.leaf.budget.allows(lists * LIST_BYTES) => slots.push(slot),
                _ => return Ok(Box::new(EmptyScorer)),
            }
        }
        let norms = match (&self.bm25, parts.first()) {
            (Some(_), Some(Part::Is(term))) => reader.fieldnorms_readers().get_field(term.field())?,
            (Some(_), Some(Part::Begins(field, _))) => reader.fieldnorms_readers().get_field(*field)?,
            _ => None,
        };
        let norms = norms.unwrap_or_else(|| FieldNormReader::constant(reader.max_doc(), 1));
        let bm25 = self.bm25.as_ref().map(|bm25| bm25.boost_by(boost));
        let plain = if self.leaf.scored { boost } else { 0.0 };
        Ok(Box::new(Row::new(slots, bm25, plain, norms, ticker)))
    }

    fn lists(
        &self,
        reader: &SegmentReader,
        field: Field,
        stem: &str,
        option: IndexRecordOption,
        ticker: &mut Ticker,
    ) -> tantivy::Result<Vec<SegmentPostings>> {
        let inverted = reader.inverted_index(field)?;
        let mut terms = inverted.terms().range().ge(stem).into_stream()?;
        let mut lists = Vec::new();
        while terms.advance() && terms.key().starts_with(stem.as_bytes()) {
            if ticker.ticks(16) || !self.leaf.budget.allows(lists.len() as u64 * LIST_BYTES) {
                break;
            }
            lists.push(inverted.read_postings_from_terminfo(terms.value(), option)?);
        }
        Ok(lists)
    }
}

/// Adds the documents of a list. Whether time is up.
fn collect(mut list: SegmentPostings, documents: &mut BitSet, ticker: &mut Ticker) -> bool {
    let mut document = list.doc();
    while document != TERMINATED {
        documents.insert(document);
        if ticker.tick() {
            return true;
        }
        document = list.advance();
    }
    false
}
