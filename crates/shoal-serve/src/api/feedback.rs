//! Feedback on alerts.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use shoal_index::{Feedback, Verdict};
use shoal_model::Timestamp;
use utoipa::ToSchema;

use super::json;
use crate::Role;
use crate::access::Caller;
use crate::app::App;
use crate::extract::{Id, NoParameters, Parameters};
use crate::problem::{Problem, ProblemKind};

/// Characters of a note.
const MAX_NOTE_CHARS: usize = 2_000;

/// A conclusion about an alert.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFeedback {
    /// The conclusion.
    pub(crate) verdict: Verdict,
    /// The reason.
    #[serde(default)]
    #[schema(max_length = 2_000)]
    pub(crate) note: Option<String>,
    /// The revision that was looked at.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1)]
    pub(crate) revision: u32,
}

/// A whole number, which JSON may write with a point.
fn whole<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = f64::deserialize(deserializer)?;
    let whole = (0.0..=f64::from(u32::MAX)).contains(&number) && number.fract() == 0.0;
    if whole { Ok(number as u32) } else { Err(serde::de::Error::custom(format_args!("{number} is no revision"))) }
}

/// Conclusions about an alert.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AllFeedback {
    /// All of it, oldest first; the newest of each person counts.
    feedback: Vec<Feedback>,
}

/// Conclusions about an alert.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/feedback", tag = "feedback",
    params(("id" = String, Path, description = "The alert.")),
    responses((status = 200, description = "Everything, oldest first.", body = AllFeedback)))]
pub(super) async fn all(
    State(app): State<Arc<App>>,
    Id(id): Id,
    _: Parameters<NoParameters>,
) -> Result<Response, Problem> {
    json(&app, move |index, _| {
        if index.alert(&id)?.is_empty() {
            return Err(Problem::missing("alert", &id));
        }
        Ok(AllFeedback { feedback: index.feedback(&id)? })
    })
    .await
}

/// Says what an alert turned out to be.
///
/// Kept, audited and counted; it changes no alert. Needs the role `feedback`.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/feedback", tag = "feedback",
    params(("id" = String, Path, description = "The alert.")),
    request_body = NewFeedback,
    responses((status = 201, description = "As it is kept.", body = Feedback)))]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    caller: Caller,
    Id(id): Id,
    _: Parameters<NoParameters>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    caller.needs(Role::Feedback)?;
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(ProblemKind::MediaType, "send JSON, application/json"));
    }
    let new = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(&body)).map_err(|error| {
        let field = error.path().to_string();
        let field = if matches!(field.as_str(), "." | "?") { "body".to_owned() } else { field };
        Problem::of(field, format!("the body cannot be read: {}", error.into_inner()))
    })?;
    let feedback = give(&app, &caller, id, new).await?;
    Ok((StatusCode::CREATED, Json(feedback)).into_response())
}

/// Keeps and counts a conclusion, for the API and for pages alike.
pub(crate) async fn give(
    app: &Arc<App>,
    caller: &Caller,
    alert_id: String,
    new: NewFeedback,
) -> Result<Feedback, Problem> {
    caller.needs(Role::Feedback)?;
    let note = new.note.filter(|note| !note.trim().is_empty());
    if note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE_CHARS) {
        return Err(Problem::of("note", format!("the note is longer than {MAX_NOTE_CHARS} characters; shorten it")));
    }
    if new.revision == 0 {
        return Err(Problem::of("revision", "revisions are counted from 1"));
    }
    let feedback =
        Feedback { alert_id, revision: new.revision, verdict: new.verdict, note, by: caller.name.clone(), at: now() };
    let feedback = app.ask(move |index, _| index.give_feedback(&feedback).map(|()| feedback)).await?;
    app.metrics.feedback(feedback.verdict);
    Ok(feedback)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
