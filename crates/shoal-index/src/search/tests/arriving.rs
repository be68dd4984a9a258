//! Pages while posts arrive, and hostile queries.

use std::collections::BTreeSet;

use super::request;
use crate::query::parse;
use crate::search::{SearchRequest, Sort, TopField};
use crate::testing::{documents, post, settings};
use crate::{Batch, Error, Index, SearchLimits};

#[path = "../../../tests/corpus/mod.rs"]
mod corpus;

#[test]
fn pages_stay_right_while_posts_arrive() {
    for sort in [Sort::Newest, Sort::Oldest] {
        let directory = tempfile::TempDir::new().unwrap();
        let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
        // All old posts lie in two moments, and new ones arrive in the same, before and after.
        let old = (0..40).map(|at| post(&format!("old{at}"), "a", 1_000 + at % 2 * 90_000, "word"));
        writer.add(Batch { posts: documents(0, old), ..Batch::default() }).unwrap();
        writer.commit().unwrap();
        let mut asked = SearchRequest { sort, limit: 7, ..request("word") };
        let (mut found, mut offset) = (Vec::new(), 100);
        loop {
            let page = index.search(&asked, &SearchLimits::default()).unwrap();
            found.extend(page.posts.into_iter().map(|found| found.post.id));
            let times = [0, 1_000, 50_000, 91_000, 200_000];
            let new = times.map(|seconds| post(&format!("new{offset}-{seconds}"), "b", seconds, "word"));
            writer.add(Batch { posts: documents(offset, new), ..Batch::default() }).unwrap();
            writer.commit().unwrap();
            offset += 100;
            match page.next {
                Some(next) if found.len() < 1_000 => asked.cursor = Some(next),
                _ => break,
            }
        }
        let different: BTreeSet<&String> = found.iter().collect();
        assert_eq!(different.len(), found.len(), "nothing twice");
        let old = found.iter().filter(|id| id.contains("old")).count();
        assert_eq!(old, 40, "nothing of the old ones is missing");
        writer.close().unwrap();
    }
}

#[test]
fn hostile_queries_are_answered_or_refused() {
    let posts = [
        post("1", "a", 0, "a b word 中国人 <script> vote #a #tag https://example.org/a"),
        post("2", "b", 86_400, "the quick brown \u{202E}fox\0 ภาษาไทย 🏴 1 2 3 w1 w2"),
    ];
    let (_directory, index) = super::index_of(&posts);
    let (mut answered, mut refused) = (0, 0);
    let queries = corpus::hostile();
    assert!(queries.len() >= 2_000, "{} queries", queries.len());
    for (at, query) in queries.into_iter().enumerate() {
        let sort = [Sort::Newest, Sort::Oldest, Sort::Relevance][at % 3];
        let asked =
            SearchRequest { sort, highlight: true, histogram: true, top: vec![TopField::Hashtag], ..request(&query) };
        match index.search(&asked, &SearchLimits::default()) {
            Ok(_) => answered += 1,
            Err(Error::InvalidRequest { field: "query", problem, .. }) => {
                assert!(problem.len() < 1_000, "{problem}");
                refused += 1;
            }
            Err(Error::Missing { what: "alert", .. }) if parse(&query, &SearchLimits::default()).is_ok() => {
                refused += 1;
            }
            Err(other) => panic!("{other}: {query:.80}"),
        }
    }
    assert!(answered > 300 && refused > 300, "{answered} answered, {refused} refused");
}
