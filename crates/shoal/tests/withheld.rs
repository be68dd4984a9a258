//! Alerts that are not sent, and accounts that are not named: shadow mode, mutes with expiry, allow-lists.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{accounts, alerts, ids, lines, pipeline, shoal};
use serde_json::json;
use shoal_model::{Alert, AlertState, Layer, Timestamp};

/// In the middle of the demo stream.
const EXPIRY: &str = "2026-03-04T00:00:00Z";
/// After all of it.
const NEVER: &str = "2030-01-01T00:00:00Z";

/// The alerts that were sent and those that were not.
struct SentAndWithheld {
    sent: Vec<Alert>,
    withheld: Vec<Alert>,
}

/// Runs the demo stream with settings laid over the defaults.
fn run(settings: &[&str]) -> SentAndWithheld {
    let directory = tempfile::tempdir().unwrap();
    let (file, input) = (pipeline("file.toml"), pipeline("demo.ndjson"));
    let mut arguments = vec!["run", &file, "--input", &input, "--output", "alerts.ndjson"];
    for setting in ["output.shadow=shadow.ndjson"].iter().chain(settings) {
        arguments.extend(["--set", setting]);
    }
    shoal(directory.path(), &arguments).well();
    let read = |name: &str| alerts(&directory.path().join(name));
    SentAndWithheld { sent: read("alerts.ndjson"), withheld: read("shadow.ndjson") }
}

/// The statements of an alert, without whether it was sent and by which configuration.
fn said(alerts: &[Alert]) -> Vec<String> {
    let said = |alert: &Alert| json!([alert.alert_id, alert.revision, alert.raised_at, alert.observed]).to_string();
    alerts.iter().map(said).collect()
}

/// Plain TOML of texts.
fn array<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    serde_json::to_string(&texts.into_iter().collect::<Vec<_>>()).unwrap()
}

#[test]
fn rules_on_trial_are_written_apart_and_nothing_is_sent() {
    let (plain, shadow) = (run(&[]), run(&["detect.shadow=true"]));
    assert!(plain.withheld.is_empty() && !plain.sent.is_empty());
    assert!(shadow.sent.is_empty());
    assert!(shadow.withheld.iter().all(|alert| alert.shadow));
    assert_eq!(said(&plain.sent), said(&shadow.withheld));
}

#[test]
fn shadow_alerts_are_counted_when_nobody_wants_them_written() {
    let directory = tempfile::tempdir().unwrap();
    let input = pipeline("demo.ndjson");
    let arguments = ["run", &pipeline("file.toml"), "--input", &input, "--set", "detect.shadow=true"];
    let ran = shoal(directory.path(), &arguments).well();
    assert!(ran.stderr.contains("(in shadow or muted)"), "{}", ran.stderr);
    assert_eq!(common::length(&directory.path().join("alerts.ndjson")), 0);
}

#[test]
fn a_muted_alert_is_withheld_and_the_other_is_not() {
    let plain = run(&[]);
    let muted = plain.sent[0].alert_id.as_str();
    let outcome = run(&[&format!(r#"detect.mute=[{{alert="{muted}", until={NEVER}, reason="known"}}]"#)]);
    assert!(outcome.withheld.iter().all(|alert| alert.alert_id == muted && alert.state == AlertState::Suppressed));
    assert!(!outcome.withheld.is_empty() && !outcome.sent.is_empty());
    let others: Vec<Alert> = plain.sent.iter().filter(|alert| alert.alert_id != muted).cloned().collect();
    assert_eq!(said(&outcome.sent), said(&others));
}

#[test]
fn a_mute_of_all_accounts_withholds_until_it_expires() {
    let plain = run(&[]);
    let muted = plain.sent[0].alert_id.clone();
    let group: Vec<Alert> = plain.sent.iter().filter(|alert| alert.alert_id == muted).cloned().collect();
    let all: Vec<String> = accounts(&group)
        .iter()
        .map(|account| format!(r#"{{account="{account}", until={EXPIRY}, reason="known"}}"#))
        .collect();
    let outcome = run(&[&format!("detect.mute=[{}]", all.join(", "))]);
    let expiry: Timestamp = serde_json::from_value(EXPIRY.into()).unwrap();
    assert!(!outcome.withheld.is_empty());
    for alert in &outcome.withheld {
        assert!(alert.alert_id == muted && alert.raised_at < expiry && alert.state == AlertState::Suppressed);
    }
    let later: Vec<&Alert> = outcome.sent.iter().filter(|alert| alert.alert_id == muted).collect();
    assert!(!later.is_empty() && later.iter().all(|alert| alert.raised_at >= expiry));
}

#[test]
fn a_mute_of_some_accounts_withholds_nothing() {
    let plain = run(&[]);
    let largest = plain.sent.iter().max_by_key(|alert| alert.observed.accounts.len()).unwrap();
    // Of those that stand in every revision: a group of it alone would be muted.
    let account = &largest.observed.accounts[0].id;
    let outcome = run(&[&format!(r#"detect.mute=[{{account="{account}", until={NEVER}, reason="known"}}]"#)]);
    assert!(outcome.withheld.is_empty());
    assert_eq!(said(&outcome.sent), said(&plain.sent));
}

#[test]
fn allow_listed_accounts_are_context_and_never_named() {
    let plain = run(&[]);
    let named: Vec<String> = accounts(&plain.sent).iter().step_by(4).map(|id| (*id).to_owned()).collect();
    assert!(named.len() >= 5);
    let allow = array(named.iter().map(String::as_str));
    let outcome = run(&[&format!("detect.allow.accounts={allow}")]);
    assert!(ids(&outcome.sent).len() >= 2, "the rest of both groups is still there");
    let found = accounts(&outcome.sent);
    assert!(named.iter().all(|id| !found.contains(id.as_str())), "{found:?}");
    let context: BTreeSet<(&str, bool)> = outcome
        .sent
        .iter()
        .flat_map(|alert| &alert.observed.context)
        .map(|account| (account.id.as_str(), account.allow_listed))
        .collect();
    assert!(named.iter().any(|id| context.contains(&(id, true))), "{context:?}");
    assert!(context.iter().all(|(id, allowed)| *allowed == named.iter().any(|name| name == id)), "{context:?}");
}

/// All objects of a layer that any alert shows.
fn labels(alerts: &[Alert], layer: Layer) -> BTreeSet<&str> {
    let objects = alerts.iter().flat_map(|alert| &alert.observed.objects);
    objects.filter(|object| object.layer == layer).map(|object| object.label.as_str()).collect()
}

#[test]
fn allow_listed_domains_leave_no_trace() {
    let of_site = |alerts: &[Alert]| {
        let labels = [Layer::Link, Layer::Domain].map(|layer| labels(alerts, layer));
        labels.iter().flatten().filter(|label| label.contains("harbour-truth.example")).count()
    };
    assert!(of_site(&run(&[]).sent) > 5, "the second campaign pushes this site");
    let outcome = run(&[r#"detect.allow.domains=["harbour-truth.example"]"#]);
    assert_eq!(of_site(&outcome.sent), 0);
    assert!(!outcome.sent.is_empty(), "the first campaign has nothing to do with it");
}

#[test]
fn allow_listed_texts_leave_no_trace() {
    let plain = run(&[]);
    assert!(labels(&plain.sent, Layer::Text).len() > 5);
    let found = accounts(&plain.sent);
    let posts = lines(Path::new(&pipeline("demo.ndjson")));
    let texts: BTreeSet<String> = posts
        .iter()
        .filter(|line| found.contains(format!("demo:{}", line.author).as_str()))
        .map(|line| serde_json::from_slice::<serde_json::Value>(&line.text).unwrap())
        .map(|post| post["text"].as_str().unwrap().to_owned())
        .collect();
    let allow = array(texts.iter().map(String::as_str));
    let outcome = run(&[&format!("detect.allow.texts={allow}")]);
    assert!(labels(&outcome.sent, Layer::Text).is_empty());
    assert!(!labels(&outcome.sent, Layer::Repost).is_empty(), "reposts and links are still there");
}
