//! Posts, alerts and indexes for tests.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use shoal_detect::{Analyst, Config, ObjectMerge, TextObject};
use shoal_model::{Action, Alert, Author, ObjectKey, Post, Span, TextKey, Timestamp};
use tempfile::TempDir;

use crate::{Batch, Index, PostDocument, Settings};

/// A post of `platform:ID` by `platform:AUTHOR`, at this many seconds after the epoch.
pub(crate) fn post(id: &str, author: &str, seconds: i64, text: &str) -> Post {
    Post {
        id: format!("test:{id}"),
        author: Author { id: format!("test:{author}"), handle: Some(author.to_uppercase()), ..Author::default() },
        observed_at: Timestamp::from_seconds(seconds),
        created_at: None,
        text: text.to_owned(),
        lang: Some("en".to_owned()),
        action: Action::default(),
        urls: Vec::new(),
        url: None,
        client: None,
        media: Vec::new(),
    }
}

/// Posts as they are handed over: from the source `test`, at offsets from `first` on, each at its own time.
pub(crate) fn documents(first: u64, posts: impl IntoIterator<Item = Post>) -> Vec<PostDocument> {
    let mut analyst = Analyst::new(&Config::default());
    let source: Arc<str> = "test".into();
    let mut at = Timestamp::MIN;
    let document = |(offset, post): (u64, Post)| {
        at = at.max(post.observed_at);
        PostDocument::new(Arc::clone(&source), offset, at, analyst.analyse(post))
    };
    (first..).zip(posts).map(document).collect()
}

/// A text of an object, at this many seconds after the epoch.
pub(crate) fn text(text: u64, object: u64, seconds: i64) -> TextObject {
    let at = Timestamp::from_seconds(seconds);
    TextObject { text: TextKey::from_raw(text), object: ObjectKey::from_raw(object), at }
}

/// A merged object, at this many seconds after the epoch.
pub(crate) fn merge(old: u64, new: u64, seconds: i64) -> ObjectMerge {
    let [old, new] = [old, new].map(ObjectKey::from_raw);
    ObjectMerge { old, new, at: Timestamp::from_seconds(seconds) }
}

/// A directory of a test: in memory where the system has such a place, for indexes wait for the disk very often.
pub(crate) fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

/// Settings of a test's index: nothing happens by itself.
pub(crate) fn settings(directory: &Path) -> Settings {
    let never = Span::from_seconds(1_000_000);
    let day = Span::from_seconds(86_400);
    Settings { bucket: day, commit: never, memory_bytes: 15_000_000, purge: never, ..Settings::of(directory) }
}

/// An index of a batch, in buckets of a day, open to be read as long as the directory lives.
pub(crate) fn index(batch: Batch) -> (TempDir, Index) {
    let directory = directory();
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    writer.add(batch).unwrap();
    writer.close().unwrap();
    (directory, index)
}

/// A post of an alert's evidence: id, account, seconds after the epoch, object. Names are without their platform.
pub(crate) type Acted<'a> = (&'a str, &'a str, i64, u64);

/// A revision of an alert about these accounts and their posts.
pub(crate) fn alert(id: u8, revision: u32, accounts: &[&str], posts: &[Acted<'_>]) -> Alert {
    let last = posts.iter().map(|post| post.2).max().unwrap_or_default();
    let observed = observed(accounts, posts);
    let alert = json!({
        "schema_version": 2,
        "alert_id": format!("{id:032x}"),
        "revision": revision,
        "state": if revision == 1 { "opened" } else { "updated" },
        "kind": "coordination",
        "shadow": false,
        "raised_at": time(last + i64::from(revision)),
        "summary": format!("{} accounts shared {} texts.", accounts.len(), observed["objects"].as_array().unwrap().len()),
        "lineage": [{"event": "born", "at": observed["window"]["start"], "other": null}],
        "observed": observed,
        "strength": {
            "bits": 20.5,
            "fdr_level": 0.05,
            "threshold_bits": 12.0,
            "accounts_seen": 1000,
            "significant": accounts.len(),
            "method": "circle",
            "null_model": "activity",
        },
        "benign_checks": [],
        "disarm": [],
        "assessment": null,
        "caps_hit": [],
        "provenance": {"configuration": "test", "version": "0", "inputs": []},
    });
    serde_json::from_value(alert).unwrap()
}

/// The profile that an account's last post showed.
fn profile(account: &str, posts: &[Acted<'_>]) -> Value {
    let last = posts.iter().rfind(|post| post.1 == account);
    let shown = last.map(|(id, _, at, _)| {
        json!({"handle": account.to_uppercase(), "display_name": format!("Name of {account}"), "seen_at": time(*at),
               "post": name(id)})
    });
    shown.unwrap_or(Value::Null)
}

fn observed(accounts: &[&str], posts: &[Acted<'_>]) -> Value {
    let objects: BTreeSet<u64> = posts.iter().map(|post| post.3).collect();
    let [first, last] = [posts.iter().map(|post| post.2).min(), posts.iter().map(|post| post.2).max()];
    let group = accounts.iter().map(|account| {
        let strongest = posts.iter().filter(|post| post.1 == *account).map(|post| meeting(*post));
        let arithmetic = json!({
            "bits": 20.5,
            "exposures": 9,
            "variants": [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]],
            "strongest": strongest.collect::<Vec<_>>(),
        });
        json!({"id": name(account), "partners": 1, "objects": objects.len(), "arithmetic": arithmetic, "profile": profile(account, posts)})
    });
    let shared = objects.iter().map(|object| {
        let on_it = posts.iter().filter(|post| post.3 == *object).count();
        let label = format!("label of {object}");
        let n = accounts.len();
        json!({"key": key(*object), "layer": "text", "label": label, "lang": "en", "accounts": n, "posts": on_it})
    });
    let evidence = posts.iter().map(|(id, account, at, object)| {
        let (id, account, at) = (name(id), name(account), time(*at));
        json!({"id": id, "account": account, "at": at, "object": key(*object), "similarity": 1.0, "url": null})
    });
    let ties = accounts.windows(2).map(|pair| {
        let pair = [name(pair[0]), name(pair[1])];
        json!({"accounts": pair, "objects": objects.len(), "pairs": 4, "median_seconds": 30.0})
    });
    json!({
        "window": {"start": time(first.unwrap_or_default()), "end": time(last.unwrap_or_default())},
        "layers": [{"layer": "text", "objects": objects.len()}],
        "accounts": group.collect::<Vec<_>>(),
        "context": [],
        "objects": shared.collect::<Vec<_>>(),
        "ties": {"count": 1, "strongest": ties.collect::<Vec<_>>()},
        "posts": evidence.collect::<Vec<_>>(),
        "timeline": [{"start": time(first.unwrap_or_default()), "posts": posts.len()}],
    })
}

fn meeting((id, _, at, object): Acted<'_>) -> Value {
    json!({
        "post": name(id),
        "at": time(at),
        "layer": "text",
        "object": key(object),
        "label": format!("label of {object}"),
        "company": 3,
        "known": 2,
        "bits": 4.25,
    })
}

fn name(id: &str) -> String {
    format!("test:{id}")
}

fn key(key: u64) -> String {
    format!("{key:016x}")
}

fn time(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).to_string()
}
