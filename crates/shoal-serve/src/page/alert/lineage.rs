//! The history of a group: events and revisions.

use maud::{Markup, html};
use shoal_model::Alert;

use super::super::links::{Query, one};
use super::super::{alerts, humanize};
use super::AlertView;

/// Events and revisions that are listed, the newest.
const LISTED: usize = 20;

/// The section of events in the life of the group.
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

/// The section of revisions.
pub(super) fn revisions(seen: &AlertView) -> Markup {
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
