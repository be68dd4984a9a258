//! A made-up stream with campaigns in it, and ways to run it.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses a part; a test may panic")]

pub(crate) mod kafka;
pub(crate) mod topics;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use shoal_model::{Alert, Provenance, Span};
use shoal_stream::{CheckpointSettings, Input, Job, Metrics, Output, Outputs, Source, StateSettings, Summary, run};

/// A small generator of numbers (splitmix64): the same in every run.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

const WORDS: [&str; 48] = [
    "river",
    "morning",
    "coffee",
    "train",
    "garden",
    "weather",
    "football",
    "music",
    "window",
    "market",
    "dinner",
    "mountain",
    "letter",
    "holiday",
    "teacher",
    "bridge",
    "summer",
    "winter",
    "kitchen",
    "bicycle",
    "doctor",
    "paper",
    "story",
    "island",
    "village",
    "office",
    "concert",
    "library",
    "museum",
    "station",
    "picture",
    "neighbour",
    "dog",
    "cat",
    "rain",
    "snow",
    "light",
    "night",
    "city",
    "song",
    "road",
    "house",
    "bread",
    "cheese",
    "apple",
    "tomorrow",
    "yesterday",
    "finally",
];

/// A post of the made-up stream.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) seconds: i64,
    pub(crate) author: String,
    pub(crate) line: String,
}

fn sentence(numbers: &mut Numbers, words: u64) -> String {
    let words: Vec<&str> = (0..words).map(|_| WORDS[numbers.below(WORDS.len() as u64) as usize]).collect();
    words.join(" ")
}

fn line(id: usize, seconds: i64, author: &str, text: &str, repost_of: Option<&str>) -> String {
    let ts = shoal_model::Timestamp::from_seconds(seconds);
    let mut record = serde_json::json!({
        "id": format!("p{id:06}"), "platform": "made", "author": author, "ts": ts.to_string(), "text": text,
        "lang": "en", "repost": repost_of.is_some(), "handle": author, "client": format!("app {}", id % 3),
    });
    if let Some(target) = repost_of {
        record["repost_of"] = target.into();
    }
    record.to_string()
}

/// Ten days: 300 ordinary accounts that post and repeat what is popular, and five campaigns of eight accounts that
/// join one by one and share texts, nearly the same each time, and reposts.
pub(crate) fn stream(seed: u64) -> Vec<Made> {
    let mut numbers = Numbers(seed);
    let start = 1_700_000_000_i64;
    let mut posts: Vec<(i64, String, String, Option<String>)> = Vec::new();
    for _ in 0..6_000 {
        let at = start + numbers.below(864_000) as i64;
        let author = format!("u{}", numbers.below(300));
        if numbers.below(5) == 0 {
            let popular = format!("v{}", numbers.below(60) * numbers.below(60) / 60);
            posts.push((at, author, format!("popular {popular}"), Some(popular)));
        } else {
            let words = 6 + numbers.below(8);
            posts.push((at, author, sentence(&mut numbers, words), None));
        }
    }
    for campaign in 0..5 {
        for action in 0..60_u64 {
            let at = start + 864_000 * action as i64 / 60 + numbers.below(600) as i64;
            let text = sentence(&mut numbers, 14);
            let joined = 3 + action / 10;
            for member in 0..joined.min(8) {
                let author = format!("c{campaign}m{member}");
                let then = at + numbers.below(900) as i64;
                if action % 3 == 0 {
                    posts.push((then, author, text.clone(), Some(format!("r{campaign}x{action}"))));
                } else {
                    posts.push((then, author, format!("{text} {}", numbers.below(10)), None));
                }
            }
        }
    }
    posts.sort();
    let made = posts.into_iter().enumerate();
    made.map(|(id, (seconds, author, text, repost))| Made {
        seconds,
        line: line(id, seconds, &author, &text, repost.as_deref()),
        author,
    })
    .collect()
}

/// The configuration of these tests: alerts are updated at once, so that there are many.
pub(crate) fn config() -> shoal_detect::Config {
    let mut config = shoal_detect::Config::default();
    config.order.lateness = Span::from_seconds(60);
    config.judge.growth = 1.05;
    config
}

pub(crate) fn write(path: &Path, posts: &[Made]) {
    let mut file = fs::File::create(path).unwrap();
    for post in posts {
        writeln!(file, "{}", post.line).unwrap();
    }
}

pub(crate) fn job(inputs: &[PathBuf], alerts: PathBuf, config: shoal_detect::Config) -> Job {
    let sources = inputs.iter().map(|path| Source {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        input: Input::File(path.clone()),
        format: None,
        filter: None,
    });
    Job {
        sources: sources.collect(),
        detect: config,
        limits: shoal_formats::Limits::default(),
        threads: 1,
        outputs: Outputs {
            dead_letters: Some(Output::File(alerts.with_extension("dead"))),
            alerts: Some(Output::File(alerts)),
            shadow: None,
        },
        state: None,
        follow: None,
        kafka: None,
        metrics: Metrics::new().unwrap(),
        fingerprint: "test".to_owned(),
        version: "test".to_owned(),
        stop: std::sync::Arc::default(),
    }
}

pub(crate) fn with_state(mut job: Job, directory: PathBuf, every_posts: u64) -> Job {
    let every = Span::from_seconds(3_600);
    job.state = Some(StateSettings { directory, checkpoint: CheckpointSettings { every_posts, every } });
    job
}

/// Runs a job; gives what it wrote.
pub(crate) fn alerts(job: &Job) -> (Vec<Alert>, Summary) {
    let summary = run(job, &mut ()).unwrap();
    assert!(summary.is_conserved(), "{summary:?}");
    (read(alerts_file(job)), summary)
}

/// The file that a job writes alerts to.
pub(crate) fn alerts_file(job: &Job) -> &Path {
    match job.outputs.alerts.as_ref().unwrap() {
        Output::File(path) => path,
        Output::Topic(topic) => panic!("alerts go to the topic {topic}"),
    }
}

pub(crate) fn read(path: &Path) -> Vec<Alert> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The identity of the order law: everything but where it came from.
pub(crate) fn identities(alerts: &[Alert]) -> BTreeSet<(String, u32, String)> {
    let identity = |alert: &Alert| {
        let bare = Alert { provenance: Provenance::default(), ..alert.clone() };
        (bare.alert_id.clone(), bare.revision, serde_json::to_string(&bare).unwrap())
    };
    alerts.iter().map(identity).collect()
}

/// Fails unless there is enough to compare: 20 revisions, three alerts, one with two revisions.
pub(crate) fn assert_enough(alerts: &[Alert]) {
    let ids: BTreeSet<&str> = alerts.iter().map(|alert| alert.alert_id.as_str()).collect();
    assert!(alerts.len() >= 20, "{} revisions", alerts.len());
    assert!(ids.len() >= 3, "{} alerts", ids.len());
    assert!(alerts.iter().any(|alert| alert.revision >= 2));
}

/// Validates every alert against the schema in the repository.
pub(crate) fn assert_valid(alerts: &[Alert]) {
    let schema: serde_json::Value = serde_json::from_str(shoal_model::ALERT_SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for alert in alerts {
        let value = serde_json::to_value(alert).unwrap();
        if let Err(error) = validator.validate(&value) {
            panic!("{error} at {}", error.instance_path());
        }
    }
}
