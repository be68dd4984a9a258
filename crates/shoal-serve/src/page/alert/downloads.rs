//! Downloads: an alert, its evidence and its network as files.

use maud::{Markup, html};
use shoal_model::Alert;
use shoal_share::{NetworkFormat, TableFormat};

use super::super::forms;
use super::super::links::{Query, one};

/// The section of downloads.
pub(super) fn section(alert: &Alert) -> Markup {
    let base = format!("/api/v1{}", one("alerts", &alert.alert_id));
    let (evidence, network) = (format!("{base}/evidence"), format!("{base}/network"));
    html! {
        section #downloads {
            h2 { "Downloads" }
            ul.plain {
                li { a href=(base) { "Alert, all revisions" } " (JSON)" }
                li {
                    "Evidence: " (forms::formats::<TableFormat>(&Query::default(), &evidence, ", ")) ", "
                    a href=(evidence) { "JSON" }
                }
                li { "Network of ties: " (forms::formats::<NetworkFormat>(&Query::default(), &network, ", ")) }
            }
        }
    }
}
