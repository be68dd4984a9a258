use shoal_share::{FileFormat, FormatFacts, NetworkFormat, TableFormat};

use super::super::fixtures;
use super::*;

fn seen() -> AlertView {
    AlertView {
        revisions: vec![fixtures::alert()],
        shown: 0,
        evidence: Some(fixtures::evidence()),
        feedback: fixtures::feedback(),
    }
}

/// The page with `text` wherever a stranger's text can stand.
pub(in crate::page) fn poisoned(text: &str) -> Markup {
    let AlertView { revisions, evidence, feedback, .. } = seen();
    let seen = AlertView {
        revisions: fixtures::poisoned(&revisions, text),
        shown: 0,
        evidence: fixtures::poisoned(&evidence, text),
        feedback: fixtures::poisoned(&feedback, text),
    };
    content(&seen, true)
}

#[test]
fn an_alert_says_what_it_claims_and_what_not() {
    let seen = seen();
    let page = content(&seen, true).into_string();
    for expected in [
        "4 accounts shared 1 text and 1 link",
        "This is an observation, not a verdict.",
        "Not part of the group,",
        "23.3 bits",
        "14.9 were needed",
        "explains a part of this",
        "posts of the evidence are not listed",
        "They do, openly and harmlessly",
        "took in",
        "on trial",
        "name=\"verdict\"",
        "<ins>3</ins>",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(!content(&seen, false).into_string().contains("name=\"verdict\""));
}

#[test]
fn every_format_can_be_downloaded() {
    let page = content(&seen(), true).into_string();
    let formats = |path, all: Vec<&'static FormatFacts>| all.into_iter().map(move |facts| (path, facts));
    let tables = TableFormat::ALL.iter().map(|format| format.facts()).collect();
    let networks = NetworkFormat::ALL.iter().map(|format| format.facts()).collect();
    for (path, FormatFacts { name, title, .. }) in formats("evidence", tables).chain(formats("network", networks)) {
        assert!(page.contains(&format!("/{path}?format={name}\">{title}</a>")), "{path} {name}: {page}");
    }
}

#[test]
fn an_alert_by_rules_has_no_bits() {
    let mut seen = seen();
    let alert = &mut seen.revisions[0];
    (alert.strength.bits, alert.strength.threshold_bits) = (None, None);
    for account in &mut alert.observed.accounts {
        account.arithmetic = None;
    }
    let page = content(&seen, true).into_string();
    assert!(page.contains("judges by fixed counts"), "{page}");
    assert!(!page.contains(" bits<"), "{page}");
}

#[test]
fn an_alert_of_which_nothing_is_left_is_shown() {
    let mut alert = fixtures::alert();
    let observed = &mut alert.observed;
    (observed.accounts, observed.objects, observed.posts) = (Vec::new(), Vec::new(), Vec::new());
    (observed.layers, observed.timeline, observed.context) = (Vec::new(), Vec::new(), Vec::new());
    observed.ties.strongest = Vec::new();
    let seen = AlertView { revisions: vec![alert], shown: 0, evidence: None, feedback: Vec::new() };
    let page = content(&seen, true).into_string();
    assert!(page.contains("are not in the index") && page.contains("Nobody has assessed it yet"), "{page}");
}

#[test]
fn a_large_alert_stays_a_small_page() {
    let mut seen = seen();
    let alert = &mut seen.revisions[0];
    let observed = &mut alert.observed;
    observed.accounts = observed.accounts.iter().cycle().take(2_000).cloned().collect();
    observed.posts = observed.posts.iter().cycle().take(5_000).cloned().collect();
    observed.context = observed.context.iter().cycle().take(1_000).cloned().collect();
    observed.ties.strongest = observed.ties.strongest.iter().cycle().take(1_000).cloned().collect();
    let evidence = seen.evidence.as_mut().unwrap();
    for object in &mut evidence.objects {
        object.posts = object.posts.iter().cycle().take(1_000).cloned().collect();
    }
    evidence.objects = evidence.objects.iter().cycle().take(500).cloned().collect();
    let page = content(&seen, true).into_string();
    assert!(page.len() < 300_000, "{}", page.len());
}
