//! What tests need: posts, alerts, an index of them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use shoal_detect::{Analyst, Config};
use shoal_model::{Action, Alert, Author, Post, Span, Timestamp};
use tempfile::TempDir;

use crate::{Batch, Index, PostDocument, Settings};

/// A post of `platform:ID` by `platform:AUTHOR`, so many seconds after the epoch.
pub(crate) fn post(id: &str, author: &str, seconds: i64, text: &str) -> Post {
    Post {
        id: format!("test:{id}"),
        author: Author { id: format!("test:{author}"), handle: Some(author.to_uppercase()), created_at: None },
        observed_at: Timestamp::from_seconds(seconds),
        created_at: None,
        text: text.to_owned(),
        lang: Some("en".to_owned()),
        action: Action::default(),
        urls: Vec::new(),
        url: None,
    }
}

/// Posts as they are handed over: from the source `test`, at offsets from `first` on, each at its own time.
pub(crate) fn documents(first: u64, posts: impl IntoIterator<Item = Post>) -> Vec<PostDocument> {
    let mut analyst = Analyst::new(&Config::default());
    let source: Arc<str> = "test".into();
    let mut at = Timestamp::MIN;
    let document = |(offset, post): (u64, Post)| {
        at = at.max(post.observed_at);
        PostDocument::new(Arc::clone(&source), offset, at, &analyst.analyse(post))
    };
    (first..).zip(posts).map(document).collect()
}

/// How a test's index is kept: nothing happens by itself.
pub(crate) fn settings(directory: &Path) -> Settings {
    let never = Duration::from_secs(1_000_000);
    Settings {
        directory: directory.to_owned(),
        bucket: Span::from_seconds(86_400),
        keep: None,
        commit: never,
        memory: 15_000_000,
        threads: 1,
        purge: never,
    }
}

/// An index of what was handed over, in buckets of a day, as long as the directory lives. Nobody writes to it.
pub(crate) fn index(batch: Batch) -> (TempDir, Index) {
    let directory = TempDir::new().unwrap();
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    writer.add(batch).unwrap();
    writer.close().unwrap();
    (directory, index)
}

/// A revision of an alert about these accounts and posts of theirs: `(id, account, seconds, object)`, all without
/// their platform.
pub(crate) fn alert(id: u8, revision: u32, accounts: &[&str], posts: &[(&str, &str, i64, u64)]) -> Alert {
    let seconds = |seconds: i64| Timestamp::from_seconds(seconds).to_string();
    let name = |id: &str| format!("test:{id}");
    let key = |key: u64| format!("{key:016x}");
    let first = posts.iter().map(|post| post.2).min().unwrap_or_default();
    let last = posts.iter().map(|post| post.2).max().unwrap_or_default();
    let mut objects: Vec<u64> = posts.iter().map(|post| post.3).collect();
    objects.sort_unstable();
    objects.dedup();
    let json = serde_json::json!({
        "schema_version": 1,
        "alert_id": format!("{id:032x}"),
        "revision": revision,
        "state": if revision == 1 { "opened" } else { "updated" },
        "kind": "coordination",
        "shadow": false,
        "raised_at": seconds(last + i64::from(revision)),
        "summary": format!("{} accounts shared {} texts.", accounts.len(), objects.len()),
        "observed": {
            "window": {"start": seconds(first), "end": seconds(last)},
            "layers": [{"layer": "text", "objects": objects.len()}],
            "accounts": accounts.iter().map(|account| serde_json::json!({
                "id": name(account),
                "partners": accounts.len() - 1,
                "objects": objects.len(),
                "arithmetic": {
                    "bits": 20.5,
                    "exposures": 9,
                    "variants": [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]],
                    "strongest": posts.iter().filter(|post| post.1 == *account).map(|post| serde_json::json!({
                        "post": name(post.0),
                        "at": seconds(post.2),
                        "layer": "text",
                        "object": key(post.3),
                        "label": format!("label of {}", post.3),
                        "company": 3,
                        "known": 2,
                        "bits": 4.25,
                    })).collect::<Vec<_>>(),
                },
            })).collect::<Vec<_>>(),
            "context": [],
            "objects": objects.iter().map(|object| serde_json::json!({
                "key": key(*object),
                "layer": "text",
                "label": format!("label of {object}"),
                "lang": "en",
                "accounts": accounts.len(),
                "posts": posts.iter().filter(|post| post.3 == *object).count(),
            })).collect::<Vec<_>>(),
            "ties": {
                "count": 1,
                "strongest": accounts.windows(2).map(|pair| serde_json::json!({
                    "accounts": [name(pair[0]), name(pair[1])],
                    "objects": objects.len(),
                    "pairs": 4,
                    "median_seconds": 30.0,
                })).collect::<Vec<_>>(),
            },
            "posts": posts.iter().map(|post| serde_json::json!({
                "id": name(post.0),
                "account": name(post.1),
                "at": seconds(post.2),
                "object": key(post.3),
                "similarity": 1.0,
                "url": null,
            })).collect::<Vec<_>>(),
            "timeline": [{"start": seconds(first), "posts": posts.len()}],
        },
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
        "lineage": [{"event": "born", "at": seconds(first), "other": null}],
        "caps_hit": [],
        "provenance": {"configuration": "test", "version": "0", "inputs": []},
    });
    serde_json::from_value(json).unwrap()
}
