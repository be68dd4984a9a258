//! Documents that have terms in a row.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::{Bm25Weight, Scorer};
use tantivy::{DocId, DocSet, Score, TERMINATED};

use crate::budget::Ticker;

/// The documents with one term of a row, and where they have it.
pub(super) enum Slot {
    One(Box<SegmentPostings>),
    /// Any of these terms: lists, and the document that each of those not at its end has come to.
    Many(Vec<SegmentPostings>, BinaryHeap<Reverse<(DocId, usize)>>),
}

impl Slot {
    pub(super) fn one(list: SegmentPostings) -> Self {
        Self::One(Box::new(list))
    }

    /// `None` when there is no list.
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

    /// Goes to the first document that is not before `target`.
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

    /// How often the document has it.
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

    /// Where the document has it, ascending, moved on by `offset`.
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

/// Documents that have all slots in a row; ends early when time is up.
pub(super) struct Row {
    slots: Vec<Slot>,
    /// The slot with the fewest documents, which leads.
    lead: usize,
    doc: DocId,
    /// How often the row occurs in the document.
    count: u32,
    starts: Vec<u32>,
    buffer: Vec<u32>,
    bm25: Option<Bm25Weight>,
    plain: Score,
    norms: FieldNormReader,
    ticker: Ticker,
}

impl Row {
    /// `plain` is the score of documents where there is no `bm25`.
    pub(super) fn new(
        slots: Vec<Slot>,
        bm25: Option<Bm25Weight>,
        plain: Score,
        norms: FieldNormReader,
        ticker: Ticker,
    ) -> Self {
        let lead = (0..slots.len()).min_by_key(|at| slots.get(*at).map_or(0, Slot::documents)).unwrap_or(0);
        let (starts, buffer) = (Vec::new(), Vec::new());
        let mut row = Self { slots, lead, doc: 0, count: 0, starts, buffer, bm25, plain, norms, ticker };
        row.settle(0);
        row
    }

    /// Goes to the first document that fits and is not before `target`.
    fn settle(&mut self, mut target: DocId) -> DocId {
        'documents: loop {
            let candidate = self.slots.get_mut(self.lead).map_or(TERMINATED, |slot| slot.seek(target));
            if candidate == TERMINATED || self.ticker.tick() {
                self.doc = TERMINATED;
                return TERMINATED;
            }
            for slot in &mut self.slots {
                let doc = slot.seek(candidate);
                if doc > candidate {
                    target = doc;
                    continue 'documents;
                }
            }
            if self.is_row() {
                self.doc = candidate;
                return candidate;
            }
            target = candidate + 1;
        }
    }

    /// Whether the slots, which are all at one document, stand in a row there; counts how often.
    fn is_row(&mut self) -> bool {
        let number = self.slots.len();
        if number == 1 {
            return true;
        }
        self.ticker.ticks(number as u32);
        for (at, slot) in self.slots.iter_mut().enumerate() {
            let offset = (number - at) as u32;
            if at == 0 {
                slot.positions(offset, &mut self.starts);
            } else {
                slot.positions(offset, &mut self.buffer);
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

impl DocSet for Row {
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
        self.slots.get(self.lead).map_or(0, Slot::documents).try_into().unwrap_or(u32::MAX)
    }
}

impl Scorer for Row {
    fn score(&mut self) -> Score {
        let Some(bm25) = &self.bm25 else { return self.plain };
        let count = match self.slots.as_slice() {
            [slot] => slot.frequency(),
            _ => self.count,
        };
        bm25.score(self.norms.fieldnorm_id(self.doc), count)
    }
}
