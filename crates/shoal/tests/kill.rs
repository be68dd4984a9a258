//! `kill -9` at twenty random moments, and what a state directory refuses: the output is as if nothing had happened.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "figures for those who read along")]

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use common::made::{self, Numbers};
use common::{PostLine, Watched, alerts, command, ended, length, pipeline, real_data, shoal, slice, watch};
use shoal_stream::STATE_VERSION;

const KILLS: usize = 20;
const BROKEN: usize = 200;

/// A stream with broken records in it, and a run over it that is to be disturbed.
struct KilledRun {
    directory: tempfile::TempDir,
    /// The posts and, with an empty time, the broken records.
    lines: Vec<PostLine>,
    settings: Vec<&'static str>,
}

impl KilledRun {
    fn new(mut lines: Vec<PostLine>, settings: &[&'static str]) -> Self {
        let mut numbers = Numbers(7);
        for number in 0..BROKEN {
            let at = numbers.below(lines.len() as u64) as usize;
            let text = format!("{{\"id\":\"broken {number}\",\"text\":\"{}", "x".repeat(number)).into_bytes();
            lines.insert(at, PostLine { ts: String::new(), author: String::new(), text });
        }
        let directory = tempfile::tempdir().unwrap();
        common::write(&directory.path().join("posts.ndjson"), &lines);
        Self { directory, lines, settings: settings.to_vec() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn arguments<'a>(&'a self, name: &'a str, more: &[&'a str]) -> Vec<String> {
        let output = format!("{name}.ndjson");
        let file = pipeline("file.toml");
        let mut arguments = vec!["run", &file, "--input", "posts.ndjson", "--output", &output];
        for setting in &self.settings {
            arguments.extend(["--set", setting]);
        }
        arguments.extend(more);
        arguments.into_iter().map(str::to_owned).collect()
    }

    /// Runs to the end.
    fn run(&self, name: &str, more: &[&str]) -> common::Ran {
        let arguments = self.arguments(name, more);
        shoal(self.directory.path(), &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn outputs(&self, name: &str) -> [Vec<u8>; 2] {
        ["ndjson", "dead-letters.ndjson"].map(|extension| fs::read(self.path(&format!("{name}.{extension}"))).unwrap())
    }

    /// All files of the run and its state.
    fn files(&self) -> Files {
        let mut found = files(self.directory.path());
        found.append(&mut files(&self.path("state")));
        found
    }

    fn newest(&self, extension: &str) -> u64 {
        let numbers = fs::read_dir(self.path("state")).into_iter().flatten().filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_prefix("checkpoint-")?.strip_suffix(extension)?.parse().ok()
        });
        numbers.max().unwrap_or(0)
    }
}

/// The moment at which a process is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// The alerts have this many bytes.
    Alerts(u64),
    /// The dead letters have this many bytes.
    DeadLetters(u64),
    /// The next snapshot has begun: its manifest may be there, half there or not there.
    Snapshot,
}

impl Moment {
    /// Some kills hit a process that still takes up its state: alerts of before are there already. Most are to come
    /// later, when it has written something itself; never in the last fifth, where it may have ended.
    fn ahead_of(self, before: u64, total: u64) -> Self {
        match self {
            Self::Alerts(bytes) if before < total / 5 * 4 => Self::Alerts(bytes.max(before + 1)),
            other => other,
        }
    }
}

/// Twenty moments, each beyond the last as far as the stream goes, none so late that the process may have ended.
fn moments(place: &KilledRun) -> Vec<Moment> {
    let mut numbers = Numbers(42);
    let total = place.lines.len() as u64;
    let mut positions: Vec<u64> = (0..KILLS).map(|_| total / 20 + numbers.below(total * 3 / 4)).collect();
    positions.sort_unstable();
    let alerts = alerts(&place.path("undisturbed.ndjson"));
    let letters = fs::read_to_string(place.path("undisturbed.dead-letters.ndjson")).unwrap();
    let letters: Vec<&str> = letters.lines().collect();
    let moment = |position: u64| {
        let before = place.lines.iter().take(position as usize);
        let broken = before.clone().filter(|line| line.ts.is_empty()).count();
        let ts = before.map(|line| line.ts.as_str()).max().unwrap_or_default();
        match numbers.below(4) {
            0 if position < total * 3 / 5 => Moment::Snapshot,
            1 => Moment::DeadLetters(letters.iter().take(broken).map(|line| line.len() as u64 + 1).sum()),
            _ => {
                let raised = alerts.iter().take_while(|alert| alert.raised_at.to_string().as_str() <= ts);
                let bytes: usize = raised.map(|alert| serde_json::to_string(alert).unwrap().len() + 1).sum();
                // One more: somewhere in what comes next.
                Moment::Alerts(bytes as u64 + 1)
            }
        }
    };
    positions.into_iter().map(moment).collect()
}

/// The effect of a kill.
struct Kill {
    /// It hit a living process.
    hit: bool,
    /// The alerts that the process had written itself, in bytes.
    written: Option<u64>,
}

/// Starts the run, kills it at the moment.
fn kill_at(place: &KilledRun, moment: Moment, threads: usize) -> Kill {
    let setting = format!("run.threads={threads}");
    let arguments = place.arguments("alerts", &["--state", "state", "--set", &setting]);
    let (alerts, letters) = (place.path("alerts.ndjson"), place.path("alerts.dead-letters.ndjson"));
    let (before, snapshot) = (length(&alerts), place.newest(".state"));
    let moment = moment.ahead_of(before, length(&place.path("undisturbed.ndjson")));
    let mut command = command(place.directory.path(), &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
    let watched = watch(&mut child, || match moment {
        Moment::Alerts(bytes) => length(&alerts) >= bytes,
        Moment::DeadLetters(bytes) => length(&letters) >= bytes,
        Moment::Snapshot => place.newest(".state") > snapshot,
    });
    if watched == Watched::Reached {
        child.kill().unwrap();
    }
    let hit = child.wait().unwrap().signal() == Some(9);
    let after = length(&alerts);
    eprintln!("{moment:?}: hit {hit}, alerts {before} -> {after}, manifests up to {}", place.newest(".json"));
    Kill { hit, written: (hit && after != before).then_some(after) }
}

/// Kills it twenty times, lets it finish, and compares with a run that nobody disturbed.
fn killed_twenty_times(place: &KilledRun) {
    place.run("undisturbed", &[]).well();
    let expected = alerts(&place.path("undisturbed.ndjson"));
    made::assert_enough(&expected);
    let [bytes, letters] = place.outputs("undisturbed");
    let line_length = |index: usize| serde_json::to_string(&expected[index]).unwrap().len() as u64 + 1;
    let between = line_length(0)..=bytes.len() as u64 - line_length(expected.len() - 1);
    let kills: Vec<Kill> =
        moments(place).into_iter().enumerate().map(|(number, moment)| kill_at(place, moment, 1 + number % 2)).collect();
    assert_eq!(kills.len(), KILLS);
    let hits = kills.iter().filter(|kill| kill.hit).count();
    assert!(hits >= 15, "only {hits} kills hit a living process");
    let within = kills.iter().filter(|kill| kill.written.is_some_and(|at| between.contains(&at))).count();
    assert!(within >= 1, "no kill between the first alert and the last");
    eprintln!("{hits} of {KILLS} kills hit, {within} between the first alert and the last");
    let arguments = place.arguments("alerts", &["--state", "state"]);
    let last = ended(
        command(place.directory.path(), &arguments.iter().map(String::as_str).collect::<Vec<_>>())
            .env("RUST_LOG", "info"),
    );
    assert!(!last.well().stderr.contains("no checkpoint"), "the last run began afresh");
    let [found, found_letters] = place.outputs("alerts");
    assert!(found == bytes, "the alerts differ");
    assert!(found_letters == letters, "the dead letters differ");
    assert_eq!(letters.split(|byte| *byte == b'\n').count(), BROKEN + 1);
}

#[test]
fn killed_at_twenty_moments_of_a_made_up_stream() {
    killed_twenty_times(&made_up("checkpoint.every_posts=500"));
}

#[test]
fn killed_at_twenty_moments_of_real_posts() {
    let Some(files) = real_data("kill -9 on real posts", &["ira_dev.jsonl.zst"]) else { return };
    let lines = slice(&files[0], "2015-01", "2015-05");
    killed_twenty_times(&KilledRun::new(lines, &["checkpoint.every_posts=2000"]));
}

fn made_up(checkpoint: &'static str) -> KilledRun {
    let line = |post: made::Made| {
        let ts = shoal_model::Timestamp::from_seconds(post.seconds).to_string();
        PostLine { ts, author: post.author, text: post.line.into_bytes() }
    };
    let lines = made::stream(1).into_iter().map(line).collect();
    KilledRun::new(lines, &["detect.order.lateness=60s", "detect.judge.growth=1.05", checkpoint])
}

/// A run that has ended, with its state.
fn finished() -> KilledRun {
    let place = made_up("checkpoint.every_posts=2000");
    place.run("alerts", &["--state", "state"]).well();
    assert!(length(&place.path("alerts.ndjson")) > 0);
    place
}

/// Files with their bytes and times.
type Files = BTreeMap<PathBuf, (Vec<u8>, SystemTime)>;

fn files(directory: &Path) -> Files {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        // The lock is opened anew each time; what counts is what it guards.
        .filter(|path| path.is_file() && path.file_name().is_some_and(|name| name != "lock"))
        .map(|path| (path.clone(), (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap())))
        .collect()
}

#[track_caller]
fn assert_untouched(before: &Files, after: &Files) {
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(before), names(after));
    let touched = before.iter().filter(|(path, was)| after.get(*path) != Some(was)).map(|(path, _)| path.display());
    let touched: Vec<_> = touched.map(|path| path.to_string()).collect();
    assert!(touched.is_empty(), "touched: {touched:?}");
}

#[test]
fn a_finished_state_with_unchanged_input_touches_nothing() {
    let place = finished();
    let before = place.files();
    let again = place.run("alerts", &["--state", "state"]).well();
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
    assert_untouched(&before, &place.files());
    // How the machine is used is no part of the configuration.
    place.run("alerts", &["--state", "state", "--set", "run.threads=2"]).well();
    assert_untouched(&before, &place.files());
}

#[test]
fn another_configuration_is_refused_and_leaves_everything_alone() {
    let place = finished();
    let before = place.files();
    let other = place.run("alerts", &["--state", "state", "--set", "detect.judge.alpha=0.001"]);
    other.refused(1, &["`state`", "another configuration", "choose another --state directory"]);
    assert_untouched(&before, &place.files());
}

#[test]
fn a_state_of_another_version_is_refused() {
    let place = finished();
    let manifest = place.path("state").join(format!("checkpoint-{:010}.json", place.newest(".json")));
    let text = fs::read_to_string(&manifest).unwrap();
    let other = text.replacen(&format!("\"version\": {STATE_VERSION}"), "\"version\": 99", 1);
    assert_ne!(text, other);
    fs::write(&manifest, other).unwrap();
    let before = place.files();
    place
        .run("alerts", &["--state", "state"])
        .refused(1, &["`state`", "version 99", "finish with the program that made it"]);
    assert_untouched(&before, &place.files());
}

#[test]
fn alerts_that_were_cut_by_others_are_refused() {
    let place = finished();
    File::options().write(true).open(place.path("alerts.ndjson")).unwrap().set_len(10).unwrap();
    place
        .run("alerts", &["--state", "state"])
        .refused(1, &["`alerts.ndjson` has 10 bytes", "put it back", "remove the state to start afresh"]);
}

#[test]
fn an_input_that_grew_after_its_end_is_read_again() {
    let place = finished();
    let more = PostLine { text: b"{\"no post\":1}".to_vec(), ts: String::new(), author: String::new() };
    let mut input = File::options().append(true).open(place.path("posts.ndjson")).unwrap();
    writeln!(input, "{}", String::from_utf8_lossy(&more.text)).unwrap();
    let again = place.run("alerts", &["--state", "state"]).well();
    assert!(!again.stderr.contains("nothing to do"), "{}", again.stderr);
    place.run("undisturbed", &[]).well();
    assert!(place.outputs("alerts") == place.outputs("undisturbed"));
}

#[test]
fn another_output_is_refused_and_left_alone() {
    let place = finished();
    fs::write(place.path("other.ndjson"), "somebody else's\n".repeat(100_000)).unwrap();
    let before = place.files();
    place
        .run("other", &["--state", "state"])
        .refused(1, &["`state`", "other.ndjson", "choose another --state directory"]);
    assert_untouched(&before, &place.files());
}

/// A pipe cannot be read again: a state of it would lose posts or repeat them.
#[test]
fn state_of_standard_input_is_refused_before_anything_is_done() {
    let place = finished();
    let before = place.files();
    let file = pipeline("file.toml");
    let arguments = ["run", &file, "--input", "-", "--output", "piped.ndjson", "--state", "piped"];
    let mut piped = command(place.directory.path(), &arguments);
    ended(piped.stdin(File::open(place.path("posts.ndjson")).unwrap()))
        .refused(1, &["`-` is no file", "run without --state"]);
    assert_untouched(&before, &place.files());
    assert!(!place.path("piped").exists());
}
