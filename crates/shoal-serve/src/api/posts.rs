//! Posts.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shoal_index::{Erasure, FoundPost, SearchPage, SimilarRequest, StoredPost, Subject};
use utoipa::{IntoParams, ToSchema};

use super::json;
use crate::Role;
use crate::access::Caller;
use crate::app::App;
use crate::extract::{NativeId, NoParameters, Parameters};
use crate::params::{PostFilter, PostPage, limit};
use crate::problem::{PROBLEM_JSON, Problem, ProblemBody};

/// Characters of a reason.
const MAX_REASON_CHARS: usize = 1_000;

/// The least similarity, and the number of posts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct SimilarParams {
    /// The least Jaccard similarity of the folded texts' 4-grams.
    #[param(minimum = 0.3, maximum = 1.0, default = 0.5)]
    similarity: f64,
    /// The number of posts, the most similar first.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: usize,
}

impl Default for SimilarParams {
    fn default() -> Self {
        Self { similarity: 0.5, limit: 50 }
    }
}

/// Posts that are alike.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SimilarPosts {
    /// The posts, the most similar first.
    posts: Vec<FoundPost>,
}

/// The reason of an erasure.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct ErasureReason {
    /// The reason, for the audit log.
    #[param(max_length = 1_000)]
    reason: String,
}

/// Posts that fit.
///
/// All filters must hold. `next` in an answer, as `cursor`, gives the next page; it stays right while posts arrive.
#[utoipa::path(get, path = "/api/v1/search", tag = "posts", params(PostFilter, PostPage),
    responses((status = 200, description = "A page of posts.", body = SearchPage),
        (status = 404, description = "No such alert.", body = ProblemBody, content_type = PROBLEM_JSON)))]
pub(super) async fn search(
    State(app): State<Arc<App>>,
    Parameters(filter, page): Parameters<PostFilter, PostPage>,
) -> Result<Response, Problem> {
    let request = filter.request(page)?;
    json(&app, move |index, limits| Ok(index.search(&request, limits)?)).await
}

/// A post.
#[utoipa::path(get, path = "/api/v1/posts/{id}", tag = "posts",
    params(("id" = String, Path, pattern = "^[^:]+:[\\s\\S]",
        description = "The post, `platform:native`; slashes are written `%2F`.")),
    responses((status = 200, description = "The post.", body = StoredPost)))]
pub(super) async fn post(
    State(app): State<Arc<App>>,
    NativeId(id): NativeId,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    json(&app, move |index, _| index.post(&id)?.ok_or_else(|| Problem::missing("post", &id))).await
}

/// Posts whose texts are like one's.
#[utoipa::path(get, path = "/api/v1/posts/{id}/similar", tag = "posts",
    params(("id" = String, Path, pattern = "^[^:]+:[\\s\\S]",
        description = "The post, `platform:native`; slashes are written `%2F`."), SimilarParams),
    responses((status = 200, description = "Posts that are alike, without the post itself.", body = SimilarPosts)))]
pub(super) async fn similar(
    State(app): State<Arc<App>>,
    NativeId(post): NativeId,
    Parameters(alike, _): Parameters<SimilarParams>,
) -> Result<Response, Problem> {
    if !(0.3..=1.0).contains(&alike.similarity) {
        return Err(Problem::of("similarity", format!("similarity is {}; give 0.3 to 1", alike.similarity)));
    }
    let request = SimilarRequest { post, similarity: alike.similarity, limit: limit(alike.limit)? };
    json(&app, move |index, limits| Ok(SimilarPosts { posts: index.similar(&request, limits)? })).await
}

/// Makes a post disappear.
///
/// It disappears from what can be found and from the evidence of alerts at once, from the disk with the next purge.
/// Needs the role `admin`.
#[utoipa::path(delete, path = "/api/v1/posts/{id}", tag = "erasure",
    params(("id" = String, Path, pattern = "^[^:]+:[\\s\\S]",
        description = "The post, `platform:native`; slashes are written `%2F`."), ErasureReason),
    responses((status = 200, description = "What was done.", body = Erasure)))]
pub(super) async fn erase(
    State(app): State<Arc<App>>,
    caller: Caller,
    NativeId(id): NativeId,
    Parameters(why, _): Parameters<ErasureReason>,
) -> Result<Response, Problem> {
    erase_subject(&app, caller, Subject::Post(id), why).await
}

/// Erases a post or an account.
pub(super) async fn erase_subject(
    app: &Arc<App>,
    caller: Caller,
    subject: Subject,
    why: ErasureReason,
) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    if why.reason.chars().count() > MAX_REASON_CHARS {
        return Err(Problem::of(
            "reason",
            format!("the reason is longer than {MAX_REASON_CHARS} characters; shorten it"),
        ));
    }
    let answer = json(app, move |index, _| Ok(index.erase(&subject, &caller.name, &why.reason)?)).await?;
    app.feed.forget();
    Ok(answer)
}
