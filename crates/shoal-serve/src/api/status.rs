//! How the server is.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use shoal_index::Status;
use utoipa::ToSchema;

use super::json;
use crate::Role;
use crate::access::Caller;
use crate::app::App;
use crate::extract::{Nothing, Parameters};
use crate::problem::Problem;

/// How the server is, and as whom one asks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServerStatus {
    /// The name of the pipeline.
    pipeline: String,
    /// The version of Shoal.
    version: &'static str,
    /// Whether the pipeline does its work.
    ready: bool,
    /// What it waits for, when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
    /// The index.
    index: Status,
    /// Whose token was sent, or `local`.
    caller: String,
    /// What that is good for: `read`, `feedback` or `admin`.
    #[schema(value_type = String)]
    role: Role,
}

/// How the server is.
#[utoipa::path(get, path = "/api/v1/status", tag = "status",
    responses((status = 200, description = "The state of the index and of the pipeline.", body = ServerStatus)))]
pub(super) async fn status(
    State(app): State<Arc<App>>,
    caller: Caller,
    _: Parameters<Nothing>,
) -> Result<Response, Problem> {
    let (pipeline, ready) = (app.name.clone(), app.health.ready());
    json(&app, move |index, _| {
        Ok(ServerStatus {
            pipeline,
            version: env!("CARGO_PKG_VERSION"),
            ready: ready.is_ok(),
            waits_for: ready.err(),
            index: index.status()?,
            caller: caller.name,
            role: caller.role,
        })
    })
    .await
}
