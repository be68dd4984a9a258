//! Texts that accounts share.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use shoal_index::ClusterPage;

use super::json;
use crate::app::App;
use crate::extract::{Id, NoParameters, Parameters};
use crate::problem::{Problem, ProblemKind};

/// The life of a text: who published it, when, where, in which variants.
#[utoipa::path(get, path = "/api/v1/clusters/{id}", tag = "posts",
    params(("id" = String, Path, pattern = "^[0-9a-fA-F]{1,16}$",
        description = "The text object's key, up to 16 hexadecimal digits.")),
    responses((status = 200, description = "The text.", body = ClusterPage)))]
pub(super) async fn cluster(
    State(app): State<Arc<App>>,
    Id(id): Id,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    json(&app, move |index, limits| match index.cluster(&id, limits).map_err(Problem::from) {
        // The key stands in the path here.
        Err(Problem { kind: ProblemKind::Question, detail, .. }) => Err(Problem::of("id", detail)),
        found => found?.ok_or_else(|| Problem::missing("text", &id)),
    })
    .await
}
