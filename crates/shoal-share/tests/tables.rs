//! Tables as CSV, and what Python finds in them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};

use common::{HOSTILE, hostile, ordinary, python, read};
use serde_json::{Value, json};
use shoal_model::{AlertState, Layer, Timestamp};
use shoal_share::{AlertRow, CsvWriter, Error, PostRow, evidence};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_772_000_000 + seconds)
}

/// A post whose every text is this one.
fn post<'a>(text: &'a str, urls: &'a [String]) -> PostRow<'a> {
    let some = Some(text);
    PostRow {
        id: text,
        author: text,
        handle: some,
        observed_at: at(0),
        created_at: Some(at(-1)),
        lang: some,
        kind: "reply",
        text,
        urls,
        url: some,
        repost_of: some,
        repost_from: some,
        reply_to: some,
        quote_of: some,
        cluster: some,
        text_key: some,
        similarity: Some(0.875),
        score: Some(-1.5),
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn posts_as_a_table() {
    let urls = ["https://a.example/?q=1,2".to_owned(), "https://b.example".to_owned()];
    let mut table = CsvWriter::posts(Vec::new()).unwrap();
    let little = PostRow { id: "x:1", author: "x:ann", kind: "post", text: "hello", ..PostRow::default() };
    table.write(&PostRow { observed_at: at(0), ..little }).unwrap();
    let hostile = PostRow { id: "x:2", author: "x:bob", ..post("=cmd|' /C calc'!A0\nsecond \"line\"", &urls) };
    table.write(&hostile).unwrap();
    insta::assert_snapshot!(text(table.finish().unwrap()).replace('\r', "␍"));
}

#[test]
fn alerts_as_a_table() {
    let labels = ["Vote early".to_owned(), "@everybody".to_owned()];
    let feedback = BTreeMap::from([("true".to_owned(), 2), ("unsure".to_owned(), 1)]);
    let row = AlertRow {
        alert_id: "7f3a2b10000000000000000000000000",
        revision: 3,
        state: AlertState::Updated,
        shadow: false,
        opened_at: at(0),
        raised_at: at(60),
        start: at(-60),
        end: at(30),
        accounts: 4,
        objects: 7,
        layers: &[Layer::Text, Layer::Link],
        bits: Some(20.5),
        labels: &labels,
        summary: "4 accounts shared 5 texts and 2 links.",
        feedback: &feedback,
    };
    let mut table = CsvWriter::alerts(Vec::new()).unwrap();
    table.write(&row).unwrap();
    table.write(&AlertRow { bits: None, layers: &[], labels: &[], feedback: &BTreeMap::new(), ..row }).unwrap();
    insta::assert_snapshot!(text(table.finish().unwrap()).replace('\r', "␍"));
}

#[test]
fn evidence_as_a_table() {
    let alert = ordinary();
    let mut table = CsvWriter::evidence(Vec::new()).unwrap();
    for row in evidence(&alert) {
        table.write(&row).unwrap();
    }
    insta::assert_snapshot!(text(table.finish().unwrap()).replace('\r', "␍"));
}

#[test]
fn python_reads_back_what_was_written() {
    let Some(python) = python("tables read by Python") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (posts, proofs) = (folder.path().join("posts.csv"), folder.path().join("evidence.csv"));
    let alerts = hostile();
    let texts: Vec<&str> = alerts.iter().flat_map(|alert| &alert.observed.posts).map(|post| post.id.as_str()).collect();
    assert!(HOSTILE.iter().all(|hostile| texts.contains(hostile)));
    let mut table = CsvWriter::posts(fs::File::create(&posts).unwrap()).unwrap();
    for text in &texts {
        table.write(&post(text, &[])).unwrap();
    }
    table.finish().unwrap();
    let mut table = CsvWriter::evidence(fs::File::create(&proofs).unwrap()).unwrap();
    for row in alerts.iter().flat_map(evidence) {
        table.write(&row).unwrap();
    }
    table.finish().unwrap();
    let found = read(&python, "tables", &[posts, proofs]);
    assert_eq!(found[0].as_array().unwrap()[1..], texts.iter().map(|text| expected_post(text)).collect::<Vec<_>>()[..]);
    let expected: Vec<Value> = alerts
        .iter()
        .flat_map(evidence)
        .map(|row| {
            let layer = row.layer.map(|layer| layer.to_string()).unwrap_or_default();
            json!([
                row.alert_id,
                "3",
                row.object,
                layer,
                shown(row.label.unwrap_or("")),
                shown(row.post),
                shown(row.account),
                row.at.to_string(),
                row.similarity.to_string(),
                shown(row.url.unwrap_or("")),
                "",
            ])
        })
        .collect();
    assert_eq!(found[1].as_array().unwrap()[1..], expected[..]);
}

/// A post as Python finds it.
fn expected_post(text: &str) -> Value {
    let platform = text.split_once(':').filter(|(platform, native)| !platform.is_empty() && !native.is_empty());
    let (text, platform) = (shown(text), shown(platform.map_or("", |(platform, _)| platform)));
    json!([
        text,
        text,
        text,
        at(0).to_string(),
        text,
        text,
        at(-1).to_string(),
        platform,
        text,
        "reply",
        text,
        text,
        text,
        text,
        "",
        text,
        text,
        text,
        "0.875",
        "-1.5",
    ])
}

/// A text with the one thing that no table holds shown.
fn shown(text: &str) -> String {
    text.replace('\0', "␀")
}

/// Takes a few bytes.
#[derive(Debug)]
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| io::Error::from(io::ErrorKind::StorageFull))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_sink_that_is_full_is_told() {
    let mut table = CsvWriter::posts(Full(300)).unwrap();
    table.write(&post("x:1", &[])).unwrap();
    table.flush().unwrap();
    table.write(&post("x:2", &[])).unwrap();
    let error = table.finish().unwrap_err();
    assert!(matches!(&error, Error::Sink(_)));
    assert!(error.to_string().contains("is not whole"), "{error}");
}
