//! Files of released versions are read by this one: states, alerts and indexes, as they lie in `released/`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use common::process::until;
use common::{command, shoal};
use serde_json::Value;
use tempfile::TempDir;

/// The alert that every release raises on these posts.
const ALERT: &str = "b829092fbdcd97160a25679bc9aeb76d";

fn released(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/released").join(version)
}

/// Copies what a release left, uncompressed.
fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            unpack(&path, &to.join(name));
        } else if let Some(name) = name.strip_suffix(".zst") {
            fs::write(to.join(name), zstd::decode_all(File::open(&path).unwrap()).unwrap()).unwrap();
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn unpacked(version: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    unpack(&released(version), directory.path());
    directory
}

fn alerts(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Fails unless `now` says all that `then` said; it may say more.
#[track_caller]
fn assert_says_the_same(then: &Value, now: &Value, place: &str) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            for (key, then) in then {
                // These say which program spoke, not what it saw.
                if !["schema_version", "provenance"].contains(&key.as_str()) {
                    assert_says_the_same(then, now.get(key).unwrap_or(&Value::Null), &format!("{place}.{key}"));
                }
            }
        }
        (Value::Array(then), Value::Array(now)) => {
            assert_eq!(then.len(), now.len(), "{place}");
            then.iter().zip(now).for_each(|(then, now)| assert_says_the_same(then, now, place));
        }
        (then, now) => assert_eq!(then, now, "{place}"),
    }
}

#[track_caller]
fn assert_all_say_the_same(then: &[Value], now: &[Value]) {
    assert_eq!(then.len(), now.len());
    then.iter().zip(now).for_each(|(then, now)| assert_says_the_same(then, now, "alert"));
}

/// Fails unless a run in this directory found every post that was not erased.
#[track_caller]
fn assert_indexed(directory: &Path, posts: usize) {
    let found = shoal(directory, &["search", "", "--index", "index", "--all", "--json"]).well().stdout;
    assert_eq!(found.lines().count(), posts);
}

#[test]
fn the_state_of_0_1_0_is_gone_on_from_with_the_alerts_that_it_would_have_raised() {
    let directory = unpacked("v0.1.0");
    let directory = directory.path();
    let whole = alerts(&directory.join("alerts-to-the-end.ndjson"));
    assert_all_say_the_same(&whole[..2], &alerts(&directory.join("alerts.ndjson")));
    // Three posts of the last second and the wrong clock wait in the state; one was erased.
    assert_indexed(directory, 222 - 3 - 1 - 1);

    shoal(directory, &["run", "pipeline.toml", "--state", "state"]).well();
    // A run from the first record would count its checkpoints from 1.
    assert!(directory.join("state/checkpoint-0000000003.json").exists());
    assert_all_say_the_same(&whole, &alerts(&directory.join("alerts.ndjson")));
    // All posts but the wrong clock, which is a dead letter, and the one that was erased.
    assert_indexed(directory, 248 - 1 - 1);
    let letters = fs::read_to_string(directory.join("alerts.dead-letters.ndjson")).unwrap();
    assert!(letters.lines().count() == 1 && letters.contains("\"future\""), "{letters}");

    let again = shoal(directory, &["run", "pipeline.toml", "--state", "state"]).well();
    assert!(again.stderr.contains("nothing to do") || again.stdout.contains("nothing to do"), "{}", again.stderr);
}

#[test]
fn the_posts_give_the_alerts_that_they_gave_0_1_0() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    for file in ["posts.ndjson", "pipeline.toml"] {
        fs::copy(released("v0.1.0").join(file), directory.join(file)).unwrap();
    }
    shoal(directory, &["run", "pipeline.toml"]).well();
    let then = unpacked("v0.1.0");
    let whole = alerts(&then.path().join("alerts-to-the-end.ndjson"));
    assert_all_say_the_same(&whole, &alerts(&directory.join("alerts.ndjson")));
}

#[test]
fn alerts_of_0_1_0_are_explained_exported_and_served() {
    let directory = unpacked("v0.1.0");
    let directory = directory.path();
    let explained = shoal(directory, &["explain", ALERT, "--alerts", "alerts-to-the-end.ndjson"]).well().stdout;
    assert!(explained.contains("made:c"), "{explained}");
    let network = shoal(directory, &["export", ALERT, "--index", "index", "--format", "graphml"]).well().stdout;
    assert!(network.contains("made:c0"), "{network}");

    let log = directory.join("serve.log");
    let mut server = command(directory, &["serve", "--index", "index", "--listen", "127.0.0.1:0"]);
    let _server = Killed(server.stderr(File::create(&log).unwrap()).spawn().unwrap());
    let address = || {
        let said = fs::read_to_string(&log).unwrap();
        said.split_once("page at http://")?.1.split_once('/').map(|(address, _)| address.to_owned())
    };
    until("the page's address", || address().is_some());
    let address = address().unwrap();
    let newest: Value = serde_json::from_str(&get(&address, &format!("/api/v1/alerts/{ALERT}"))).unwrap();
    assert!(newest.to_string().contains("\"revision\":2"), "{newest}");
    assert!(get(&address, &format!("/api/v1/alerts/{ALERT}/feedback")).contains("as planned"));
    assert!(get(&address, &format!("/alerts/{ALERT}")).contains("made:c0"));
}

/// A process that ends with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn the_index_of_0_1_0_is_searched_written_to_and_erased_in() {
    let directory = unpacked("v0.1.0");
    let directory = directory.path();
    let found = |question: &[&str]| {
        let arguments = [&["search", "--index", "index", "--all", "--json"], question].concat();
        shoal(directory, &arguments).well().stdout.lines().count()
    };
    let before = (found(&["tram"]), found(&["--author", "made:c0"]), found(&["--alert", ALERT]));
    assert!(before.0 > 3 && before.1 > 10 && before.2 > 10, "{before:?}");
    assert_eq!(found(&["--author", "made:f14"]), 0);

    shoal(directory, &["run", "pipeline.toml", "--state", "state"]).well();
    assert!(found(&["--author", "made:c0"]) > before.1);
    assert_eq!(found(&["--author", "made:f14"]), 0);

    let erase = ["erase", "--account", "made:c0", "--index", "index", "--reason", "asked for"];
    shoal(directory, &erase).well();
    assert_eq!(found(&["--author", "made:c0"]), 0);
    let audited = fs::read_to_string(directory.join("index/audit.ndjson")).unwrap();
    assert!(audited.lines().count() > 3, "{audited}");
    for part in fs::read_dir(directory.join("index/posts")).unwrap() {
        for file in fs::read_dir(part.unwrap().path()).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(7).any(|window| window == b"made:c0"));
        }
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{head}");
    body.to_owned()
}
