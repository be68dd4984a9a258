//! Rules about the settings of crates: a crate that forgets them is checked less than it seems.

use super::{RepoFile, arrows::DETECTING};

/// Every manifest below the root must take over the workspace's lints.
pub(super) fn lints(sources: &[RepoFile]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| source.path.ends_with("/Cargo.toml"))
        .filter(|source| !source.text.as_deref().is_some_and(|text| text.contains("[lints]\nworkspace = true")))
        .map(|source| format!("{}: add `[lints] workspace = true`", source.path))
        .collect()
}

/// Clippy reads the nearest settings only, so the crates that detect carry copies: of one another, and of the
/// workspace's settings.
pub(super) fn bans(sources: &[RepoFile]) -> Vec<String> {
    let text_of = |path: &str| sources.iter().find(|source| source.path == path).and_then(|s| s.text.as_deref());
    let Some(root) = text_of("clippy.toml") else {
        return vec!["clippy.toml: is missing".to_owned()];
    };
    let paths = DETECTING.map(|name| format!("crates/{name}/clippy.toml"));
    let model = text_of(&paths[0]).unwrap_or_default();
    let mut findings: Vec<String> = root
        .lines()
        .filter(|line| !line.starts_with('#') && !model.lines().any(|own| own == *line))
        .map(|line| format!("{}: repeat the workspace's `{line}`", paths[0]))
        .collect();
    if !model.contains("disallowed-methods") {
        findings.push(format!("{}: bans nothing", paths[0]));
    }
    findings.extend(
        paths[1..]
            .iter()
            .filter(|path| text_of(path) != Some(model))
            .map(|path| format!("{path}: must be a copy of {}", paths[0])),
    );
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANS: &str = "# why\nsize = 60\ndisallowed-methods = []\n";

    fn copies(root: &str, texts: [&str; DETECTING.len()]) -> Vec<RepoFile> {
        let copies = DETECTING.iter().zip(texts);
        let copies = copies.map(|(name, text)| RepoFile::made_up(&format!("crates/{name}/clippy.toml"), text));
        copies.chain([RepoFile::made_up("clippy.toml", root)]).collect()
    }

    #[test]
    fn every_crate_takes_over_the_lints() {
        let with = RepoFile::made_up("crates/a/Cargo.toml", "[package]\n\n[lints]\nworkspace = true\n");
        let without = RepoFile::made_up("crates/b/Cargo.toml", "[package]\n");
        let root = RepoFile::made_up("Cargo.toml", "[workspace]\n");
        assert_eq!(lints(&[with, without, root]), ["crates/b/Cargo.toml: add `[lints] workspace = true`"]);
    }

    #[test]
    fn the_bans_are_copies_and_hold_the_workspaces_settings() {
        assert!(bans(&copies("size = 60\n", [BANS; DETECTING.len()])).is_empty());
        assert_eq!(bans(&copies("size = 50\n", [BANS; DETECTING.len()])).len(), 1);
        assert_eq!(bans(&copies("size = 60\n", [BANS, BANS, "size = 60\n", BANS])).len(), 1);
        assert_eq!(bans(&copies("size = 60\n", ["size = 60\n"; DETECTING.len()])).len(), 1);
        assert_eq!(bans(&[]).len(), 1);
    }
}
