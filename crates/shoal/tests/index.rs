//! The index that a run makes: every post once whatever happens, what people ask of it, and what is erased.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;

use common::{PostLine, Watched, alerts, command, lines, pipeline, real_data, shoal, slice, stop, watch};
use serde_json::Value;

/// A place with the demo stream indexed.
fn demo() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    shoal(directory.path(), &["run", &pipeline("demo.toml")]).well();
    directory
}

/// Standard output of a call that must end well.
fn said(directory: &Path, arguments: &[&str]) -> String {
    shoal(directory, arguments).well().stdout
}

/// The number of times that each (account, post) is in an index.
fn documents(directory: &Path, index: &str) -> BTreeMap<(String, String), usize> {
    let mut found = BTreeMap::new();
    for line in said(directory, &["search", "--index", index, "--all", "--json", "--sort", "oldest"]).lines() {
        let post: Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| post[name].as_str().unwrap().to_owned();
        *found.entry((field("author"), field("id"))).or_default() += 1;
    }
    found
}

/// The lines of real posts of several sets: an operation, and sets without one.
fn real_lines() -> Option<Vec<PostLine>> {
    let sets = [
        "ira_dev.jsonl.zst",
        "organic_gop_debate_2015.jsonl.zst",
        "organic_airline_2015.jsonl.zst",
        "organic_bluesky_2024.jsonl.zst",
        "organic_telegram_news_ru.jsonl.zst",
    ];
    let paths = real_data("indexing real posts", &sets)?;
    let (operation, others) = paths.split_first()?;
    let mut lines = slice(operation, "2015-07-01", "2015-07-20");
    for path in others {
        lines.extend(slice(path, "", "~"));
    }
    lines.sort_by(|a, b| a.ts.cmp(&b.ts));
    Some(lines)
}

/// Runs with state, is killed twice on the way, and goes on: the index has what that of an undisturbed run has.
fn killed_twice(posts: &[PostLine]) {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    // Some posts come again, and some records are broken.
    let again = posts.iter().step_by(97).chain(posts);
    let mut again: Vec<PostLine> = again.cloned().collect();
    again.sort_by(|a, b| a.ts.cmp(&b.ts));
    common::write(&directory.join("posts.ndjson"), &again);
    let mut file = fs::File::options().append(true).open(directory.join("posts.ndjson")).unwrap();
    file.write_all(b"{\"id\":\"broken\"\n").unwrap();
    let file = pipeline("file.toml");
    let run = ["run", &file, "--input", "posts.ndjson"];
    let undisturbed = [&run[..], &["--output", "a.ndjson", "--set", "index.path=undisturbed"]].concat();
    let whole = shoal(directory, &undisturbed).well();
    assert!(whole.stderr.contains("searchable in"), "{}", whole.stderr);
    let expected = documents(directory, "undisturbed");
    assert!(expected.values().all(|times| *times == 1), "a duplicate was indexed");
    assert_eq!(expected.len(), posts.len());

    let often = ["--set", "checkpoint.every_posts=2000", "--set", "index.commit=100ms", "--state", "state"];
    let disturbed = [&run[..], &["--output", "b.ndjson", "--set", "index.path=killed"], &often].concat();
    for checkpoint in [2, 6] {
        let mut child = command(directory, &disturbed).stderr(Stdio::null()).spawn().unwrap();
        let reached = || newest(&directory.join("state")) >= checkpoint;
        assert_eq!(watch(&mut child, reached), Watched::Reached);
        child.kill().unwrap();
        child.wait().unwrap();
        let found = documents(directory, "killed");
        assert!(!found.is_empty() && found.len() < expected.len(), "it was killed on the way");
    }
    shoal(directory, &disturbed).well();
    assert_eq!(documents(directory, "killed"), expected);
    assert_eq!(fs::read(directory.join("a.ndjson")).unwrap(), fs::read(directory.join("b.ndjson")).unwrap());
    // From the first post once more, without state: everything is there already.
    shoal(directory, &[&run[..], &["--output", "c.ndjson", "--set", "index.path=killed"]].concat()).well();
    assert_eq!(documents(directory, "killed"), expected);
}

/// The number of the newest checkpoint.
fn newest(state: &Path) -> u64 {
    let numbers = fs::read_dir(state).into_iter().flatten().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_prefix("checkpoint-")?.strip_suffix(".json")?.parse().ok()
    });
    numbers.max().unwrap_or(0)
}

#[test]
fn every_post_is_indexed_once_though_the_run_is_killed() {
    killed_twice(&lines(Path::new(&pipeline("demo.ndjson"))).repeat_apart(4));
}

#[test]
fn every_real_post_is_indexed_once_though_the_run_is_killed() {
    if let Some(posts) = real_lines() {
        killed_twice(&posts);
    }
}

/// The demo stream is short; the same with other ids is longer.
trait RepeatApart {
    fn repeat_apart(self, times: usize) -> Vec<PostLine>;
}

impl RepeatApart for Vec<PostLine> {
    fn repeat_apart(self, times: usize) -> Vec<PostLine> {
        let copy = |line: &PostLine, number: usize| {
            let text = String::from_utf8(line.text.clone()).unwrap();
            let text = text.replacen("\"id\":\"", &format!("\"id\":\"{number}-"), 1);
            PostLine { text: text.into_bytes(), ..line.clone() }
        };
        let mut lines: Vec<PostLine> =
            (0..times).flat_map(|number| self.iter().map(move |line| copy(line, number))).collect();
        lines.sort_by(|a, b| a.ts.cmp(&b.ts));
        lines
    }
}

#[test]
fn a_person_searches_the_demo() {
    let directory = demo();
    let search =
        |arguments: &[&str]| said(directory.path(), &[&["search", "--index", "demo.index"], arguments].concat());
    let page = search(&["\"harbour bridge\" lang:en", "--limit", "2", "--sort", "oldest"]);
    assert!(page.contains(" posts in "), "{page}");
    assert!(page.contains("more: --cursor "), "{page}");
    let first: Value =
        serde_json::from_str(&search(&["harbour bridge", "--json", "--limit", "1", "--sort", "oldest"])).unwrap();
    let next = first["next"].as_str().unwrap();
    let rest = search(&["harbour bridge", "--json", "--limit", "500", "--sort", "oldest", "--cursor", next]);
    let rest: Value = serde_json::from_str(&rest).unwrap();
    let count = 1 + rest["posts"].as_array().unwrap().len();
    assert_eq!(first["total"]["count"], count);
    assert_eq!(search(&["bridge", "--all", "--csv"]).lines().next().unwrap().split(',').next(), Some("id"));
    let counted = search(&["", "--histogram", "--top", "author,language"]);
    assert!(counted.contains("█") && counted.contains("author\n"), "{counted}");
    let post = first["posts"][0]["id"].as_str().unwrap();
    assert!(!search(&["--similar-to", post, "--similarity", "0.3"]).contains(post));
}

#[test]
fn an_alert_is_found_by_its_text_and_exported() {
    let directory = demo();
    let directory = directory.path();
    let raised = alerts(&directory.join("demo.alerts.ndjson"));
    let newest = raised.iter().rfind(|alert| alert.alert_id == raised[0].alert_id).unwrap();
    let export =
        |format: &str| said(directory, &["export", &newest.alert_id, "--index", "demo.index", "--format", format]);
    assert_eq!(serde_json::from_str::<shoal_model::Alert>(&export("json")).unwrap(), *newest);
    let revisions = raised.iter().filter(|alert| alert.alert_id == newest.alert_id).count();
    assert_eq!(export("ndjson").lines().count(), revisions);
    for format in ["gexf", "graphml"] {
        let network = export(format);
        assert!(newest.observed.accounts.iter().all(|account| network.contains(&account.id)), "{format}");
    }
    let text = newest.observed.objects.iter().find(|object| object.layer == shoal_model::Layer::Text).unwrap();
    let found = said(directory, &["search", "--index", "demo.index", "--cluster", &text.key, "--all", "--json"]);
    let found: Vec<Value> = found.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let evidence = newest.observed.posts.iter().filter(|post| post.object == text.key);
    for post in evidence {
        assert!(found.iter().any(|found| found["id"] == post.id.as_str()), "{}", post.id);
    }
    let by_alert =
        said(directory, &["search", "--index", "demo.index", "--alert", &newest.alert_id, "--json", "--limit", "500"]);
    let by_alert: Value = serde_json::from_str(&by_alert).unwrap();
    let ids: std::collections::BTreeSet<&str> = newest.observed.posts.iter().map(|post| post.id.as_str()).collect();
    assert_eq!(by_alert["total"]["count"], ids.len());
    shoal(directory, &["export", "none", "--index", "demo.index"]).refused(1, &["no alert none"]);
}

#[test]
fn what_is_erased_is_gone_and_stays_gone() {
    let directory = demo();
    let directory = directory.path();
    let raised = alerts(&directory.join("demo.alerts.ndjson"));
    let (id, account) = (&raised[0].alert_id, &raised[0].observed.accounts[0].id);
    let by = |account: &str| {
        let page = said(directory, &["search", "--index", "demo.index", "--author", account, "--json"]);
        serde_json::from_str::<Value>(&page).unwrap()["total"]["count"].as_u64().unwrap()
    };
    let posts = by(account);
    assert!(posts > 0);
    let told = said(directory, &["erase", "--account", account, "--index", "demo.index", "--reason", "asked for"]);
    assert!(told.contains(&format!("{posts} posts erased")), "{told}");
    assert_eq!(by(account), 0);
    let native = account.split_once(':').unwrap().1;
    let shown = said(directory, &["export", id, "--index", "demo.index", "--format", "ndjson"]);
    assert!(!shown.contains(native), "{native} is still in the alert");
    for file in files(&directory.join("demo.index")) {
        let bytes = fs::read(&file).unwrap();
        let found = bytes.windows(account.len()).any(|window| window == account.as_bytes());
        assert!(!found, "{account} is still in {}", file.display());
    }
    // The same posts once more bring nothing back.
    shoal(directory, &["run", &pipeline("demo.toml")]).well();
    assert_eq!(by(account), 0);
    assert!(!said(directory, &["export", id, "--index", "demo.index", "--format", "ndjson"]).contains(native));
}

fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn a_source_can_say_that_something_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let post = |id: &str, text: &str| {
        format!(
            r#"{{"id":"{id}","platform":"x","author":"a","ts":"2026-01-01T00:00:0{id}Z","text":"{text}","repost":false}}"#
        )
    };
    let gone = r#"{"id":"1","platform":"x","author":"a","ts":"2026-01-01T00:00:05Z","deleted":true}"#;
    let posts =
        [post("1", "first thing said"), post("2", "second thing said"), gone.to_owned(), post("7", "third thing said")];
    fs::write(directory.join("posts.ndjson"), posts.join("\n") + "\n").unwrap();
    let file = pipeline("file.toml");
    let ran = shoal(directory, &["run", &file, "--input", "posts.ndjson", "--set", "index.path=i"]).well();
    assert!(ran.stderr.contains("deletion"), "{}", ran.stderr);
    let found = said(directory, &["search", "thing", "--index", "i", "--all", "--json"]);
    assert_eq!(found.lines().count(), 2, "{found}");
    assert!(!found.contains("first"), "{found}");
}

#[test]
fn a_file_of_nothing_but_deletions_is_followed() {
    let directory = demo();
    let directory = directory.path();
    let first = said(directory, &["search", "", "--index", "demo.index", "--limit", "1", "--json", "--sort", "oldest"]);
    let first: Value = serde_json::from_str(&first).unwrap();
    let native = |name: &str| first["posts"][0][name].as_str().unwrap().split_once(':').unwrap().1.to_owned();
    let gone = serde_json::json!({"id": native("id"), "platform": "demo", "author": native("author"),
        "ts": "2026-04-01T00:00:00Z", "deleted": true});
    fs::write(directory.join("gone.ndjson"), format!("{gone}\n")).unwrap();
    let run = ["run", &pipeline("file.toml"), "--input", "gone.ndjson", "--set", "index.path=demo.index"];
    shoal(directory, &run).well();
    let id = first["posts"][0]["id"].as_str().unwrap();
    let found = said(directory, &["search", &format!("id:{id}"), "--index", "demo.index", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&found).unwrap()["total"]["count"], 0);
}

#[test]
fn the_index_is_served_and_one_process_writes() {
    let directory = demo();
    let mut child =
        command(directory.path(), &["serve", "--index", "demo.index"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let page = said.find_map(|line| line.strip_prefix("page at ").map(str::to_owned)).unwrap();
    let refused = shoal(directory.path(), &["erase", "--post", "x:1", "--index", "demo.index", "--reason", "r"]);
    refused.refused(1, &["written to by another process", page.trim_end_matches('/')]);
    // Reading needs nobody's leave.
    shoal(directory.path(), &["search", "bridge", "--index", "demo.index"]).well();
    stop(child);
}

#[test]
fn what_cannot_be_done_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    shoal(directory, &["search", "x", "--index", "none"]).refused(1, &["there is no index at none"]);
    shoal(directory, &["erase", "--post", "x:1", "--index", "none", "--reason", "r"]).refused(1, &["no index at none"]);
    assert!(!directory.join("none").exists(), "nothing is made by mistake");
    shoal(directory, &["run", &pipeline("demo.toml"), "--set", "index.path=a/b"])
        .refused(2, &["there is no directory `a`"]);
    shoal(directory, &["serve", &pipeline("file.toml")]).refused(2, &["index: there is none"]);
    let token = shoal(directory, &["token", "ana", "--role", "admin"]).well();
    assert!(token.stdout.contains("role = \"admin\"") && token.stderr.contains("shoal_"), "{}", token.stderr);
    assert!(!token.stdout.contains("shoal_"), "the pipeline knows the hash alone");
}
