use std::path::PathBuf;

use shoal_model::{ALERT_SCHEMA, ALERT_SCHEMA_V1};

use super::*;

/// An alert of two revisions, and one of one.
const NEWER: &str = "7f3a2b10000000000000000000000000";
const OTHER: &str = "7f3a99ee000000000000000000000000";

fn alerts() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/alerts.ndjson")
}

fn find_one(id: &str, revision: Option<u32>) -> Result<Alert> {
    Ok(find::find(&alerts(), id, revision)?.alert)
}

/// The file of `lines`, and what looking for an id in it says.
fn failure(lines: &str, id: &str, revision: Option<u32>) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("alerts.ndjson");
    std::fs::write(&file, lines).unwrap();
    let error = find::find(&file, id, revision).unwrap_err();
    format!("{error:#}").replace(&directory.path().display().to_string(), "DIR")
}

#[test]
fn the_sample_keeps_the_contract() {
    let schemas = [ALERT_SCHEMA_V1, ALERT_SCHEMA].map(|schema| {
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    });
    for line in std::fs::read_to_string(alerts()).unwrap().lines() {
        let alert: serde_json::Value = serde_json::from_str(line).unwrap();
        let version = alert["schema_version"].as_u64().unwrap() as usize;
        schemas[version - 1].validate(&alert).unwrap();
    }
}

#[test]
fn an_alert_is_explained_from_posts_to_bits() {
    insta::assert_snapshot!(page(&find_one("7f3a2b10", None).unwrap(), 2));
}

#[test]
fn an_alert_by_rules_has_no_bits() {
    let mut alert = find_one("7f3a99ee", None).unwrap();
    for account in &mut alert.observed.accounts {
        account.arithmetic = None;
    }
    let strength = &mut alert.strength;
    (strength.bits, strength.fdr_level, strength.threshold_bits) = (None, None, None);
    insta::assert_snapshot!(page(&alert, 5));
}

#[test]
fn figures_that_do_not_follow_are_named() {
    let mut alert = find_one("7f3a2b10", None).unwrap();
    alert.strength.threshold_bits = Some(3.0);
    for account in &mut alert.observed.accounts {
        account.arithmetic.as_mut().unwrap().bits += 1.0;
    }
    let page = page(&alert, 3);
    assert_eq!(page.matches("WARNING").count(), 4, "{page}");
}

#[test]
fn a_unique_beginning_and_the_newest_revision_are_found() {
    for (id, revision, found) in [
        (NEWER, None, (NEWER, 2)),
        ("7f3a2", None, (NEWER, 2)),
        ("7f3a2", Some(1), (NEWER, 1)),
        ("7f3a9", None, (OTHER, 1)),
    ] {
        let alert = find_one(id, revision).unwrap();
        assert_eq!((alert.alert_id.as_str(), alert.revision), found);
    }
}

#[test]
fn what_is_not_found_is_said_with_what_there_is() {
    let lines = std::fs::read_to_string(alerts()).unwrap();
    let failures = [
        failure(&lines, "nope\u{1b}", None),
        failure(&lines, "7f3a", None),
        failure(&lines, "7f3a2b10", Some(7)),
        failure("", "7f3a", None),
        failure("{\"alert\n{}\n", "7f3a", None),
        failure(&lines.replace("\"schema_version\":1", "\"schema_version\":9"), "7f3a", None),
        failure(&lines.replace("\"significant\"", "\"significance\""), "7f3a9", None),
    ];
    insta::assert_snapshot!(failures.join("\n"));
}

#[test]
fn a_line_that_is_being_written_is_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("alerts.ndjson");
    let lines = std::fs::read_to_string(alerts()).unwrap();
    let half = lines.len() - 100;
    std::fs::write(&file, &lines.as_bytes()[..half]).unwrap();
    let found = find::find(&file, "7f3a2b10", None).unwrap();
    assert_eq!(found.alert.revision, 1);
    assert!(found.note.unwrap().contains("ends in the middle of line 3"));
}
