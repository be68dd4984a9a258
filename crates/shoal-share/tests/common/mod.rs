//! Alerts to share, ordinary and hostile, and Python to read them.

#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs, and may panic")]

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use shoal_index::{Evidence, EvidenceObject, EvidencePost};
use shoal_model::Alert;

/// Texts that break things: what formats quote, what they forbid, what spreadsheets run, what runs from right to left.
pub(crate) const HOSTILE: [&str; 14] = [
    "<script>alert(1)</script>",
    "\"&amp;' ]]> <!-- ",
    "a\u{0}b\u{1}\u{1f}\u{7f}\u{85}",
    "\u{fffe}\u{ffff}\u{feff}",
    "line\nend\r\nand\ttab ",
    "\\u{0}\\n\\\\",
    "\u{202e}gnp.exe\u{2066}\u{200b}",
    "=HYPERLINK(\"http://e.example\",\"x\")",
    "''@SUM(A1:A9)",
    "-2+3",
    "a,b;c\"d\"\"e",
    "שלום العربية 漢字 👩‍👩‍👧",
    "%s%n{{7*7}}${x}",
    "  spaces  ",
];

/// An alert with these accounts: all but the last are of the group, each is tied to the next.
pub(crate) fn alert(accounts: &[String], label: &str, texts: &[String]) -> Alert {
    let (context, group) = accounts.split_last().unwrap();
    let account = |(at, id): (usize, &String)| {
        // Rules know no bits.
        let arithmetic =
            json!({"bits": 20.5 - at as f64 / 3.0, "exposures": 7, "variants": vec![[1.0; 3]; 3], "strongest": []});
        let arithmetic = if at % 3 == 2 { Value::Null } else { arithmetic };
        json!({"id": id, "partners": group.len() - 1, "objects": 5 + at, "arithmetic": arithmetic})
    };
    // The last account of the group is beyond the list.
    let listed: Vec<Value> = group[..group.len() - 1].iter().enumerate().map(account).collect();
    let ties = group.windows(2).enumerate().map(
        |(at, pair)| json!({"accounts": pair, "objects": 5 + at, "pairs": 6 + at, "median_seconds": 40.25 * at as f64}),
    );
    let posts = texts.iter().enumerate().map(|(at, id)| {
        json!({"id": id, "account": group[at % group.len()], "at": "2026-03-02T07:40:21.5Z",
            "object": if at % 4 == 3 { "00000000000000ff" } else { "00000000000000a1" },
            "similarity": 1.0 - at as f32 / 64.0, "url": if at % 2 == 0 { json!(label) } else { Value::Null }})
    });
    let alert = json!({
        "schema_version": 2, "alert_id": "7f3a2b10000000000000000000000000", "revision": 3, "state": "updated",
        "kind": "coordination", "shadow": false, "raised_at": "2026-03-03T11:54:20Z",
        "summary": "3 accounts shared 5 texts.", "disarm": [], "assessment": null, "benign_checks": [], "lineage": [],
        "observed": {
            "window": {"start": "2026-03-02T07:40:21Z", "end": "2026-03-03T11:13:40Z"},
            "layers": [{"layer": "text", "objects": 5}],
            "accounts": listed,
            "context": [{"id": context, "partners": 2, "allow_listed": false}],
            "objects": [{"key": "00000000000000a1", "layer": "text", "label": label, "lang": "en", "accounts": 3,
                "posts": texts.len()}],
            "ties": {"count": 9, "strongest": ties.collect::<Vec<_>>()},
            "posts": posts.collect::<Vec<_>>(),
            "timeline": [],
        },
        "strength": {"bits": 20.5, "fdr_level": 0.01, "threshold_bits": 14.5, "accounts_seen": 20_923,
            "significant": 70, "method": "circle test, e-BH", "null_model": "accounts act independently"},
        "caps_hit": [{"cap": "alert_accounts", "count": 1}, {"cap": "alert_context", "count": 4}],
        "provenance": {"configuration": "bbc16820468cf1304c4b1f9b76a73139", "version": "0.1.0", "inputs": ["a"]},
    });
    serde_json::from_value(alert).unwrap()
}

/// The posts behind an alert, of the objects that it lists; their texts are not in the index.
pub(crate) fn evidence(alert: &Alert) -> Evidence {
    let objects = alert.observed.objects.iter().map(|object| {
        let posts = alert.observed.posts.iter().filter(|post| post.object == object.key);
        let posts = posts.map(|post| EvidencePost { evidence: post.clone(), post: None }).collect();
        EvidenceObject { object: object.clone(), posts }
    });
    Evidence { alert_id: alert.alert_id.clone(), revision: alert.revision, objects: objects.collect() }
}

/// An alert that anybody could have.
pub(crate) fn ordinary() -> Alert {
    let accounts = ["demo:ann", "demo:bob", "demo:cyl", "demo:dee", "demo:newspaper"].map(str::to_owned);
    alert(&accounts, "Vote early, vote often!", &["demo:103", "demo:104"].map(str::to_owned))
}

/// Alerts whose every text is hostile or random; the same ones each time.
pub(crate) fn hostile() -> Vec<Alert> {
    let text =
        || prop_oneof![3 => proptest::sample::select(&HOSTILE[..]).prop_map(str::to_owned), 1 => any::<String>()];
    let accounts = proptest::collection::hash_set(text(), 4..9);
    let strategy = (accounts, text(), proptest::collection::vec(text(), 1..9));
    let mut runner = TestRunner::deterministic();
    let made = (0..200).map(|_| strategy.new_tree(&mut runner).unwrap().current());
    made.map(|(accounts, label, texts)| {
        let mut accounts: Vec<String> = accounts.into_iter().collect();
        accounts.sort();
        alert(&accounts, &label, &texts)
    })
    .collect()
}

/// A Python with the packages of `read.py`, or a `SKIPPED:` line.
pub(crate) fn python(what: &str) -> Option<PathBuf> {
    shoal_tools::or_skip(what, shoal_tools::python(&tests().join("requirements.txt")))
}

/// The findings of `read.py` in files.
pub(crate) fn read(python: &Path, kind: &str, files: &[PathBuf]) -> Vec<Value> {
    let output = Command::new(python).arg("-B").arg(tests().join("read.py")).arg(kind).args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}
