//! Records of strangers, topics that do not fit, brokers that are away, other configurations over the same topics:
//! what the program says and does, and that no alert is lost, doubled or different.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "figures for those who read along")]

mod common;

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Instant;

use common::case::{KafkaCase, PARTITIONS, assert_same, from_files, posts};
use common::process::until;
use common::records::{Kept, Outgoing};
use common::{PostLine, made, shoal};
use shoal_broker::Cluster;
use shoal_model::Alert;

/// The broker of all tests but those that take it away. As careless as some are: topics come into being when somebody
/// writes to them.
static CLUSTER: LazyLock<Option<Cluster>> = LazyLock::new(|| Cluster::builder().auto_create_topics().start_or_skip());

/// The alerts of one process over the same posts in a file.
static BASELINE: LazyLock<Vec<Alert>> = LazyLock::new(|| {
    let baseline = from_files(posts("the baseline").unwrap(), &[]);
    made::assert_enough(&baseline);
    baseline
});

/// Little is read at once, and no source may be far ahead: alerts come little by little.
const STAGED: &str = "staged = true
ahead = 512
properties = { 'fetch.message.max.bytes' = '16384', 'queued.min.messages' = '64' }
";

/// The header that says what is wrong with a record; Shoal passes it over.
const WRONG: &str = "wrong";

/// Records that are no posts, with the reason that is to be found.
fn no_posts(post: &PostLine) -> Vec<(&'static str, Option<Vec<u8>>)> {
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let truncated = post.text[..post.text.len() / 2].to_vec();
    vec![
        ("invalid_json", text("no json")),
        ("truncated", Some(truncated)),
        ("invalid_utf8", Some(b"\xff\xfe{".to_vec())),
        ("empty", text("")),
        ("empty", None),
        ("wrong_type", text("[1, 2]")),
        ("too_deep", Some([b"[".repeat(100), b"]".repeat(100)].concat())),
        // Twice the limit; compressed it fits into any topic.
        ("too_large", Some(vec![b' '; 2 << 20])),
        ("unknown_schema", Some(post.text.clone())),
    ]
}

/// Writes all posts, and between them records that are none, to every partition.
fn fill_with_strangers(case: &KafkaCase, posts: &[PostLine]) {
    let (strangers, mut filling) = (no_posts(&posts[0]), case.filling());
    let part = posts.len() / strangers.len() + 1;
    for (posts, (reason, payload)) in posts.chunks(part).zip(strangers) {
        let (before, after) = posts.split_at(posts.len() / 2);
        filling.add(before);
        for partition in 0..PARTITIONS {
            let schema = if reason == "unknown_schema" { "post.v9" } else { "post.v1" };
            let headers = [(WRONG, reason), ("shoal-schema", schema)];
            let outgoing = Outgoing { partition, payload: payload.as_deref(), headers: &headers };
            case.writer.send(&case.topic("posts"), outgoing);
        }
        filling.add(after);
    }
    case.writer.flush();
}

/// The place of a record, and what is wrong with it.
type Wrong = (String, u64, String);

fn wrong(case: &KafkaCase) -> Vec<Wrong> {
    let records = case.looker.read(&case.topic("posts"));
    let wrong = |record: &Kept| {
        let reason = record.headers.get(WRONG)?.clone();
        Some((format!("{}/{}", case.topic("posts"), record.partition), record.offset.unsigned_abs(), reason))
    };
    records.iter().filter_map(wrong).collect()
}

fn dead_letters(case: &KafkaCase) -> Vec<Wrong> {
    let letter = |record: &Kept| {
        let letter: serde_json::Value = serde_json::from_slice(&record.value).unwrap();
        let text = |key: &str| letter[key].as_str().unwrap().to_owned();
        assert_eq!(record.key, text("source").into_bytes());
        (text("source"), letter["offset"].as_u64().unwrap(), text("reason"))
    };
    let mut letters: Vec<Wrong> = case.looker.read(&case.topic("dead-letters")).iter().map(letter).collect();
    letters.sort();
    letters
}

/// Records that are no posts become dead letters, once, also when the process is killed, forgets everything, and reads
/// them again.
fn strangers(name: &str, kafka: &str) {
    let Some(posts) = posts(&format!("strangers among real posts, {name}")) else { return };
    let Some(cluster) = &*CLUSTER else { return };
    let case = KafkaCase::new(cluster.bootstrap(), name, kafka, "");
    fill_with_strangers(&case, posts);
    // A name, so that nobody waits until the dead are given up; no state.
    let named = ["--instance", "a"];
    let mut process = case.start("first", &named);
    process.slow();
    let letters = || case.looker.end(&case.topic("dead-letters"), 0).unwrap_or(0);
    until("dead letters and revisions", || letters() > 0 && case.revisions() > 0);
    process.kill();
    let (before, expected) = (letters(), wrong(&case));
    eprintln!("{name}: killed after {before} of {} dead letters and {} revisions", expected.len(), case.revisions());
    case.start("second", &named).ended();
    assert_eq!(dead_letters(&case), expected);
    case.assert_alerts(&BASELINE);
    // Once more, with everything read again.
    case.start("third", &named).ended();
    assert_eq!(dead_letters(&case), expected);
    case.assert_alerts(&BASELINE);
}

#[test]
fn strangers_among_posts_fused() {
    strangers("strangers-fused", "");
}

#[test]
fn strangers_among_posts_staged() {
    strangers("strangers-staged", STAGED);
}

/// Topics between the stages belong to Shoal, and what others write there is passed over: garbage, with and without
/// Shoal's own header, frames of another epoch. A frame that comes twice is known by its numbers.
#[test]
fn strangers_between_the_stages() {
    let Some(posts) = posts("strangers between the stages") else { return };
    let Some(cluster) = &*CLUSTER else { return };
    let case = KafkaCase::new(cluster.bootstrap(), "between", STAGED, "");
    case.fill(posts);
    let mut process = case.start("one", &[]);
    process.slow();
    let topics = ["prepare", "pair", "group"].map(|stage| case.topic(stage));
    until("frames between the stages", || topics.iter().all(|topic| case.looker.end(topic, 0) > Some(1)));
    for topic in &topics {
        let frame = case.looker.read(topic).into_iter().find(|record| record.partition == 0).unwrap();
        let own = frame.headers["shoal-epoch"].as_str();
        let other = "0123456789abcdef0123456789abcdef";
        // A frame begins with its version.
        let cut = [&frame.value[..1], b"garbage"].concat();
        let records = [
            (Some(b"garbage".as_slice()), None),
            (Some(&cut), Some(own)),
            (None, Some(own)),
            (Some(&frame.value), Some(other)),
            (Some(&frame.value), Some(own)),
        ];
        for (payload, epoch) in records {
            let headers: Vec<_> = epoch.map(|epoch| ("shoal-epoch", epoch)).into_iter().collect();
            case.writer.send(topic, Outgoing { partition: 0, payload, headers: &headers });
        }
    }
    case.writer.flush();
    let count = topics.len() as u64;
    process.tells("what was passed over", |metrics| {
        let ignored = |reason| metrics.count("shoal_frames_ignored_total", &[("reason", reason)]);
        let seen = metrics.count("shoal_stage_seen_total", &[]);
        [ignored("garbage"), ignored("stranger"), ignored("other_epoch")] == [count, 2 * count, count] && seen > 0
    });
    process.hurry();
    let said = process.ended();
    assert!(said.contains("a record that no stage wrote is passed over"), "{said}");
    case.assert_alerts(&BASELINE);
}

#[test]
fn topics_that_are_missing_or_do_not_fit_are_named() {
    let Some(cluster) = &*CLUSTER else { return };
    let case = KafkaCase::without_topics(cluster.bootstrap(), "misfits", STAGED, "");
    let run = || shoal(case.path(), &["run", "kafka.toml"]);
    let (source, between) = (case.topic("posts"), case.topic("pair"));
    for _ in 0..2 {
        // Looking for a topic does not make it.
        run().refused(1, &[&format!("there is no topic `{source}`"), "create it with `shoal topics create`"]);
    }
    // Somebody writes where he should not, and the broker makes the topic as it always does.
    for topic in [&source, &between] {
        case.writer.send(topic, Outgoing { payload: Some(b"early"), ..Outgoing::default() });
    }
    case.writer.flush();
    let created = shoal(case.path(), &["topics", "create", "kafka.toml"]);
    assert_eq!(created.code, Some(1), "{}", created.stdout);
    for topic in [&source, &between] {
        assert!(created.stdout.contains(&format!("exists   topic `{topic}`")), "{}", created.stdout);
    }
    let misfit = |topic: &str| format!("topic `{topic}` has 1 partitions, the pipeline says {PARTITIONS}");
    run().refused(1, &[&misfit(&source), "shoal topics create"]);
    let one = format!("source=[{{topic='{source}', partitions=1, format='native'}}]");
    // The pipeline can read a source as it is, and then it is the turn of what is between the stages.
    let arguments = ["run", "kafka.toml", "--set", &one];
    let refused = shoal(case.path(), &arguments);
    eprintln!("{}", refused.stderr);
    refused.refused(1, &[&misfit(&between), "shoal topics create"]);
}

#[test]
fn a_broker_that_is_not_there_is_said_within_a_minute() {
    let case = KafkaCase::without_topics("127.0.0.1:1", "absent", STAGED, "");
    for (name, setting) in [("staged", "kafka.staged=true"), ("fused", "kafka.staged=false")] {
        let started = Instant::now();
        let said = case.start(name, &["--follow", "--set", setting]).failed();
        eprintln!("{name}: after {:.1?}: {said}", started.elapsed());
        assert!(started.elapsed().as_secs() < 60, "{:.1?}", started.elapsed());
        assert!(said.contains("127.0.0.1:1"), "{said}");
    }
}

/// The posts cut near these fractions, where nothing in a later part is older than anything in an earlier one: then
/// nothing is late even if the sources are taken for silent between two parts.
fn parts(posts: &[PostLine], fractions: [f64; 2]) -> Vec<&[PostLine]> {
    let clean = |cut: &usize| {
        let newest = posts[..*cut].iter().map(|line| &line.ts).max();
        newest < posts[*cut..].iter().map(|line| &line.ts).min()
    };
    let mut parts = Vec::new();
    let mut begin = 0;
    for fraction in fractions {
        let near = (posts.len() as f64 * fraction) as usize;
        let cut = (near..posts.len()).find(clean).unwrap();
        parts.push(&posts[begin..cut]);
        begin = cut;
    }
    parts.push(&posts[begin..]);
    parts
}

/// A broker stands still, then is killed, while a run follows: it waits, says so, and goes on.
fn away(name: &str, kafka: &str) {
    let Some(posts) = posts(&format!("a broker that is away, {name}")) else { return };
    let Some(cluster) = Cluster::builder().start_or_skip() else { return };
    let case = KafkaCase::new(cluster.bootstrap(), name, kafka, "");
    let process = case.start("follows", &["--follow", "--state", "state", "--instance", "a"]);
    let outage = |longer: f64| {
        process.tells("the outage", |metrics| metrics.sum("shoal_broker_trouble_seconds", &[]) > longer);
    };
    let (parts, mut filling, total) = (parts(posts, [0.6, 0.8]), case.filling(), BASELINE.len());
    for (number, part) in parts.iter().enumerate() {
        let before = case.revisions();
        filling.add(part);
        case.writer.flush();
        case.wait_for(if number == 2 { total } else { before + 1 });
        let (since, revisions) = (Instant::now(), case.revisions());
        match number {
            // That a broker stands still shows when it owes answers for long.
            0 => {
                cluster.pause(1).unwrap();
                outage(5.0);
                cluster.resume(1).unwrap();
            }
            1 => {
                cluster.kill(1).unwrap();
                outage(18.0);
                cluster.start(1).unwrap();
            }
            _ => break,
        }
        eprintln!("{name}: outage {number} for {:.1?}, after {revisions} of {total} revisions", since.elapsed());
    }
    let metrics =
        process.tells("that the outages are over", |metrics| metrics.sum("shoal_broker_trouble_seconds", &[]) <= 0.0);
    let (late, idle) = (metrics.count("shoal_source_late_total", &[]), metrics.count("shoal_source_idle_total", &[]));
    eprintln!("{name}: {late} posts were late, sources fell silent {idle} times");
    assert_eq!(late, 0, "identity is promised only when nothing is late");
    process.stop();
    case.assert_alerts(&BASELINE);
}

#[test]
fn a_broker_that_is_away_is_waited_for_staged() {
    away("away-staged", "staged = true");
}

#[test]
fn a_broker_that_is_away_is_waited_for_fused() {
    away("away-fused", "");
}

#[test]
fn another_configuration_is_another_epoch_over_the_same_topics() {
    let Some(posts) = posts("epochs over real posts") else { return };
    let Some(cluster) = &*CLUSTER else { return };
    let strict = "detect.judge.alpha=0.0001";
    let other = from_files(posts, &[strict]);
    assert_ne!(made::identities(&other), made::identities(&BASELINE));
    let case = KafkaCase::new(cluster.bootstrap(), "epochs", STAGED, "");
    case.fill(posts);
    case.start("first", &[]).ended();
    for setting in [strict, "kafka.epoch=1"] {
        let mut process = case.start(setting, &["--set", setting]);
        process.slow();
        process.tells("what was passed over", |metrics| {
            metrics.count("shoal_frames_ignored_total", &[("reason", "other_epoch")]) > 0
        });
        process.hurry();
        process.ended();
    }
    let epochs = case.epochs();
    assert_eq!(epochs.len(), 3, "{:?}", epochs.iter().map(|(epoch, _)| epoch).collect::<BTreeSet<_>>());
    for ((epoch, records), expected) in epochs.iter().zip([&*BASELINE, &other, &BASELINE]) {
        eprintln!("epoch {epoch}: {} revisions", records.len());
        assert_same(expected, records, epoch);
    }
}
