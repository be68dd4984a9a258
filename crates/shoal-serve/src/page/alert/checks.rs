//! Innocent explanations that were tested, and limits that cut the evidence.

use maud::{Markup, html};
use shoal_model::Alert;

use super::super::humanize;

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
                        (check.verdict.meaning())
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
