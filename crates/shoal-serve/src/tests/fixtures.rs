//! Posts and alerts for tests.

use std::sync::Arc;

use shoal_detect::{Analyst, Config, TextObject};
use shoal_index::{Batch, PostDocument};
use shoal_model::{Action, Alert, Author, ObjectKey, Post, Timestamp};

/// A revision of an alert, raised so many seconds after the epoch as its revision says, about the accounts and posts
/// of [`posts`].
pub(crate) fn alert(id: &str, revision: u32) -> Alert {
    let at = |seconds: i64| Timestamp::from_seconds(seconds).to_string();
    let key = "00000000000000aa";
    let (accounts, posts) = (["x:a", "x:b"], [("x:p0", "x:a", 0), ("x:p1", "x:b", 1)]);
    serde_json::from_value(serde_json::json!({
        "schema_version": 2,
        "alert_id": id,
        "revision": revision,
        "state": if revision == 1 { "opened" } else { "updated" },
        "kind": "coordination",
        "shadow": false,
        "raised_at": at(1_000 + i64::from(revision)),
        "summary": "2 accounts published the same text.",
        "observed": {
            "window": { "start": at(0), "end": at(1) },
            "layers": [{ "layer": "text", "objects": 1 }],
            "accounts": accounts.map(|id| serde_json::json!({ "id": id, "partners": 1, "objects": 1, "arithmetic": null })),
            "context": [],
            "objects": [{ "key": key, "layer": "text", "label": "=the <b>text</b>", "lang": "en", "accounts": 2, "posts": 2 }],
            "ties": { "count": 1, "strongest": [{ "accounts": accounts, "objects": 1, "pairs": 1, "median_seconds": 1.0 }] },
            "posts": posts.map(|(id, account, second)| serde_json::json!({
                "id": id, "account": account, "at": at(second), "object": key, "similarity": 1.0, "url": null,
            })),
            "timeline": [{ "start": at(0), "posts": 2 }],
        },
        "strength": {
            "bits": 20.5, "fdr_level": 0.05, "threshold_bits": 12.0, "accounts_seen": 9, "significant": 2,
            "method": "circle", "null_model": "activity",
        },
        "benign_checks": [],
        "disarm": [],
        "assessment": null,
        "lineage": [{ "event": "born", "at": at(0), "other": null }],
        "caps_hit": [],
        "provenance": { "configuration": "test", "version": "0", "inputs": [] },
    }))
    .unwrap()
}

/// `number` posts of two accounts, one a second, in turn. Those that end in the same digit are equal; the text of the
/// first belongs to the object of [`alert`].
pub(crate) fn posts(number: u64) -> Batch {
    let mut analyst = Analyst::new(&Config::default());
    let source: Arc<str> = "test".into();
    let mut batch = Batch::default();
    for number in 0..number {
        let at = Timestamp::from_seconds(number as i64);
        let analysed = analyst.analyse(post(number, at));
        if number == 0 {
            let text = analysed.text.as_ref().unwrap().key;
            batch.texts.push(TextObject { text, object: ObjectKey::from_raw(0xaa), at });
        }
        batch.posts.push(PostDocument::new(Arc::clone(&source), number, at, analysed));
    }
    batch
}

fn post(number: u64, observed_at: Timestamp) -> Post {
    let author = if number.is_multiple_of(2) { "x:a" } else { "x:b" };
    Post {
        id: format!("x:p{number}"),
        author: Author { id: author.to_owned(), ..Author::default() },
        observed_at,
        created_at: None,
        text: format!("=the quick brown fox number {} jumps over <b>the lazy dog</b> #fox", number % 5),
        lang: Some("en".to_owned()),
        action: Action::default(),
        urls: vec!["https://example.org/fox".to_owned()],
        url: None,
        client: None,
        media: Vec::new(),
    }
}
