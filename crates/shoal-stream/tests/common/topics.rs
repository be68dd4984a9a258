//! The made-up stream in topics of a real Kafka, and what a file gives.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses a part; a test may panic")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use shoal_broker::Cluster;
use shoal_model::Alert;
use shoal_stream::{Job, StageName};

use super::kafka::{PARTITIONS, alerts_in, create_topics, over_topics, produce};
use super::{Made, Numbers, alerts, assert_enough, config, identities, job, stream, write};

/// Posts in a file, and the alerts that the file gives.
pub(crate) struct Case<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) baseline: Vec<Alert>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(cluster: &'a Cluster) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let input = directory.path().join("posts.ndjson");
        write(&input, &stream(1));
        let mut made = Self { cluster, directory, baseline: Vec::new() };
        made.baseline = alerts(&made.file_job(input)).0;
        assert_enough(&made.baseline);
        made
    }

    /// A job over a file, with four partitions of every sharded stage.
    pub(crate) fn file_job(&self, input: PathBuf) -> Job {
        let mut config = config();
        let four = 4;
        config.partitions =
            shoal_detect::Partitions { prepare: four, matching: four, pair: four, tie: four, circle: four };
        job(&[input], self.directory.path().join("alerts"), config)
    }

    /// A job over topics of its own, which are empty.
    pub(crate) fn empty(&self, prefix: &str, replication: i32) -> Job {
        let input = self.directory.path().join("posts.ndjson");
        let job = over_topics(self.file_job(input), self.cluster, prefix);
        create_topics(&job, replication);
        job
    }

    /// A job over topics of its own, filled with the posts.
    pub(crate) fn over_topics(&self, prefix: &str) -> Job {
        let job = self.empty(prefix, 1);
        fill(self.cluster, &format!("{prefix}.posts"), &stream(1));
        job
    }

    pub(crate) fn found(&self, prefix: &str) -> Vec<Alert> {
        alerts_in(self.cluster, &format!("{prefix}.alerts"))
    }

    /// The alerts in the topic are those of the file, each once.
    pub(crate) fn assert_same(&self, prefix: &str) {
        let found = self.found(prefix);
        assert_eq!(self.baseline.len(), found.len());
        assert_eq!(identities(&self.baseline), identities(&found));
    }
}

/// Writes posts to a topic, by author, shuffled within lateness.
pub(crate) fn fill(cluster: &Cluster, topic: &str, posts: &[Made]) {
    let mut numbers = Numbers(7);
    let mut shuffled: Vec<_> = posts.iter().map(|post| (post.seconds + numbers.below(59) as i64, post)).collect();
    shuffled.sort_by_key(|(arrival, _)| *arrival);
    let home = |author: &str| (crc32fast::hash(author.as_bytes()) % PARTITIONS.unsigned_abs()) as i32;
    produce(cluster, topic, shuffled.iter().map(|(_, post)| (home(&post.author), post.line.as_bytes())));
}

pub(crate) fn all_stages() -> BTreeSet<StageName> {
    StageName::ALL.into()
}

/// The sum of a counter or gauge over all of its labels.
pub(crate) fn counted(job: &Job, name: &str) -> f64 {
    let families = job.metrics.registry().gather();
    let family = families.iter().find(|family| family.name() == name);
    let value = |metric: &prometheus::proto::Metric| metric.get_counter().get_value() + metric.get_gauge().get_value();
    family.map_or(0.0, |family| family.get_metric().iter().map(value).sum())
}

/// Waits for something, with a deadline.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_mins(2), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
