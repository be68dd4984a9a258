//! Posts whose texts are like one's.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use shoal_index::{FoundPost, SimilarRequest, StoredPost};
use utoipa::IntoParams;

use super::layout::{Layout, SitePart};
use super::links::one;
use super::{diff, forms, humanize, links, posts, untrusted};
use crate::access::Caller;
use crate::app::App;
use crate::extract::{FormParameters, Id};
use crate::problem::Problem;

/// Posts that are shown.
const MOST: usize = 50;

/// The least similarity.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct SimilarityParams {
    similarity: f64,
}

impl Default for SimilarityParams {
    fn default() -> Self {
        Self { similarity: 0.5 }
    }
}

const CHOICES: [(&str, &str); 5] =
    [("0.3", "0.3, loosely"), ("0.5", "0.5"), ("0.7", "0.7, as detection does"), ("0.9", "0.9"), ("1", "1, equal")];

/// `GET /posts/{id}/similar`
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Id(id): Id,
    FormParameters(how, _): FormParameters<SimilarityParams>,
) -> Result<Response, Problem> {
    let asked = id.clone();
    let request = SimilarRequest { post: id.clone(), similarity: how.similarity, limit: MOST };
    let found = app.ask(move |index, limits| {
        let Some(post) = index.post(&asked)? else { return Ok(None) };
        Ok(Some((post, index.similar(&request, limits)?)))
    });
    let (post, found) = found.await?.ok_or_else(|| Problem::missing("post", &id))?;
    let shell = Layout { pipeline: &app.name, part: SitePart::Search, title: "Similar posts", caller: Some(&caller) };
    Ok(shell.page(&content(&post, &found, how.similarity)))
}

/// The page.
pub(super) fn content(post: &StoredPost, found: &[FoundPost], similarity: f64) -> Markup {
    html! {
        div.lead {
            p.kicker { a href="/search" { "Search" } " / similar posts" }
            h1 { "Posts like this one" }
        }
        article.post {
            header {
                (links::account(&post.author)) (humanize::time(post.observed_at)) (links::original(post.url.as_deref()))
            }
            (untrusted::text(&post.text, &post.lang))
        }
        form.filters method="get" action=(format!("{}/similar", one("posts", &post.id))) {
            div.row {
                (forms::choice("similarity", "At least so similar", &similarity.to_string(), &CHOICES))
                button type="submit" { "Show" }
            }
        }
        h2 { (humanize::counted(found.len() as u64, "similar post", "similar posts")) }
        @if found.is_empty() { p { "None that is as similar; try a lower similarity." } } @else { (diff::legend()) }
        @for other in found.iter().take(MOST) {
            @if other.post.text == post.text { (posts::found(other)) } @else { (differing(post, other)) }
        }
        @if found.len() == MOST { p.more { "There may be more: these are the most similar " (MOST) "." } }
    }
}

fn differing(post: &StoredPost, other: &FoundPost) -> Markup {
    html! {
        article.post {
            header {
                (links::account(&other.post.author)) (humanize::time(other.post.observed_at))
                @if let Some(similarity) = other.similarity { span.tag { (format!("{similarity:.2}")) " alike" } }
            }
            (diff::marked(&post.text, &other.post.text, &other.post.lang))
            footer {
                @if let Some(cluster) = &other.cluster { a href=(one("clusters", cluster)) { "life of this text" } }
                (links::original(other.post.url.as_deref()))
            }
        }
    }
}
