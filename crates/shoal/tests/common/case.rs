//! Real posts in topics, and what a run over the same posts in a file makes of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use shoal_model::{Alert, Timestamp};

use super::made::{self, Numbers};
use super::process::{Process, until};
use super::records::{Kept, Looker, Outgoing, RecordWriter};
use super::{PostLine, alerts, real_data, shoal, slice};

/// The partitions of the posts' topic and of every stage that has several.
pub(crate) const PARTITIONS: i32 = 4;
/// Below the lateness of [`DETECT`]. The posts tell whole minutes.
const SHUFFLE_SECONDS: u64 = 599;
/// The settings of detection, in every run alike.
const DETECT: &str = "
[detect.order]
lateness = '10m'
[detect.partitions]
prepare = 4
match = 4
pair = 4
tie = 4
circle = 4
";

/// The identity of an alert: everything but where it came from.
pub(crate) type Identities = BTreeSet<(String, u32, String)>;

/// Two months of an operation, as they arrive: shuffled within lateness. `None` where the data is absent.
pub(crate) fn posts(what: &str) -> Option<&'static [PostLine]> {
    static POSTS: OnceLock<Vec<PostLine>> = OnceLock::new();
    let files = real_data(what, &["ira_dev.jsonl.zst"])?;
    Some(POSTS.get_or_init(|| shuffled(slice(&files[0], "2015-01", "2015-03"))))
}

fn shuffled(posts: Vec<PostLine>) -> Vec<PostLine> {
    let mut numbers = Numbers(11);
    let seconds =
        |line: &PostLine| serde_json::from_value::<Timestamp>(line.ts.as_str().into()).unwrap().micros() / 1_000_000;
    let mut arrivals: Vec<(i64, PostLine)> =
        posts.into_iter().map(|line| (seconds(&line) + numbers.below(SHUFFLE_SECONDS + 1) as i64, line)).collect();
    arrivals.sort_by_key(|(arrival, _)| *arrival);
    let shuffled: Vec<PostLine> = arrivals.into_iter().map(|(_, line)| line).collect();
    assert!(!shuffled.is_sorted_by_key(|line| &line.ts), "nothing is shuffled");
    shuffled
}

/// The alerts of posts in a file, with one process and no Kafka; `settings` are laid over [`DETECT`].
pub(crate) fn from_files(posts: &[PostLine], settings: &[&str]) -> Vec<Alert> {
    let directory = tempfile::tempdir().unwrap();
    super::write(&directory.path().join("posts.ndjson"), posts);
    fs::write(directory.path().join("file.toml"), DETECT).unwrap();
    let mut arguments = vec!["run", "file.toml", "--input", "posts.ndjson", "--output", "alerts.ndjson"];
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    let ran = shoal(directory.path(), &arguments).well();
    assert!(!ran.stderr.contains("late"), "identity is promised only when nothing is late:\n{}", ran.stderr);
    alerts(&directory.path().join("alerts.ndjson"))
}

/// A pipeline with topics of its own in a cluster, and a folder for its processes.
pub(crate) struct KafkaCase {
    pub(crate) prefix: String,
    directory: tempfile::TempDir,
    pub(crate) looker: Looker,
    pub(crate) writer: RecordWriter,
}

impl KafkaCase {
    /// Makes the topics. `kafka` is what stands in `[kafka]` besides the brokers, `more` at the end of the pipeline.
    pub(crate) fn new(bootstrap: &str, name: &str, kafka: &str, more: &str) -> Self {
        let case = Self::without_topics(bootstrap, name, kafka, more);
        shoal(case.path(), &["topics", "create", "kafka.toml"]).well();
        case
    }

    /// Only writes the pipeline.
    pub(crate) fn without_topics(bootstrap: &str, name: &str, kafka: &str, more: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let prefix = format!("{name}-{}", std::process::id());
        let brokers: Vec<String> = bootstrap.split(',').map(|broker| format!("'{broker}'")).collect();
        let brokers = brokers.join(", ");
        let text = format!(
            "[[source]]\ntopic = '{prefix}.posts'\npartitions = {PARTITIONS}\nformat = 'native'\n\
             [output]\nalerts = {{ topic = '{prefix}.alerts' }}\n[checkpoint]\nevery = '500ms'\n{DETECT}\n\
             [kafka]\nbootstrap = [{brokers}]\nprefix = '{prefix}'\n{kafka}\n{more}\n"
        );
        fs::write(directory.path().join("kafka.toml"), text).unwrap();
        Self { prefix, directory, looker: Looker::new(bootstrap), writer: RecordWriter::new(bootstrap) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The name of one of its topics.
    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }

    /// Writes all posts and waits until they are there.
    pub(crate) fn fill(&self, posts: &[PostLine]) {
        self.filling().add(posts);
        self.writer.flush();
    }

    /// Writes posts as somebody does who knows nothing of Shoal: to any partition, so that authors are spread.
    pub(crate) fn filling(&self) -> Filling<'_> {
        Filling { writer: &self.writer, topic: self.topic("posts"), numbers: Numbers(23) }
    }

    /// Starts a process over these topics.
    pub(crate) fn start(&self, name: &str, arguments: &[&str]) -> Process {
        Process::start(self.path(), name, &[&["run", "kafka.toml"], arguments].concat())
    }

    /// The number of revisions in the topic of alerts; none while no broker answers.
    pub(crate) fn revisions(&self) -> usize {
        self.looker.end(&self.topic("alerts"), 0).unwrap_or(0) as usize
    }

    /// Waits until there are so many revisions.
    #[track_caller]
    pub(crate) fn wait_for(&self, revisions: usize) {
        until(&format!("{revisions} revisions in {}", self.topic("alerts")), || self.revisions() >= revisions);
    }

    /// The records of the topic of alerts, by the epoch in their header, in the order they came.
    pub(crate) fn epochs(&self) -> Vec<(String, Vec<Kept>)> {
        let mut epochs: Vec<(String, Vec<Kept>)> = Vec::new();
        for record in self.looker.read(&self.topic("alerts")) {
            let epoch = record.headers["shoal-epoch"].clone();
            match epochs.iter_mut().find(|(other, _)| *other == epoch) {
                Some((_, records)) => records.push(record),
                None => epochs.push((epoch, vec![record])),
            }
        }
        epochs
    }

    /// Fails unless there is an alert with revisions both among the first so many and after them.
    #[track_caller]
    pub(crate) fn assert_goes_on_at(&self, revisions: usize) {
        let records = self.looker.read(&self.topic("alerts"));
        let (before, after) = records.split_at(revisions);
        let goes_on = |record: &Kept| after.iter().any(|later| later.key == record.key);
        assert!(before.iter().any(goes_on), "no alert has revisions both before and after {revisions} revisions");
    }

    /// Fails unless the topic of alerts holds exactly what was expected, each once.
    #[track_caller]
    pub(crate) fn assert_alerts(&self, expected: &[Alert]) {
        let records = self.looker.read(&self.topic("alerts"));
        assert_same(expected, &records, &self.prefix);
    }
}

/// Posts on their way to a topic.
pub(crate) struct Filling<'a> {
    writer: &'a RecordWriter,
    topic: String,
    numbers: Numbers,
}

impl Filling<'_> {
    /// Writes the next posts.
    pub(crate) fn add(&mut self, posts: &[PostLine]) {
        for line in posts {
            let partition = self.numbers.below(PARTITIONS.unsigned_abs().into()) as i32;
            self.writer.send(&self.topic, Outgoing { partition, payload: Some(&line.text), headers: &[] });
        }
    }
}

/// Fails unless records are these alerts, each once.
#[track_caller]
pub(crate) fn assert_same(expected: &[Alert], records: &[Kept], what: &str) {
    let found: Vec<Alert> = records.iter().map(|record| serde_json::from_slice(&record.value).unwrap()).collect();
    made::assert_valid(&found);
    let (expected, identities) = (made::identities(expected), made::identities(&found));
    let (lost, new) = (expected.difference(&identities).count(), identities.difference(&expected).count());
    assert!(expected == identities, "{what}: {lost} of {} revisions are missing, {new} are new", expected.len());
    assert_eq!(found.len(), identities.len(), "{what}: revisions are written twice");
}
