//! Half of the traffic is variants of one text: the work per post must stay small. Counted, not timed.

#![allow(clippy::unwrap_used, reason = "a test may fail by it")]

mod common;

use common::Posts;
use shoal_sketch::{Config, Sketcher, Window, WindowCounters};

const POSTS: u64 = 20_000;

/// Counts of a window under traffic of which this share, in percent, is variants of one text.
fn traffic(share: u64) -> (WindowCounters, u64) {
    let (sketcher, mut source) = (Sketcher::new(1), Posts::new(6, 1, share));
    let mut window = Window::new(Config::for_threshold(1, 0.7).unwrap()).unwrap();
    let (mut found, mut related) = (Vec::new(), 0);
    for at in 0..POSTS {
        let post = source.post();
        window.insert(at as i64, &post, &sketcher.sketch(&post), &mut found);
        related += u64::from(!found.is_empty());
    }
    (window.counters(), related)
}

#[test]
fn a_flood_costs_few_checks() {
    let (calm, _) = traffic(0);
    let (flood, related) = traffic(50);
    assert!(related > POSTS * 4 / 10, "{related} of the flood's posts were recognised");
    let per_post = |count: u64| count as f64 / POSTS as f64;
    assert!(per_post(calm.verifications) < 1.0, "{calm:?}");
    assert!(per_post(flood.verifications) < 3.0, "{flood:?}");
    assert!(flood.skipped > 5 * flood.verifications, "{flood:?}");
    assert!(per_post(flood.neighbours) < 1.5, "{flood:?}");
}
