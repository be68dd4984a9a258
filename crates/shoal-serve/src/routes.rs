//! Routes: the handler of each path.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{Registry, TEXT_FORMAT, TextEncoder};

use crate::access::sign_in;
use crate::app::App;
use crate::problem::{Problem, ProblemKind};
use crate::{Health, api, middleware, page};

/// The readiness of `/readyz` as a metric.
const READY: &str = "# HELP shoal_ready 1 when the process does its work, 0 while it waits or once it has failed.\n\
                     # TYPE shoal_ready gauge\nshoal_ready ";

/// Metrics and health, for everybody. `get` answers HEAD too, and refuses all other methods.
pub(crate) fn plain(registry: Registry, health: Arc<dyn Health>) -> Router {
    let asked = Arc::clone(&health);
    let metrics = get(move || async move { metrics(&registry, &*asked) });
    let unknown = || async { (StatusCode::NOT_FOUND, "there is /metrics, /healthz and /readyz\n") };
    Router::new().route("/metrics", metrics).fallback(unknown).layer(map_response(harmless)).merge(probes(health))
}

/// All that can be done with an index. Probes are for everybody, the rest goes through the middleware.
pub(crate) fn all(app: &Arc<App>) -> Router {
    let health = Arc::clone(&app.health);
    Router::new()
        .route("/metrics", get(|State(app): State<Arc<App>>| async move { metrics(&app.registry, &*app.health) }))
        .merge(sign_in::routes())
        .merge(page::routes())
        .merge(api::routes(app.access.is_local()))
        .method_not_allowed_fallback(async || {
            Problem::new(ProblemKind::Method, "this method does nothing here; the Allow header says which ones do")
        })
        .fallback(unknown)
        .layer(from_fn_with_state(Arc::clone(app), middleware::handle))
        .with_state(Arc::clone(app))
        .merge(probes(health))
}

fn probes(health: Arc<dyn Health>) -> Router {
    Router::new()
        .route("/healthz", get(|State(health): State<Arc<dyn Health>>| async move { probe(health.alive()) }))
        .route("/readyz", get(|State(health): State<Arc<dyn Health>>| async move { probe(health.ready()) }))
        .with_state(health)
        .layer(map_response(harmless))
}

/// Browsers are not to guess at what they get, and nobody is to keep it.
async fn harmless(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn unknown(uri: Uri) -> Problem {
    let hint = if uri.path().starts_with("/api/") {
        "the API is described at /api/v1/openapi.json; slashes within an id are written %2F"
    } else {
        "the page is at /, the API is described at /api/v1/openapi.json, and there are /metrics, /healthz and /readyz"
    };
    Problem::new(ProblemKind::Missing, format!("nothing is at this path; {hint}"))
}

fn probe(answer: Result<(), String>) -> (StatusCode, String) {
    match answer {
        Ok(()) => (StatusCode::OK, "ok\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why + "\n"),
    }
}

/// All metrics as text. Readiness is not in the registry: finding it out may look there.
fn metrics(registry: &Registry, health: &dyn Health) -> Response {
    let ready = u8::from(health.ready().is_ok());
    match TextEncoder::new().encode_to_string(&registry.gather()) {
        Ok(text) => ([(CONTENT_TYPE, TEXT_FORMAT)], format!("{READY}{ready}\n{text}")).into_response(),
        Err(error) => Problem::internal(&error).into_response(),
    }
}
