//! Laws of reading any bytes at all: nothing panics, nothing is lost, offsets hold.

mod pages;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use shoal_formats::{Content, DeadLetter, Decoded, Error, Limits, Reader, Record, RecordKind};

use self::pages::PAGES;

/// Small limits, so that random bytes meet them.
fn limits() -> Limits {
    Limits { record_bytes: 200, kept_bytes: 40, depth: 3, id_bytes: 4, text_chars: 10, urls: 1 }
}

const RECORD: &str = r#"{"id":"1","platform":"x","author":"a","ts":"2015-01-31T08:00:00Z","text":"t"}"#;

/// A line end, a piece of a record, a page of records, or noise.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let record = RECORD;
    prop_oneof![
        3 => Just(b"\n".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        1 => Just(b" \t".to_vec()),
        1 => Just(b"\xef\xbb\xbf".to_vec()),
        3 => Just(format!("{record}\n").into_bytes()),
        1 => (0..4_usize).prop_map(move |n| format!("[{}]\n", vec![RECORD; n].join(",")).into_bytes()),
        1 => Just(b"{\"likes\":\"1\"}\n".to_vec()),
        1 => (0..record.len()).prop_map(move |cut| record.as_bytes()[..cut].to_vec()),
        1 => (0..record.len(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut record = record.as_bytes().to_vec();
            record[at] = byte;
            record
        }),
        1 => (150..500_usize).prop_map(|length| vec![b'z'; length]),
        1 => prop::collection::vec(any::<u8>(), 0..30),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat())
}

fn records(path: &Path) -> Result<Vec<(Record, Vec<u8>)>, Error> {
    let mut reader = Reader::open(path, &limits())?;
    let (mut line, mut records) = (Vec::new(), Vec::new());
    while let Some(record) = reader.next(&mut line)? {
        records.push((record, line.clone()));
    }
    Ok(records)
}

/// The lines that are not blank, found in the plainest way: offset and content.
fn expected(bytes: &[u8]) -> Vec<(u64, &[u8])> {
    let mut offset = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut lines = Vec::new();
    for line in bytes[offset..].split(|byte| *byte == b'\n') {
        if !line.trim_ascii().is_empty() || line.len() > limits().record_bytes + 1 {
            lines.push((offset as u64, line));
        }
        offset += line.len() + 1;
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_record_has_contents_or_is_ignored_or_a_dead_letter(bytes in bytes()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("posts");
        fs::write(&path, &bytes).unwrap();
        let (records, lines) = (records(&path).unwrap(), expected(&bytes));
        prop_assert_eq!(records.len(), lines.len());
        let (mut with_contents, mut ignored, mut letters) = (0, 0, 0);
        for (number, ((record, read), (offset, line))) in records.iter().zip(lines).enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            prop_assert_eq!((record.number, record.offset), (number as u64, offset));
            prop_assert_eq!(line.len() > limits().record_bytes, matches!(record.kind, RecordKind::Oversized { .. }));
            match PAGES.decode_record(record, read, &limits()) {
                Ok(Decoded::Contents(contents)) => {
                    with_contents += 1;
                    let mut found = 0;
                    for content in contents {
                        found += 1;
                        let id = match &content {
                            Content::Post(post) => &post.id,
                            Content::Deletion(deletion) => &deletion.account,
                        };
                        prop_assert!(shoal_model::Post::split_id(id).is_ok());
                    }
                    prop_assert!(found >= 1);
                }
                Ok(Decoded::Ignored(reason)) => {
                    ignored += 1;
                    prop_assert!(["like", "empty_page"].contains(&reason));
                }
                Err(refusal) => {
                    letters += 1;
                    prop_assert!(!refusal.detail.is_empty());
                    let letter = DeadLetter::new("posts", record, refusal, read.as_slice());
                    prop_assert!(line.starts_with(&letter.raw));
                    let text = serde_json::to_string(&letter).unwrap();
                    prop_assert_eq!(serde_json::from_str::<DeadLetter>(&text).unwrap(), letter);
                }
            }
        }
        prop_assert_eq!(with_contents + ignored + letters, records.len());
    }

    #[test]
    fn reading_from_an_offset_gives_the_same_records(bytes in bytes(), zip: bool, at in any::<prop::sample::Index>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("posts");
        fs::write(&path, if zip { zstd::encode_all(bytes.as_slice(), 1).unwrap() } else { bytes }).unwrap();
        let all = records(&path).unwrap();
        let start = at.index(all.len() + 1);
        let mut reader = Reader::open(&path, &limits()).unwrap();
        let mut line = Vec::new();
        for _ in 0..start {
            reader.next(&mut line).unwrap();
        }
        let position = reader.position();
        let mut resumed = Reader::open(&path, &limits()).unwrap();
        resumed.skip_to(position).unwrap();
        for (record, content) in &all[start..] {
            prop_assert_eq!(resumed.next(&mut line).unwrap(), Some(*record));
            prop_assert_eq!(&line, content);
        }
        prop_assert_eq!(resumed.next(&mut line).unwrap(), None);
    }

    #[test]
    fn damaged_compression_never_panics(at in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("posts");
        let mut bytes = zstd::encode_all(&b"a line\nanother line, the same line, a line\n".repeat(9)[..], 1).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.truncate(cut.index(bytes.len() + 1));
        fs::write(&path, &bytes).unwrap();
        let mut reader = Reader::open(&path, &limits()).unwrap();
        let mut line = Vec::new();
        let mut failures = 0;
        loop {
            match reader.next(&mut line) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => failures += 1,
            }
        }
        prop_assert!(failures <= 1);
    }
}
