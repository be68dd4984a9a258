//! Pages of posts, texts and accounts, by examples.

use std::time::Duration;

use shoal_model::{Post, TextKey, Timestamp};

use super::{ids, index_of, refused, request, search};
use crate::search::{SearchRequest, SimilarRequest, Sort, TopField};
use crate::testing::{alert, documents, index, merge, post, text};
use crate::{Batch, Error, FoundPost, Index, PostKind, SearchLimits};

const SAME: &str = "The quick brown fox jumps over the lazy dog near the river bank every single morning";
const LIKE: &str = "The quick brown fox jumped over the lazy dog near the river bank every single morning";
const OTHER: &str = "Nothing of what is said here has to do with any animal that has ever lived anywhere";

fn days() -> Vec<Post> {
    (0..30).map(|at| post(&at.to_string(), &format!("a{}", at % 3), at * 10_000, "word of a kind")).collect()
}

#[test]
fn questions_that_cannot_be_asked_are_refused_by_their_field() {
    let (_directory, index) = index_of(&days());
    let limits = SearchLimits::default();
    let asked = |request: SearchRequest| refused(index.search(&request, &limits)).0;
    assert_eq!(asked(SearchRequest { limit: 0, ..request("") }), "limit");
    assert_eq!(asked(SearchRequest { limit: 501, ..request("") }), "limit");
    assert_eq!(asked(request("(")), "query");
    assert_eq!(asked(request("🇺🇸 !!")), "query");
    assert_eq!(asked(SearchRequest { author: Some("alice".into()), ..request("") }), "author");
    assert_eq!(asked(SearchRequest { object: Some("x".into()), ..request("") }), "object");
    assert_eq!(asked(SearchRequest { cluster: Some("g".into()), ..request("") }), "cluster");
    assert_eq!(asked(SearchRequest { language: Some(" ".into()), ..request("") }), "language");
    let missing = index.search(&SearchRequest { alert: Some("f".repeat(32)), ..request("") }, &limits).unwrap_err();
    assert!(matches!(missing, Error::Missing { what: "alert", .. }), "{missing}");
    let similar = |post: &str, similarity, limit| {
        index.similar(&SimilarRequest { post: post.into(), similarity, limit }, &limits)
    };
    assert_eq!(refused(similar("test:1", 0.2, 5)).0, "similarity");
    assert_eq!(refused(similar("test:1", f64::NAN, 5)).0, "similarity");
    assert_eq!(refused(similar("test:1", 0.5, 0)).0, "limit");
    assert!(matches!(similar("test:none", 0.5, 5), Err(Error::Missing { what: "post", .. })));
    assert_eq!(refused(index.cluster("x y", &limits)).0, "cluster");
    assert_eq!(index.cluster("1", &limits).unwrap(), None);
    assert_eq!(index.account("test:nobody", &limits).unwrap(), None);
    assert_eq!(refused(index.account("nobody", &limits)).0, "author");
    assert_eq!(index.post("nobody").unwrap(), None);
}

#[test]
fn a_cursor_fits_its_own_question_alone() {
    let (_directory, index) = index_of(&days());
    let limits = SearchLimits::default();
    let page = search(&index, &SearchRequest { limit: 10, ..request("word AND kind") });
    assert_eq!(page.posts.len(), 10);
    let next = page.next.unwrap();
    let with = |request: SearchRequest| SearchRequest { cursor: Some(next.clone()), limit: 20, ..request };
    let page = search(&index, &with(request("(word) kind")));
    assert_eq!((page.posts.len(), page.next), (20, None), "the same question, written differently");
    for other in [
        request("word"),
        SearchRequest { sort: Sort::Oldest, ..request("word kind") },
        SearchRequest { sort: Sort::Relevance, ..request("word kind") },
        SearchRequest { kind: Some(PostKind::Post), ..request("word kind") },
    ] {
        assert_eq!(refused(index.search(&with(other), &limits)).0, "cursor");
    }
    let foreign = SearchRequest { cursor: Some("00".repeat(41)), ..request("word kind") };
    assert_eq!(refused(index.search(&foreign, &limits)).0, "cursor");
    let alerts = crate::AlertRequest { limit: 10, cursor: Some(next), ..crate::AlertRequest::default() };
    assert_eq!(refused(index.alerts(&alerts, &limits)).0, "cursor");
}

#[test]
fn time_and_memory_are_limits() {
    let (_directory, index) = index_of(&days());
    let none = SearchLimits { time: Duration::ZERO, ..SearchLimits::default() };
    assert!(matches!(index.search(&request(""), &none), Err(Error::TimeOut(_))));
    assert!(matches!(index.search(&request("wo* OR \"a kind\" -kind"), &none), Err(Error::TimeOut(_))));
    assert!(matches!(index.account("test:a1", &none), Err(Error::TimeOut(_))));
    assert!(matches!(
        index.alerts(&crate::AlertRequest { limit: 1, ..Default::default() }, &none),
        Err(Error::TimeOut(_))
    ));
    let like = SimilarRequest { post: "test:1".into(), similarity: 0.5, limit: 5 };
    assert!(matches!(index.similar(&like, &none), Err(Error::TimeOut(_))));
    let small = SearchLimits { memory: 100, ..SearchLimits::default() };
    let top = SearchRequest { top: vec![TopField::Author], ..request("") };
    assert!(matches!(index.search(&top, &small), Err(Error::Memory)));
    assert!(index.search(&request("\"word of\" ก"), &small).is_ok());
    assert!(matches!(index.search(&request("a-ki*"), &small), Err(Error::Memory)));
    let account = index.account("test:a1", &small).unwrap().unwrap();
    assert_eq!(account.posts.count, 10, "an account is shown, if without some values");
}

#[test]
fn an_answer_has_what_was_asked_for() {
    let (_directory, index) = index_of(&[
        post("1", "a", 0, "Say <b>vote</b> & #Vote"),
        post("2", "b", 60, "vote vote vote"),
        post("3", "a", 86_400, "something else"),
    ]);
    let plain = search(&index, &request("vote"));
    assert_eq!(ids(&plain), ["2", "1"]);
    assert!(
        plain.posts.iter().all(|found| found.highlight.is_none() && found.score.is_none() && found.cluster.is_none())
    );
    assert!(plain.histogram.is_none() && plain.top.is_empty());
    let all = SearchRequest {
        highlight: true,
        histogram: true,
        top: vec![TopField::Platform, TopField::Author, TopField::Author],
        sort: Sort::Relevance,
        ..request("vote OR else")
    };
    let page = search(&index, &all);
    assert_eq!(page.next, None);
    let marked: Vec<&str> = page.posts.iter().map(|found| found.highlight.as_deref().unwrap()).collect();
    assert!(marked.contains(&"Say &lt;b&gt;<mark>vote</mark>&lt;/b&gt; &amp; #<mark>Vote</mark>"), "{marked:?}");
    assert_eq!(page.histogram.unwrap().seconds, 900);
    assert_eq!(page.top.keys().collect::<Vec<_>>(), ["author", "platform"]);
    assert_eq!((page.top["author"][0].value.as_str(), page.top["author"][0].count), ("test:a", 2));
}

fn texts() -> (tempfile::TempDir, Index, Vec<TextKey>) {
    let posts = vec![
        post("1", "a", 0, SAME),
        post("2", "b", 10, SAME),
        post("3", "c", 100_000, LIKE),
        post("4", "d", 100_010, OTHER),
        post("5", "d", 100_020, "short one"),
        post("6", "e", 100_030, "Short, one!"),
        post("7", "c", 200_000, &format!("{SAME} https://example.org/x")),
    ];
    let posts = documents(0, posts);
    let keys: Vec<TextKey> =
        posts.iter().map(|document| document.kept.text.map_or(TextKey::from_raw(0), |text| text.key)).collect();
    let texts = vec![text(keys[0].raw(), 0xA, 0), text(keys[2].raw(), 0xB, 0)];
    let alerts = vec![alert(1, 1, &["a", "b"], &[("1", "a", 0, 0xB), ("2", "b", 10, 0xB)])];
    let (directory, index) =
        index(Batch { posts, texts, merges: vec![merge(0xB, 0xA, 0)], alerts, ..Batch::default() });
    (directory, index, keys)
}

#[test]
fn similar_texts_are_found_and_measured() {
    let (_directory, index, _) = texts();
    let similar = |id: &str, similarity| -> Vec<(String, f64)> {
        let request = SimilarRequest { post: format!("test:{id}"), similarity, limit: 10 };
        let told = |found: FoundPost| (found.post.id.replace("test:", ""), found.similarity.unwrap());
        index.similar(&request, &SearchLimits::default()).unwrap().into_iter().map(told).collect()
    };
    let found = similar("1", 0.5);
    assert_eq!(found.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["7", "2", "3"]);
    assert!((found[0].1 - 1.0).abs() < f64::EPSILON && found[2].1 > 0.8 && found[2].1 < 1.0, "{found:?}");
    assert_eq!(similar("1", 1.0).len(), 2);
    assert_eq!(similar("4", 0.3), []);
    assert_eq!(similar("3", 0.3).len(), 3);
}

#[test]
fn a_text_has_a_life() {
    let (_directory, index, keys) = texts();
    let page = index.cluster("b", &SearchLimits::default()).unwrap().unwrap();
    assert_eq!(page, index.cluster("000000000000000A", &SearchLimits::default()).unwrap().unwrap(), "they were merged");
    assert_eq!(page.id, "000000000000000a");
    assert_eq!((page.first.post.id.as_str(), page.last.post.id.as_str()), ("test:1", "test:7"));
    assert_eq!((page.posts.count, page.accounts.count, page.variants_total), (4, 3, 2));
    assert!(page.posts.exact && page.accounts.exact);
    assert_eq!(page.first.cluster.as_deref(), Some("000000000000000a"));
    let variants: Vec<(u64, &str)> = page.variants.iter().map(|v| (v.posts, v.text_key.as_str())).collect();
    assert_eq!(variants, [(3, keys[0].to_string().as_str()), (1, &keys[2].to_string())]);
    assert!((page.variants[0].similarity - 1.0).abs() < f64::EPSILON && page.variants[1].similarity < 1.0);
    assert_eq!(page.authors[0].value, "test:c");
    assert_eq!(page.alerts.len(), 1, "alerts that name what was merged into it");
    for query in ["cluster:a", "cluster:b", "object:a"] {
        assert_eq!(ids(&search(&index, &request(query))), ["7", "3", "2", "1"]);
    }
    let found = search(&index, &request("id:test:3"));
    assert_eq!(found.posts[0].cluster.as_deref(), Some("000000000000000a"));
    let cut = index.cluster("a", &SearchLimits { texts: 1, ..SearchLimits::default() }).unwrap().unwrap();
    assert!(!cut.posts.exact && !cut.accounts.exact && cut.variants_total == 1);
}

#[test]
fn an_account_has_a_page() {
    let (_directory, index, _) = texts();
    let page = index.account("test:c", &SearchLimits::default()).unwrap().unwrap();
    assert_eq!((page.posts.count, page.posts.exact), (2, true));
    assert_eq!(page.handles, ["C"]);
    assert_eq!((page.first_at, page.last_at), (Timestamp::from_seconds(100_000), Timestamp::from_seconds(200_000)));
    assert_eq!(page.recent.iter().map(|found| found.post.id.as_str()).collect::<Vec<_>>(), ["test:7", "test:3"]);
    assert_eq!(page.domains[0].value, "example.org");
    assert_eq!(page.alerts, []);
    assert_eq!(index.account("test:a", &SearchLimits::default()).unwrap().unwrap().alerts.len(), 1);
}

#[test]
fn exports_end_when_told() {
    let (_directory, index) = index_of(&days());
    let mut seen = Vec::new();
    let mut first = |found: FoundPost| {
        seen.push(found.post.id);
        seen.len() < 3
    };
    let given = index.export(&request("word"), 100, &SearchLimits::default(), &mut first).unwrap();
    assert_eq!((given, seen), (3, vec!["test:29".to_owned(), "test:28".into(), "test:27".into()]));
    let sorted = SearchRequest { sort: Sort::Relevance, ..request("word") };
    assert_eq!(index.export(&sorted, 7, &SearchLimits::default(), &mut |_| true).unwrap(), 7);
    assert_eq!(index.export(&sorted, 0, &SearchLimits::default(), &mut |_| true).unwrap(), 0);
}
