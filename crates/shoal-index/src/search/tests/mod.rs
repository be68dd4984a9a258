//! Tests of searching against a scan of everything that knows no index.

mod alerts;
mod arriving;
mod naive;
mod pages;
mod random;

use shoal_model::Post;

use super::{SearchPage, SearchRequest};
use crate::testing::{documents, index};
use crate::{Batch, Error, Index, SearchLimits};

/// An index of these posts alone.
fn index_of(posts: &[Post]) -> (tempfile::TempDir, Index) {
    index(Batch { posts: documents(0, posts.iter().cloned()), ..Batch::default() })
}

/// A request for as many posts as a page holds.
fn request(query: &str) -> SearchRequest {
    SearchRequest { query: query.to_owned(), limit: super::MAX_PAGE, ..SearchRequest::default() }
}

fn search(index: &Index, request: &SearchRequest) -> SearchPage {
    index.search(request, &SearchLimits::default()).unwrap_or_else(|error| panic!("{}: {error}", request.query))
}

/// Ids of the posts of a page, without their platform.
fn ids(page: &SearchPage) -> Vec<&str> {
    page.posts.iter().map(|found| found.post.id.split_once(':').unwrap().1).collect()
}

/// The field that a refused question is about, and what is told.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> (&'static str, String) {
    match result.unwrap_err() {
        Error::InvalidRequest { field, problem, remedy } => (field, format!("{problem}; {remedy}")),
        other => panic!("{other}"),
    }
}
