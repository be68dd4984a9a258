//! From raw text to linked and clustered texts on one core: analysis, prepare, match and cluster.
//!
//! Reads the posts of `ira_dev.jsonl.zst` in the data folder (`SHOAL_DATA`), else the demo stream.

#![allow(clippy::unwrap_used, reason = "a bench may panic")]

#[path = "../tests/common/mod.rs"]
mod common;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use shoal_detect::{Analyst, Circle, Cluster, Config, Group, Match, Outbox, Pair, Prepare, PrepareIn, Tie, Trigger};
use shoal_model::Post;

const POSTS: usize = 100_000;

fn input() -> Vec<Post> {
    let real = common::posts("ira_dev.jsonl.zst");
    let mut posts = real.unwrap_or_else(|| {
        let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipelines/demo.ndjson");
        let lines = std::fs::read_to_string(demo).unwrap();
        let limits = shoal_formats::Limits::default();
        lines
            .lines()
            .map(|line| shoal_formats::Format::NATIVE.decode(line.as_bytes(), &limits).unwrap().posts().next().unwrap())
            .collect()
    });
    posts.sort_by(|a, b| (a.observed_at, &a.id).cmp(&(b.observed_at, &b.id)));
    let middle = posts.len().saturating_sub(POSTS) / 2;
    posts.drain(..middle);
    posts.truncate(POSTS);
    posts
}

fn drive(posts: Vec<Post>, config: &Config) -> usize {
    let (mut analyst, mut out) = (Analyst::new(config), Outbox::new(&config.partitions));
    let mut prepare = Prepare::new(config, 0);
    let mut matching = Match::new(config).unwrap();
    let mut cluster = Cluster::new(config);
    let mut traces = 0;
    let mut posts = posts.into_iter().peekable();
    while posts.peek().is_some() {
        let batch: Vec<_> = posts.by_ref().take(1_024).map(|post| analyst.analyse(post)).collect();
        let at = batch.last().map(|post| post.reference.at).unwrap();
        let input = batch.into_iter().map(|post| {
            let trigger = Trigger { at: post.reference.at, post: Some(post.reference.clone()) };
            (trigger, PrepareIn::Post(Box::new(post)))
        });
        common::step(&mut prepare, input.collect(), at, &mut out);
        let input = out.take::<Match>(0);
        common::step(&mut matching, input, at, &mut out);
        let input = out.take::<Cluster>(0);
        common::step(&mut cluster, input, at, &mut out);
        traces += out.take::<Pair>(0).len();
        out.take::<Circle>(0);
        out.take::<Group>(0);
        out.take::<Tie>(0);
    }
    traces
}

fn raw_text_to_clusters(criterion: &mut Criterion) {
    let (posts, config) = (input(), Config::default());
    let mut group = criterion.benchmark_group("one core");
    group.sample_size(10).throughput(Throughput::Elements(posts.len() as u64));
    group.bench_function("raw posts to clustered texts", |bencher| {
        bencher.iter_batched(|| posts.clone(), |posts| drive(posts, &config), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, raw_text_to_clusters);
criterion_main!(benches);
