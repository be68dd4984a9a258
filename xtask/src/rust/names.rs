//! The types that files define.

use syn::visit::{self, Visit};

use super::RustFile;

/// A type as it is defined somewhere. Associated types have no place of their own and do not count.
pub(crate) struct Definition {
    pub(crate) name: String,
    /// `path:line`.
    pub(crate) at: String,
}

/// Every type that a file defines: structs, enums, unions, traits, aliases.
pub(crate) fn definitions(file: &RustFile) -> Vec<Definition> {
    let mut found = Definitions { path: &file.path, found: Vec::new() };
    found.visit_file(&file.syntax);
    found.found
}

struct Definitions<'a> {
    path: &'a str,
    found: Vec<Definition>,
}

impl Definitions<'_> {
    fn add(&mut self, name: &syn::Ident) {
        let at = format!("{}:{}", self.path, name.span().start().line);
        self.found.push(Definition { name: name.to_string(), at });
    }
}

impl<'ast> Visit<'ast> for Definitions<'_> {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.add(&item.ident);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.add(&item.ident);
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.add(&item.ident);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.add(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.add(&item.ident);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_wherever_they_are_defined_but_in_tests() {
        let text = "pub struct A;\nenum B {}\ntrait C { type Out; }\ntype D = A;\nimpl C for A { type Out = u8; }\n\
                    fn f() {\n    struct E;\n}\n#[cfg(test)]\nmod tests { struct F; }\n";
        let file = RustFile::read("crates/a/src/b.rs", text).unwrap();
        let found: Vec<_> = definitions(&file).into_iter().map(|found| (found.name, found.at)).collect();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["A", "B", "C", "D", "E"]);
        assert_eq!(found[4].1, "crates/a/src/b.rs:7");
    }
}
