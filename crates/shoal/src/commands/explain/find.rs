//! Finding one alert in a file of alerts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use shoal_formats::{Limits, Reader, RecordKind};
use shoal_model::{ALERT_SCHEMA_VERSION, Alert, OLDEST_ALERT_SCHEMA_VERSION};

use shoal_model::display::printable;

/// A longer line is no alert of ours, in bytes.
const LONGEST: usize = 256 << 20;
/// Ids that an error lists.
const LISTED: usize = 20;

/// An alert, and what is to be said about the file.
#[derive(Debug)]
pub(super) struct FoundAlert {
    /// The alert.
    pub(super) alert: Alert,
    /// Set when the file ends in the middle of a line.
    pub(super) note: Option<String>,
}

/// The part of an alert that tells which one it is.
#[derive(Deserialize)]
struct Header {
    schema_version: u32,
    alert_id: String,
    revision: u32,
}

/// The revisions of one alert, and the line of the one that is wanted.
#[derive(Default)]
struct Candidate {
    revisions: BTreeSet<u32>,
    chosen: Option<(u64, Vec<u8>)>,
}

/// Finds an alert by its id or a unique beginning of it; the newest revision when none is named.
pub(super) fn find(file: &Path, wanted: &str, revision: Option<u32>) -> Result<FoundAlert> {
    let limits = Limits { record_bytes: LONGEST, ..Limits::default() };
    let mut reader = Reader::open(file, &limits)?;
    let mut candidates = BTreeMap::new();
    let mut others = BTreeSet::new();
    let mut note = None;
    let mut line = Vec::new();
    while let Some(record) = reader.next(&mut line)? {
        let number = record.number + 1;
        let header = match header(&line) {
            Ok(header) => header,
            Err(_) if record.kind == RecordKind::Unterminated => {
                note = Some(format!("note: {} ends in the middle of line {number}: left out\n", file.display()));
                break;
            }
            Err(error) => return Err(error.context(place(file, number))),
        };
        if header.alert_id.starts_with(wanted) {
            let candidate: &mut Candidate = candidates.entry(header.alert_id).or_default();
            let newest = candidate.revisions.last().is_none_or(|last| *last <= header.revision);
            candidate.revisions.insert(header.revision);
            if revision.map_or(newest, |revision| revision == header.revision) {
                candidate.chosen = Some((number, line.clone()));
            }
        } else {
            others.insert(header.alert_id);
        }
    }
    let (id, candidate) = choose(file, wanted, candidates, &others)?;
    let alert = parse(file, &id, candidate, revision)?;
    Ok(FoundAlert { alert, note })
}

fn header(line: &[u8]) -> Result<Header> {
    let header: Header = serde_json::from_slice(line).context("not an alert")?;
    ensure!(
        (OLDEST_ALERT_SCHEMA_VERSION..=ALERT_SCHEMA_VERSION).contains(&header.schema_version),
        "an alert of schema version {}; this program reads versions {OLDEST_ALERT_SCHEMA_VERSION} to \
         {ALERT_SCHEMA_VERSION}: use the one that wrote it",
        header.schema_version
    );
    Ok(header)
}

fn choose(
    file: &Path,
    wanted: &str,
    mut candidates: BTreeMap<String, Candidate>,
    others: &BTreeSet<String>,
) -> Result<(String, Candidate)> {
    if let Some(exact) = candidates.remove_entry(wanted) {
        return Ok(exact);
    }
    let (file, shown) = (file.display(), printable(wanted));
    if candidates.len() > 1 {
        bail!(
            "{} alerts in {file} begin with `{shown}`; give more of the id: {}",
            candidates.len(),
            listed(candidates.keys())
        );
    }
    match candidates.pop_first() {
        Some(only) => Ok(only),
        None if others.is_empty() => bail!("there are no alerts in {file}"),
        None => bail!("there is no alert `{shown}` in {file}; there are: {}", listed(others.iter())),
    }
}

fn listed<'a>(ids: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = ids.len().saturating_sub(LISTED);
    let text = ids.take(LISTED).map(|id| printable(id)).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{text} and {more} more") } else { text }
}

fn parse(file: &Path, id: &str, candidate: Candidate, revision: Option<u32>) -> Result<Alert> {
    let Some((number, line)) = candidate.chosen else {
        let there: Vec<_> = candidate.revisions.iter().map(u32::to_string).collect();
        bail!(
            "alert `{}` has no revision {}; it has {}",
            printable(id),
            revision.unwrap_or_default(),
            there.join(", ")
        );
    };
    serde_json::from_slice(&line).context("not an alert by the contract").with_context(|| place(file, number))
}

fn place(file: &Path, line: u64) -> String {
    format!("{}, line {line}", file.display())
}
