//! `shoal export`: an alert of an index, for other programs.

use anyhow::{Context, Result};
use shoal_index::Index;
use shoal_model::Alert;

use crate::cli::{ExportArgs, ExportFormat};
use crate::terminal::console;

/// Writes an alert to standard output.
pub(crate) fn export(args: &ExportArgs) -> Result<()> {
    let index = Index::read(&args.index.directory)?;
    let revisions = index.alert(&args.id)?;
    let Some(newest) = revisions.last() else {
        return Err(shoal_index::Error::Missing { what: "alert", id: args.id.clone() }.into());
    };
    let bytes = match args.format {
        ExportFormat::Json => (serde_json::to_string_pretty(newest)? + "\n").into_bytes(),
        ExportFormat::Revisions => lines(&revisions)?.into_bytes(),
        ExportFormat::Network(format) => format.write(newest)?.into_bytes(),
        ExportFormat::Evidence(format) => {
            let dropped = || format!("the alert {} was dropped from the index just now", args.id);
            shoal_share::evidence_table(format, &index.evidence(&args.id, None)?.with_context(dropped)?)?
        }
    };
    console::print(&bytes)
}

fn lines(alerts: &[Alert]) -> Result<String> {
    let mut text = String::new();
    for alert in alerts {
        text += &(serde_json::to_string(alert)? + "\n");
    }
    Ok(text)
}
