//! What is answered to which request.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{Registry, TEXT_FORMAT, TextEncoder};

use crate::Health;

/// All routes. `get` answers HEAD too, and refuses all other methods.
pub(crate) fn routes(registry: Registry, health: Arc<dyn Health>) -> Router {
    let probes = Router::new()
        .route("/healthz", get(|State(health): State<Arc<dyn Health>>| async move { probe(health.alive()) }))
        .route("/readyz", get(|State(health): State<Arc<dyn Health>>| async move { probe(health.ready()) }))
        .with_state(health);
    Router::new()
        .route("/metrics", get(|State(registry): State<Registry>| async move { metrics(&registry) }))
        .with_state(registry)
        .merge(probes)
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is /metrics, /healthz and /readyz\n") })
        .layer(map_response(harmless))
}

/// Browsers are not to guess at what they get, and nobody is to keep it.
async fn harmless(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn probe(answer: Result<(), String>) -> (StatusCode, String) {
    match answer {
        Ok(()) => (StatusCode::OK, "ok\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why + "\n"),
    }
}

fn metrics(registry: &Registry) -> Response {
    match TextEncoder::new().encode_to_string(&registry.gather()) {
        Ok(text) => ([(CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            (StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written; see the log\n").into_response()
        }
    }
}
