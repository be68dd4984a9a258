//! The cost of a sketch with each kernel, and of a window per post in calm and in flooded traffic.

#![allow(clippy::expect_used, reason = "a measurement of nothing is worth nothing")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;

use common::Posts;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use shoal_sketch::{Config, Kernel, Sketcher, Window, jaccard};

const SEED: u64 = 1;
/// Posts that are live in the window.
const LIVE: i64 = 100_000;
/// Posts inserted per measurement.
const BATCH: usize = 10_000;

/// Posts of which this share, in percent, is variants of the templates.
fn posts(count: usize, families: usize, related: u64) -> Vec<Vec<u32>> {
    let mut source = Posts::new(SEED, families, related);
    (0..count).map(|_| source.post()).collect()
}

fn sketches(c: &mut Criterion) {
    let posts = posts(5_000, 50, 30);
    let mut group = c.benchmark_group("sketch");
    group.throughput(Throughput::Elements(1));
    for kernel in Kernel::ALL {
        let Some(sketcher) = Sketcher::with_kernel(SEED, kernel) else { continue };
        let mut turn = posts.iter().cycle();
        group.bench_function(format!("{kernel:?}"), |b| b.iter(|| turn.next().map(|post| sketcher.sketch(post))));
    }
    group.finish();
}

fn similarities(c: &mut Criterion) {
    let posts = posts(1_000, 10, 100);
    let mut pairs = posts.iter().zip(posts.iter().skip(1)).cycle();
    c.bench_function("jaccard", |b| b.iter(|| pairs.next().map(|(one, other)| jaccard(one, other))));
}

/// Sketching and inserting into a window that is full, with expiry.
fn insertions(c: &mut Criterion) {
    let mut group = c.benchmark_group("insert");
    group.throughput(Throughput::Elements(BATCH as u64)).sample_size(10);
    for (name, families, related) in [("unrelated", 1, 0), ("campaigns", 2_000, 30), ("flood", 1, 50)] {
        let posts = posts(2 * LIVE as usize, families, related);
        let sketcher = Sketcher::new(SEED);
        let mut window = Config::for_threshold(SEED, 0.7).and_then(Window::new).expect("a valid configuration");
        let (mut found, mut at, mut turn) = (Vec::new(), 0, posts.iter().cycle());
        let mut insert = |window: &mut Window| {
            let Some(post) = turn.next() else { return };
            at += 1;
            if at % 256 == 0 {
                window.expire(at - LIVE);
            }
            window.insert(at, post, &sketcher.sketch(post), &mut found);
            black_box(&found);
        };
        (0..LIVE).for_each(|_| insert(&mut window));
        group.bench_function(name, |b| b.iter(|| (0..BATCH).for_each(|_| insert(&mut window))));
    }
    group.finish();
}

fn snapshots(c: &mut Criterion) {
    let sketcher = Sketcher::new(SEED);
    let mut window = Config::for_threshold(SEED, 0.7).and_then(Window::new).expect("a valid configuration");
    for post in posts(20_000, 200, 30) {
        window.insert(0, &post, &sketcher.sketch(&post), &mut Vec::new());
    }
    let mut group = c.benchmark_group("snapshot of 20k posts");
    group.sample_size(10);
    group.bench_function("write", |b| b.iter(|| postcard::to_stdvec(&window).map(|bytes| bytes.len())));
    let bytes = postcard::to_stdvec(&window).expect("a window can be written");
    group.bench_function("read", |b| {
        b.iter_batched(|| &bytes, |bytes| postcard::from_bytes::<Window>(bytes), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, sketches, similarities, insertions, snapshots);
criterion_main!(benches);
