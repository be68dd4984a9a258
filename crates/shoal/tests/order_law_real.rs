//! The order law on real posts: however they are cut, routed, read and shuffled, the alerts are the same.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "figures for those who read along")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use common::made::{self, Numbers};
use common::{PostLine, alerts, pipeline, real_data, shoal, slice};
use shoal_model::Timestamp;

const FILES: [&str; 3] = ["ira_dev.jsonl.zst", "benign_congress_2015.jsonl.zst", "mixed_stocknet_2014_2016.jsonl.zst"];
/// Below the lateness that every run is given.
const SHUFFLE_SECONDS: u64 = 59;

type Identities = BTreeSet<(String, u32, String)>;

/// A month of an operation, a parliament and traders, merged by time; `None` where the data is absent.
fn month(what: &str) -> Option<&'static [PostLine]> {
    static POSTS: OnceLock<Vec<PostLine>> = OnceLock::new();
    let files = real_data(what, &FILES)?;
    Some(POSTS.get_or_init(|| {
        let mut posts: Vec<PostLine> = files.iter().flat_map(|file| slice(file, "2015-01-01", "2015-02-01")).collect();
        posts.sort_by(|a, b| a.ts.cmp(&b.ts));
        posts
    }))
}

/// Runs the program over files in `directory`; gives the identities of what it wrote.
fn identities(directory: &Path, inputs: &[&str], settings: &[&str]) -> Identities {
    let file = pipeline("file.toml");
    let mut arguments = vec!["run", &file, "--output", "alerts.ndjson", "--set", "detect.order.lateness=60s"];
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    arguments.push("--input");
    arguments.extend(inputs);
    let ran = shoal(directory, &arguments).well();
    assert!(!ran.stderr.contains("late"), "identity is promised only when nothing is late:\n{}", ran.stderr);
    made::identities(&alerts(&directory.join("alerts.ndjson")))
}

fn seconds(ts: &str) -> i64 {
    serde_json::from_value::<Timestamp>(ts.into()).unwrap().micros() / 1_000_000
}

/// The alerts of one file, one partition of each stage and one thread; written to `posts.ndjson` in the directory.
fn baseline(directory: &Path, posts: &[PostLine]) -> Identities {
    common::write(&directory.join("posts.ndjson"), posts);
    let baseline = identities(directory, &["posts.ndjson"], &["run.threads=1"]);
    made::assert_enough(&alerts(&directory.join("alerts.ndjson")));
    eprintln!("{} revisions of {} posts", baseline.len(), posts.len());
    baseline
}

#[track_caller]
fn assert_same(baseline: &Identities, found: &Identities, what: &str) {
    let (lost, new) = (baseline.difference(found).count(), found.difference(baseline).count());
    assert!(baseline == found, "{what}: {lost} of {} revisions are missing, {new} are new", baseline.len());
}

/// The posts in four files, by author.
fn write_by_author(directory: &Path, posts: &[PostLine]) -> [&'static str; 4] {
    let names = ["part0.ndjson", "part1.ndjson", "part2.ndjson", "part3.ndjson"];
    for (part, name) in names.iter().enumerate() {
        let own = |line: &&PostLine| line.author.bytes().map(usize::from).sum::<usize>() % 4 == part;
        common::write(&directory.join(name), posts.iter().filter(own));
    }
    names
}

#[test]
fn four_files_by_author_give_the_same_alerts() {
    let Some(posts) = month("the order law on four files of real posts") else { return };
    let directory = tempfile::tempdir().unwrap();
    let baseline = baseline(directory.path(), posts);
    let parts = write_by_author(directory.path(), posts);
    assert_same(&baseline, &identities(directory.path(), &parts, &["run.threads=1"]), "four files");
    assert_same(&baseline, &identities(directory.path(), &parts, &["run.threads=2"]), "four files, two threads");
    let backwards = [parts[3], parts[1], parts[2], parts[0]];
    assert_same(&baseline, &identities(directory.path(), &backwards, &[]), "four files in another order");
}

#[test]
fn partitions_and_threads_change_nothing() {
    let Some(posts) = month("the order law on partitions and threads with real posts") else { return };
    let directory = tempfile::tempdir().unwrap();
    let baseline = baseline(directory.path(), posts);
    let run = |settings: &[&str]| identities(directory.path(), &["posts.ndjson"], settings);
    assert_same(&baseline, &run(&["run.threads=2"]), "two threads");
    let all = ["prepare", "pair", "tie", "circle"].map(|stage| format!("detect.partitions.{stage}=4"));
    for setting in &all {
        assert_same(&baseline, &run(&[setting]), setting);
    }
    let mut all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_same(&baseline, &run(&all), "all partitioned");
    all.push("run.threads=2");
    let parts = write_by_author(directory.path(), posts);
    assert_same(&baseline, &identities(directory.path(), &parts, &all), "all partitioned, four files, two threads");
}

#[test]
fn arrival_within_lateness_changes_nothing() {
    let Some(posts) = month("the order law on shuffled real posts") else { return };
    let directory = tempfile::tempdir().unwrap();
    let baseline = baseline(directory.path(), posts);
    for seed in 0..3 {
        let mut numbers = Numbers(seed);
        let mut arrivals: Vec<(i64, &PostLine)> =
            posts.iter().map(|line| (seconds(&line.ts) + numbers.below(SHUFFLE_SECONDS + 1) as i64, line)).collect();
        arrivals.sort_by_key(|(arrival, _)| *arrival);
        let shuffled = arrivals.iter().map(|(_, line)| *line);
        assert!(!shuffled.clone().is_sorted_by_key(|line| &line.ts), "seed {seed} shuffles nothing");
        common::write(&directory.path().join("shuffled.ndjson"), shuffled);
        let found = identities(directory.path(), &["shuffled.ndjson"], &[]);
        assert_same(&baseline, &found, &format!("shuffle {seed}"));
    }
}

/// Routing by four min-hashes finds a neighbour with p ≥ 0.997, not always: what differs is counted, not hidden.
#[test]
fn partitions_of_match_find_nearly_the_same() {
    let Some(posts) = month("partitions of match with real posts") else { return };
    let directory = tempfile::tempdir().unwrap();
    let baseline = baseline(directory.path(), posts);
    let routed = identities(directory.path(), &["posts.ndjson"], &["detect.partitions.match=4"]);
    let same = baseline.intersection(&routed).count();
    let (one, four) = (baseline.len(), routed.len());
    eprintln!("{same} identities are equal, of {one} with one partition of match and {four} with four");
    let ids = |of: &Identities| of.iter().map(|(id, ..)| id.clone()).collect::<BTreeSet<_>>();
    let (one, four) = (ids(&baseline), ids(&routed));
    let same = one.intersection(&four).count();
    eprintln!("{same} alerts are in both, of {} with one partition of match and {} with four", one.len(), four.len());
    assert!(same * 2 >= one.len(), "{same} alerts of {}", one.len());
}
