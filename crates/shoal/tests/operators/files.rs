//! The files as they lie in the repository, and what promtool says of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use shoal_tools::{debian_unpacked, or_skip};

/// A file of the repository.
pub(crate) fn text(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A program of Debian's package `prometheus`, which is not installed: installing it would start a service.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    or_skip(&format!("what operators watch, by {name}"), debian_unpacked(name, "prometheus"))
}

/// Shoal's metrics and those of its process that a text names.
pub(crate) fn metrics_in(text: &str) -> BTreeSet<String> {
    let part = |symbol: char| symbol.is_ascii_alphanumeric() || "_:".contains(symbol);
    let words = text.split(|symbol| !part(symbol));
    let ours = words.filter(|word| word.starts_with("shoal_") || word.starts_with("process_"));
    ours.map(|word| word.trim_end_matches([':', '_']).to_owned()).collect()
}

/// The values behind `key:` in lines of a YAML file.
fn values<'a>(text: &'a str, key: &str) -> BTreeSet<&'a str> {
    let key = format!("{key}: ");
    text.lines().filter_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix(&key)).collect()
}

#[test]
fn promtool_is_content() {
    let Some(promtool) = program("promtool") else { return };
    for arguments in [
        &["check", "rules", "shoal.rules.yml"][..],
        &["test", "rules", "shoal.rules.test.yml"],
        &["check", "config", "--syntax-only", "prometheus.yml"],
    ] {
        let folder = root().join("deploy/prometheus");
        let output = Command::new(&promtool).current_dir(folder).args(arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "promtool {}: {}", arguments.join(" "), String::from_utf8_lossy(&said));
    }
}

#[test]
fn every_alert_is_tested_and_has_a_page_to_read() {
    let (rules, tests) = (text("deploy/prometheus/shoal.rules.yml"), text("deploy/prometheus/shoal.rules.test.yml"));
    let alerts = values(&rules, "alert");
    assert!(alerts.len() > 20);
    for alert in &alerts {
        for word in ["fires", "is quiet"] {
            assert!(tests.contains(&format!("- name: {alert} {word} when ")), "nothing tests when {alert} {word}");
        }
    }
    let pages: BTreeSet<String> =
        alerts.iter().map(|alert| format!("docs/operations.md#{}", alert.to_lowercase())).collect();
    assert_eq!(values(&rules, "runbook"), pages.iter().map(String::as_str).collect());
    let operations = text("docs/operations.md");
    for alert in alerts {
        assert!(operations.lines().any(|line| line == format!("### {alert}")), "docs/operations.md has no {alert}");
    }
}

#[test]
fn what_is_recorded_is_recorded_once_and_under_its_own_name() {
    let rules = text("deploy/prometheus/shoal.rules.yml");
    let recorded = values(&rules, "record");
    let used: BTreeSet<&str> = rules
        .split(|symbol: char| !(symbol.is_ascii_alphanumeric() || "_:".contains(symbol)))
        .filter(|word| word.contains(":shoal_"))
        .collect();
    assert_eq!(used, recorded);
}
