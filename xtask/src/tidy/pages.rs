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

/// Links of pages that lead nowhere in the repository. Addresses and places within a page are not looked at.
pub(super) fn dead_links(sources: &[RepoFile]) -> Vec<String> {
    let mut found = Vec::new();
    for page in sources.iter().filter(|source| source.is(&["md"])) {
        for target in page.text.iter().flat_map(|text| targets(text)) {
            let (file, _) = target.split_once('#').unwrap_or((target, ""));
            let is_local = !file.is_empty() && !file.contains(':');
            if is_local && !exists(sources, &resolved(&page.path, file)) {
                found.push(format!("{}: the link to {target} leads nowhere", page.path));
            }
        }
    }
    found
}

/// Targets of the Markdown links of a text.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// The page with recipes for what is added most often.
const RECIPES: &str = "docs/extending.md";

/// Files that a recipe names and that do not exist. A name in capitals stands for the thing to add: then its folder
/// must exist.
pub(super) fn recipes(sources: &[RepoFile]) -> Vec<String> {
    let Some(text) = text_of(sources, RECIPES) else {
        return vec![format!("{RECIPES}: is missing")];
    };
    let paths = text.split('`').skip(1).step_by(2).filter(|quoted| is_path(quoted));
    paths
        .filter(|path| !exists(sources, path.split("NAME").next().unwrap_or_default().trim_end_matches('/')))
        .map(|path| format!("{RECIPES}: names {path}, which is not there"))
        .collect()
}

/// Returns whether quoted text is the path of a file or folder of the repository.
fn is_path(quoted: &str) -> bool {
    let roots = ["crates/", "testing/", "xtask/", "docs/", "pipelines/", "deploy/", "benches/", "examples/"];
    roots.iter().any(|root| quoted.starts_with(root)) && !quoted.contains([' ', '*', '{'])
}

/// A path relative to the folder of `page`, from the root.
fn resolved(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Returns whether a path is a file of the repository or a folder of some.
fn exists(sources: &[RepoFile], path: &str) -> bool {
    sources.iter().any(|source| {
        source
            .path
            .strip_prefix(path.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
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
    fn links_lead_to_files_and_folders() {
        let page = |text| RepoFile::made_up("docs/a.md", text);
        let files = |text| [page(text), RepoFile::made_up("crates/b/c.rs", "")];
        assert!(
            dead_links(&files("[a](a.md#x) [b](../crates/b) [c](../crates/b/c.rs) [d](https://d/e) [f](#g)"))
                .is_empty()
        );
        assert_eq!(dead_links(&files("[a](b.md)")), ["docs/a.md: the link to b.md leads nowhere"]);
        assert_eq!(dead_links(&files("[a](../crates/b/c.r)")).len(), 1);
    }

    #[test]
    fn recipes_name_files_that_exist() {
        let page = |text| [RepoFile::made_up(RECIPES, text), RepoFile::made_up("crates/b/src/c.rs", "")];
        assert!(recipes(&page("`crates/b/src/c.rs`, `crates/b/src/NAME.rs`, `cargo xtask tidy`")).is_empty());
        assert_eq!(recipes(&page("`crates/b/src/d.rs` `crates/d/NAME/mod.rs`")).len(), 2);
        assert_eq!(recipes(&[]).len(), 1);
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
