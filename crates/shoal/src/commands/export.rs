//! `shoal export`: an alert of an index, for other programs.

use anyhow::{Result, bail};
use shoal_index::{Evidence, Index};
use shoal_model::Alert;
use shoal_share::{CsvWriter, EvidenceRow, gexf, graphml};

use crate::cli::{ExportArgs, ExportFormat};
use crate::terminal::console;

/// Writes an alert to standard output.
pub(crate) fn export(args: &ExportArgs) -> Result<()> {
    let index = Index::read(&args.index.directory)?;
    let revisions = index.alert(&args.id)?;
    let Some(newest) = revisions.last() else {
        return Err(shoal_index::Error::Missing { what: "alert", id: args.id.clone() }.into());
    };
    let text = match args.format {
        ExportFormat::Json => serde_json::to_string_pretty(newest)? + "\n",
        ExportFormat::Ndjson => lines(&revisions)?,
        ExportFormat::Gexf => gexf(newest)?,
        ExportFormat::Graphml => graphml(newest)?,
        ExportFormat::Csv => match index.evidence(&args.id, None)? {
            Some(evidence) => table(&evidence)?,
            None => bail!("the alert {} was dropped from the index just now", args.id),
        },
    };
    console::print(text.as_bytes())
}

fn lines(alerts: &[Alert]) -> Result<String> {
    let mut text = String::new();
    for alert in alerts {
        text += &(serde_json::to_string(alert)? + "\n");
    }
    Ok(text)
}

fn table(evidence: &Evidence) -> Result<String> {
    let mut table = CsvWriter::evidence(Vec::new())?;
    for object in &evidence.objects {
        for post in &object.posts {
            table.write(&EvidenceRow {
                alert_id: &evidence.alert_id,
                revision: evidence.revision,
                object: &object.object.key,
                layer: Some(object.object.layer),
                label: Some(&object.object.label),
                post: &post.evidence.id,
                account: &post.evidence.account,
                at: post.evidence.at,
                similarity: post.evidence.similarity,
                url: post.evidence.url.as_deref(),
                text: post.post.as_ref().map(|post| post.text.as_str()),
            })?;
        }
    }
    Ok(String::from_utf8(table.finish()?)?)
}
