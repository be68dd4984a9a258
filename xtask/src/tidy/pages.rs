//! Rules about what people read.

use super::RepoFile;

/// The changelog must have a section for what is not released yet.
pub(super) fn changelog(sources: &[RepoFile]) -> Vec<String> {
    match text_of(sources, "CHANGELOG.md") {
        Some(text) if text.lines().any(|line| line.starts_with("## [Unreleased]")) => Vec::new(),
        Some(_) => vec!["CHANGELOG.md: add a section `## [Unreleased]`".to_owned()],
        None => vec!["CHANGELOG.md: is missing".to_owned()],
    }
}

/// A pipeline that the README does not name is one that nobody finds.
pub(super) fn pipelines(sources: &[RepoFile]) -> Vec<String> {
    let Some(readme) = text_of(sources, "README.md") else {
        return vec!["README.md: is missing".to_owned()];
    };
    sources
        .iter()
        .filter(|source| source.path.starts_with("pipelines/") && source.is(&["toml"]))
        .filter(|source| !readme.contains(&source.path))
        .map(|source| format!("README.md: does not name {}", source.path))
        .collect()
}

fn text_of<'a>(sources: &'a [RepoFile], path: &str) -> Option<&'a str> {
    sources.iter().find(|source| source.path == path)?.text.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changelog_needs_its_unreleased_section() {
        assert_eq!(changelog(&[]).len(), 1);
        assert_eq!(changelog(&[RepoFile::made_up("CHANGELOG.md", "## [0.1.0]")]).len(), 1);
        assert!(changelog(&[RepoFile::made_up("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n")]).is_empty());
    }

    #[test]
    fn every_pipeline_is_named() {
        let readme = RepoFile::made_up("README.md", "Start with `pipelines/demo.toml`.");
        let demo = RepoFile::made_up("pipelines/demo.toml", "");
        let file = RepoFile::made_up("pipelines/file.toml", "");
        let posts = RepoFile::made_up("pipelines/demo.ndjson", "");
        assert_eq!(pipelines(&[readme, demo, file, posts]), ["README.md: does not name pipelines/file.toml"]);
        assert_eq!(pipelines(&[]).len(), 1);
    }
}
