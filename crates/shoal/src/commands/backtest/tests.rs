//! A whole backtest small enough to score by hand.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use shoal_model::{Alert, AlertState, Timestamp};

use super::report::FlaggedAccount;
use super::testing::{alert, arithmetic, post};
use super::{FileRole, Labels, ScoredRun, SourceData, score, write};

fn source(name: &str, role: FileRole, labels: Option<Labels>, posts: &[(&str, u64)]) -> SourceData {
    let posts_by_account = posts.iter().map(|(account, posts)| ((*account).to_owned(), *posts)).collect();
    SourceData { name: name.to_owned(), role, labels, posts_by_account }
}

fn run(name: &str, sources: Vec<SourceData>, alerts: Vec<Alert>) -> ScoredRun {
    let posts = sources.iter().flat_map(|source| source.posts_by_account.values()).sum();
    let counts = BTreeMap::from([("duplicate".to_owned(), 3)]);
    ScoredRun { name: name.to_owned(), sources, alerts, posts, seconds: 2.0, peak_memory_bytes: None, counts }
}

fn labels() -> Labels {
    Labels::of(&[("i1", "coordinated"), ("i2", "coordinated"), ("i3", "coordinated"), ("m1", "ignored here")])
}

/// Two operation accounts in one group (i3 is never seen), one ordinary account with a mixed one in another group.
fn stream() -> ScoredRun {
    let mixed = Labels::of(&[("m1", "coordinated"), ("m2", "ordinary"), ("m3", "probable")]);
    let sources = vec![
        source("ira", FileRole::Coordinated, None, &[("i1", 12), ("i2", 3), ("i4", 1)]),
        source("debate", FileRole::Ordinary, None, &[("o1", 10), ("o2", 1), ("m2", 1)]),
        source("parliament", FileRole::Benign, None, &[("p1", 50)]),
        source("traders", FileRole::Mixed, Some(mixed), &[("m1", 40), ("m2", 2), ("m3", 1), ("m4", 1)]),
    ];
    let mut first = alert("a1", 1, &["x:i1", "x:i2"]);
    first.observed.accounts[0].arithmetic = Some(arithmetic(25.0));
    first.observed.accounts[1].arithmetic = Some(arithmetic(18.0));
    first.raised_at = Timestamp::from_seconds(65);
    first.observed.posts = (1..=3)
        .flat_map(|n| {
            let object = format!("o{n}");
            [post("p", "x:i1", n, &object), post("q", "x:i2", n * 10, &object)]
        })
        .collect();
    let mut second = alert("a2", 1, &["x:o1", "x:m2"]);
    second.strength.bits = Some(20.0);
    let mut later = first.clone();
    (later.revision, later.state) = (2, AlertState::Resolved);
    run("stream", sources, vec![first, second, later])
}

fn json_of(report: &super::report::BacktestReport) -> Value {
    serde_json::to_value(report).unwrap()
}

#[track_caller]
fn has(value: &Value, wanted: &Value) {
    for (key, wanted) in wanted.as_object().unwrap() {
        assert_eq!(&value[key], wanted, "{key} in {value:#}");
    }
}

#[test]
fn sources_are_counted_each_on_its_own() {
    let report = json_of(&score(&[stream()], &labels()).report);
    let sources = &report["runs"][0]["sources"];
    has(
        &sources[0],
        &json!({"name": "ira", "role": "coordinated", "posts": 16, "accounts": 3, "accounts_with_10_posts": 1,
            "flagged": 2, "flagged_with_10_posts": 1, "alerts": 1, "recall": 1.0, "recall_with_10_posts": 1.0}),
    );
    // i4 has no label: it is no miss of the recall, and it is shown.
    has(&sources[0]["labels"]["unlabelled"], &json!({"accounts": 1, "flagged": 0}));
    // m2 posts here too.
    has(
        &sources[1],
        &json!({"role": "ordinary", "accounts": 3, "accounts_with_10_posts": 1, "flagged": 2,
            "flagged_with_10_posts": 1, "alerts": 1, "recall": null, "labels": {}}),
    );
    has(&sources[2], &json!({"role": "benign", "accounts": 1, "flagged": 0, "alerts": 0, "share": 0.0}));
    has(&sources[3], &json!({"role": "mixed", "accounts": 4, "flagged": 1, "recall": null}));
    for (label, flagged) in [("coordinated", 0), ("ordinary", 1), ("probable", 0), ("unlabelled", 0)] {
        has(&sources[3]["labels"][label], &json!({"accounts": 1, "flagged": flagged}));
    }
}

#[test]
fn a_run_adds_up() {
    let report = json_of(&score(&[stream()], &labels()).report);
    let run = &report["runs"][0];
    has(
        run,
        &json!({"name": "stream", "posts": 122, "seconds": 2.0, "posts_per_second": 61.0, "peak_memory_bytes": null,
            "counts": {"duplicate": 3}, "revisions": 3, "revisions_not_sent": 0, "alerts": 2, "groups": 2,
            "flagged_accounts": 4, "flagged_without_source": 0}),
    );
    assert_eq!(run["alerts_per_10000_posts"], json!(2.0 / 122.0 * 10_000.0));
    // i1 and i2 stand in a group of the operation; o1 and m2 in one of the debate, where m2 posts too.
    has(run, &json!({"pure_accounts": 4, "purity": 1.0}));
    // The third object is shared at 30, the alert comes at 65.
    let time = json!({"measured": 1, "unmeasured": 1, "median_seconds": 35.0, "p90_seconds": 35.0});
    assert_eq!(run["time_to_alert"], time);
    has(&run["coordinated"], &json!({"accounts": 2, "flagged": 2}));
    // Three of the debate and the one labelled ordinary among the traders.
    has(
        &run["ordinary"],
        &json!({"accounts": 4, "flagged": 3, "accounts_with_10_posts": 1, "flagged_with_10_posts": 1}),
    );
}

#[test]
fn a_group_across_kinds_is_impure() {
    let mut stream = stream();
    stream.alerts.push(alert("a3", 1, &["x:m1", "x:m3", "x:stranger"]));
    let report = score(&[stream], &labels()).report;
    let run = &report.runs[0];
    // i1, i2, o1 and m2 as before; m1 and m3 share a source, but the stranger spoils it.
    assert_eq!((run.flagged_accounts, run.pure_accounts, run.flagged_without_source), (7, 4, 1));
    assert_eq!(run.pure_accounts_by_source, 4);
}

#[test]
fn a_group_across_labels_is_of_one_source() {
    let mut stream = stream();
    stream.alerts.push(alert("a3", 1, &["x:m1", "x:m3"]));
    let report = score(&[stream], &labels()).report;
    let run = &report.runs[0];
    assert_eq!((run.flagged_accounts, run.pure_accounts, run.pure_accounts_by_source), (6, 4, 6));
    assert_eq!((run.purity, run.purity_by_source), (Some(4.0 / 6.0), Some(1.0)));
}

#[test]
fn bits_rank_the_accounts_of_all_runs() {
    let alone = run("airline", vec![source("airline", FileRole::Ordinary, None, &[("o9", 1), ("o8", 1)])], Vec::new());
    let report = score(&[stream(), alone], &labels()).report;
    let auprc = report.auprc.unwrap();
    // By bits: i1 25; o1 and m2 20 (of the debate); i2 18; the rest 0. Precision 1 at the first, 2/4 at the second.
    assert_eq!((auprc.value, auprc.coordinated, auprc.ordinary), (0.75, 2, 5));
    assert_eq!((report.coordinated.accounts, report.ordinary.accounts), (2, 6));
}

#[test]
fn flagged_accounts_are_listed_for_every_source_they_posted_in() {
    let mut alone = stream();
    alone.sources.truncate(1);
    alone.alerts = vec![alert("a0", 1, &["x:i1"])];
    let flagged = score(&[stream(), alone], &labels()).flagged;
    let line =
        |line: &FlaggedAccount| format!("{} {} {} {}", line.source, line.account, line.bits, line.alerts.join(","));
    let lines: Vec<String> = flagged.iter().map(line).collect();
    assert_eq!(lines, ["debate m2 20 a2", "debate o1 20 a2", "ira i1 25 a0,a1", "ira i2 18 a1", "traders m2 20 a2"]);
}

#[test]
fn the_three_files_are_written_and_equal_for_equal_runs() {
    let scored = score(&[stream()], &labels());
    let dir = std::env::temp_dir().join(format!("shoal-backtest-{}", std::process::id()));
    let read = |name: &str| fs::read_to_string(dir.join("new").join(name)).unwrap();
    write(&dir.join("new"), &scored.report, &scored.flagged).unwrap();
    let files = ["report.json", "report.md", "flagged.tsv"].map(read);
    let again = score(&[stream()], &labels());
    write(&dir.join("new"), &again.report, &again.flagged).unwrap();
    assert_eq!(files, ["report.json", "report.md", "flagged.tsv"].map(read));
    fs::remove_dir_all(&dir).unwrap();

    let json: Value = serde_json::from_str(&files[0]).unwrap();
    has(&json["runs"][0]["sources"][1], &json!({"name": "debate", "accounts": 3, "flagged": 2}));
    for wanted in
        ["\n## Runs\n", "| stream | ira         | coordinated", "“probable”", "35 s", "\n## How to read this\n"]
    {
        assert!(files[1].contains(wanted), "{wanted} in {}", files[1]);
    }
    assert_eq!(files[2].lines().next(), Some("source\taccount\tbits\talerts"));
    assert_eq!(files[2].lines().count(), 6);
}

#[test]
fn nothing_read_makes_a_report_without_figures() {
    let mut empty = run("empty", vec![source("ira", FileRole::Coordinated, None, &[])], Vec::new());
    empty.seconds = 0.0;
    let report = json_of(&score(&[empty], &Labels::default()).report);
    assert_eq!(report["auprc"], Value::Null);
    has(&report["runs"][0], &json!({"posts_per_second": null, "alerts_per_10000_posts": null, "purity": null}));
    has(&report["runs"][0]["sources"][0], &json!({"accounts": 0, "share": null, "interval_95": null, "recall": null}));
}
