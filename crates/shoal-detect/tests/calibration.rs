//! The circle test holds what it promises where nobody coordinates: with accounts permuted among the posts of a
//! week, at most 2^−b of them exceed b bits.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a test may panic; counts are small")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Stages, posts};
use shoal_detect::{Analyst, Config, Keyer};
use shoal_model::{AccountKey, Post, Timestamp};
use shoal_text::strip_repost_prefix;

const FILES: [&str; 4] = [
    "ira_dev.jsonl.zst",
    "benign_congress_2015.jsonl.zst",
    "mixed_stocknet_2014_2016.jsonl.zst",
    "organic_gop_debate_2015.jsonl.zst",
];

/// A small generator of numbers (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}

/// The stream of 2015, by whole minutes, in order.
fn stream() -> Option<Vec<Post>> {
    let (from, to) = ("2015-01-01T00:00:00Z", "2015-08-10T00:00:00Z");
    let (from, to): (Timestamp, Timestamp) = (from.parse().unwrap(), to.parse().unwrap());
    let mut all = Vec::new();
    for file in FILES {
        all.extend(posts(file)?.into_iter().filter(|post| post.observed_at >= from && post.observed_at < to));
    }
    for post in &mut all {
        post.observed_at = post.observed_at.floor_minute();
        post.text = strip_repost_prefix(&post.text).to_owned();
    }
    all.sort_by(|a, b| (a.observed_at, &a.id).cmp(&(b.observed_at, &b.id)));
    Some(all)
}

/// Permutes authors among the reposts, and among the other posts, of each UTC week: everybody stays as active as
/// before, and whom one meets is chance.
fn permute(posts: &mut [Post], seed: u64) {
    let mut strata: BTreeMap<(i64, bool), Vec<usize>> = BTreeMap::new();
    for (number, post) in posts.iter().enumerate() {
        strata.entry((post.observed_at.day().div_euclid(7), post.action.repost)).or_default().push(number);
    }
    let mut numbers = Numbers(seed);
    for places in strata.values() {
        for last in (1..places.len()).rev() {
            let other = numbers.below(last + 1);
            let (a, b) = (places[last], places[other]);
            let author = posts[a].author.clone();
            posts[a].author = std::mem::replace(&mut posts[b].author, author);
        }
    }
}

#[test]
fn of_permuted_accounts_few_exceed_any_bits() {
    let Some(mut posts) = stream() else { return };
    permute(&mut posts, 1);
    let config = Config::default();
    let (mut analyst, mut stages) = (Analyst::new(&config), Stages::new(&config));
    let keyer = Keyer::new(config.seed);
    let accounts: BTreeSet<AccountKey> = posts.iter().map(|post| keyer.account(&post.author.id)).collect();
    for chunk in posts.chunks(1_024) {
        stages.drive(chunk.iter().cloned().map(|post| analyst.analyse(post)).collect());
    }
    let bits: Vec<f64> =
        accounts.iter().map(|account| stages.circle.bits(*account).map_or(0.0, |(_, bits)| bits)).collect();
    let met = accounts.iter().filter(|account| stages.circle.bits(**account).is_some()).count();
    assert!(met > 5_000, "{met} of {} accounts have met anybody", accounts.len());
    for limit in [1.0_f64, 2.0, 3.0, 5.0, 7.0, 10.0] {
        let exceeding = bits.iter().filter(|bits| **bits >= limit).count();
        let bound = accounts.len() as f64 / libm::exp2(limit);
        println!("{exceeding} of {} accounts reach {limit} bits; the bound is {bound:.0}", accounts.len());
        assert!(exceeding as f64 <= bound, "{exceeding} accounts reach {limit} bits");
    }
}
