//! `shoal run` on the demo stream, and what comes after it: the alerts, their explanation, the dead letters; the same
//! posts in other clothes; and what cannot be read or written.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use common::{accounts, alerts, command, ended, ids, lines, made, pipeline, planted, shoal};
use shoal_model::{Alert, Provenance};

/// Runs the shipped demo in a directory of its own.
fn demo(directory: &Path) -> (common::Ran, Vec<Alert>) {
    let ran = shoal(directory, &["run", &pipeline("demo.toml")]).well();
    (ran, alerts(&directory.join("demo.alerts.ndjson")))
}

/// Runs the smallest pipeline over some inputs.
fn run(directory: &Path, inputs: &[&str]) -> Vec<Alert> {
    let file = pipeline("file.toml");
    shoal(directory, &[&["run", &file, "--output", "alerts.ndjson", "--input"], inputs].concat()).well();
    alerts(&directory.join("alerts.ndjson"))
}

/// Alerts without where they come from, in the order in which they were written.
fn bare(alerts: Vec<Alert>) -> Vec<String> {
    let bare = |alert| serde_json::to_string(&Alert { provenance: Provenance::default(), ..alert }).unwrap();
    alerts.into_iter().map(bare).collect()
}

#[test]
fn the_demo_finds_both_planted_campaigns_and_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let (ran, alerts) = demo(directory.path());
    assert_eq!(ran.stdout, "", "standard output is not for people");
    let (planted, found) = (planted(), accounts(&alerts));
    assert_eq!(planted.len(), 23);
    let innocent: Vec<_> = found.iter().filter(|account| !planted.contains(**account)).collect();
    assert!(innocent.is_empty(), "{innocent:?}");
    assert!(found.len() >= 20, "{} of {}", found.len(), planted.len());
    assert_eq!(ids(&alerts).len(), 2);
    assert_eq!(fs::read(directory.path().join("demo.alerts.dead-letters.ndjson")).unwrap(), b"");
    // Both campaigns are apart: no account is in both.
    let both: usize = ids(&alerts).iter().map(|id| accounts(&of(&alerts, id)).len()).sum();
    assert_eq!(both, found.len());
}

fn of(alerts: &[Alert], id: &str) -> Vec<Alert> {
    alerts.iter().filter(|alert| alert.alert_id == id).cloned().collect()
}

#[test]
fn revisions_count_up_and_say_what_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let (_, alerts) = demo(directory.path());
    for id in ids(&alerts) {
        let revisions: Vec<(u32, String)> =
            of(&alerts, id).iter().map(|alert| (alert.revision, format!("{:?}", alert.state))).collect();
        assert_eq!(revisions[0], (1, "Opened".to_owned()));
        assert!(revisions.iter().map(|(revision, _)| *revision).eq(1..=revisions.len() as u32), "{revisions:?}");
    }
    assert!(alerts.is_sorted_by_key(|alert| alert.raised_at));
    assert!(alerts.iter().all(|alert| alert.assessment.is_none() && !alert.shadow));
}

#[test]
fn the_closing_summary_says_what_became_of_everything() {
    let directory = tempfile::tempdir().unwrap();
    let (ran, alerts) = demo(directory.path());
    // How far the columns are apart is the display's own business.
    let said = ran.stderr.replace(&pipeline("demo.toml"), "demo.toml");
    let lines: Vec<_> = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    insta::assert_snapshot!(without_numbers(&lines.join("\n")));
    assert_eq!(lines[2..4], ["read 7,960", "processed 7,960"]);
    assert!(lines.iter().any(|line| line.starts_with(&format!("alerts {} (opened 2", alerts.len()))), "{lines:?}");
}

/// Every number as `N`, with its commas and its point.
fn without_numbers(text: &str) -> String {
    let mut redacted = String::new();
    let mut symbols = text.chars().peekable();
    while let Some(symbol) = symbols.next() {
        let inside = redacted.ends_with('N') && symbols.peek().is_some_and(char::is_ascii_digit);
        match symbol {
            ',' | '.' if inside => {}
            '0'..='9' if redacted.ends_with('N') => {}
            '0'..='9' => redacted.push('N'),
            other => redacted.push(other),
        }
    }
    redacted
}

#[test]
fn every_revision_is_explained_and_its_arithmetic_holds() {
    let directory = tempfile::tempdir().unwrap();
    let (_, alerts) = demo(directory.path());
    for alert in &alerts {
        let revision = alert.revision.to_string();
        let explain = ["explain", &alert.alert_id, "--alerts", "demo.alerts.ndjson", "--accounts", "1000"];
        let page = shoal(directory.path(), &[&explain[..], &["--revision", &revision]].concat()).well();
        assert_eq!(page.stderr, "");
        let page = page.stdout;
        assert!(!page.contains("WARNING"), "{page}");
        let said = numbers(&page, "log2 of which is ");
        let meant = alert.observed.accounts.iter().map(|account| account.arithmetic.as_ref().unwrap().bits);
        assert_agree(&said, &meant.collect::<Vec<_>>());
        assert_agree(&numbers(&page, ", that is "), &[alert.strength.threshold_bits.unwrap()]);
        assert!(alert.observed.accounts.iter().all(|account| page.contains(&account.id)));
        assert!(alert.observed.posts.iter().all(|post| page.contains(&post.id)), "{page}");
    }
}

/// The numbers that follow a phrase, wherever it stands.
fn numbers(page: &str, phrase: &str) -> Vec<f64> {
    page.split(phrase).skip(1).map(|rest| rest.split(' ').next().unwrap().parse().unwrap()).collect()
}

#[track_caller]
fn assert_agree(said: &[f64], meant: &[f64]) {
    assert_eq!(said.len(), meant.len());
    assert!(said.iter().zip(meant).all(|(said, meant)| (said - meant).abs() < 0.01), "{said:?}, {meant:?}");
}

#[test]
fn broken_lines_are_dead_letters_that_can_be_looked_at() {
    let directory = tempfile::tempdir().unwrap();
    let posts = lines(Path::new(&pipeline("demo.ndjson")));
    let mut bytes = Vec::new();
    for (number, post) in posts.iter().enumerate() {
        match number {
            100 => bytes.extend_from_slice(b"{\"id\":\"cut\n"),
            4_000 => bytes.extend_from_slice(b"{\"id\":\"\xff\"}\n"),
            _ => {}
        }
        bytes.extend_from_slice(&post.text);
        bytes.push(b'\n');
    }
    fs::write(directory.path().join("posts.ndjson"), bytes).unwrap();
    let found = run(directory.path(), &["posts.ndjson"]);
    assert_eq!(bare(found), bare(demo(directory.path()).1));
    let list = shoal(directory.path(), &["dead-letters", "list", "alerts.dead-letters.ndjson"]).well().stdout;
    let rows: Vec<&str> = list.lines().collect();
    assert_eq!(rows.len(), 3, "{list}");
    assert!(rows[1].contains("posts.ndjson") && rows[1].contains("truncated"), "{list}");
    assert!(rows[2].contains("posts.ndjson") && rows[2].contains("invalid_utf8"), "{list}");
    let show = |more: &[&str]| {
        let arguments = [&["dead-letters", "show", "alerts.dead-letters.ndjson", "2"], more].concat();
        command(directory.path(), &arguments).output().unwrap().stdout
    };
    let page = String::from_utf8(show(&[])).unwrap();
    assert!(page.contains("record  4001 (from 0)") && page.contains("{\"id\":\"\\xff\"}"), "{page}");
    assert_eq!(show(&["--raw"]), b"{\"id\":\"\xff\"}");
}

#[test]
fn compressed_and_piped_posts_give_the_same_alerts() {
    let directory = tempfile::tempdir().unwrap();
    let plain = fs::read(pipeline("demo.ndjson")).unwrap();
    let file = |name: &str| File::create(directory.path().join(name)).unwrap();
    let mut gz = flate2::write::GzEncoder::new(file("posts.gz"), flate2::Compression::fast());
    gz.write_all(&plain).unwrap();
    gz.finish().unwrap();
    let mut bz2 = bzip2::write::BzEncoder::new(file("posts.bz2"), bzip2::Compression::fast());
    bz2.write_all(&plain).unwrap();
    bz2.finish().unwrap();
    zstd::stream::copy_encode(&plain[..], file("posts.zst"), 1).unwrap();
    // What counts is what is in a file, not what it is called.
    fs::copy(directory.path().join("posts.gz"), directory.path().join("posts.txt")).unwrap();
    let expected = bare(demo(directory.path()).1);
    for name in ["posts.gz", "posts.bz2", "posts.zst", "posts.txt"] {
        assert!(bare(run(directory.path(), &[name])) == expected, "{name}");
    }
    for name in [pipeline("demo.ndjson"), directory.path().join("posts.zst").to_str().unwrap().to_owned()] {
        let file = pipeline("file.toml");
        let mut piped = command(directory.path(), &["run", &file, "--input", "-", "--output", "piped.ndjson"]);
        ended(piped.stdin(File::open(&name).unwrap())).well();
        assert!(bare(alerts(&directory.path().join("piped.ndjson"))) == expected, "{name} through a pipe");
    }
}

#[test]
fn several_inputs_are_merged_by_time() {
    let directory = tempfile::tempdir().unwrap();
    let posts = lines(Path::new(&pipeline("demo.ndjson")));
    let part = |line: &common::PostLine| line.author.len() % 3;
    for number in 0..3 {
        let own = posts.iter().filter(|line| part(line) == number);
        common::write(&directory.path().join(format!("{number}.ndjson")), own);
    }
    let found = run(directory.path(), &["2.ndjson", "0.ndjson", "1.ndjson"]);
    assert_eq!(found[0].provenance.inputs, ["2.ndjson", "0.ndjson", "1.ndjson"]);
    assert!(bare(found) == bare(demo(directory.path()).1));
}

#[test]
fn the_same_posts_twice_are_duplicates_and_change_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let demo_file = pipeline("demo.ndjson");
    fs::copy(&demo_file, directory.path().join("copy.ndjson")).unwrap();
    let found = run(directory.path(), &[&demo_file, "copy.ndjson"]);
    assert!(bare(found) == bare(demo(directory.path()).1));
}

#[test]
fn a_full_disk_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let (file, input) = (pipeline("file.toml"), pipeline("demo.ndjson"));
    let full = shoal(directory.path(), &["run", &file, "--input", &input, "--output", "/dev/full"]);
    full.refused(1, &["cannot write `/dev/full`", "free space"]);
}

#[test]
fn inputs_that_cannot_be_read_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let (file, demo) = (pipeline("file.toml"), fs::read(pipeline("demo.ndjson")).unwrap());
    let run = |input: &str| shoal(directory.path(), &["run", &file, "--input", input, "--output", "alerts.ndjson"]);
    run("none.ndjson").refused(2, &["--input none.ndjson", "there is no file", "check the path"]);
    run(".").refused(2, &["--input .", "is a directory", "name the files in it"]);
    assert!(!directory.path().join("alerts.ndjson").exists(), "nothing is done before all is known to be there");
    let packed = zstd::encode_all(&demo[..], 1).unwrap();
    fs::write(directory.path().join("half.zst"), &packed[..packed.len() / 2]).unwrap();
    run("half.zst").refused(1, &["half.zst", "half-written"]);
    fs::write(directory.path().join("noise.bin"), [0x89, 0x50, 0x4e, 0x47].repeat(1000)).unwrap();
    run("noise.bin").refused(1, &["noise.bin", "format"]);
}

#[test]
fn pipelines_that_cannot_be_read_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let (input, write) = (pipeline("demo.ndjson"), |name: &str, bytes: &[u8]| {
        fs::write(directory.path().join(name), bytes).unwrap();
    });
    write("cut.toml", b"[detect\n");
    write("latin.toml", b"name = \"\xe4\"\n");
    write("wrong.toml", b"[detect.judge]\nalpha = 2\n");
    let run = |name: &str| shoal(directory.path(), &["run", name, "--input", &input, "--output", "alerts.ndjson"]);
    run("none.toml").refused(2, &["none.toml: cannot read the pipeline", "help: "]);
    run(".").refused(2, &["cannot read the pipeline", "help: "]);
    run("cut.toml").refused(2, &["cut.toml:1:", "help: "]);
    run("latin.toml").refused(2, &["latin.toml", "UTF-8"]);
    run("wrong.toml").refused(2, &["wrong.toml:2:", "alpha"]);
    assert!(!directory.path().join("alerts.ndjson").exists(), "nothing is done");
}

#[test]
fn a_run_without_state_replaces_what_was_there_and_repeats_itself() {
    let directory = tempfile::tempdir().unwrap();
    let input = pipeline("demo.ndjson");
    fs::write(directory.path().join("alerts.ndjson"), "left over\n".repeat(100_000)).unwrap();
    let first = run(directory.path(), &[&input]);
    let bytes = fs::read(directory.path().join("alerts.ndjson")).unwrap();
    assert!(made::identities(&first).len() == first.len());
    run(directory.path(), &[&input]);
    assert!(fs::read(directory.path().join("alerts.ndjson")).unwrap() == bytes);
    let names: BTreeSet<String> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().eq(["alerts.dead-letters.ndjson", "alerts.ndjson"]), "{names:?}");
}
