//! The files of a report.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::markdown;
use super::report::{BacktestReport, FlaggedAccount, flagged_table};

/// Writes `report.json`, `report.md` and `flagged.tsv` into a directory, which is made where it is missing.
pub(crate) fn write(out_dir: &Path, report: &BacktestReport, flagged: &[FlaggedAccount]) -> Result<()> {
    fs::create_dir_all(out_dir).with_context(|| format!("cannot make the directory {}", out_dir.display()))?;
    let mut json = serde_json::to_string_pretty(report).context("cannot write the report as JSON")?;
    json.push('\n');
    for (name, content) in
        [("report.json", json), ("report.md", markdown::render(report)), ("flagged.tsv", flagged_table(flagged))]
    {
        let path = out_dir.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::report::{FlaggedCounts, REPORT_VERSION};
    use super::*;

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let report = BacktestReport {
            version: REPORT_VERSION,
            coordinated: FlaggedCounts::default(),
            ordinary: FlaggedCounts::default(),
            auprc: None,
            runs: Vec::new(),
        };
        let error = write(Path::new("/dev/null/out"), &report, &[]).unwrap_err();
        assert!(format!("{error:#}").starts_with("cannot make the directory /dev/null/out: "));
    }
}
