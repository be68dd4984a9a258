//! Posts with similar texts.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use shoal_text::{Folded, fold, shingles};
use tantivy::index::SegmentReader;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, TERMINATED, Term};

use super::lookup::post;
use super::request::{SimilarRequest, check_limit};
use super::scan::tantivy_error;
use super::stored::{PostAddress, PostReader, bytes, post_document, stored_post, text_key};
use crate::budget::{Budget, Ticker};
use crate::documents::min_hash;
use crate::store::snapshot::Snapshot;
use crate::{Error, FoundPost, SearchLimits};

/// Texts that are compared exactly at most: those that share most min-hashes, ties by age.
const CANDIDATES: usize = 2_000;

/// Symbols of a shingle, as in detection.
const SHINGLE: usize = 4;

/// Seed of the hashes of both sets of a comparison; nothing stored depends on it.
const SEED: u64 = 0x5AFE_C0DE;

/// A text as the set of its 4-grams.
pub(super) struct Grams {
    folded: Folded,
}

impl Grams {
    pub(super) fn new() -> Self {
        Self { folded: Folded::new() }
    }

    pub(super) fn of(&mut self, text: &str) -> Vec<u32> {
        let mut out = Vec::new();
        fold(text, &mut self.folded);
        shingles(self.folded.symbols(), SHINGLE, SEED, &mut out);
        out
    }
}

/// The Jaccard similarity of two sorted sets; 1 of two empty ones.
pub(super) fn similarity(a: &[u32], b: &[u32]) -> f64 {
    let (mut left, mut right, mut common) = (a.iter().peekable(), b.iter().peekable(), 0_usize);
    while let (Some(x), Some(y)) = (left.peek(), right.peek()) {
        let order = x.cmp(y);
        common += usize::from(order.is_eq());
        if order.is_le() {
            left.next();
        }
        if order.is_ge() {
            right.next();
        }
    }
    match a.len() + b.len() - common {
        0 => 1.0,
        all => common as f64 / all as f64,
    }
}

/// Posts with similar texts, the most similar first, ties by age.
pub(super) fn similar(
    snapshot: &Snapshot,
    request: &SimilarRequest,
    limits: &SearchLimits,
) -> Result<Vec<FoundPost>, Error> {
    let budget = Budget::start(limits);
    check_limit(request.limit)?;
    if !(0.3..=1.0).contains(&request.similarity) {
        return Err(Error::InvalidRequest {
            field: "similarity",
            problem: format!("texts cannot be looked for by a similarity of {}", request.similarity),
            remedy: "ask for 0.3 to 1".into(),
        });
    }
    let missing = || Error::Missing { what: "post", id: request.post.chars().take(80).collect() };
    let (own, stored) = post(snapshot, &request.post)?.ok_or_else(missing)?;
    let mut finder = PostReader::new(snapshot, &budget);
    let document = post_document(snapshot, own)?;
    let slots = bytes(&document, snapshot.posts.slots).unwrap_or_default().as_chunks::<2>().0;
    // A text that is too short for a sketch is like its equals alone.
    let terms: Vec<Term> = match slots {
        [] => {
            text_key(&stored).into_iter().map(|key| Term::from_field_u64(snapshot.posts.text_key, key.raw())).collect()
        }
        slots => {
            let hashes = slots.iter().enumerate().map(|(slot, hash)| min_hash(slot, u16::from_le_bytes(*hash)));
            hashes.map(|hash| Term::from_field_u64(snapshot.posts.min_hash, hash)).collect()
        }
    };
    let mut grams = Grams::new();
    let of_own = grams.of(&stored.text);
    let mut like: Vec<(f64, Reverse<usize>, PostAddress)> = Vec::new();
    for (place, address) in candidates(snapshot, &terms, own, &budget)?.into_iter().enumerate() {
        if place % 64 == 0 {
            budget.check()?;
        }
        let likeness = similarity(&of_own, &grams.of(&stored_post(snapshot, address)?.text));
        if likeness >= request.similarity {
            like.push((likeness, Reverse(place), address));
        }
    }
    like.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    like.truncate(request.limit);
    let found = |(likeness, _, address)| {
        let mut found = finder.found(address)?;
        found.similarity = Some(likeness);
        Ok(found)
    };
    like.into_iter().map(found).collect()
}

/// Posts that share terms with a post: most terms first, ties by age.
fn candidates(
    snapshot: &Snapshot,
    terms: &[Term],
    own: PostAddress,
    budget: &Budget,
) -> Result<Vec<PostAddress>, Error> {
    let mut best: BinaryHeap<Reverse<(u8, i64, PostAddress)>> = BinaryHeap::new();
    for (number, bucket) in snapshot.buckets.iter().enumerate() {
        for (segment, reader) in (0..).zip(bucket.searcher.segment_readers()) {
            let times = reader.fast_fields().i64("at").map_err(tantivy_error("posts"))?;
            let shared = shared(reader, terms, budget).map_err(tantivy_error("posts"))?;
            budget.check()?;
            for (document, shared) in (0..).zip(shared).filter(|(_, shared)| *shared > 0) {
                let address = PostAddress { bucket: number, segment, document };
                if address == own {
                    continue;
                }
                best.push(Reverse((shared, times.first(document).unwrap_or(0), address)));
                if best.len() > CANDIDATES {
                    best.pop();
                }
            }
        }
    }
    Ok(best.into_sorted_vec().into_iter().map(|entry| entry.0.2).collect())
}

/// Number of the terms that each document of a segment has.
fn shared(reader: &SegmentReader, terms: &[Term], budget: &Budget) -> tantivy::Result<Vec<u8>> {
    let mut counts = Vec::new();
    let mut ticker = Ticker::new(budget);
    for term in terms {
        let field: Field = term.field();
        let inverted = reader.inverted_index(field)?;
        let Some(mut list) = inverted.read_postings(term, IndexRecordOption::Basic)? else { continue };
        counts.resize(reader.max_doc() as usize, 0_u8);
        let mut document = list.doc();
        while document != TERMINATED && !ticker.tick() {
            let alive = reader.alive_bitset().is_none_or(|alive| alive.is_alive(document));
            if let Some(count) = counts.get_mut(document as usize).filter(|_| alive) {
                *count = count.saturating_add(1);
            }
            document = list.advance();
        }
    }
    Ok(counts)
}
