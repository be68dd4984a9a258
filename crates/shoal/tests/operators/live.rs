//! Processes at work, watched.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use shoal_broker::Cluster;

use crate::common::case::KafkaCase;
use crate::common::process::{Process, until};
use crate::common::records::Outgoing;
use crate::common::{PostLine, lines, pipeline};
use crate::dashboard::{dashboard, questions};
use crate::files::{metrics_in, program, root, text};
use crate::prometheus::{Prometheus, get};

/// The files that name metrics.
const FILES: [&str; 5] = [
    "deploy/prometheus/shoal.rules.yml",
    "deploy/prometheus/shoal.rules.test.yml",
    "deploy/grafana/shoal.json",
    "docs/operations.md",
    "docs/kafka.md",
];

/// Metrics that are told once something was counted, which these processes do not: no format of today ignores records.
const ONLY_ONCE_COUNTED: [&str; 1] = ["shoal_ignored_total"];

fn posts() -> Vec<PostLine> {
    lines(Path::new(&pipeline("demo.ndjson")))
}

/// The demo, followed, with an index, a page and a state; one of its records is no post, and one comes late.
fn demo(folder: &Path) -> Process {
    let mut posts = posts();
    let late = posts.remove(posts.len() / 3);
    posts.push(late);
    posts.insert(7, PostLine { text: b"{\"id\":".to_vec(), ..posts[7].clone() });
    crate::common::write(&folder.join("posts.ndjson"), &posts);
    let file = pipeline("demo.toml");
    let run = ["run", &file, "--input", "posts.ndjson", "--output", "alerts.ndjson", "--follow", "--state", "state"];
    let more = ["--set", "checkpoint.every_posts=500", "--set", "index.path=index"];
    Process::start(folder, "demo", &[&run[..], &more].concat())
}

/// The same posts in topics, with a topic between all stages, to one of which a stranger writes.
fn staged(case: &KafkaCase) -> Process {
    case.fill(&posts());
    let garbage = Outgoing { partition: 0, payload: Some(b"garbage"), headers: &[] };
    case.writer.send(&case.topic("pair"), garbage);
    case.writer.flush();
    case.start("staged", &["--follow", "--instance", "a", "--state", "a"])
}

fn address(process: &Process) -> String {
    let said = process.said();
    let (_, rest) = said.split_once("metrics at http://").unwrap();
    rest.split_once("/metrics").unwrap().0.to_owned()
}

/// The names of metrics that are told.
fn told(metrics: &str) -> impl Iterator<Item = &str> {
    metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
}

/// Checks the metrics of a process with promtool.
fn assert_clean(metrics: &str) {
    let Some(promtool) = program("promtool") else { return };
    let mut command = Command::new(promtool);
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn everything_that_is_watched_is_there() {
    let Some(program) = program("prometheus") else { return };
    let Some(cluster) = Cluster::plain_or_skip() else { return };
    let folder = tempfile::tempdir().unwrap();
    let demo = demo(folder.path());
    let case = KafkaCase::new(cluster.bootstrap(), "operators", "staged = true\nahead = 512", "");
    let staged = staged(&case);
    // Silence is the last thing to come.
    demo.tells("silence", |metrics| metrics.count("shoal_source_idle_total", &[]) > 0);
    staged.tells("an alert", |metrics| metrics.count("shoal_alerts_total", &[]) > 0);
    staged.tells("silence", |metrics| metrics.count("shoal_source_idle_total", &[]) > 0);
    let addresses = [address(&demo), address(&staged)];
    until("an answer to a search", || get(&addresses[0], "/api/v1/search?q=bridge").is_some());

    let metrics = addresses.clone().map(|address| get(&address, "/metrics").unwrap());
    let told: BTreeSet<&str> = metrics.iter().flat_map(|metrics| told(metrics)).collect();
    for file in FILES {
        for name in metrics_in(&text(file)).iter().filter(|name| !name.contains(':')) {
            let family = ["_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end));
            assert!(
                told.contains(&**name)
                    || ONLY_ONCE_COUNTED.contains(&name.as_str())
                    || family.is_some_and(|family| told.contains(family)),
                "{file} names {name}, which no process tells: {told:?}"
            );
        }
    }
    for metrics in &metrics {
        assert_clean(metrics);
    }

    let rules = root().join("deploy/prometheus/shoal.rules.yml");
    fs::create_dir(folder.path().join("prometheus")).unwrap();
    let targets = addresses.each_ref().map(String::as_str);
    let prometheus = Prometheus::start(&program, &folder.path().join("prometheus"), &rules, &targets);
    assert_answers(&prometheus);
    until("all rules to be looked at", || prometheus.rules().iter().all(|rule| rule["health"] != "unknown"));
    for rule in prometheus.rules() {
        assert_eq!((&rule["health"], rule.get("lastError")), (&"ok".into(), None), "{rule}");
    }
}

/// Waits until every question of the dashboard has an answer.
fn assert_answers(prometheus: &Prometheus) {
    let dashboard = dashboard();
    let questions = questions(&dashboard);
    assert!(questions.len() > 50);
    for (title, question) in questions {
        let asked = question.replace("$__rate_interval", "1m").replace("$__range", "1h");
        let asked = asked.replace("$job", ".*").replace("$instance", ".*");
        until(&format!("an answer for {title}: {asked}"), || !prometheus.ask(&asked).is_empty());
    }
}
