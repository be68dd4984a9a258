//! Phrases: documents that have terms next to each other.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::{Bm25Weight, Scorer};
use tantivy::{DocId, DocSet, Score, TERMINATED};

use crate::budget::Ticker;

/// The postings of one position of a phrase.
pub(super) enum TermPostings {
    /// A single term.
    One(Box<SegmentPostings>),
    /// The union of several terms: their lists, and the current document of each list that is not at its end.
    Many(Vec<SegmentPostings>, BinaryHeap<Reverse<(DocId, usize)>>),
}

impl TermPostings {
    pub(super) fn one(list: SegmentPostings) -> Self {
        Self::One(Box::new(list))
    }

    /// The union of several lists; `None` when all are empty.
    pub(super) fn many(lists: Vec<SegmentPostings>) -> Option<Self> {
        let heads = lists.iter().enumerate().map(|(at, list)| Reverse((list.doc(), at)));
        let heads: BinaryHeap<_> = heads.filter(|head| head.0.0 != TERMINATED).collect();
        (!heads.is_empty()).then_some(Self::Many(lists, heads))
    }

    fn doc(&self) -> DocId {
        match self {
            Self::One(list) => list.doc(),
            Self::Many(_, heads) => heads.peek().map_or(TERMINATED, |head| head.0.0),
        }
    }

    /// Advances to the first document that is not before `target`.
    fn seek(&mut self, target: DocId) -> DocId {
        match self {
            Self::One(list) => {
                let doc = list.doc();
                if doc >= target { doc } else { list.seek(target) }
            }
            Self::Many(lists, heads) => {
                while let Some(mut head) = heads.peek_mut() {
                    let (doc, at) = head.0;
                    if doc >= target {
                        return doc;
                    }
                    match lists.get_mut(at).map_or(TERMINATED, |list| list.seek(target)) {
                        TERMINATED => drop(PeekMut::pop(head)),
                        doc => *head = Reverse((doc, at)),
                    }
                }
                TERMINATED
            }
        }
    }

    fn documents(&self) -> u64 {
        match self {
            Self::One(list) => u64::from(list.doc_freq()),
            Self::Many(lists, _) => lists.iter().map(|list| u64::from(list.doc_freq())).sum(),
        }
    }

    /// Occurrences in the current document.
    fn frequency(&self) -> u32 {
        match self {
            Self::One(list) => list.term_freq(),
            Self::Many(lists, heads) => {
                let doc = self.doc();
                let here = heads.iter().filter(|head| head.0.0 == doc);
                here.filter_map(|head| lists.get(head.0.1)).map(Postings::term_freq).sum()
            }
        }
    }

    /// Positions in the current document, ascending, shifted by `offset`.
    fn positions(&mut self, offset: u32, out: &mut Vec<u32>) {
        out.clear();
        match self {
            Self::One(list) => list.append_positions_with_offset(offset, out),
            Self::Many(lists, heads) => {
                let doc = heads.peek().map_or(TERMINATED, |head| head.0.0);
                for head in heads.iter().filter(|head| head.0.0 == doc) {
                    if let Some(list) = lists.get_mut(head.0.1) {
                        list.append_positions_with_offset(offset, out);
                    }
                }
                out.sort_unstable();
            }
        }
    }
}

/// Scores documents that contain a phrase; ends early when time is up.
pub(super) struct PhraseScorer {
    /// The postings of each position of the phrase.
    postings: Vec<TermPostings>,
    /// The index of the postings with the fewest documents, which leads the intersection.
    lead: usize,
    doc: DocId,
    /// Occurrences of the phrase in the document.
    count: u32,
    starts: Vec<u32>,
    buffer: Vec<u32>,
    bm25: Option<Bm25Weight>,
    /// The score of documents without `bm25`.
    constant: Score,
    norms: FieldNormReader,
    ticker: Ticker,
}

impl PhraseScorer {
    /// A scorer at its first document. `constant` is the score without `bm25`.
    pub(super) fn new(
        postings: Vec<TermPostings>,
        bm25: Option<Bm25Weight>,
        constant: Score,
        norms: FieldNormReader,
        ticker: Ticker,
    ) -> Self {
        let lead =
            (0..postings.len()).min_by_key(|at| postings.get(*at).map_or(0, TermPostings::documents)).unwrap_or(0);
        let (starts, buffer) = (Vec::new(), Vec::new());
        let mut scorer = Self { postings, lead, doc: 0, count: 0, starts, buffer, bm25, constant, norms, ticker };
        scorer.settle(0);
        scorer
    }

    /// Advances to the first match that is not before `target`.
    fn settle(&mut self, mut target: DocId) -> DocId {
        'documents: loop {
            let candidate = self.postings.get_mut(self.lead).map_or(TERMINATED, |postings| postings.seek(target));
            if candidate == TERMINATED || self.ticker.tick() {
                self.doc = TERMINATED;
                return TERMINATED;
            }
            for postings in &mut self.postings {
                let doc = postings.seek(candidate);
                if doc > candidate {
                    target = doc;
                    continue 'documents;
                }
            }
            if self.is_phrase() {
                self.doc = candidate;
                return candidate;
            }
            target = candidate + 1;
        }
    }

    /// Counts the phrase in the document that all postings are at; `false` when it does not occur.
    fn is_phrase(&mut self) -> bool {
        let number = self.postings.len();
        if number == 1 {
            return true;
        }
        self.ticker.ticks(number as u32);
        for (at, postings) in self.postings.iter_mut().enumerate() {
            let offset = (number - at) as u32;
            if at == 0 {
                postings.positions(offset, &mut self.starts);
            } else {
                postings.positions(offset, &mut self.buffer);
                self.starts.retain(|start| self.buffer.binary_search(start).is_ok());
            }
            if self.starts.is_empty() {
                return false;
            }
        }
        self.count = self.starts.len() as u32;
        true
    }
}

impl DocSet for PhraseScorer {
    fn advance(&mut self) -> DocId {
        match self.doc {
            TERMINATED => TERMINATED,
            doc => self.settle(doc + 1),
        }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target { self.doc } else { self.settle(target) }
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.postings.get(self.lead).map_or(0, TermPostings::documents).try_into().unwrap_or(u32::MAX)
    }
}

impl Scorer for PhraseScorer {
    fn score(&mut self) -> Score {
        let Some(bm25) = &self.bm25 else { return self.constant };
        let count = match self.postings.as_slice() {
            [postings] => postings.frequency(),
            _ => self.count,
        };
        bm25.score(self.norms.fieldnorm_id(self.doc), count)
    }
}
