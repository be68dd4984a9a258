//! The files of a crate that name one another, and circles among them.

use std::collections::{BTreeMap, BTreeSet};

use super::{RustFile, paths, spell_out};

/// The circles between files of one crate: sets of files each of which reaches all others. A module and what lies
/// below it are one thing seen from two sides, so arrows between them do not count; a name that a module passes on
/// (`pub use`) counts as one of the file that defines it.
pub(crate) fn circles(files: &[&RustFile]) -> Vec<Vec<String>> {
    let modules = Modules::new(files);
    let arrows: Vec<BTreeSet<usize>> = files.iter().map(|file| modules.arrows(file)).collect();
    let reached: Vec<BTreeSet<usize>> = (0..files.len()).map(|from| reached(from, &arrows)).collect();
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for from in 0..files.len() {
        let circle: BTreeSet<usize> =
            reached[from].iter().copied().filter(|to| *to == from || reached[*to].contains(&from)).collect();
        if circle.len() > 1 && seen.insert(circle.clone()) {
            circles.push(circle.into_iter().map(|file| files[file].path.clone()).collect());
        }
    }
    circles
}

fn reached(from: usize, arrows: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        open.extend(arrows[file].iter().copied().filter(|to| seen.insert(*to)));
    }
    seen
}

/// The module tree of a crate.
struct Modules<'a> {
    files: BTreeMap<&'a [String], usize>,
    /// By module, the names that it passes on and the paths that they stand for.
    exports: BTreeMap<&'a [String], Vec<Vec<String>>>,
}

impl<'a> Modules<'a> {
    fn new(files: &[&'a RustFile]) -> Self {
        let numbered = files.iter().enumerate().map(|(number, file)| (file.module.as_slice(), number));
        let exports = files.iter().map(|file| (file.module.as_slice(), exports(file)));
        Self { files: numbered.collect(), exports: exports.collect() }
    }

    /// The files that a file names, but its ancestors and descendants.
    fn arrows(&self, file: &RustFile) -> BTreeSet<usize> {
        let targets = paths(file).into_iter().filter_map(|path| absolute(&file.module, &path));
        let targets = targets.filter_map(|path| self.find(&path, 0));
        let targets =
            targets.filter(|(module, _)| !module.starts_with(&file.module) && !file.module.starts_with(module));
        targets.map(|(_, number)| number).collect()
    }

    /// The file that defines what a path from the crate's root names.
    fn find(&self, path: &[String], depth: usize) -> Option<(&'a [String], usize)> {
        let longest = (0..=path.len()).rev().find_map(|length| self.files.get_key_value(&path[..length]));
        let (module, number) = longest?;
        let name = path.get(module.len());
        let passed_on = name.filter(|_| depth < MOST_EXPORTS).and_then(|name| {
            let exports = self.exports.get(module)?;
            let path = exports.iter().find(|path| path.last() == Some(name))?;
            self.find(&absolute(module, path)?, depth + 1)
        });
        Some(passed_on.unwrap_or((module, *number)))
    }
}

/// Modules that pass a name on to one another.
const MOST_EXPORTS: usize = 8;

/// The paths of a file's `pub use` declarations, of any visibility.
fn exports(file: &RustFile) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for item in &file.syntax.items {
        if let syn::Item::Use(item) = item
            && !matches!(item.vis, syn::Visibility::Inherited)
        {
            spell_out(&item.tree, &mut Vec::new(), &mut found);
        }
    }
    found
}

/// A path from the crate's root, if it leads into this crate for sure. A path that begins with a name may begin with
/// a child's.
fn absolute(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let mut base = module.to_vec();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => {
            base.clear();
            rest = &path[1..];
        }
        "self" => rest = &path[1..],
        "super" => {
            while rest.first().is_some_and(|name| name == "super") {
                base.pop()?;
                rest = &rest[1..];
            }
        }
        _ => {}
    }
    base.extend(rest.iter().cloned());
    Some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let files: Vec<RustFile> =
            files.iter().map(|(path, text)| RustFile::read(&format!("crates/a/src/{path}"), text).unwrap()).collect();
        circles(&files.iter().collect::<Vec<_>>())
    }

    #[test]
    fn files_that_name_one_another_are_a_circle() {
        let circle = [("lib.rs", "mod b; mod c;"), ("b.rs", "use crate::c::C;"), ("c.rs", "fn f(_: crate::b::B) {}")];
        assert_eq!(found(&circle), [["crates/a/src/b.rs", "crates/a/src/c.rs"]]);
        let line = [("lib.rs", "mod b; mod c;"), ("b.rs", "use crate::c::C;"), ("c.rs", "")];
        assert!(found(&line).is_empty());
    }

    #[test]
    fn names_that_a_module_passes_on_are_their_files() {
        let circle =
            [("lib.rs", "pub use b::B; pub use c::C;"), ("b.rs", "use crate::C;"), ("c.rs", "use super::{B, d};")];
        assert_eq!(found(&circle).len(), 1);
    }

    #[test]
    fn parents_and_children_and_tests_are_no_circle() {
        let family = [("b/mod.rs", "mod c; use self::c::C;"), ("b/c.rs", "use super::B; use crate::b::B2;")];
        assert!(found(&family).is_empty());
        let tests = [("b.rs", "use crate::c::C;"), ("c.rs", "#[cfg(test)] mod tests { use crate::b::B; }")];
        assert!(found(&tests).is_empty());
    }
}
