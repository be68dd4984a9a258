//! A window against the exact comparison of all pairs.

#![allow(clippy::unwrap_used, reason = "a test may fail by it")]

mod common;

use std::collections::{BTreeMap, HashMap};

use common::Posts;
use shoal_sketch::{Config, Sketcher, Window, jaccard};

const SEED: u64 = 5;

/// Neighbours that a window found, against the truth.
struct Recall {
    /// Posts that have an earlier neighbour.
    related: usize,
    /// Those of them for which one was found.
    found: usize,
}

/// Feeds posts to a window and to an exact index over shingles, and checks every neighbour on the way.
fn compare(threshold: f32, posts: &[Vec<u32>], window_length: usize) -> Recall {
    let sketcher = Sketcher::new(SEED);
    let mut window = Window::new(Config::for_threshold(SEED, threshold).unwrap()).unwrap();
    let mut holders: HashMap<u32, Vec<usize>> = HashMap::new();
    let (mut found, mut outcome) = (Vec::new(), Recall { related: 0, found: 0 });
    for (number, post) in posts.iter().enumerate() {
        let oldest = number.saturating_sub(window_length);
        window.expire(oldest as i64);
        window.insert(number as i64, post, &sketcher.sketch(post), &mut found);

        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for shingle in post {
            let earlier = holders.entry(*shingle).or_default();
            earlier.iter().filter(|&&other| other >= oldest).for_each(|&other| *shared.entry(other).or_default() += 1);
            earlier.push(number);
        }
        let similarity =
            |other: usize, common: usize| common as f32 / (post.len() + posts[other].len() - common) as f32;
        let truth = shared.iter().any(|(&other, &common)| similarity(other, common) >= threshold);

        outcome.related += usize::from(truth);
        outcome.found += usize::from(truth && !found.is_empty());
        assert!(found.is_sorted_by(|a, b| b.jaccard.total_cmp(&a.jaccard).then(a.doc.cmp(&b.doc)).is_lt()));
        for neighbour in &found {
            let other = neighbour.doc.0 as usize;
            assert!((oldest..number).contains(&other), "post {number} has the dead neighbour {other}");
            assert_eq!(neighbour.jaccard.to_bits(), jaccard(post, &posts[other]).to_bits());
            assert!(neighbour.jaccard >= threshold);
        }
    }
    outcome
}

#[test]
fn no_neighbour_is_false_and_few_posts_are_missed() {
    for (threshold, least) in [(0.7, 0.99), (0.6, 0.99), (0.5, 0.99)] {
        let mut source = Posts::new(1, 400, 40);
        let posts: Vec<_> = (0..12_000).map(|_| source.post()).collect();
        let Recall { related, found } = compare(threshold, &posts, 6_000);
        assert!(related > 2_000, "{related} related posts");
        let recall = found as f64 / related as f64;
        assert!(recall >= least, "recall {recall} at {threshold}");
    }
}

/// Pairs that are barely similar enough, and nothing else to be found by: the hardest case for banding.
#[test]
fn lonely_pairs_at_the_threshold_are_mostly_found() {
    let mut source = Posts::new(2, 1, 0);
    let mut posts = Vec::new();
    for _ in 0..3_000 {
        let text = source.text();
        let mut other = text.clone();
        // A word of 8 letters in the middle: 8 shingles more, 3 less.
        let middle = other.len() / 2;
        let word = source.text()[..8].to_vec();
        other.splice(middle..middle, word);
        posts.push(common::shingles(&text));
        posts.push(common::shingles(&other));
    }
    let Recall { related, found } = compare(0.7, &posts, posts.len());
    assert!(related > 2_500, "{related} related posts");
    let recall = found as f64 / related as f64;
    assert!(recall >= 0.99, "recall {recall}");
}
