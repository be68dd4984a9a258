//! Queries with a deadline: documents with any of some terms or keys, with a term of a prefix, with a phrase.
//!
//! tantivy's own queries know no clock, and a single step of them can take as long as a whole segment has documents.
//! Those here count their steps against a [`Budget`] and end early when time is up. A caller checks the budget too, and
//! discards such a result.

use std::sync::Arc;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::SegmentReader;
use tantivy::postings::SegmentPostings;
use tantivy::query::{
    BitSetDocSet, Bm25Weight, ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{BitSet, DocId, DocSet, Score, TERMINATED, Term};

use super::phrase::{PhraseScorer, TermPostings};
use crate::budget::{Budget, Ticker};

/// Bytes that a postings list takes while it is read.
const POSTINGS_BYTES: u64 = 4_096;

/// Documents that can be scanned in the time that one term lookup takes.
const LOOKUP_COST: u64 = 16;

/// A query of one field that ends early when its budget is used up.
#[derive(Debug, Clone)]
pub(crate) struct DeadlineQuery {
    pub(crate) matcher: TermMatch,
    /// Contributes to the score.
    pub(crate) scored: bool,
    pub(crate) budget: Budget,
}

/// The documents that a [`DeadlineQuery`] matches.
#[derive(Debug, Clone)]
pub(crate) enum TermMatch {
    /// Documents with any of these terms.
    AnyTerm(Arc<[Term]>),
    /// Documents with any of these keys, ascending, in a field that is also a fast field.
    AnyKey(Field, &'static str, Arc<[u64]>),
    /// Documents with a term that begins with this prefix.
    Prefix(Field, Arc<str>),
    /// Documents with these terms next to each other, in this order; at least one.
    Phrase(Arc<[PhraseTerm]>),
}

/// A position of a phrase.
#[derive(Debug, Clone)]
pub(crate) enum PhraseTerm {
    /// This term.
    Exact(Term),
    /// Any term that begins with this prefix.
    Prefix(Field, Arc<str>),
}

struct DeadlineWeight {
    query: DeadlineQuery,
    /// BM25 weight of a phrase.
    bm25: Option<Bm25Weight>,
}

impl Query for DeadlineQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let bm25 = match (&self.matcher, scoring) {
            (TermMatch::Phrase(phrase), EnableScoring::Enabled { statistics_provider, .. }) if self.scored => {
                let terms = phrase.iter().filter_map(|term| match term {
                    PhraseTerm::Exact(term) => Some(term.clone()),
                    PhraseTerm::Prefix(..) => None,
                });
                let terms: Vec<Term> = terms.collect();
                (!terms.is_empty()).then(|| Bm25Weight::for_terms(statistics_provider, &terms)).transpose()?
            }
            _ => None,
        };
        Ok(Box::new(DeadlineWeight { query: self.clone(), bm25 }))
    }
}

impl Weight for DeadlineWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let documents = match &self.query.matcher {
            TermMatch::AnyTerm(terms) => self.any_term(reader, terms)?,
            TermMatch::AnyKey(field, column, keys) => self.any_key(reader, *field, column, keys)?,
            TermMatch::Prefix(field, prefix) => self.prefix(reader, *field, prefix)?,
            TermMatch::Phrase(phrase) => return self.phrase(reader, phrase, boost),
        };
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(documents), self.constant_score(boost))))
    }

    fn explain(&self, reader: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        let score = if scorer.seek(document) == document { scorer.score() } else { 0.0 };
        Ok(Explanation::new("deadline", score))
    }
}

impl DeadlineWeight {
    /// The score of documents that are not scored by BM25.
    fn constant_score(&self, boost: Score) -> Score {
        if self.query.scored { boost } else { 0.0 }
    }

    fn any_term(&self, reader: &SegmentReader, terms: &[Term]) -> tantivy::Result<BitSet> {
        let mut documents = BitSet::with_max_value(reader.max_doc());
        let mut ticker = Ticker::new(&self.query.budget);
        for term in terms {
            if ticker.ticks(16) {
                break;
            }
            let postings = reader.inverted_index(term.field())?.read_postings(term, IndexRecordOption::Basic)?;
            if let Some(postings) = postings
                && collect(postings, &mut documents, &mut ticker)
            {
                break;
            }
        }
        Ok(documents)
    }

    /// Looks the keys up, or scans all documents when these are fewer.
    fn any_key(&self, reader: &SegmentReader, field: Field, column: &str, keys: &[u64]) -> tantivy::Result<BitSet> {
        if keys.len() as u64 * LOOKUP_COST < u64::from(reader.max_doc()) {
            let terms: Vec<Term> = keys.iter().map(|key| Term::from_field_u64(field, *key)).collect();
            return self.any_term(reader, &terms);
        }
        let mut documents = BitSet::with_max_value(reader.max_doc());
        let mut ticker = Ticker::new(&self.query.budget);
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

    fn prefix(&self, reader: &SegmentReader, field: Field, prefix: &str) -> tantivy::Result<BitSet> {
        let mut documents = BitSet::with_max_value(reader.max_doc());
        let mut ticker = Ticker::new(&self.query.budget);
        let inverted = reader.inverted_index(field)?;
        let mut terms = inverted.terms().range().ge(prefix).into_stream()?;
        while terms.advance() && terms.key().starts_with(prefix.as_bytes()) {
            let postings = inverted.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
            if ticker.ticks(16) || collect(postings, &mut documents, &mut ticker) {
                break;
            }
        }
        Ok(documents)
    }

    fn phrase(&self, reader: &SegmentReader, phrase: &[PhraseTerm], boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut ticker = Ticker::new(&self.query.budget);
        let mut positions = Vec::with_capacity(phrase.len());
        let option = match (phrase.len(), &self.bm25) {
            (1, None) => IndexRecordOption::Basic,
            (1, _) => IndexRecordOption::WithFreqs,
            _ => IndexRecordOption::WithFreqsAndPositions,
        };
        let mut lists = 0;
        for term in phrase {
            let postings = match term {
                PhraseTerm::Exact(term) => {
                    reader.inverted_index(term.field())?.read_postings(term, option)?.map(TermPostings::one)
                }
                PhraseTerm::Prefix(field, prefix) => {
                    let found = self.prefix_postings(reader, *field, prefix, option, &mut ticker)?;
                    lists += found.len() as u64;
                    TermPostings::many(found)
                }
            };
            match postings {
                Some(postings) if self.query.budget.allows(lists * POSTINGS_BYTES) => positions.push(postings),
                _ => return Ok(Box::new(EmptyScorer)),
            }
        }
        let norms = match (&self.bm25, phrase.first()) {
            (Some(_), Some(PhraseTerm::Exact(term))) => reader.fieldnorms_readers().get_field(term.field())?,
            (Some(_), Some(PhraseTerm::Prefix(field, _))) => reader.fieldnorms_readers().get_field(*field)?,
            _ => None,
        };
        let norms = norms.unwrap_or_else(|| FieldNormReader::constant(reader.max_doc(), 1));
        let bm25 = self.bm25.as_ref().map(|bm25| bm25.boost_by(boost));
        Ok(Box::new(PhraseScorer::new(positions, bm25, self.constant_score(boost), norms, ticker)))
    }

    fn prefix_postings(
        &self,
        reader: &SegmentReader,
        field: Field,
        prefix: &str,
        option: IndexRecordOption,
        ticker: &mut Ticker,
    ) -> tantivy::Result<Vec<SegmentPostings>> {
        let inverted = reader.inverted_index(field)?;
        let mut terms = inverted.terms().range().ge(prefix).into_stream()?;
        let mut lists = Vec::new();
        while terms.advance() && terms.key().starts_with(prefix.as_bytes()) {
            if ticker.ticks(16) || !self.query.budget.allows(lists.len() as u64 * POSTINGS_BYTES) {
                break;
            }
            lists.push(inverted.read_postings_from_terminfo(terms.value(), option)?);
        }
        Ok(lists)
    }
}

/// Adds the documents of a postings list. Returns `true` when time is up.
fn collect(mut postings: SegmentPostings, documents: &mut BitSet, ticker: &mut Ticker) -> bool {
    let mut document = postings.doc();
    while document != TERMINATED {
        documents.insert(document);
        if ticker.tick() {
            return true;
        }
        document = postings.advance();
    }
    false
}
