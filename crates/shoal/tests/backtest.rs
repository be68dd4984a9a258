//! `shoal backtest` on the demo stream: what it writes, what its switches change, what it refuses.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{PostLine, Ran, lines, pipeline, planted, shoal};
use serde_json::Value;

/// In the middle of the demo stream.
const NOON: &str = "2026-03-04T12:00:00Z";

/// Runs a backtest of the default configuration into `out`.
fn call(directory: &Path, arguments: &[&str]) -> Ran {
    let (config, labels) = (pipeline("balanced.toml"), pipeline("demo.labels.tsv"));
    let first = ["backtest", "--config", &config, "--labels", &labels, "--out", "out"];
    shoal(directory, &[&first[..], arguments].concat())
}

/// Runs a backtest that ends well; gives its report.
fn report(directory: &Path, arguments: &[&str]) -> Value {
    call(directory, arguments).well();
    serde_json::from_slice(&fs::read(directory.join("out/report.json")).unwrap()).unwrap()
}

/// The lines of `flagged.tsv` after its header, by column.
fn flagged(directory: &Path) -> Vec<[String; 4]> {
    let table = fs::read_to_string(directory.join("out/flagged.tsv")).unwrap();
    let (header, rest) = table.split_once('\n').unwrap();
    assert_eq!(header, "source\taccount\tbits\talerts");
    let columns = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    rest.lines().map(columns).collect()
}

fn demo() -> Vec<PostLine> {
    lines(Path::new(&pipeline("demo.ndjson")))
}

/// The demo stream in two files: the planted accounts, and all others.
fn write_apart(directory: &Path) {
    let planted = planted();
    let (campaigns, others): (Vec<_>, Vec<_>) =
        demo().into_iter().partition(|line| planted.contains(&format!("demo:{}", line.author)));
    common::write(&directory.join("campaigns.ndjson"), &campaigns);
    common::write(&directory.join("others.ndjson"), &others);
}

#[test]
fn the_demo_is_measured() {
    let directory = tempfile::tempdir().unwrap();
    let report = report(directory.path(), &["--coordinated", &pipeline("demo.ndjson")]);
    let (run, source) = (&report["runs"][0], &report["runs"][0]["sources"][0]);
    assert_eq!((&run["posts"], &source["posts"]), (&7_960.into(), &7_960.into()));
    assert_eq!((&source["name"], &source["role"]), (&"demo".into(), &"coordinated".into()));
    assert_eq!(run["flagged_without_source"], 0);
    assert_eq!(source["labels"]["coordinated"]["accounts"], 23);
    assert_eq!(source["labels"]["ordinary"]["flagged"], 0);
    assert!(source["recall"].as_f64().unwrap() >= 20.0 / 23.0, "{source}");
    assert_eq!((&run["purity"], &run["groups"]), (&1.0.into(), &2.into()));
    assert_eq!(report["coordinated"]["flagged"], source["labels"]["coordinated"]["flagged"]);
    let flagged = flagged(directory.path());
    assert_eq!(flagged.len() as u64, run["flagged_accounts"].as_u64().unwrap());
    let planted = planted();
    for [source, account, bits, alerts] in &flagged {
        assert!(source == "demo" && planted.contains(&format!("demo:{account}")), "{account}");
        assert!(bits.parse::<f64>().unwrap() > 0.0 && alerts.split(',').all(|id| id.len() == 32), "{bits} {alerts}");
    }
    let page = fs::read_to_string(directory.path().join("out/report.md")).unwrap();
    assert!(page.starts_with("# Backtest\n") && page.contains("| demo "), "{page}");
}

/// The accounts that a run flags are the accounts in its alerts.
#[test]
fn what_is_flagged_is_what_run_names() {
    let directory = tempfile::tempdir().unwrap();
    report(directory.path(), &["--coordinated", &pipeline("demo.ndjson")]);
    shoal(directory.path(), &["run", &pipeline("demo.toml")]).well();
    let alerts = common::alerts(&directory.path().join("demo.alerts.ndjson"));
    let flagged: BTreeSet<String> =
        flagged(directory.path()).into_iter().map(|[_, account, ..]| format!("demo:{account}")).collect();
    assert!(flagged.iter().map(String::as_str).eq(common::accounts(&alerts)));
}

#[test]
fn together_is_one_run_and_apart_are_two() {
    let directory = tempfile::tempdir().unwrap();
    write_apart(directory.path());
    let files = ["--coordinated", "campaigns.ndjson", "--ordinary", "others.ndjson"];
    let together = report(directory.path(), &[&files[..], &["--together"]].concat());
    assert_eq!(together["runs"].as_array().unwrap().len(), 1);
    let run = &together["runs"][0];
    assert_eq!((&run["name"], &run["posts"]), (&"campaigns + others".into(), &7_960.into()));
    assert_eq!(run["flagged_without_source"], 0);
    assert_eq!((&run["sources"][0]["name"], &run["sources"][1]["name"]), (&"campaigns".into(), &"others".into()));
    assert_eq!((&run["sources"][0]["accounts"], &run["sources"][1]["flagged"]), (&23.into(), &0.into()));
    let of_campaigns = |[source, ..]: &[String; 4]| source == "campaigns";
    assert!(flagged(directory.path()).iter().all(of_campaigns));
    // Merged by time, two files say what one says.
    let whole = report(directory.path(), &["--coordinated", &pipeline("demo.ndjson")]);
    for key in ["posts", "revisions", "alerts", "flagged_accounts", "caps_hit", "time_to_alert"] {
        assert_eq!(run[key], whole["runs"][0][key], "{key}");
    }
    let apart = report(directory.path(), &files);
    let runs = apart["runs"].as_array().unwrap();
    assert_eq!(runs.iter().map(|run| &run["name"]).collect::<Vec<_>>(), ["campaigns", "others"]);
    assert_eq!(runs[1]["flagged_accounts"], 0, "nobody moves together when the campaigns are gone");
}

#[test]
fn from_is_read_and_to_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let input = pipeline("demo.ndjson");
    let count = |arguments: &[&str]| {
        let report = report(directory.path(), &[&["--coordinated", &input], arguments].concat());
        let counts = &report["runs"][0]["counts"];
        let read = report["runs"][0]["posts"].as_u64().unwrap();
        assert_eq!(read + counts["left_out"].as_u64().unwrap(), 7_960);
        read as usize
    };
    let posts = demo();
    let before = posts.iter().filter(|line| line.ts.as_str() < NOON).count();
    assert_eq!(count(&["--to", NOON]), before);
    assert_eq!(count(&["--from", NOON]), posts.len() - before);
    // A moment at which there is a post: it is on one side, once.
    let exact = posts[4_000].ts.as_str();
    let before = posts.iter().filter(|line| line.ts.as_str() < exact).count();
    assert_eq!(count(&["--to", exact]), before);
    assert_eq!(count(&["--from", exact]), posts.len() - before);
    // A date is its first moment, UTC.
    let day = posts.iter().filter(|line| line.ts.starts_with("2026-03-03")).count();
    assert_eq!(count(&["--from", "2026-03-03", "--to", "2026-03-04"]), day);
    assert_eq!(count(&["--from", "2026-03-03T01:00:00+01:00", "--to", "2026-03-04T00:00:00Z"]), day);
}

/// Seven posts every ten minutes of fifty accounts; four of them publish each text, 7 s apart, in turn.
fn small_stream(text: impl Fn(usize, usize) -> String) -> Vec<PostLine> {
    let mut posts = Vec::new();
    for round in 0..200 {
        let at = 1_700_000_000 + round as i64 * 600;
        for member in 0..4_usize {
            posts.push((at + member as i64 * 7, format!("c{}", (round + member) % 4), text(round, member)));
        }
        let ordinary = |member: usize| format!("n{}", (round * 7 + member * 3) % 46);
        posts.extend((0..3).map(|member| (at + 30, ordinary(member), format!("on my own {round} {member} again"))));
    }
    let line = |(number, (seconds, author, text)): (usize, (i64, String, String))| {
        let ts = shoal_model::Timestamp::from_seconds(seconds).to_string();
        let record = serde_json::json!({
            "id": format!("p{number:05}"), "platform": "made", "author": author, "ts": ts, "text": text,
            "lang": "en", "repost": false,
        });
        PostLine { ts, author, text: record.to_string().into_bytes() }
    };
    posts.into_iter().enumerate().map(line).collect()
}

/// Posts 7 s apart are within 5 s only once their seconds are cut off.
#[test]
fn minutes_cut_seconds_off() {
    let directory = tempfile::tempdir().unwrap();
    let words = |round: usize| format!("the number of this text is {round} and it is the same for all of us");
    common::write(&directory.path().join("posts.ndjson"), &small_stream(|round, _| words(round)));
    let rules = [
        "--set",
        "detect.judge.method=rules",
        "--set",
        r#"detect.judge.rules=[{layer="text", window="5s", pairs=2, objects=2}]"#,
        "--set",
        r#"detect.windows.text=["5s"]"#,
        "--set",
        "detect.text.near_duplicates=false",
    ];
    let arguments = [&rules[..], &["--coordinated", "posts.ndjson"]].concat();
    let exact = report(directory.path(), &arguments);
    let minutes = report(directory.path(), &[&arguments[..], &["--minutes"]].concat());
    let flagged = |report: &Value| report["runs"][0]["flagged_accounts"].as_u64().unwrap();
    assert_eq!(flagged(&exact), 0, "posts 7 s apart are not within 5 s");
    assert_eq!(flagged(&minutes), 4);
}

/// The same words after so many `RT @name:` are the same text only once those are cut off.
#[test]
fn strip_rt_cuts_the_names_off() {
    let directory = tempfile::tempdir().unwrap();
    let posts =
        small_stream(|round, member| format!("{}number {round} for all of us", "RT @somebody: ".repeat(member)));
    common::write(&directory.path().join("posts.ndjson"), &posts);
    let arguments = ["--set", "detect.text.near_duplicates=false", "--coordinated", "posts.ndjson"];
    let whole = report(directory.path(), &arguments);
    let stripped = report(directory.path(), &[&arguments[..], &["--strip-rt"]].concat());
    let flagged = |report: &Value| report["runs"][0]["flagged_accounts"].as_u64().unwrap();
    assert_eq!((flagged(&whole), flagged(&stripped)), (0, 4));
}

#[test]
fn what_cannot_be_measured_is_refused_in_clear_words() {
    let directory = tempfile::tempdir().unwrap();
    let (input, config) = (pipeline("demo.ndjson"), pipeline("balanced.toml"));
    let with = |more: &[&str]| call(directory.path(), &[&["--coordinated", &input], more].concat());
    let with_labels = |labels: &str| {
        let arguments = ["backtest", "--config", &config, "--labels", labels, "--out", "out", "--coordinated", &input];
        shoal(directory.path(), &arguments)
    };
    with_labels("none.tsv").refused(2, &["--labels none.tsv", "no such file", "check the path"]);
    fs::write(directory.path().join("wrong.tsv"), "name\tlabel\nx\tordinary\n").unwrap();
    let wrong = with_labels("wrong.tsv");
    assert!(wrong.code != Some(0) && wrong.stderr.contains("wrong.tsv: line 1: there is no column `author`"));
    with(&["--from", "2026-02-30"]).refused(2, &["--from", "2026-02-30", "write a date such as"]);
    with(&["--from", "2026-03-04", "--to", "2026-03-03"]).refused(2, &["is not after --from"]);
    with(&["--ordinary", &input]).refused(2, &["would both be named `demo`", "rename one of them"]);
    with(&["--benign", "none.ndjson"]).refused(2, &["--benign none.ndjson", "no such file"]);
    with(&["--set", "detect.judge.alpha=7"]).refused(2, &["alpha"]);
    assert!(!directory.path().join("out").exists(), "nothing is written before all is known to be right");
}
