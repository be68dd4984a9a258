//! Tables as CSV and NDJSON, the former read back by Python.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};

use common::{HOSTILE, evidence, hostile, ordinary, python, read};
use serde_json::{Value, json};
use shoal_index::{AlertSummary, FoundPost, PostKind, StoredPost};
use shoal_model::{AlertState, Layer, Timestamp};
use shoal_share::{
    AlertRow, AlertTable, Error, EvidenceTable, FileFormat, PostTable, TableFormat, TableWriter, evidence_rows,
    evidence_table,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_772_000_000 + seconds)
}

/// A post whose every text is this one.
fn post(text: &str, urls: &[String]) -> FoundPost {
    let some = || Some(text.to_owned());
    let post = StoredPost {
        id: text.to_owned(),
        author: text.to_owned(),
        handle: some(),
        observed_at: at(0),
        created_at: Some(at(-1)),
        lang: text.to_owned(),
        kind: PostKind::Reply,
        text: text.to_owned(),
        urls: urls.to_vec(),
        url: some(),
        repost_of: some(),
        repost_from: some(),
        reply_to: some(),
        quote_of: some(),
        objects: Vec::new(),
        text_key: some(),
        display_name: some(),
        profile_url: some(),
        client: some(),
        automated: Some(true),
        verified: Some(false),
        affiliation: some(),
        author_created_at: Some(at(-2)),
        media: urls.to_vec(),
    };
    FoundPost { post, cluster: some(), highlight: None, similarity: Some(0.875), score: Some(-1.5) }
}

/// A post with what every post has.
fn little() -> FoundPost {
    serde_json::from_value(json!({
        "id": "x:1", "author": "x:ann", "observed_at": at(0), "lang": "", "kind": "post", "text": "hello",
    }))
    .unwrap()
}

fn posts<W: Write>(sink: W) -> TableWriter<W, PostTable> {
    TableWriter::new(TableFormat::Csv, sink).unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn posts_as_a_table() {
    let urls = ["https://a.example/?q=1,2".to_owned(), "https://b.example".to_owned()];
    let mut table = posts(Vec::new());
    table.write(&little()).unwrap();
    let mut hostile = post("=cmd|' /C calc'!A0\nsecond \"line\"", &urls);
    (hostile.post.id, hostile.post.author) = ("x:2".to_owned(), "x:bob".to_owned());
    table.write(&hostile).unwrap();
    insta::assert_snapshot!(text(table.finish().unwrap()).replace('\r', "␍"));
}

fn summary() -> AlertSummary {
    AlertSummary {
        alert_id: "7f3a2b10000000000000000000000000".to_owned(),
        revision: 3,
        state: AlertState::Updated,
        shadow: false,
        opened_at: at(0),
        raised_at: at(60),
        start: at(-60),
        end: at(30),
        accounts: 4,
        objects: 7,
        layers: vec![Layer::Text, Layer::Link],
        bits: Some(20.5),
        threshold_bits: Some(14.0),
        labels: vec!["Vote early".to_owned(), "@everybody".to_owned()],
        summary: "4 accounts shared 5 texts and 2 links.".to_owned(),
        timeline: Vec::new(),
        feedback: BTreeMap::from([("true".to_owned(), 2), ("unsure".to_owned(), 1)]),
    }
}

#[test]
fn alerts_as_a_table() {
    let (full, mut bare) = (summary(), summary());
    bare.bits = None;
    (bare.layers, bare.labels, bare.feedback) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut table = TableWriter::<_, AlertTable>::new(TableFormat::Csv, Vec::new()).unwrap();
    for summary in [&full, &bare] {
        table.write(&AlertRow { summary, newest: None }).unwrap();
    }
    insta::assert_snapshot!(text(table.finish().unwrap()).replace('\r', "␍"));
}

#[test]
fn evidence_as_a_table() {
    let table = evidence_table(TableFormat::Csv, &evidence(&ordinary())).unwrap();
    insta::assert_snapshot!(text(table).replace('\r', "␍"));
}

#[test]
fn a_line_is_a_whole_record() {
    let parsed = |bytes: Vec<u8>| -> Vec<Value> {
        text(bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let mut table = TableWriter::<_, PostTable>::new(TableFormat::Ndjson, Vec::new()).unwrap();
    let post = post("a\nb\u{2028}\0", &[]);
    table.write(&post).unwrap();
    assert_eq!(parsed(table.finish().unwrap()), [serde_json::to_value(&post).unwrap()]);

    let (alert, summary) = (ordinary(), summary());
    let mut table = TableWriter::<_, AlertTable>::new(TableFormat::Ndjson, Vec::new()).unwrap();
    table.write(&AlertRow { summary: &summary, newest: Some(&alert) }).unwrap();
    table.write(&AlertRow { summary: &summary, newest: None }).unwrap();
    let whole = [serde_json::to_value(&alert).unwrap(), serde_json::to_value(&summary).unwrap()];
    assert_eq!(parsed(table.finish().unwrap()), whole);

    let rows = parsed(evidence_table(TableFormat::Ndjson, &evidence(&alert)).unwrap());
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["post"], &rows[0]["layer"]), (&json!("demo:103"), &json!("text")));
}

#[test]
fn a_table_that_is_cut_off_says_so_in_every_format() {
    for &format in TableFormat::ALL {
        let mut table = TableWriter::<_, PostTable>::new(format, Vec::new()).unwrap();
        table.write(&little()).unwrap();
        let text = text(table.finish_cut_off(1).unwrap());
        let last = text.lines().last().unwrap();
        assert!(last.contains("cut") && last.contains('1') && last.contains("narrow the time range"), "{last}");
    }
}

#[test]
fn python_reads_back_what_was_written() {
    let Some(python) = python("tables read by Python") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (post_file, evidence_file) = (folder.path().join("posts.csv"), folder.path().join("evidence.csv"));
    let alerts = hostile();
    let texts: Vec<&str> = alerts.iter().flat_map(|alert| &alert.observed.posts).map(|post| post.id.as_str()).collect();
    assert!(HOSTILE.iter().all(|hostile| texts.contains(hostile)));
    let mut table = posts(fs::File::create(&post_file).unwrap());
    for text in &texts {
        table.write(&post(text, &[])).unwrap();
    }
    table.finish().unwrap();
    let evidence: Vec<_> = alerts.iter().map(evidence).collect();
    let sink = fs::File::create(&evidence_file).unwrap();
    let mut table = TableWriter::<_, EvidenceTable>::new(TableFormat::Csv, sink).unwrap();
    for row in evidence.iter().flat_map(evidence_rows) {
        table.write(&row).unwrap();
    }
    table.finish().unwrap();
    let found = read(&python, "tables", &[post_file, evidence_file]);
    assert_eq!(found[0].as_array().unwrap()[1..], texts.iter().map(|text| expected_post(text)).collect::<Vec<_>>()[..]);
    let expected: Vec<Value> = evidence
        .iter()
        .flat_map(evidence_rows)
        .map(|row| {
            json!([
                row.alert_id,
                "3",
                row.object,
                row.layer.to_string(),
                shown(row.label),
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

/// The row of a post in Python.
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
        text,
        text,
        text,
        "true",
        "false",
        text,
        at(-2).to_string(),
        "",
    ])
}

/// A text with NUL, which no table holds, as a symbol.
fn shown(text: &str) -> String {
    text.replace('\0', "␀")
}

/// A sink that takes a few bytes.
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
    let mut table = posts(Full(300));
    table.write(&post("x:1", &[])).unwrap();
    table.write(&post("x:2", &[])).unwrap();
    let error = table.finish().unwrap_err();
    assert!(matches!(&error, Error::Table(_)));
    assert!(error.to_string().contains("is not whole"), "{error}");
}
