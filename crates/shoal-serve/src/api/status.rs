//! The state of the server.

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
use crate::extract::{NoParameters, Parameters};
use crate::problem::Problem;

/// The state of the server, and the caller as it knows them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServerStatus {
    /// The name of the pipeline.
    pipeline: String,
    /// The version of Shoal.
    version: &'static str,
    /// Readiness: the pipeline does its work.
    ready: bool,
    /// The thing that it waits for, when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<String>,
    /// The index.
    index: Status,
    /// The name of the token that was sent, or `local`.
    caller: String,
    /// The role of the token: `read`, `feedback` or `admin`.
    #[schema(value_type = String)]
    role: Role,
}

/// The state of the server.
#[utoipa::path(get, path = "/api/v1/status", tag = "status",
    responses((status = 200, description = "The state of the index and of the pipeline.", body = ServerStatus)))]
pub(super) async fn status(
    State(app): State<Arc<App>>,
    caller: Caller,
    _: Parameters<NoParameters>,
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
