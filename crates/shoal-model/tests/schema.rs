//! The alert contract and its JSON Schema say the same.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use serde_json::{Value, json};
use shoal_model::{
    ALERT_SCHEMA, ALERT_SCHEMA_V1, ALERT_SCHEMA_VERSION, Alert, AlertKind, AlertState, BenignVerdict, Cap, Layer,
    LineageEvent,
};
use shoal_shapes::{Golden, Shape};

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(ALERT_SCHEMA).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// An alert with something in every list.
fn example() -> Value {
    let id = "0123456789abcdef0123456789abcdef";
    let (at, key) = ("2015-08-07T00:44:00Z", "0123456789abcdef");
    json!({
        "schema_version": 2, "alert_id": id, "revision": 2, "state": "updated", "kind": "coordination",
        "shadow": false, "raised_at": at, "summary": "Two accounts shared a text.",
        "observed": {
            "window": { "start": at, "end": at },
            "layers": [{ "layer": "text", "objects": 3 }],
            "accounts": [{ "id": "x:a", "partners": 1, "objects": 3, "arithmetic": {
                "bits": 20.5, "exposures": 4, "variants": [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, -3.0]],
                "strongest": [{ "post": "x:p", "at": at, "layer": "text", "object": key, "label": "…", "company": 1, "known": 1,
                                "bits": 5.5 }],
            }, "profile": {
                "handle": "a", "display_name": "A. A.", "url": "https://x.example/a", "client": "App", "automated": true,
                "verified": false, "affiliation": "E.V.", "created_at": at, "seen_at": at, "post": "x:p",
            } }],
            "context": [{ "id": "x:c", "partners": 1, "allow_listed": true }],
            "objects": [{ "key": key, "layer": "text", "label": "…", "lang": "und", "accounts": 2, "posts": 2 }],
            "ties": { "count": 1, "strongest": [{ "accounts": ["x:a", "x:b"], "objects": 3, "pairs": 3,
                                                  "median_seconds": 60.0 }] },
            "posts": [{ "id": "x:p", "account": "x:a", "at": at, "object": key, "similarity": 0.75, "url": null }],
            "timeline": [{ "start": at, "posts": 2 }],
        },
        "strength": { "bits": 20.5, "fdr_level": 0.01, "threshold_bits": 10.0, "accounts_seen": 10, "significant": 2,
                      "method": "circle test, e-BH", "null_model": "…" },
        "benign_checks": [{ "name": "allow_list", "verdict": "partial", "detail": "…" }],
        "disarm": [], "assessment": null,
        "lineage": [{ "event": "merged", "at": at, "other": id }],
        "caps_hit": [{ "cap": "alert_posts", "count": 3 }],
        "provenance": { "configuration": "f", "version": "0.1.0", "inputs": ["posts"] },
    })
}

#[test]
fn an_alert_that_the_schema_accepts_is_one_that_the_types_accept() {
    let value = example();
    validator().validate(&value).unwrap();
    let alert: Alert = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(&alert).unwrap(), value);
    let mut bare = example();
    bare["observed"]["accounts"][0]["profile"] = json!({ "seen_at": "2015-08-07T00:44:00Z", "post": "x:p" });
    validator().validate(&bare).unwrap();
    assert_eq!(serde_json::to_value(serde_json::from_value::<Alert>(bare.clone()).unwrap()).unwrap(), bare);
}

#[test]
fn an_alert_of_the_first_version_is_read_and_written_as_it_was() {
    let mut value = example();
    value["schema_version"] = json!(1);
    value["observed"]["accounts"][0].as_object_mut().unwrap().remove("profile");
    let schema: Value = serde_json::from_str(ALERT_SCHEMA_V1).unwrap();
    jsonschema::validator_for(&schema).unwrap().validate(&value).unwrap();
    let alert: Alert = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(&alert).unwrap(), value);
}

#[test]
fn every_word_of_the_types_is_a_word_of_the_schema() {
    let words: [(&str, Value, Vec<&str>); 6] = [
        ("/observed/layers/0/layer", json!(Layer::ALL), Layer::ALL.map(Layer::name).into()),
        ("/state", json!(AlertState::ALL), AlertState::ALL.map(AlertState::name).into()),
        ("/kind", json!(AlertKind::ALL), AlertKind::ALL.map(AlertKind::name).into()),
        ("/benign_checks/0/verdict", json!(BenignVerdict::ALL), BenignVerdict::ALL.map(BenignVerdict::name).into()),
        ("/lineage/0/event", json!(LineageEvent::ALL), LineageEvent::ALL.map(LineageEvent::name).into()),
        ("/caps_hit/0/cap", json!(Cap::ALL), Cap::ALL.map(Cap::name).into()),
    ];
    for (place, written, names) in words {
        assert_eq!(written, json!(names), "names are what is written");
        for name in names {
            let mut value = example();
            *value.pointer_mut(place).unwrap() = json!(name);
            validator().validate(&value).unwrap();
        }
    }
}

#[test]
fn what_judges_or_does_not_belong_is_refused() {
    let validator = validator();
    let refused = [
        ("attribution", json!("a state")),
        ("state", json!("disinformation")),
        ("alert_id", json!("short")),
        ("revision", json!(0)),
        ("raised_at", json!(5)),
        ("disarm", json!(["T0049"])),
    ];
    for (field, wrong) in refused {
        let mut value = example();
        value[field] = wrong;
        assert!(validator.validate(&value).is_err(), "{field}");
    }
    let mut nobody = example();
    nobody["observed"]["accounts"] = json!([]);
    assert!(validator.validate(&nobody).is_err());
}

#[test]
fn the_shape_of_an_alert_changes_only_with_the_version_of_the_contract() {
    Golden {
        folder: Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/shapes")),
        name: "alert",
        version: ALERT_SCHEMA_VERSION,
        remedy: "raise ALERT_SCHEMA_VERSION in shoal-model/src/alert.rs, write a JSON Schema of that version beside the \
                 one before, and see that alerts of the version before are read (fields added are optional)",
    }
    .check(&[("alert", Shape::json::<Alert>())]);
}
