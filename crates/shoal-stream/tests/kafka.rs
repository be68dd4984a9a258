//! The same alerts from topics as from files, fused and staged, against a real Kafka.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::kafka::{PARTITIONS, alerts_in, create_topics, over_topics, produce};
use common::{Made, Numbers, alerts, assert_enough, assert_valid, config, identities, job, stream, write};
use shoal_broker::Cluster;
use shoal_model::Alert;
use shoal_stream::{Job, StageName, run, run_staged};

/// Posts in a file and in a topic, by author and shuffled within lateness, and the alerts that the file gives.
struct Case {
    cluster: Cluster,
    directory: tempfile::TempDir,
    baseline: Vec<Alert>,
}

impl Case {
    fn new() -> Option<Self> {
        let cluster = Cluster::plain_or_skip()?;
        let directory = tempfile::tempdir().unwrap();
        let posts = stream(1);
        let input = directory.path().join("posts.ndjson");
        write(&input, &posts);
        let mut made = Self { cluster, directory, baseline: Vec::new() };
        made.baseline = alerts(&made.embedded(input)).0;
        assert_enough(&made.baseline);
        Some(made)
    }

    fn embedded(&self, input: PathBuf) -> Job {
        let mut config = config();
        let four = 4;
        config.partitions =
            shoal_detect::Partitions { prepare: four, matching: four, pair: four, tie: four, circle: four };
        job(&[input], self.directory.path().join("alerts"), config)
    }

    /// A job over topics of its own, filled with the posts.
    fn over_topics(&self, prefix: &str) -> Job {
        let input = self.directory.path().join("posts.ndjson");
        let job = over_topics(self.embedded(input), &self.cluster, prefix);
        create_topics(&job, 1);
        fill(&self.cluster, &format!("{prefix}.posts"), &stream(1));
        job
    }

    fn found(&self, prefix: &str) -> Vec<Alert> {
        alerts_in(&self.cluster, &format!("{prefix}.alerts"))
    }
}

/// Writes posts to a topic, by author, shuffled within lateness.
fn fill(cluster: &Cluster, topic: &str, posts: &[Made]) {
    let mut numbers = Numbers(7);
    let mut shuffled: Vec<_> = posts.iter().map(|post| (post.seconds + numbers.below(59) as i64, post)).collect();
    shuffled.sort_by_key(|(arrival, _)| *arrival);
    let home = |author: &str| (crc32(author) % PARTITIONS.unsigned_abs()) as i32;
    produce(cluster, topic, shuffled.iter().map(|(_, post)| (home(&post.author), post.line.as_bytes())));
}

fn crc32(text: &str) -> u32 {
    crc32fast::hash(text.as_bytes())
}

fn all_stages() -> BTreeSet<StageName> {
    StageName::ALL.into()
}

#[test]
fn topics_give_the_same_alerts_as_a_file() {
    let Some(case) = Case::new() else { return };
    let fused = case.over_topics("fused");
    let summary = run(&fused, &mut ()).unwrap();
    assert!(summary.is_conserved(), "{summary:?}");
    let found = case.found("fused");
    assert_valid(&found);
    assert_eq!(identities(&case.baseline), identities(&found));
    assert_eq!(case.baseline.len(), found.len());

    let staged = case.over_topics("staged");
    let summary = run_staged(&staged, &all_stages(), &mut ()).unwrap();
    let found = case.found("staged");
    assert_eq!(identities(&case.baseline), identities(&found), "{summary:?}");
    assert_eq!(case.baseline.len(), found.len());
}
