//! What was tested, what was cut, what became of the group, and how to have it all.

use maud::{Markup, html};
use shoal_model::{Alert, BenignVerdict};

use super::super::links::{Query, one};
use super::super::{alerts, humanize, untrusted};
use super::Seen;

/// Events and revisions that are listed, the newest.
const LISTED: usize = 20;

/// Innocent explanations that were tested.
pub(super) fn checks(alert: &Alert) -> Markup {
    html! {
        section #checks {
            h2 { "Innocent explanations tested" }
            @if alert.benign_checks.is_empty() { p { "none" } }
            ul.plain {
                @for check in &alert.benign_checks {
                    li {
                        b { (check.name.replace('_', "-")) } ": "
                        @match check.verdict {
                            BenignVerdict::Absent => "explains nothing of this",
                            BenignVerdict::Partial => "explains a part of this",
                        }
                        ". " (check.detail) "."
                    }
                }
            }
            p.note { "What is not listed was not tested." }
        }
    }
}

/// Limits that cut the evidence.
pub(super) fn limits(alert: &Alert) -> Markup {
    html! {
        section #limits {
            h2 { "Limits that cut the evidence" }
            @if alert.caps_hit.is_empty() { p { "none" } }
            ul.plain {
                @for hit in &alert.caps_hit {
                    @let (one, many) = humanize::cap(hit.cap);
                    li { (humanize::counted(hit.count, one, many)) }
                }
            }
        }
    }
}

/// What happened to the group.
pub(super) fn lineage(alert: &Alert) -> Markup {
    let skipped = alert.lineage.len().saturating_sub(LISTED);
    html! {
        @if !alert.lineage.is_empty() {
            section #history {
                h2 { "What happened to the group" }
                ol.plain {
                    @if skipped > 0 { li { (humanize::counted(skipped as u64, "earlier event", "earlier events")) } }
                    @for event in alert.lineage.iter().skip(skipped) {
                        li {
                            (humanize::time(event.at)) " " (humanize::event(event.event))
                            @if let Some(other) = &event.other {
                                " " a href=(one("alerts", other)) { "alert " (super::short(other)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// All revisions.
pub(super) fn revisions(seen: &Seen) -> Markup {
    let alert = seen.alert();
    html! {
        section #revisions {
            h2 { "Revisions" }
            ol.plain {
                @for revision in seen.revisions.iter().rev().take(LISTED) {
                    li {
                        @let number = Query::default().and("revision", revision.revision.to_string());
                        @let address = number.at(&one("alerts", &alert.alert_id));
                        a href=(address) aria-current=[(revision.revision == alert.revision).then_some("true")] {
                            (revision.revision)
                        }
                        " " (alerts::state(revision.state, false)) " "
                        (humanize::counted(super::accounts(revision), "account", "accounts"))
                        @if let Some(bits) = revision.strength.bits { ", " (format!("{bits:.1}")) " bits" }
                        " · " (humanize::short_time(revision.raised_at))
                    }
                }
            }
            @if seen.revisions.len() > LISTED { p.more { "and " (seen.revisions.len() - LISTED) " earlier" } }
        }
    }
}

/// Everything as files.
pub(super) fn downloads(alert: &Alert) -> Markup {
    let base = format!("/api/v1{}", one("alerts", &alert.alert_id));
    html! {
        section #downloads {
            h2 { "Downloads" }
            ul.plain {
                li { a href=(base) { "Alert, all revisions" } " (JSON)" }
                li {
                    "Evidence: " a href=(format!("{base}/evidence?format=csv")) { "CSV" } ", "
                    a href=(format!("{base}/evidence")) { "JSON" }
                }
                li {
                    "Network of ties: " a href=(format!("{base}/network?format=gexf")) { "GEXF" } ", "
                    a href=(format!("{base}/network?format=graphml")) { "GraphML" }
                }
            }
        }
    }
}

/// How to make it again.
pub(super) fn origin(alert: &Alert) -> Markup {
    let provenance = &alert.provenance;
    html! {
        section #origin {
            h2 { "Where it comes from" }
            details {
                summary { "The sentence as sent, the configuration, the inputs" }
                p dir="auto" { (untrusted::shown(&alert.summary, 2_000)) }
                dl.pairs {
                    dt { "Alert" } dd { code { (untrusted::name(&alert.alert_id)) } }
                    dt { "Configuration" } dd { code { (untrusted::name(&provenance.configuration)) } }
                    dt { "Shoal" } dd { (provenance.version) }
                    dt { "Read from" }
                    dd { @for input in provenance.inputs.iter().take(LISTED) { (untrusted::name(input)) " " } }
                }
            }
        }
    }
}
