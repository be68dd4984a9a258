//! The table of alerts.

use serde::{Serialize, Serializer};
use shoal_index::AlertSummary;
use shoal_model::Alert;

use super::schema::{Cell, TableSchema};

/// The table of alerts: `alert_id`, `revision`, `state`, `shadow`, `opened_at`, `raised_at`, `start`, `end`,
/// `accounts`, `objects`, `layers` (separated by spaces), `bits`, `labels` (separated by ` | `), `summary`, `feedback`
/// (as `verdict:count`, separated by spaces).
#[derive(Debug)]
pub enum AlertTable {}

/// An alert as a row.
#[derive(Debug, Clone, Copy)]
pub struct AlertRow<'a> {
    /// The alert in short, for columns.
    pub summary: &'a AlertSummary,
    /// The newest revision, for formats that hold whole records; they write the summary where it is absent.
    pub newest: Option<&'a Alert>,
}

impl Serialize for AlertRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.newest {
            Some(alert) => alert.serialize(serializer),
            None => self.summary.serialize(serializer),
        }
    }
}

impl TableSchema for AlertTable {
    const COLUMNS: &'static [&'static str] = &[
        "alert_id",
        "revision",
        "state",
        "shadow",
        "opened_at",
        "raised_at",
        "start",
        "end",
        "accounts",
        "objects",
        "layers",
        "bits",
        "labels",
        "summary",
        "feedback",
    ];

    type Row<'a> = AlertRow<'a>;

    fn cells<'a>(row: &'a AlertRow<'_>) -> Vec<Cell<'a>> {
        let alert = row.summary;
        let layers: Vec<String> = alert.layers.iter().map(ToString::to_string).collect();
        let feedback: Vec<String> =
            alert.feedback.iter().map(|(verdict, count)| format!("{verdict}:{count}")).collect();
        vec![
            Cell::foreign(&alert.alert_id),
            Cell::plain(alert.revision),
            Cell::plain(alert.state.name()),
            Cell::plain(alert.shadow),
            Cell::plain(alert.opened_at),
            Cell::plain(alert.raised_at),
            Cell::plain(alert.start),
            Cell::plain(alert.end),
            Cell::plain(alert.accounts),
            Cell::plain(alert.objects),
            Cell::joined(&layers, " "),
            Cell::plain_or_empty(alert.bits),
            Cell::joined(&alert.labels, " | "),
            Cell::foreign(&alert.summary),
            Cell::joined(&feedback, " "),
        ]
    }
}
