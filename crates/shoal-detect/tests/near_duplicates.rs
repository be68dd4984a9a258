//! Near-duplicates against an exact all-pairs join on real posts.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::posts;
use shoal_sketch::{Config, Sketcher, Window, jaccard};
use shoal_text::{Folded, fold, shingles};

const THRESHOLD: f32 = 0.7;
const TEXTS: usize = 60_000;

/// Distinct folded texts of at least 20 symbols, as sets of 4-grams, in the order of their posts.
fn texts() -> Option<Vec<Vec<u32>>> {
    let (mut folded, mut grams) = (Folded::new(), Vec::new());
    let (mut known, mut texts) = (BTreeSet::new(), Vec::new());
    for post in posts("ira_dev.jsonl.zst")?.into_iter().filter(|post| !post.action.repost).skip(100_000) {
        fold(&post.text, &mut folded);
        if folded.len() >= 20 && known.insert(folded.symbols().to_vec()) {
            shingles(folded.symbols(), 4, 7, &mut grams);
            texts.push(grams.clone());
            if texts.len() == TEXTS {
                break;
            }
        }
    }
    Some(texts)
}

/// For each text all earlier ones with J ≥ 0.7, exactly: two such sets share a gram among the rarest 30 % and one of
/// each (prefix filter, Bayardo et al. 2007).
fn join(texts: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let mut frequency: BTreeMap<u32, u32> = BTreeMap::new();
    for gram in texts.iter().flatten() {
        *frequency.entry(*gram).or_default() += 1;
    }
    let mut by_gram: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let mut found = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let mut rarest = text.clone();
        rarest.sort_by_key(|gram| (frequency[gram], *gram));
        let needed = (f64::from(THRESHOLD) * text.len() as f64).ceil() as usize;
        rarest.truncate(text.len() - needed + 1);
        let candidates: BTreeSet<usize> =
            rarest.iter().filter_map(|gram| by_gram.get(gram)).flatten().copied().collect();
        found.push(candidates.into_iter().filter(|other| jaccard(text, &texts[*other]) >= THRESHOLD).collect());
        for gram in rarest {
            by_gram.entry(gram).or_default().push(number);
        }
    }
    found
}

#[test]
fn real_texts_find_their_neighbours_and_no_others() {
    let Some(texts) = texts() else { return };
    let truth = join(&texts);
    let sketcher = Sketcher::new(7);
    let mut window = Window::new(Config::for_threshold(7, THRESHOLD).unwrap()).unwrap();
    let (mut found, mut related, mut met) = (Vec::new(), 0, 0);
    let mut documents = BTreeMap::new();
    for (number, text) in texts.iter().enumerate() {
        found.clear();
        let document = window.insert(number as i64, text, &sketcher.sketch(text), &mut found);
        documents.insert(document.0, number);
        for neighbour in &found {
            let other = documents[&neighbour.doc.0];
            assert!(truth[number].contains(&other), "precision is 1: {number} and {other}");
            assert!((jaccard(text, &texts[other]) - neighbour.jaccard).abs() < 1e-6);
        }
        related += usize::from(!truth[number].is_empty());
        met += usize::from(!truth[number].is_empty() && !found.is_empty());
    }
    println!("{met} of {related} texts that have an earlier neighbour found one, of {} texts", texts.len());
    assert!(related > 1_000);
    assert!(met * 100 >= related * 99, "recall {met} of {related}");
}
