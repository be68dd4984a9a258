//! Parts that an earlier version wrote, opened with the fields of this one.
//!
//! New fields are added at the end, so that those before keep their numbers. A part of an earlier version says so in
//! its `meta.json`; here that file is read as if it named all fields. Segments without a field have no document with
//! it, nor a column of values: `column_opt` and `str` of the engine say so. The next commit writes the fields down;
//! opening changes nothing.

use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use serde_json::Value;
use tantivy::Directory;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{DirectoryLock, FileHandle, Lock, MmapDirectory, WatchCallback, WatchHandle, WritePtr};
use tantivy::schema::Schema;

use crate::schema::{AlertFields, PostFields, TextFields};

/// The file that names the fields of a part.
pub(super) const META: &str = "meta.json";

/// The fields of each kind of part.
static SCHEMAS: LazyLock<Vec<Schema>> =
    LazyLock::new(|| vec![PostFields::new().schema, AlertFields::new().schema, TextFields::new().schema]);

/// Opens a directory, with all fields where the part lacks the last ones.
pub(super) fn directory(path: &Path) -> tantivy::Result<Box<dyn Directory>> {
    Ok(upgraded(MmapDirectory::open(path)?, &SCHEMAS))
}

fn upgraded(inner: MmapDirectory, schemas: &[Schema]) -> Box<dyn Directory> {
    let meta = inner.atomic_read(Path::new(META)).unwrap_or_default();
    match schemas.iter().find(|schema| with_all_fields(&meta, schema).is_some()) {
        Some(schema) => Box::new(Upgraded { inner, schema: schema.clone() }),
        None => Box::new(inner),
    }
}

/// `meta.json` with these fields, if it names the first of them and no more.
fn with_all_fields(meta: &[u8], schema: &Schema) -> Option<Vec<u8>> {
    let mut meta: Value = serde_json::from_slice(meta).ok()?;
    let Ok(Value::Array(all)) = serde_json::to_value(schema) else { return None };
    let named = meta.get("schema")?.as_array()?;
    if named.is_empty() || named.len() >= all.len() || !all.starts_with(named) {
        return None;
    }
    meta["schema"] = Value::Array(all);
    serde_json::to_vec(&meta).ok()
}

/// A directory whose part lacks fields.
#[derive(Debug, Clone)]
struct Upgraded {
    inner: MmapDirectory,
    schema: Schema,
}

impl Directory for Upgraded {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.inner.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.inner.open_write(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let bytes = self.inner.atomic_read(path)?;
        let all = (path == Path::new(META)).then(|| with_all_fields(&bytes, &self.schema)).flatten();
        Ok(all.unwrap_or(bytes))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.inner.atomic_write(path, data)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.inner.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.inner.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.inner.watch(callback)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tantivy::collector::Count;
    use tantivy::query::TermQuery;
    use tantivy::schema::{
        FAST, Field, IndexRecordOption, NumericOptions, STORED, STRING, SchemaBuilder, TextFieldIndexing, TextOptions,
    };
    use tantivy::{Index, IndexWriter, TantivyDocument, Term};

    use super::*;

    fn before() -> (SchemaBuilder, Field) {
        let mut builder = Schema::builder();
        let id = builder.add_text_field("id", STRING | FAST);
        builder.add_bytes_field("stored", STORED);
        (builder, id)
    }

    /// The same with fields that were added.
    fn after() -> (Schema, Field, Field) {
        let (mut builder, _) = before();
        let term = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic);
        let tag = builder.add_text_field("tag", TextOptions::default().set_indexing_options(term));
        let number = builder.add_u64_field("number", NumericOptions::default().set_indexed().set_fast());
        (builder.build(), tag, number)
    }

    fn write(index: &Index, document: TantivyDocument) {
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 15_000_000).unwrap();
        writer.add_document(document).unwrap();
        writer.commit().unwrap();
    }

    fn found(index: &Index, field: Field, term: &str) -> usize {
        let query = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::Basic);
        index.reader().unwrap().searcher().search(&query, &Count).unwrap()
    }

    #[test]
    fn a_part_without_the_last_fields_is_searched_written_to_and_merged() {
        let directory = tempfile::tempdir().unwrap();
        let (builder, id) = before();
        let old = Index::create_in_dir(directory.path(), builder.build()).unwrap();
        write(&old, tantivy::doc!(id => "a"));
        let meta = fs::read(directory.path().join(META)).unwrap();

        let (schema, tag, number) = after();
        let open = || {
            let inner = MmapDirectory::open(directory.path()).unwrap();
            Index::open(upgraded(inner, std::slice::from_ref(&schema))).unwrap()
        };
        let index = open();
        assert!(index.schema() == schema);
        assert_eq!((found(&index, id, "a"), found(&index, tag, "x")), (1, 0));
        let searcher = index.reader().unwrap().searcher();
        let fast = searcher.segment_reader(0).fast_fields();
        assert!(fast.column_opt::<u64>("number").unwrap().is_none());
        assert_eq!(fs::read(directory.path().join(META)).unwrap(), meta, "opening changes nothing");

        write(&index, tantivy::doc!(id => "b", tag => "x", number => 7_u64));
        let index = open();
        let segments = index.searchable_segment_ids().unwrap();
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 15_000_000).unwrap();
        writer.merge(&segments).wait().unwrap();
        writer.commit().unwrap();
        let index = open();
        assert_eq!(index.searchable_segment_ids().unwrap().len(), 1);
        assert_eq!((found(&index, id, "a"), found(&index, id, "b"), found(&index, tag, "x")), (1, 1, 1));
        let plain = Index::open_in_dir(directory.path()).unwrap();
        assert!(plain.schema() == schema, "a commit writes the fields down");
    }

    #[test]
    fn other_fields_are_left_as_they_are() {
        let (schema, ..) = after();
        let meta = |fields: Value| serde_json::to_vec(&serde_json::json!({ "schema": fields })).unwrap();
        let Ok(Value::Array(all)) = serde_json::to_value(&schema) else { panic!("fields are a list") };
        assert!(with_all_fields(&meta(all[..2].into()), &schema).is_some());
        for other in [all.clone().into(), all[1..].into(), Value::Array(Vec::new()), Value::Null] {
            assert!(with_all_fields(&meta(other), &schema).is_none());
        }
        assert!(with_all_fields(b"", &schema).is_none());
    }
}
