//! The API for programs, under `/api/v1`.

#![allow(unused_qualifications, reason = "what utoipa's macros make of the names of parameters")]

mod accounts;
mod alerts;
mod clusters;
mod export;
pub(crate) mod feedback;
mod formats;
mod openapi;
mod posts;
mod status;
mod stream;

use std::io::{self, Write};
use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use shoal_index::{Index, SearchLimits};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::problem::Problem;

/// Bytes of an answer that is made in memory.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// All of it, and its description. `open` is whether everybody may ask.
pub(crate) fn routes(open: bool) -> Router<Arc<App>> {
    let (router, description) = described(open);
    let description: Arc<str> = description.into();
    let describe = get(move || async move { ([(CONTENT_TYPE, "application/json")], description.to_string()) });
    router.route("/api/v1/openapi.json", describe)
}

fn described(open: bool) -> (Router<Arc<App>>, String) {
    let (router, description) = OpenApiRouter::with_openapi(openapi::begin())
        .routes(routes!(posts::search))
        .routes(routes!(posts::post, posts::erase))
        .routes(routes!(posts::similar))
        .routes(routes!(alerts::alerts))
        .routes(routes!(alerts::alert))
        .routes(routes!(alerts::evidence))
        .routes(routes!(alerts::network))
        .routes(routes!(feedback::all, feedback::add))
        .routes(routes!(clusters::cluster))
        .routes(routes!(accounts::account, accounts::erase))
        .routes(routes!(status::status))
        .routes(routes!(stream::stream))
        .routes(routes!(export::posts))
        .routes(routes!(export::alerts))
        .split_for_parts();
    (router, openapi::finish(&description, open))
}

/// Answers a question as JSON, written where waiting harms nobody.
async fn json<T: Serialize>(
    app: &Arc<App>,
    question: impl FnOnce(&Index, &SearchLimits) -> Result<T, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let json = app.work(move |app| question(&app.index, &app.limits).and_then(|answer| write(&answer))).await?;
    Ok(([(CONTENT_TYPE, "application/json")], json).into_response())
}

fn write(answer: &impl Serialize) -> Result<Vec<u8>, Problem> {
    let mut json = BoundedBuffer(Vec::new());
    match serde_json::to_writer(&mut json, answer) {
        Ok(()) => Ok(json.0),
        Err(error) if error.is_io() => {
            let detail =
                format!("the answer would be longer than {} MB; ask for less at a time", MAX_ANSWER_BYTES >> 20);
            Err(Problem::of("limit", detail))
        }
        Err(error) => Err(Problem::internal(&error)),
    }
}

/// Bytes that are not too many.
struct BoundedBuffer(Vec<u8>);

impl Write for BoundedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_ANSWER_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_bounded() {
        assert_eq!(write(&[1, 2]).unwrap(), b"[1,2]");
        assert_eq!(write(&"x".repeat(MAX_ANSWER_BYTES - 2)).unwrap().len(), MAX_ANSWER_BYTES);
        assert_eq!(write(&"x".repeat(MAX_ANSWER_BYTES - 1)).unwrap_err().field.as_deref(), Some("limit"));
    }
}
