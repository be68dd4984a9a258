//! The functions that files define, and the keys that they pass about as bare numbers.

use syn::visit::{self, Visit};

use super::RustFile;

/// The lengths of a file's functions, and the bare keys among its fields and parameters.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    /// Lines of each function, from its name to its closing brace.
    pub(crate) function_lines: Vec<usize>,
    /// Fields and parameters that are named like a key and are plain numbers.
    pub(crate) bare_keys: usize,
}

/// Names of keys of accounts, posts, texts and objects.
const KEYS: [&str; 12] =
    ["key", "account", "account_key", "post", "text", "text_key", "object", "old", "new", "anchor", "partner", "other"];

/// Measures a file's functions and fields.
pub(crate) fn shapes(file: &RustFile) -> Shapes {
    let mut shapes = Shapes::default();
    shapes.visit_file(&file.syntax);
    shapes
}

impl Shapes {
    fn function(&mut self, name: &syn::Ident, block: &syn::Block) {
        let end = block.brace_token.span.close().end().line;
        self.function_lines.push(end + 1 - name.span().start().line);
    }
}

fn is_bare_key(name: &str, ty: &syn::Type) -> bool {
    let syn::Type::Path(ty) = ty else { return false };
    ty.path.is_ident("u64") && KEYS.contains(&name)
}

impl<'ast> Visit<'ast> for Shapes {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig.ident, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig.ident, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        let named = field.ident.as_ref().is_some_and(|name| is_bare_key(&name.to_string(), &field.ty));
        self.bare_keys += usize::from(named);
    }

    fn visit_pat_type(&mut self, pattern: &'ast syn::PatType) {
        if let syn::Pat::Ident(name) = &*pattern.pat {
            self.bare_keys += usize::from(is_bare_key(&name.ident.to_string(), &pattern.ty));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_measured_and_bare_keys_counted() {
        let text = "struct S { account: u64, bits: u64, post: PostKey }\nimpl S {\n    fn f(object: u64) {\n    }\n}\n";
        let shapes = shapes(&RustFile::read("crates/a/src/b.rs", text).unwrap());
        assert_eq!((shapes.function_lines, shapes.bare_keys), (vec![2], 2));
    }
}
