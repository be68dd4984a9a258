//! `cargo xtask tidy`: the rules of the repository, as checks that say what to do.

mod arrows;
mod files;
mod names;
mod pages;
mod settings;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

pub(crate) use names::{modules, riddles, rust_files};

use crate::{demo, workspace};

/// The findings of all rules.
#[derive(Debug, Default)]
pub(crate) struct TidyReport {
    rules: Vec<(&'static str, Vec<String>)>,
}

impl TidyReport {
    /// The number of rules that hold.
    pub(crate) fn passed(&self) -> usize {
        self.rules.len() - self.failed()
    }

    /// The number of rules that are broken.
    pub(crate) fn failed(&self) -> usize {
        self.rules.iter().filter(|(_, findings)| !findings.is_empty()).count()
    }

    fn rule(&mut self, name: &'static str, findings: Vec<String>) {
        println!("tidy: {name} ... {}", if findings.is_empty() { "ok" } else { "BROKEN" });
        for finding in &findings {
            println!("      {finding}");
        }
        self.rules.push((name, findings));
    }
}

/// A file of the repository.
#[derive(Debug)]
pub(crate) struct RepoFile {
    /// The path from the root, with `/` between folders.
    pub(crate) path: String,
    /// The size in bytes.
    size: u64,
    /// The content; `None` when it is not text.
    pub(crate) text: Option<String>,
}

impl RepoFile {
    /// A file that a test makes up.
    #[cfg(test)]
    fn made_up(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), size: text.len() as u64, text: Some(text.to_owned()) }
    }

    /// Returns whether the name ends in one of `extensions` (without the dot).
    pub(crate) fn is(&self, extensions: &[&str]) -> bool {
        Path::new(&self.path).extension().is_some_and(|own| extensions.iter().any(|asked| own == *asked))
    }
}

/// Checks every rule and prints what it found.
pub(crate) fn run(root: &Path) -> Result<TidyReport> {
    let sources = sources(root)?;
    let mut report = TidyReport::default();
    report.rule("no source file is longer than 500 lines", files::long(&sources));
    report.rule("no file is larger than 2 MiB", files::large(&sources));
    report.rule("nothing is left unfinished", files::unfinished(&sources));
    report.rule("no path of somebody's machine", files::machine_paths(&sources));
    report.rule("a module with children is a folder", modules(&sources));
    report.rule("no type name stands for more than two things", names::recurring(&sources));
    report.rule("files do not need one another in circles", names::circular(&sources));
    report.rule("doc comments begin with a noun or a verb", riddles(&sources));
    report.rule("the changelog has a place for what is unreleased", pages::changelog(&sources));
    report.rule("the README names every pipeline", pages::pipelines(&sources));
    report.rule("links between pages lead somewhere", pages::dead_links(&sources));
    report.rule("recipes name files that exist", pages::recipes(&sources));
    report.rule("every crate obeys the workspace's lints", settings::lints(&sources));
    report.rule("the crates that detect share one clippy.toml", settings::bans(&sources));
    report.rule("arrows between crates point one way", arrows::check(&metadata(root)?));
    report.rule("the demo stream is the generated one", demo::differences(root)?);
    Ok(report)
}

/// Every file that is, or on the next commit could be, part of the repository.
pub(crate) fn sources(root: &Path) -> Result<Vec<RepoFile>> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listing = workspace::output_of(&mut git).context("the rules are about the files that git knows")?;
    let listing = String::from_utf8_lossy(&listing);
    let mut sources = Vec::new();
    for path in listing.split('\0').filter(|path| !path.is_empty()) {
        // A file that was deleted and not yet committed is still listed.
        if let Ok(bytes) = std::fs::read(root.join(path)) {
            let size = bytes.len() as u64;
            sources.push(RepoFile { path: path.to_owned(), size, text: String::from_utf8(bytes).ok() });
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources.dedup_by(|a, b| a.path == b.path);
    Ok(sources)
}

/// Reads what cargo knows about the workspace and its dependencies.
fn metadata(root: &Path) -> Result<serde_json::Value> {
    let json = workspace::output_of(workspace::cargo(root).args(["metadata", "--format-version", "1"]))?;
    serde_json::from_slice(&json).context("cargo metadata is not JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_counts_rules_not_findings() {
        let mut report = TidyReport::default();
        report.rule("holds", Vec::new());
        report.rule("is broken twice", vec!["here".to_owned(), "there".to_owned()]);
        assert_eq!((report.passed(), report.failed()), (1, 1));
    }
}
