//! The JSON Schemas of posts and dead letters, and the code that reads and writes them, say the same.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use shoal_formats::{Content, DeadLetter, Decoded, Format, Limits, Reason, Record, RecordKind, Refusal};

const POST: &str = include_str!("../../shoal-model/schema/post.v1.schema.json");
const DELETION: &str = include_str!("../../shoal-model/schema/deletion.v1.schema.json");
const DEAD_LETTER: &str = include_str!("../../shoal-model/schema/dead-letter.v1.schema.json");

/// A validator that checks times too.
fn validator(schema: &str) -> Validator {
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// The contents of a record; none where it is refused.
fn contents(record: &Value) -> Vec<Content> {
    match Format::NATIVE.decode(record.to_string().as_bytes(), &Limits::default()) {
        Ok(Decoded::Contents(contents)) => contents.into_iter().collect(),
        Ok(Decoded::Ignored(_)) | Err(_) => Vec::new(),
    }
}

fn is_post(record: &Value) -> bool {
    matches!(contents(record).as_slice(), [Content::Post(_)])
}

fn is_deletion(record: &Value) -> bool {
    matches!(contents(record).as_slice(), [Content::Deletion(_)])
}

fn record() -> Map<String, Value> {
    let record = json!({"id": "1", "platform": "x", "author": "a", "ts": "2015-01-31T08:00:00Z", "text": "hello"});
    let Value::Object(record) = record else { unreachable!() };
    record
}

/// The record with one field replaced.
fn with(field: &str, value: Value) -> Value {
    let mut record = record();
    record.insert(field.to_owned(), value);
    Value::Object(record)
}

const FIELDS: [&str; 26] = [
    "id",
    "platform",
    "author",
    "ts",
    "observed_at",
    "created_at",
    "text",
    "lang",
    "repost",
    "repost_of",
    "repost_from",
    "reply_to",
    "quote_of",
    "urls",
    "url",
    "handle",
    "author_handle",
    "author_created_at",
    "deleted",
    "display_name",
    "profile_url",
    "client",
    "automated",
    "verified",
    "affiliation",
    "media",
];

/// Values of every kind, at limits and beyond them.
fn values() -> Vec<Value> {
    let long = |length| json!("i".repeat(length));
    let urls = |count| json!(vec!["https://a.example"; count]);
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(u64::MAX),
        json!(-1),
        json!(1.5),
        json!(""),
        json!("x"),
        json!("x:y"),
        json!("und"),
        json!("a\u{0}b\n😀"),
        long(512),
        long(513),
        json!("ж".repeat(100_000)),
        json!("ж".repeat(100_001)),
        json!("2015-01-31T08:00:00Z"),
        json!("2024-11-07T21:48:17.25+01:00"),
        json!("2015-02-31T08:00:00Z"),
        json!("yesterday"),
        json!([]),
        json!(["https://a.example", 5]),
        json!(["pdq:ff", "md5:0"]),
        json!(["pdq:"]),
        json!([format!("pdq:{}", "f".repeat(509))]),
        json!(vec!["pdq:0"; 257]),
        urls(256),
        urls(257),
        json!({"a": 1}),
    ]
}

#[test]
fn deletions_are_refused_by_both_or_by_none() {
    let (validator, mut accepted) = (validator(DELETION), 0);
    for field in ["id", "platform", "author", "ts", "observed_at", "deleted", "extra"] {
        for value in values() {
            let mut record =
                json!({"id": "1", "platform": "x", "author": "a", "ts": "2015-01-31T08:00:00Z", "deleted": true});
            record[field] = value;
            if record[field].as_str().is_some_and(|text| text.contains('ж')) {
                continue;
            }
            assert_eq!(validator.is_valid(&record), is_deletion(&record), "{field}: {}", record[field]);
            accepted += usize::from(is_deletion(&record));
        }
    }
    let account = json!({"platform": "x", "author": "a", "observed_at": "2015-01-31T08:00:00Z", "deleted": true});
    assert!(validator.is_valid(&account) && is_deletion(&account));
    assert!(accepted > 30, "{accepted}");
}

fn short_values() -> Vec<Value> {
    values().into_iter().filter(|value| value.to_string().len() < 600).collect()
}

#[test]
fn every_field_is_refused_by_both_or_by_none() {
    let validator = validator(POST);
    let mut accepted = 0;
    for field in FIELDS {
        for value in values() {
            let record = with(field, value);
            // Bytes and symbols of an id are told apart below.
            let is_text = ["text", "handle", "author_handle", "display_name", "client", "affiliation"].contains(&field);
            let is_wide = record[field].as_str().is_some_and(|text| text.contains('ж'));
            if is_wide && !is_text {
                continue;
            }
            let shown: String = record.to_string().chars().take(200).collect();
            assert_eq!(validator.is_valid(&record), is_post(&record), "{field}: {shown}");
            accepted += usize::from(is_post(&record));
        }
        let mut without = record();
        without.remove(field);
        let without = Value::Object(without);
        assert_eq!(validator.is_valid(&without), is_post(&without), "without {field}");
    }
    assert!(accepted > 100, "{accepted}");
}

proptest! {
    #[test]
    fn any_fields_together_are_refused_by_both_or_by_none(
        fields in prop::collection::btree_map(
            prop::sample::select(FIELDS.to_vec()),
            prop::sample::select(short_values()),
            0..6,
        ),
        missing in prop::option::of(prop::sample::select(FIELDS.to_vec())),
    ) {
        let mut record = record();
        record.extend(fields.into_iter().map(|(field, value)| (field.to_owned(), value)));
        record.extend([("unknown".to_owned(), json!({"id": [1, null]}))]);
        missing.map(|field| record.remove(field));
        let record = Value::Object(record);
        prop_assert_eq!(validator(POST).is_valid(&record), is_post(&record), "{}", record);
    }
}

/// Rules that the description of the schema says and it cannot check, and times that are read although nobody should write
/// them.
#[test]
fn where_they_differ_is_written_down() {
    let validator = validator(POST);
    let stricter =
        [with("id", json!("ж".repeat(300))), with("author", json!(5.0)), with("ts", json!("9999-12-31T00:00:00Z"))];
    for record in stricter {
        assert!(validator.is_valid(&record) && !is_post(&record));
    }
    let looser = with("ts", json!("2015-01-31 08:00:00+00:00"));
    assert!(!validator.is_valid(&looser) && is_post(&looser));
}

#[test]
fn every_dead_letter_that_is_written_is_valid() {
    let validator = validator(DEAD_LETTER);
    for (number, reason) in (0..).zip(Reason::ALL) {
        for raw in [&b""[..], b"{\"\xd0\xb6\":\0", b"\xff", b"\xff\xfe", b"\xff\xfe\xfd"] {
            let record = Record { offset: u64::MAX, number, kind: RecordKind::Whole };
            let refusal = Refusal::new(reason, "ж".repeat(1_000));
            let letter = serde_json::to_value(DeadLetter::new("posts/3", &record, refusal, raw)).unwrap();
            if let Err(error) = validator.validate(&letter) {
                panic!("{error}: {letter}");
            }
        }
    }
    let reasons = serde_json::from_str::<Value>(DEAD_LETTER).unwrap()["properties"]["reason"]["enum"].clone();
    assert_eq!(reasons, serde_json::to_value(Reason::ALL).unwrap());
}

#[test]
fn what_is_no_dead_letter_is_refused_by_both() {
    let validator = validator(DEAD_LETTER);
    let letter = json!({"source": "s", "offset": 1, "record": 0, "reason": "empty", "detail": "d", "raw": ""});
    assert!(validator.is_valid(&letter) && serde_json::from_value::<DeadLetter>(letter.clone()).is_ok());
    let changes = [
        ("source", Value::Null),
        ("offset", json!(-1)),
        ("record", json!("0")),
        ("reason", json!("bad_mood")),
        ("detail", Value::Null),
        ("raw", json!(5)),
        ("raw_base64", json!("eA==")),
        ("at", json!("2015-01-31T08:00:00Z")),
    ];
    for (field, value) in changes {
        let mut bad = letter.clone();
        bad[field] = value;
        assert!(!validator.is_valid(&bad) && serde_json::from_value::<DeadLetter>(bad).is_err(), "{field}");
    }
    for encoded in ["eA==", "e"] {
        let mut other = letter.clone();
        other.as_object_mut().unwrap().remove("raw");
        other["raw_base64"] = json!(encoded);
        assert_eq!(validator.is_valid(&other), serde_json::from_value::<DeadLetter>(other).is_ok(), "{encoded}");
    }
}
