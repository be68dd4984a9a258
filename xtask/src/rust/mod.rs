//! Rust sources, read far enough for rules about them: the types a file defines and the paths it names.

mod functions;
mod graph;
mod names;

use syn::visit::{self, Visit};

pub(crate) use functions::shapes;
pub(crate) use graph::circles;
pub(crate) use names::definitions;

/// A parsed source file of a crate, its tests left out.
pub(crate) struct RustFile {
    /// The path from the root of the repository.
    pub(crate) path: String,
    /// The crate's name.
    pub(crate) package: String,
    /// Names of the modules from the crate's root to this file; empty for `lib.rs` and `main.rs`.
    pub(crate) module: Vec<String>,
    /// The file's items, without those compiled for tests alone.
    syntax: syn::File,
}

impl RustFile {
    /// Parses a file of a crate's `src`; `None` for any other file, for tests, and for what does not parse (the
    /// compiler says that better).
    pub(crate) fn read(path: &str, text: &str) -> Option<Self> {
        let (package, inside) = path.split_once("/src/")?;
        let package = package.rsplit('/').next()?.to_owned();
        let mut module: Vec<String> = inside.strip_suffix(".rs")?.split('/').map(str::to_owned).collect();
        if matches!(module.last()?.as_str(), "mod" | "lib" | "main") {
            module.pop();
        }
        if module.iter().any(|name| matches!(name.as_str(), "tests" | "testing" | "simulation" | "bin")) {
            return None;
        }
        let mut syntax = syn::parse_file(text).ok()?;
        drop_tests(&mut syntax.items);
        Some(Self { path: path.to_owned(), package, module, syntax })
    }
}

/// Removes what is compiled for tests alone.
fn drop_tests(items: &mut Vec<syn::Item>) {
    items.retain(|item| !attributes(item).iter().any(is_for_tests));
    for item in items {
        if let syn::Item::Mod(syn::ItemMod { content: Some((_, items)), .. }) = item {
            drop_tests(items);
        }
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        _ => &[],
    }
}

fn is_for_tests(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
}

/// Every path that a file names, those of `use` declarations spelled out.
fn paths(file: &RustFile) -> Vec<Vec<String>> {
    let mut paths = Paths::default();
    paths.visit_file(&file.syntax);
    paths.0
}

#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        spell_out(&item.tree, &mut Vec::new(), &mut self.0);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

/// The paths of a `use` declaration. A renamed item stands under its own name.
fn spell_out(tree: &syn::UseTree, before: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    match tree {
        syn::UseTree::Path(path) => {
            before.push(path.ident.to_string());
            spell_out(&path.tree, before, out);
            before.pop();
        }
        syn::UseTree::Name(syn::UseName { ident }) | syn::UseTree::Rename(syn::UseRename { ident, .. }) => {
            let own = (ident != "self").then(|| ident.to_string());
            out.push(before.iter().cloned().chain(own).collect());
        }
        syn::UseTree::Glob(_) => out.push(before.clone()),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| spell_out(tree, before, out)),
    }
}
