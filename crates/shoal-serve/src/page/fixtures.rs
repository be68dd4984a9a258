//! Things to show in tests: made by hand, and the same with any text in the place of everything that strangers write.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shoal_index::{AccountPage, AlertPage, ClusterPage, Evidence, Feedback, SearchPage};
use shoal_model::Alert;

/// Members that hold what strangers write, or what could be made of it.
const FOREIGN: [&str; 38] = [
    "affiliation",
    "account",
    "accounts",
    "alert_id",
    "author",
    "by",
    "client",
    "cluster",
    "configuration",
    "detail",
    "display_name",
    "domain",
    "handle",
    "handles",
    "highlight",
    "id",
    "inputs",
    "key",
    "label",
    "labels",
    "lang",
    "method",
    "name",
    "note",
    "null_model",
    "object",
    "other",
    "post",
    "profile_url",
    "quote_of",
    "reply_to",
    "repost_of",
    "summary",
    "text",
    "text_key",
    "url",
    "urls",
    "value",
];

fn made<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// A copy with `text` wherever a stranger's text could stand.
pub(super) fn poisoned<T: Serialize + DeserializeOwned>(thing: &T, text: &str) -> T {
    let mut value = serde_json::to_value(thing).unwrap();
    poison(&mut value, false, text);
    made(value)
}

fn poison(value: &mut Value, foreign: bool, text: &str) {
    match value {
        Value::String(string) if foreign => text.clone_into(string),
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, foreign, text)),
        Value::Object(members) => {
            for (name, member) in members {
                poison(member, FOREIGN.contains(&name.as_str()), text);
            }
        }
        _ => {}
    }
}

pub(super) const START: &str = "2026-03-02T07:40:21Z";
pub(super) const END: &str = "2026-03-03T11:54:16Z";

fn posts(texts: &[(&str, &str, &str, &str)]) -> Vec<Value> {
    let post = |(at, (author, text, lang, time)): (usize, &(&str, &str, &str, &str))| {
        json!({
            "id": format!("demo:p{at}"), "author": format!("demo:{author}"), "handle": author, "observed_at": time,
            "created_at": "2026-03-01T00:00:00Z", "lang": lang, "kind": "post", "text": text,
            "urls": ["https://news.example/story?id=1"], "url": format!("https://social.example/posts/{at}"),
            "repost_of": "demo:p9", "reply_to": "demo:p8", "quote_of": "demo:p7", "text_key": "6bb33515071acdbe",
            "display_name": "Somebody", "profile_url": "https://social.example/somebody", "client": "Web App",
            "automated": true, "verified": true, "affiliation": "Town Hall", "author_created_at": START,
        })
    };
    texts.iter().enumerate().map(post).collect()
}

/// Posts of one text in several variants, and in other scripts.
pub(super) fn texts() -> Vec<Value> {
    posts(&[
        ("ann", "They promised a free Harbour Bridge. Now they want three coins.", "en", START),
        (
            "bob",
            "They promised a free Harbour Bridge! Now they want 3 coins. Not with us",
            "en",
            "2026-03-02T07:41:00Z",
        ),
        ("تيم", "وعدونا بجسر مجاني. والآن يريدون ثلاث عملات", "ar", "2026-03-03T11:13:40Z"),
        ("דנה", "הבטיחו לנו גשר חינם 🌉", "he", END),
    ])
}

fn observed() -> Value {
    let account = |id: &str, bits: f64| {
        json!({
            "id": id, "partners": 3, "objects": 5,
            "arithmetic": {
                "bits": bits, "exposures": 41,
                "variants": [[24.5, 22.1, 15.2], [23.9, 21.7, 14.8], [25.25, 22.0, -15.1]],
                "strongest": [{
                    "post": "demo:p0", "at": START, "layer": "text", "object": "6bb33515071acdbe",
                    "label": "They promised a free Harbour Bridge", "company": 2, "known": 2, "bits": 4.25,
                }],
            },
            "profile": {
                "handle": "somebody", "display_name": "Some Body", "url": "https://social.example/somebody",
                "client": "Web App", "automated": true, "verified": true, "affiliation": "Town Hall",
                "created_at": START, "seen_at": START, "post": "demo:p0",
            },
        })
    };
    let post = |id: &str, account: &str, at: &str| {
        json!({
            "id": id, "account": account, "at": at, "object": "6bb33515071acdbe", "similarity": 0.875,
            "url": "https://social.example/posts/1",
        })
    };
    json!({
        "window": {"start": START, "end": END},
        "layers": [{"layer": "text", "objects": 1}, {"layer": "link", "objects": 1}],
        "accounts": [
            account("demo:ann", 23.28), account("demo:bob", 18.46), account("demo:تيم", 16.0),
            account("demo:דנה", 15.45),
        ],
        "context": [
            {"id": "demo:newspaper", "partners": 2, "allow_listed": true},
            {"id": "demo:reader", "partners": 1, "allow_listed": false},
        ],
        "objects": [
            {"key": "6bb33515071acdbe", "layer": "text", "label": "They promised a free Harbour Bridge",
             "lang": "en", "accounts": 4, "posts": 4},
            {"key": "1bb33515071acdbe", "layer": "link", "label": "https://news.example/story?id=1",
             "lang": null, "accounts": 2, "posts": 2},
        ],
        "ties": {"count": 6, "strongest": [
            {"accounts": ["demo:ann", "demo:bob"], "objects": 5, "pairs": 6, "median_seconds": 40.0},
            {"accounts": ["demo:bob", "demo:تيم"], "objects": 3, "pairs": 3, "median_seconds": 7_300.0},
        ]},
        "posts": [
            post("demo:p0", "demo:ann", START), post("demo:p1", "demo:bob", "2026-03-02T07:41:00Z"),
            post("demo:p2", "demo:تيم", "2026-03-03T11:13:40Z"), post("demo:p3", "demo:דנה", END),
        ],
        "timeline": [{"start": "2026-03-02T07:00:00Z", "posts": 2}, {"start": "2026-03-03T11:00:00Z", "posts": 2}],
    })
}

pub(super) fn alert() -> Alert {
    made(json!({
        "schema_version": 2, "alert_id": "7f3a2b10000000000000000000000000", "revision": 2, "state": "updated",
        "kind": "coordination", "shadow": true, "raised_at": END, "summary": "4 accounts shared 1 text.",
        "observed": observed(),
        "strength": {
            "bits": 23.28, "fdr_level": 0.01, "threshold_bits": 14.87, "accounts_seen": 20_923, "significant": 70,
            "method": "circle test, e-BH", "null_model": "accounts act independently",
        },
        "benign_checks": [
            {"name": "allow_list", "verdict": "partial", "detail": "1 of the context is on the allow-list"},
        ],
        "disarm": [], "assessment": null,
        "lineage": [
            {"event": "born", "at": START, "other": null},
            {"event": "merged", "at": END, "other": "9c41aa00000000000000000000000000"},
        ],
        "caps_hit": [{"cap": "alert_posts", "count": 12}, {"cap": "alert_objects", "count": 3}],
        "provenance": {"configuration": "bbc16820", "version": "0.1.0", "inputs": ["demo.ndjson"]},
    }))
}

pub(super) fn evidence() -> Evidence {
    let alert = alert();
    let texts = texts();
    let objects = alert.observed.objects.iter().map(|object| {
        let behind = alert.observed.posts.iter().zip(&texts);
        let posts: Vec<_> = behind.map(|(evidence, post)| json!({"evidence": evidence, "post": post})).collect();
        json!({"object": object, "posts": posts})
    });
    made(json!({"alert_id": alert.alert_id, "revision": 2, "objects": objects.collect::<Vec<_>>()}))
}

pub(super) fn feedback() -> Vec<Feedback> {
    made(json!([
        {"alert_id": "7f3a2b10000000000000000000000000", "revision": 1, "verdict": "unsure", "by": "ann", "at": START},
        {"alert_id": "7f3a2b10000000000000000000000000", "revision": 2, "verdict": "benign_coordination",
         "note": "One office.\nThey say so.", "by": "bob", "at": END},
    ]))
}

fn summary() -> Value {
    json!({
        "alert_id": "7f3a2b10000000000000000000000000", "revision": 2, "state": "reopened", "shadow": true,
        "summary": "4 accounts shared 2 things.", "opened_at": START, "raised_at": END, "start": START, "end": END,
        "accounts": 4, "objects": 2, "layers": ["text", "link"],
        "labels": ["They promised a free Harbour Bridge", "https://news.example/story?id=1"],
        "bits": 23.28, "threshold_bits": 14.87,
        "timeline": [{"start": START, "count": 2}, {"start": END, "count": 2}], "feedback": {"true": 1},
    })
}

pub(super) fn alerts() -> AlertPage {
    made(json!({"total": {"count": 1_234, "exact": false}, "alerts": [summary()], "next": "abc"}))
}

fn found() -> Vec<Value> {
    let with = |(at, mut post): (usize, Value)| {
        let text = post["text"].as_str().unwrap().to_owned();
        let members = post.as_object_mut().unwrap();
        members.insert("cluster".to_owned(), json!("6bb33515071acdbe"));
        members.insert("similarity".to_owned(), json!(0.9));
        members.insert("highlight".to_owned(), json!(format!("<mark>{at}</mark> {text}")));
        post
    };
    texts().into_iter().enumerate().map(with).collect()
}

fn histogram() -> Value {
    json!({"seconds": 3600, "bins": [
        {"start": "2026-03-02T07:00:00Z", "count": 4},
        {"start": "2026-03-02T08:00:00Z", "count": 0},
        {"start": "2026-03-02T09:00:00Z", "count": 1},
    ]})
}

fn values(name: &str) -> Value {
    json!([{"value": name, "count": 7}, {"value": "other", "count": 2}])
}

pub(super) fn search() -> SearchPage {
    let top = json!({
        "author": values("demo:ann"), "hashtag": values("voteno"), "domain": values("news.example"),
        "language": values("en"), "platform": values("demo"), "kind": values("post"),
    });
    made(
        json!({"total": {"count": 4, "exact": true}, "posts": found(), "next": "abc", "histogram": histogram(), "top": top, "took_ms": 3}),
    )
}

pub(super) fn cluster() -> ClusterPage {
    let variant = |post: Value| json!({"text_key": "6bb33515071acdbe", "first": post, "posts": 3, "similarity": 0.82});
    made(json!({
        "id": "6bb33515071acdbe", "first": found()[0], "last": found()[3], "posts": {"count": 4, "exact": true},
        "accounts": {"count": 4, "exact": true}, "histogram": histogram(), "authors": values("demo:ann"),
        "platforms": values("demo"), "languages": values("en"),
        "variants": texts().into_iter().map(variant).collect::<Vec<_>>(), "variants_total": 90, "alerts": [summary()],
    }))
}

pub(super) fn account() -> AccountPage {
    made(json!({
        "id": "demo:ann", "handles": ["ann", "anne"], "posts": {"count": 4, "exact": false}, "first_at": START,
        "last_at": END, "histogram": histogram(), "kinds": values("post"), "languages": values("en"),
        "hashtags": values("voteno"), "domains": values("news.example"), "recent": found(), "alerts": [summary()],
    }))
}
