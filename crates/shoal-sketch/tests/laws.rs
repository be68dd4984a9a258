//! Laws of every window: it is a function of its calls, survives a restore at any point, and its memory follows
//! what is alive.

#![allow(clippy::unwrap_used, reason = "a test may fail by it")]

mod common;

use common::Posts;
use proptest::prelude::*;
use shoal_sketch::{Config, Neighbour, Sketcher, Window};

const SEED: u64 = 3;

fn config(max_documents: u32, bucket: u8) -> Config {
    Config { max_documents, bucket, ..Config::for_threshold(SEED, 0.7).unwrap() }
}

/// A call: a post and how far the time moves, or an expiry.
#[derive(Debug, Clone)]
enum Call {
    Insert { post: usize, step: i64 },
    Expire { behind: i64 },
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let insert = (0usize..400, -1i64..3).prop_map(|(post, step)| Call::Insert { post, step });
    let expire = (0i64..300).prop_map(|behind| Call::Expire { behind });
    prop::collection::vec(prop_oneof![20 => insert, 1 => expire], 1..700)
}

fn pool() -> Vec<Vec<u32>> {
    let mut source = Posts::new(9, 12, 70);
    (0..399).map(|_| source.post()).chain([Vec::new()]).collect()
}

/// Makes the calls; what each insertion found.
fn run(window: &mut Window, now: &mut i64, calls: &[Call], pool: &[Vec<u32>]) -> Vec<(u64, Vec<Neighbour>)> {
    let (sketcher, mut found, mut log) = (Sketcher::new(SEED), Vec::new(), Vec::new());
    for call in calls {
        match *call {
            Call::Insert { post, step } => {
                *now += step;
                let doc = window.insert(*now, &pool[post], &sketcher.sketch(&pool[post]), &mut found);
                log.push((doc.0, found.clone()));
            }
            Call::Expire { behind } => window.expire(*now - behind),
        }
    }
    log
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_restored_window_goes_on_as_the_original(
        calls in calls(),
        cut: prop::sample::Index,
        max_documents in prop::sample::select(vec![40, 1 << 20]),
        bucket in 1u8..10,
    ) {
        let (pool, cut) = (pool(), cut.index(calls.len()));
        let mut original = Window::new(config(max_documents, bucket)).unwrap();
        let mut now = 0;
        run(&mut original, &mut now, &calls[..cut], &pool);
        let bytes = postcard::to_stdvec(&original).unwrap();
        let mut restored: Window = postcard::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&postcard::to_stdvec(&restored).unwrap(), &bytes);

        let mut then = now;
        let expected = run(&mut original, &mut now, &calls[cut..], &pool);
        prop_assert_eq!(run(&mut restored, &mut then, &calls[cut..], &pool), expected);
        prop_assert_eq!(restored.counters(), original.counters());
        prop_assert_eq!(postcard::to_stdvec(&restored).unwrap(), postcard::to_stdvec(&original).unwrap());
    }

    #[test]
    fn equal_calls_have_equal_results(calls in calls()) {
        let pool = pool();
        let once = || {
            let mut window = Window::new(config(100, 8)).unwrap();
            let log = run(&mut window, &mut 0, &calls, &pool);
            (log, postcard::to_stdvec(&window).unwrap())
        };
        prop_assert_eq!(once(), once());
    }

    #[test]
    fn any_sets_are_taken(sizes in prop::collection::vec(prop_oneof![0u32..5, 0u32..20_000], 1..20), seed: u64) {
        let sketcher = Sketcher::new(seed);
        let (mut window, mut found) = (Window::new(config(8, 2)).unwrap(), Vec::new());
        for (at, size) in sizes.into_iter().enumerate() {
            let set: Vec<u32> = (0..size).map(|n| n * 7).collect();
            window.insert(-(at as i64), &set, &sketcher.sketch(&set), &mut found);
            prop_assert!(found.iter().all(|neighbour| neighbour.jaccard >= 0.7));
        }
        window.expire(i64::MAX);
        prop_assert!(window.is_empty());
    }
}

#[test]
fn memory_is_flat_under_expiry() {
    let (sketcher, mut source) = (Sketcher::new(SEED), Posts::new(4, 50, 20));
    let (mut window, mut found) = (Window::new(config(1 << 20, 8)).unwrap(), Vec::new());
    let (live, mut early, mut late) = (5_000i64, 0, 0);
    for at in 0..60_000i64 {
        window.expire(at - live);
        let post = source.post();
        window.insert(at, &post, &sketcher.sketch(&post), &mut found);
        let most = if at < 20_000 { &mut early } else { &mut late };
        *most = window.bytes().max(*most);
    }
    assert!(late * 100 < early * 105, "{early} bytes early, {late} late");
    assert!(late < 800 * live as usize, "{} bytes per document", late / live as usize);
    window.expire(i64::MAX);
    assert!(window.bytes() < late / 4, "{} of {late} bytes are left", window.bytes());
}
