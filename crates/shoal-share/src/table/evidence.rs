//! The table of an alert's evidence.

use serde::Serialize;
use shoal_index::Evidence;
use shoal_model::{Layer, Timestamp};

use super::schema::{Cell, TableSchema};
use super::{TableFormat, TableWriter};
use crate::Error;

/// The table of an alert's evidence, a row for each post on each object: `alert_id`, `revision`, `object`, `layer`,
/// `label`, `post`, `account`, `at`, `similarity`, `url`, `text`.
#[derive(Debug)]
pub enum EvidenceTable {}

/// A post of an alert's evidence as a row.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EvidenceRow<'a> {
    /// The alert.
    pub alert_id: &'a str,
    /// The revision of the alert.
    pub revision: u32,
    /// The key of the object that was acted on, in hexadecimal.
    pub object: &'a str,
    /// The layer of the object.
    pub layer: Layer,
    /// A label of the object: an excerpt, an address, an id. Written by a stranger.
    pub label: &'a str,
    /// The post.
    pub post: &'a str,
    /// The account.
    pub account: &'a str,
    /// The time at which the post was seen.
    pub at: Timestamp,
    /// The exact similarity to the text that linked it, for texts; otherwise 1.
    pub similarity: f32,
    /// An address where a person can look at the post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<&'a str>,
    /// The text as published, where the index has it. Written by a stranger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
}

impl TableSchema for EvidenceTable {
    const COLUMNS: &'static [&'static str] =
        &["alert_id", "revision", "object", "layer", "label", "post", "account", "at", "similarity", "url", "text"];

    type Row<'a> = EvidenceRow<'a>;

    fn cells<'a>(row: &'a EvidenceRow<'_>) -> Vec<Cell<'a>> {
        vec![
            Cell::foreign(row.alert_id),
            Cell::plain(row.revision),
            Cell::foreign(row.object),
            Cell::plain(row.layer),
            Cell::foreign(row.label),
            Cell::foreign(row.post),
            Cell::foreign(row.account),
            Cell::plain(row.at),
            Cell::plain(row.similarity),
            Cell::foreign_or_empty(row.url),
            Cell::foreign_or_empty(row.text),
        ]
    }
}

/// The rows of an alert's evidence: object by object, the posts of each oldest first.
pub fn evidence_rows(evidence: &Evidence) -> impl Iterator<Item = EvidenceRow<'_>> {
    evidence.objects.iter().flat_map(move |object| {
        object.posts.iter().map(move |post| EvidenceRow {
            alert_id: &evidence.alert_id,
            revision: evidence.revision,
            object: &object.object.key,
            layer: object.object.layer,
            label: &object.object.label,
            post: &post.evidence.id,
            account: &post.evidence.account,
            at: post.evidence.at,
            similarity: post.evidence.similarity,
            url: post.evidence.url.as_deref(),
            text: post.post.as_ref().map(|stored| stored.text.as_str()),
        })
    })
}

/// An alert's evidence as a whole table.
///
/// # Errors
/// A row cannot be written in the format.
pub fn evidence_table(format: TableFormat, evidence: &Evidence) -> Result<Vec<u8>, Error> {
    let mut table = TableWriter::<_, EvidenceTable>::new(format, Vec::new())?;
    evidence_rows(evidence).try_for_each(|row| table.write(&row))?;
    table.finish()
}
