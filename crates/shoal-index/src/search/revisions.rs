//! Alerts by their ids and revisions.

use shoal_model::Alert;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocSet, TERMINATED, Term};

use super::scan::tantivy_error;
use super::stored::{bytes, damaged, document};
use crate::Error;
use crate::documents::revision_key;
use crate::store::snapshot::Snapshot;

/// The error for an unknown alert.
pub(super) fn no_alert(id: &str) -> Error {
    Error::Missing { what: "alert", id: id.chars().take(80).collect() }
}

/// The newest revision of an alert.
pub(super) fn newest(snapshot: &Snapshot, alert_id: &str) -> Result<Option<Alert>, Error> {
    // A key of a revision is no id of an alert.
    Ok(one(snapshot, alert_id)?.filter(|alert| alert.alert_id == alert_id))
}

/// The alert with this unique key.
fn one(snapshot: &Snapshot, key: &str) -> Result<Option<Alert>, Error> {
    let mut alerts = with_term(snapshot, snapshot.alert_fields.key, key)?;
    Ok(alerts.pop())
}

/// All kept revisions of an alert, oldest first.
pub(super) fn revisions(snapshot: &Snapshot, alert_id: &str) -> Result<Vec<Alert>, Error> {
    let mut alerts = with_term(snapshot, snapshot.alert_fields.alert_id, alert_id)?;
    alerts.sort_by_key(|alert| alert.revision);
    // The newest is there twice: as such, and as one of all.
    alerts.dedup_by_key(|alert| alert.revision);
    Ok(alerts)
}

/// A revision of an alert, or the newest.
pub(super) fn revision(snapshot: &Snapshot, alert_id: &str, revision: Option<u32>) -> Result<Option<Alert>, Error> {
    match revision {
        Some(revision) => one(snapshot, &revision_key(alert_id, revision)),
        None => newest(snapshot, alert_id),
    }
}

fn with_term(snapshot: &Snapshot, field: Field, text: &str) -> Result<Vec<Alert>, Error> {
    let term = Term::from_field_text(field, text);
    let mut alerts = Vec::new();
    for (segment, reader) in (0..).zip(snapshot.alerts.segment_readers()) {
        let inverted = reader.inverted_index(field).map_err(tantivy_error("alerts"))?;
        let list = inverted.read_postings(&term, IndexRecordOption::Basic).map_err(tantivy_error("alerts"))?;
        let Some(mut list) = list else { continue };
        let mut at = list.doc();
        while at != TERMINATED {
            if reader.alive_bitset().is_none_or(|alive| alive.is_alive(at)) {
                alerts.push(read(snapshot, DocAddress::new(segment, at))?);
            }
            at = list.advance();
        }
    }
    Ok(alerts)
}

/// Reads the alert of a document.
pub(super) fn read(snapshot: &Snapshot, at: DocAddress) -> Result<Alert, Error> {
    let document = document(&snapshot.alerts, at, "alerts")?;
    let json = bytes(&document, snapshot.alert_fields.stored).unwrap_or_default();
    serde_json::from_slice(json).map_err(|error| damaged("alerts", &format!("an alert cannot be read ({error})")))
}
