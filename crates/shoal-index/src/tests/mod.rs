//! Writing as a whole.

mod crash;
mod damage;
mod erasure;
mod full;
mod opening;
mod retention;
mod writing;

use std::fs;
use std::path::{Path, PathBuf};

use shoal_model::Alert;
use tantivy::collector::Count;
use tantivy::query::TermQuery;
use tantivy::schema::{IndexRecordOption, Value as _};
use tantivy::{Searcher, TantivyDocument, Term};

use crate::{Batch, Index, PostDocument, StoredPost};

fn posts(posts: Vec<PostDocument>) -> Batch {
    Batch { posts, ..Batch::default() }
}

fn alerts(alerts: Vec<Alert>) -> Batch {
    Batch { alerts, ..Batch::default() }
}

/// Every document that can be found, as it is stored.
fn stored(searcher: &Searcher, field: tantivy::schema::Field) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for reader in searcher.segment_readers() {
        let store = reader.get_store_reader(1).unwrap();
        for document in reader.doc_ids_alive() {
            let document: TantivyDocument = store.get(document).unwrap();
            out.push(document.get_first(field).unwrap().as_bytes().unwrap().to_vec());
        }
    }
    out
}

/// Every post that can be found, by id.
fn all_posts(index: &Index) -> Vec<StoredPost> {
    let snapshot = index.snapshot().unwrap();
    let json = snapshot.buckets.iter().flat_map(|bucket| stored(&bucket.searcher, snapshot.posts.stored));
    let mut out: Vec<StoredPost> = json.map(|json| serde_json::from_slice(&json).unwrap()).collect();
    out.sort_by(|a, b| a.id.cmp(&b.id));
    out
}

fn ids(index: &Index) -> Vec<String> {
    all_posts(index).into_iter().map(|post| post.id.trim_start_matches("test:").to_owned()).collect()
}

/// Every document of an alert: id, revision; the newest revision has two.
fn all_alerts(index: &Index) -> Vec<Alert> {
    let snapshot = index.snapshot().unwrap();
    let json = stored(&snapshot.alerts, snapshot.alert_fields.stored);
    let mut out: Vec<Alert> = json.iter().map(|json| serde_json::from_slice(json).unwrap()).collect();
    out.sort_by_key(|alert| (alert.alert_id.clone(), alert.revision));
    out
}

/// Counts posts with a word in their text.
fn with_word(index: &Index, word: &str) -> usize {
    let snapshot = index.snapshot().unwrap();
    let query = TermQuery::new(Term::from_field_text(snapshot.posts.text, word), IndexRecordOption::Basic);
    snapshot.buckets.iter().map(|bucket| bucket.searcher.search(&query, &Count).unwrap()).sum()
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { out.extend(files(&path)) } else { out.push(path) }
    }
    out.sort();
    out
}

/// Files that hold these bytes.
fn files_with(directory: &Path, bytes: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| fs::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes.as_bytes());
    files(directory).into_iter().filter(holds).collect()
}
