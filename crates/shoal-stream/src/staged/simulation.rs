//! The laws of tasks, tried in memory by the hundred: topics are lists, and a seeded scheduler delivers records in
//! pieces of any size, stops tasks anywhere, starts them again from a snapshot or from nothing, and lets a forgotten
//! writer write what it wrote before.

#[path = "../../../shoal-formats/tests/pages/mod.rs"]
mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use shoal_detect::{Config, Partitions, Setup, Stage, StageName};
use shoal_formats::{Format, Limits};
use shoal_kafka::Connection;
use shoal_model::{Alert, Span, Timestamp};

use self::pages::PAGES;
use super::frame::head;
use super::process::shared::SharedRun;
use super::task::build::build;
use super::task::stage::{Plain, Setting, StageTask};
use super::task::{Outgoing, Task};
use super::topology::{PartitionId, Topology};
use crate::cluster::progress_log::ProgressLog;
use crate::cluster::record::Incoming;
use crate::job::{Input, Job, Outputs, Source};
use crate::order::idle::IdleDecision;
use crate::settings::KafkaSettings;
use crate::testing::Loud;
use crate::write::producer::Producer;
use crate::{Error, Metrics, run};

const SOURCES: usize = 2;

/// Numbers from a seed (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}

/// Posts of six accounts that move together among forty that do not, in two sources by author.
fn posts() -> Vec<Vec<String>> {
    let mut numbers = Numbers(3);
    let mut posts = Vec::new();
    for hour in 0..60_i64 {
        for other in 0..20 {
            let author = format!("u{}", numbers.below(40));
            posts.push((hour * 3_600 + other * 97, author, format!("v{}", numbers.below(400))));
        }
        for member in 0..6 {
            let at = hour * 3_600 + 1_800 + numbers.below(300) as i64;
            posts.push((at, format!("c{member}"), format!("campaign{hour}")));
        }
    }
    posts.sort();
    let mut sources = vec![Vec::new(); SOURCES];
    for (number, (seconds, author, target)) in posts.into_iter().enumerate() {
        let ts = Timestamp::from_seconds(1_700_000_000 + seconds);
        let line = format!(
            r#"{{"id":"p{number}","platform":"x","author":"{author}","ts":"{ts}","text":"look","repost":true,"repost_of":"{target}"}}"#
        );
        sources[author.len() % SOURCES].push(line);
    }
    sources
}

fn config() -> Config {
    let mut config = Config::default();
    config.order.lateness = Span::from_seconds(60);
    config.judge.growth = 1.05;
    config.partitions = Partitions { prepare: 2, matching: 2, pair: 2, tie: 2, circle: 2 };
    config
}

/// A job over these sources, without state and outputs.
pub(crate) fn job(sources: Vec<Source>) -> Job {
    Job {
        sources,
        detect: config(),
        limits: Limits::default(),
        threads: 1,
        outputs: Outputs::default(),
        state: None,
        follow: None,
        kafka: None,
        metrics: Metrics::new().unwrap(),
        fingerprint: "test".to_owned(),
        version: "test".to_owned(),
        stop: Arc::default(),
    }
}

fn shared(format: Format) -> SharedRun {
    let source = |partition| Source {
        name: format!("posts/{partition}"),
        input: Input::Topic { topic: "posts".to_owned(), partition },
        format: Some(format),
        filter: None,
    };
    let job = job((0..SOURCES as i32).map(source).collect());
    let connection = Connection::plaintext(["127.0.0.1:1"]);
    let producer = Producer::new(&connection, Arc::default(), &job.metrics).unwrap();
    let kafka = KafkaSettings { prefix: "test".to_owned(), ahead: 100, ..KafkaSettings::default() };
    let kafka = kafka.reached_by(connection);
    let topology = Topology::new("test", SOURCES, &job.detect.partitions);
    SharedRun::new(job, kafka, topology, "epoch".to_owned(), Arc::new(producer), ProgressLog::new("epoch"))
}

/// A partition in the simulation.
struct Node {
    task: Box<dyn Task>,
    position: usize,
    /// A snapshot, and the position that belongs to it.
    snapshot: Option<(usize, Vec<u8>)>,
    /// Alerts raised so far: after a restart they are raised again.
    raised: usize,
    snapshot_raised: usize,
}

/// Makes the task of a partition.
type Builder = fn(PartitionId, &SharedRun) -> Result<Box<dyn Task>, Error>;

/// All partitions and their topics.
struct World {
    shared: SharedRun,
    build: Builder,
    nodes: BTreeMap<PartitionId, Node>,
    topics: BTreeMap<PartitionId, Vec<Vec<u8>>>,
    alerts: Vec<Alert>,
    /// The stages between which records have gone.
    edges: BTreeSet<(StageName, StageName)>,
}

impl World {
    fn new(posts: &[Vec<String>]) -> Self {
        Self::of(posts, Format::NATIVE, build)
    }

    fn of(posts: &[Vec<String>], format: Format, build: Builder) -> Self {
        let shared = shared(format);
        let mut topics: BTreeMap<PartitionId, Vec<Vec<u8>>> = BTreeMap::new();
        let mut nodes = BTreeMap::new();
        for id in StageName::ALL.into_iter().flat_map(|stage| shared.topology.partition_ids(stage)) {
            let task = build(id, &shared).unwrap();
            topics.insert(id, Vec::new());
            nodes.insert(id, Node { task, position: 0, snapshot: None, raised: 0, snapshot_raised: 0 });
        }
        for (partition, lines) in posts.iter().enumerate() {
            let id = PartitionId { stage: StageName::Ingest, partition: partition as u16 };
            topics.insert(id, lines.iter().map(|line| line.clone().into_bytes()).collect());
        }
        Self { shared, build, nodes, topics, alerts: Vec::new(), edges: BTreeSet::new() }
    }

    /// Gives a partition up to `count` records; sends what it has to say when asked to.
    fn deliver(&mut self, id: PartitionId, count: usize, send: bool) {
        let (node, topic) = (self.nodes.get_mut(&id).unwrap(), &self.topics[&id]);
        let end = (node.position + count).min(topic.len());
        for (offset, payload) in topic.iter().enumerate().take(end).skip(node.position) {
            let epoch = (id.stage != StageName::Ingest).then_some(&b"epoch"[..]);
            let record =
                Incoming { offset: offset as u64, appended: None, payload: Some(payload), epoch, schema: None };
            node.task.accept(&record).unwrap();
        }
        node.position = end;
        if id.stage == StageName::Ingest && end == topic.len() && !node.task.mark().is_end() {
            node.task.as_source().unwrap().finish();
        }
        node.task.advance();
        if send {
            self.send(id);
        }
    }

    fn send(&mut self, id: PartitionId) {
        let node = self.nodes.get_mut(&id).unwrap();
        let mut out = Outgoing::default();
        node.task.send(&mut out).unwrap();
        assert!(out.dead_letters.is_empty());
        for frame in out.frames {
            let (head, _) = head(&frame.bytes).unwrap();
            self.edges.extend((head.records > 0).then_some((head.from.stage, frame.to.stage)));
            self.topics.get_mut(&frame.to).unwrap().push(frame.bytes);
        }
        for alert in out.alerts {
            node.raised += 1;
            if node.raised > self.alerts.len() {
                self.alerts.push(alert);
            } else {
                assert_eq!(self.alerts[node.raised - 1], alert, "what is raised again is the same");
            }
        }
    }

    fn save(&mut self, id: PartitionId) {
        self.send(id);
        let node = self.nodes.get_mut(&id).unwrap();
        node.snapshot = Some((node.position, node.task.snapshot().unwrap()));
        node.snapshot_raised = node.raised;
    }

    /// Forgets a partition's memory and starts it again, from its snapshot if it may.
    fn restart(&mut self, id: PartitionId, from_snapshot: bool) {
        let node = self.nodes.get_mut(&id).unwrap();
        node.task = (self.build)(id, &self.shared).unwrap();
        (node.position, node.raised) = (0, 0);
        if let Some((position, snapshot)) = node.snapshot.as_ref().filter(|_| from_snapshot) {
            node.task.restore(snapshot).unwrap();
            (node.position, node.raised) = (*position, node.snapshot_raised);
        }
    }

    fn is_done(&self) -> bool {
        self.nodes.iter().all(|(id, node)| node.task.mark().is_end() && node.position == self.topics[id].len())
    }

    /// Delivers everything, with up to `faults` faults on the way.
    fn run(&mut self, numbers: &mut Numbers, mut faults: usize) {
        let ids: Vec<PartitionId> = self.nodes.keys().copied().collect();
        while !self.is_done() {
            let id = ids[numbers.below(ids.len())];
            match numbers.below(40) {
                0 if faults > 0 => {
                    faults -= 1;
                    self.restart(id, numbers.below(3) > 0);
                }
                1 => self.save(id),
                2 => self.send(id),
                _ => {
                    let count = 1 + numbers.below(60);
                    self.deliver(id, count, numbers.below(3) > 0);
                }
            }
            if numbers.below(200) == 0 {
                for id in &ids {
                    self.send(*id);
                }
            }
        }
        for id in &ids {
            self.send(*id);
        }
    }
}

/// The alerts of one process over the same posts in files.
fn fused(posts: &[Vec<String>]) -> Vec<Alert> {
    struct Kept(Vec<Alert>);
    impl crate::Observer for Kept {
        fn progress(&mut self, _progress: &crate::RunProgress) {}
        fn alert(&mut self, alert: &Alert) {
            self.0.push(alert.clone());
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let source = |(partition, lines): (usize, &Vec<String>)| {
        let path = directory.path().join(partition.to_string());
        std::fs::write(&path, lines.join("\n")).unwrap();
        Source {
            name: format!("posts/{partition}"),
            input: Input::File(path),
            format: Some(Format::NATIVE),
            filter: None,
        }
    };
    let mut kept = Kept(Vec::new());
    run(&job(posts.iter().enumerate().map(source).collect()), &mut kept).unwrap();
    kept.0
}

#[test]
fn tasks_give_the_alerts_of_one_process() {
    let posts = posts();
    let expected = fused(&posts);
    assert!(expected.len() >= 3, "{} alerts", expected.len());
    let mut world = World::new(&posts);
    world.run(&mut Numbers(1), 0);
    assert_eq!(world.alerts, expected);
}

#[test]
fn pages_of_posts_give_the_alerts_of_single_ones() {
    let posts = posts();
    let expected = fused(&posts);
    let (mut likes, mut further) = (0, 0);
    let mut cut = |(number, page): (usize, &[String])| {
        further += page.len() as u64 - 1;
        let page = format!("[{}]", page.join(","));
        likes += u64::from(number.is_multiple_of(3));
        if number.is_multiple_of(3) { vec![page, r#"{"likes":"p1"}"#.to_owned()] } else { vec![page] }
    };
    let pages: Vec<Vec<String>> =
        posts.iter().map(|lines| lines.chunks(4).enumerate().flat_map(&mut cut).collect()).collect();
    for faults in [0, 20] {
        let mut world = World::of(&pages, PAGES, build);
        world.run(&mut Numbers(5), faults);
        assert_eq!(world.alerts, expected);
        if faults == 0 {
            let metrics = &world.shared.job.metrics;
            let sources = (0..SOURCES).map(|number| format!("posts/{number}"));
            let all: u64 = sources.map(|name| metrics.source_further.with_label_values(&[&name]).get()).sum();
            assert_eq!((all, metrics.ignored.with_label_values(&["like"]).get()), (further, likes));
        }
    }
}

/// Group makes way for a stage that raises an alert every ten minutes and for every minute's totals.
fn build_loud(id: PartitionId, shared: &SharedRun) -> Result<Box<dyn Task>, Error> {
    if id.stage != StageName::Group {
        return build(id, shared);
    }
    let (config, provenance) = (&shared.job.detect, shared.job.provenance());
    let stage = Loud::open(&Setup { config, provenance: &provenance }, id.partition)?;
    let setting = Setting { topology: &shared.topology, epoch: &shared.epoch, metrics: &shared.job.metrics };
    Ok(Box::new(StageTask::new(id, stage, Plain, config, &setting)))
}

#[test]
fn alerts_of_any_stage_leave_in_both_drivers_in_the_same_order() {
    let lines = posts();
    let limits = Limits::default();
    let decoded = lines.iter().flatten().map(|line| Format::DEFAULT.decode(line.as_bytes(), &limits));
    let mut posts: Vec<_> = decoded.map(|content| content.unwrap().posts().next().unwrap()).collect();
    posts.sort_by(|a, b| (a.observed_at, &a.id).cmp(&(b.observed_at, &b.id)));
    let expected = crate::fused::driver::tests::loud(&config(), 1, &posts, 100);
    assert!(expected.len() > 1_000);
    for faults in [0, 20] {
        let mut world = World::of(&lines, Format::NATIVE, build_loud);
        world.run(&mut Numbers(7), faults);
        assert!(world.alerts == expected, "{} of {}", world.alerts.len(), expected.len());
    }
}

#[test]
fn every_edge_of_the_table_is_used() {
    let demo = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipelines/demo.ndjson"));
    let mut sources = vec![Vec::new(); SOURCES];
    for line in demo.lines() {
        let author = line.split_once("\"author\"").map_or(line, |(_, rest)| rest);
        sources[author.bytes().take(14).map(usize::from).sum::<usize>() % SOURCES].push(line.to_owned());
    }
    let mut world = World::new(&sources);
    world.run(&mut Numbers(1), 0);
    let declared = StageName::ALL.iter().flat_map(|from| from.downstream().map(|to| (*from, to)));
    assert_eq!(world.edges, declared.collect());
    assert!(StageName::ALL.iter().filter(|stage| stage.raises_alerts()).count() == 1 && !world.alerts.is_empty());
}

#[test]
fn an_idle_mark_does_not_overtake_posts() {
    let mut world = World::new(&posts());
    let (ingest, prepare) = (
        [0, 1].map(|partition| PartitionId { stage: StageName::Ingest, partition }),
        PartitionId { stage: StageName::Prepare, partition: 0 },
    );
    for id in ingest {
        world.deliver(id, 100, true);
        let far = Timestamp::from_seconds(1_700_000_000 + 86_400);
        world.nodes.get_mut(&id).unwrap().task.as_source().unwrap().idle(IdleDecision { limit: far, to: far });
        // What is sent first after a decision must not say that everything below it has been sent, unless it has.
        world.send(id);
    }
    world.deliver(prepare, 1_000, true);
    assert_eq!(world.nodes[&prepare].task.waiting(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn stopping_and_starting_tasks_anywhere_changes_nothing(seed in any::<u64>()) {
        let posts = posts();
        let mut undisturbed = World::new(&posts);
        undisturbed.run(&mut Numbers(1), 0);
        let mut world = World::new(&posts);
        world.run(&mut Numbers(seed), 20);
        prop_assert_eq!(&world.alerts, &undisturbed.alerts);
    }
}
