//! The origin of an alert: configuration, version and inputs.

use maud::{Markup, html};
use shoal_model::Alert;

use super::super::untrusted;

/// Inputs that are listed.
const LISTED: usize = 20;

/// The section that says how to make the alert again.
pub(super) fn section(alert: &Alert) -> Markup {
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
