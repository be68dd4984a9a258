//! Bad input: nothing lost, nothing fatal, every refusal explained.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;

use common::{alerts, config, identities, job, stream, write};
use shoal_formats::{DeadLetters, Reason};
use shoal_stream::{Error, run};

/// Broken lines between good ones, each with the reason it is refused for.
fn broken() -> Vec<(Vec<u8>, Reason)> {
    let good = r#""platform":"made","author":"a","ts":"2023-11-15T00:00:00Z","text":"t","lang":"en","repost":false"#;
    let deep = format!("{{\"id\":\"d\",{good},\"x\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    vec![
        (b"{\"id\":\"x\",\"platform\":\"made\"".to_vec(), Reason::Truncated),
        (format!("{{\"id\":\"x\",{good}}} more").into_bytes(), Reason::TrailingGarbage),
        (deep.into_bytes(), Reason::TooDeep),
        (format!("{{\"id\":7.5,{good}}}").into_bytes(), Reason::WrongType),
        (b"{\"id\":\"\xff\xfe\"}".to_vec(), Reason::InvalidUtf8),
        (format!("{{\"id\":\"\\ud83d\",{good}}}").into_bytes(), Reason::LoneSurrogate),
        (format!("{{\"id\":\"x\",\"pad\":\"{}\",{good}}}", "y".repeat(2 << 20)).into_bytes(), Reason::TooLarge),
        (format!("{{{good}}}").into_bytes(), Reason::MissingField),
        (format!("{{\"id\":\"\",{good}}}").into_bytes(), Reason::BadId),
    ]
}

#[test]
fn broken_records_become_dead_letters_and_change_no_alert() {
    let directory = tempfile::tempdir().unwrap();
    let (clean, dirty) = (directory.path().join("clean"), directory.path().join("dirty"));
    let posts = stream(1);
    write(&clean, &posts);
    let mut bytes = Vec::new();
    let broken = broken();
    for (number, post) in posts.iter().enumerate() {
        if let Some((line, _)) = number.checked_sub(100).filter(|n| n % 50 == 0).and_then(|n| broken.get(n / 50)) {
            bytes.extend_from_slice(line);
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(post.line.as_bytes());
        bytes.push(b'\n');
    }
    fs::write(&dirty, bytes).unwrap();
    let clean_job = job(&[clean], directory.path().join("clean.alerts"), config());
    let dirty_job = job(&[dirty], directory.path().join("dirty.alerts"), config());
    let (expected, _) = alerts(&clean_job);
    let (found, summary) = alerts(&dirty_job);
    assert_eq!(identities(&expected), identities(&found));
    let letters: Vec<_> = DeadLetters::open(directory.path().join("dirty.dead")).unwrap().map(Result::unwrap).collect();
    let reasons: Vec<Reason> = letters.iter().map(|letter| letter.reason).collect();
    assert_eq!(reasons, broken.iter().map(|(_, reason)| *reason).collect::<Vec<_>>());
    for (letter, (line, _)) in letters.iter().zip(&broken) {
        assert!(line.starts_with(&letter.raw), "{:?}", letter.reason);
    }
    assert_eq!(summary.sources.dead() as usize, broken.len());
}

#[test]
fn wrong_clocks_move_nothing_and_nul_is_text() {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("posts");
    let posts = stream(1);
    let mut lines: Vec<String> = posts.iter().map(|post| post.line.clone()).collect();
    let odd = |id: &str, ts: &str| {
        format!(
            r#"{{"id":"{id}","platform":"made","author":"odd","ts":"{ts}","text":"nul \u0000 in it","repost":false}}"#
        )
    };
    lines.insert(3_000, odd("future", "2123-01-01T00:00:00Z"));
    lines.insert(2_000, odd("past", "1970-01-01T00:00:00Z"));
    lines.insert(1_000, lines[10].clone());
    fs::write(&input, lines.join("\n")).unwrap();
    let job = job(&[input], directory.path().join("alerts"), config());
    let (_, summary) = alerts(&job);
    assert_eq!(summary.sources.dead_letters[Reason::Future.index()], 1);
    assert_eq!(summary.sources.late, 2, "the old one and the repeated one");
    assert_eq!(summary.prepare.duplicate, 1);
    assert_eq!(summary.sources.records as usize, lines.len());
}

#[test]
fn a_half_written_file_is_an_error_after_everything_before_it() {
    let directory = tempfile::tempdir().unwrap();
    let (whole, cut) = (directory.path().join("whole"), directory.path().join("cut.zst"));
    write(&whole, &stream(1));
    let packed = zstd::encode_all(fs::File::open(&whole).unwrap(), 3).unwrap();
    fs::write(&cut, &packed[..packed.len() / 2]).unwrap();
    let job = job(&[cut], directory.path().join("alerts"), config());
    let error = run(&job, &mut ()).unwrap_err();
    assert!(error.to_string().contains("half-written"), "{error}");
    assert!(!common::read(&directory.path().join("alerts")).is_empty(), "alerts before the damage are kept");
}

#[test]
fn inputs_that_cannot_be_read_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = job(&[directory.path().join("missing")], directory.path().join("alerts"), config());
    assert!(run(&missing, &mut ()).unwrap_err().to_string().contains("missing"));
    let folder = job(&[directory.path().to_owned()], directory.path().join("alerts"), config());
    assert!(run(&folder, &mut ()).unwrap_err().to_string().contains("is a directory"));
    assert!(matches!(run(&job(&[], directory.path().join("alerts"), config()), &mut ()), Err(Error::NoSources)));
}

#[test]
fn an_empty_input_is_no_error() {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("empty");
    fs::write(&input, "").unwrap();
    let (found, summary) = alerts(&job(&[input], directory.path().join("alerts"), config()));
    assert!(found.is_empty() && summary.sources.records == 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said_and_named() {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("posts");
    write(&input, &stream(1));
    let job = job(&[input], "/dev/full".into(), config());
    let job = shoal_stream::Job { outputs: shoal_stream::Outputs { dead_letters: None, ..job.outputs.clone() }, ..job };
    let error = run(&job, &mut ()).unwrap_err();
    assert!(matches!(&error, Error::Output { .. }) && error.to_string().contains("/dev/full"), "{error}");
}
