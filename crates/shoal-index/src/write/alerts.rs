//! Alerts: a document for each revision, and one for the newest of each alert.

use hashbrown::HashMap;
use shoal_model::{Alert, LineageEvent, Timestamp};
use tantivy::query::{Query, TermQuery};
use tantivy::schema::{IndexRecordOption, Value as _};
use tantivy::{DocAddress, Searcher, TantivyDocument, Term};

use super::side::SideWriter;
use crate::Error;
use crate::documents::{newest_document, revision_document, revision_key};
use crate::schema::AlertFields;
use crate::store::disk;
use crate::store::part::IndexPart;
use crate::store::parts::IndexParts;

/// Writes alerts.
pub(super) struct AlertWriter {
    side: SideWriter,
    /// Newest revisions that are not committed yet.
    newest: HashMap<String, NewestRevision>,
}

/// The newest revision of an alert, and the time the alert was opened.
#[derive(Debug, Clone, Copy)]
struct NewestRevision {
    revision: u64,
    opened_at: Timestamp,
}

impl AlertWriter {
    pub(super) fn new(parts: &IndexParts) -> Self {
        Self { side: SideWriter::new(&parts.alerts), newest: HashMap::new() }
    }

    pub(super) const fn is_dirty(&self) -> bool {
        self.side.is_dirty()
    }

    /// Writes a revision, replacing the same one. One older than the newest changes nothing else.
    pub(super) fn put(&mut self, alert: &Alert, parts: &IndexParts) -> Result<(), Error> {
        let fields = &parts.alert_fields;
        let known = match self.newest.get(&alert.alert_id) {
            Some(known) => Some(*known),
            None => newest(&parts.alerts, fields, &alert.alert_id)?,
        };
        let opened_at = known.map_or_else(|| opened_at(alert), |known| known.opened_at);
        let key = revision_key(&alert.alert_id, alert.revision);
        self.side.put(Term::from_field_text(fields.key, &key), revision_document(fields, alert, opened_at))?;
        let revision = u64::from(alert.revision);
        if known.is_none_or(|known| known.revision <= revision) {
            let key = Term::from_field_text(fields.key, &alert.alert_id);
            self.side.put(key, newest_document(fields, alert, opened_at))?;
            self.newest.insert(alert.alert_id.clone(), NewestRevision { revision, opened_at });
        }
        Ok(())
    }

    pub(super) fn commit(&mut self, parts: &mut IndexParts) -> Result<bool, Error> {
        let committed = self.side.commit(&mut parts.alerts)?;
        self.newest.clear();
        Ok(committed)
    }

    pub(super) fn release(&mut self, parts: &mut IndexParts) -> Result<(), Error> {
        self.commit(parts)?;
        self.side.release(&mut parts.alerts)
    }

    /// Deletes the alerts whose newest revision was raised before `expiry`.
    pub(super) fn expire(&mut self, expiry: Timestamp, parts: &IndexParts) -> Result<(), Error> {
        let fields = &parts.alert_fields;
        let newest = term_query(fields.role, crate::documents::NEWEST);
        for alert in find(&parts.alerts, fields, newest.as_ref())? {
            if alert.raised_at < expiry {
                self.side.delete(term_query(fields.alert_id, &alert.alert_id))?;
            }
        }
        Ok(())
    }
}

/// All revisions of the alerts that name an id in `field`.
pub(super) fn naming(parts: &IndexParts, field: tantivy::schema::Field, id: &str) -> Result<Vec<Alert>, Error> {
    let fields = &parts.alert_fields;
    let named = find(&parts.alerts, fields, term_query(field, id).as_ref())?;
    let mut ids: Vec<String> = named.into_iter().map(|alert| alert.alert_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut out = Vec::new();
    for id in ids {
        let mut revisions = find(&parts.alerts, fields, term_query(fields.alert_id, &id).as_ref())?;
        revisions.sort_by_key(|alert| alert.revision);
        revisions.dedup_by_key(|alert| alert.revision);
        out.extend(revisions);
    }
    Ok(out)
}

fn term_query(field: tantivy::schema::Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
}

/// The alerts that match a query.
fn find(part: &IndexPart, fields: &AlertFields, query: &dyn Query) -> Result<Vec<Alert>, Error> {
    let searcher = part.searcher();
    let failed = disk::tantivy_error(part.path());
    let found = searcher.search(query, &tantivy::collector::DocSetCollector).map_err(&failed)?;
    let mut addresses: Vec<DocAddress> = found.into_iter().collect();
    addresses.sort_unstable();
    let mut out = Vec::with_capacity(addresses.len());
    for address in addresses {
        let document: TantivyDocument = searcher.doc(address).map_err(&failed)?;
        let json = document.get_first(fields.stored).and_then(|value| value.as_bytes()).unwrap_or_default();
        out.push(serde_json::from_slice(json).map_err(|error| Error::Damaged {
            path: part.path().to_owned(),
            detail: format!("an alert cannot be read: {error}"),
            remedy: "move the directory away; alerts of a run from the beginning are indexed again".to_owned(),
        })?);
    }
    Ok(out)
}

/// The newest revision of an alert that is committed.
fn newest(part: &IndexPart, fields: &AlertFields, alert_id: &str) -> Result<Option<NewestRevision>, Error> {
    let key = Term::from_field_text(fields.key, alert_id);
    newest_in(&part.searcher(), &key).map_err(disk::tantivy_error(part.path()))
}

fn newest_in(searcher: &Searcher, key: &Term) -> tantivy::Result<Option<NewestRevision>> {
    use tantivy::{DocSet as _, TERMINATED};
    for reader in searcher.segment_readers() {
        let postings = reader.inverted_index(key.field())?.read_postings(key, IndexRecordOption::Basic)?;
        let Some(mut postings) = postings else { continue };
        while postings.doc() != TERMINATED {
            let document = postings.doc();
            if !reader.is_deleted(document) {
                let revision = reader.fast_fields().u64("revision")?.first(document);
                let opened_at = reader.fast_fields().i64("opened_at")?.first(document);
                return Ok(revision
                    .zip(opened_at)
                    .map(|(revision, micros)| NewestRevision { revision, opened_at: Timestamp::from_micros(micros) }));
            }
            postings.advance();
        }
    }
    Ok(None)
}

/// The time an alert was opened, as far as one revision shows.
fn opened_at(alert: &Alert) -> Timestamp {
    let born = alert.lineage.iter().find(|event| event.event == LineageEvent::Born).map(|event| event.at);
    if alert.revision == 1 { alert.raised_at } else { born.unwrap_or(alert.raised_at) }
}
