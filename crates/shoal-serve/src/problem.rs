//! Problems: reasons why a request was not done, as in RFC 9457.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::Markup;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Role;

/// Time that a guess takes after many.
const GUESS_DELAY: Duration = Duration::from_secs(1);
/// The media type of problems.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Kinds of problem. Clients tell them apart by [`ProblemKind::name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ProblemKind {
    /// The question cannot be asked so.
    Question,
    /// The caller has not signed in.
    SignIn,
    /// The caller has signed in and may not do this.
    Forbidden,
    /// The request comes from a page of somebody else, or by a name that is not ours.
    Foreign,
    /// There is no such thing.
    Missing,
    /// There is such a thing, and it cannot be done to it.
    Method,
    /// The index can only be read here.
    ReadOnly,
    /// The request did not come in time.
    Slow,
    /// The body is too long.
    Body,
    /// The body is of another type.
    MediaType,
    /// The address is too long.
    Address,
    /// Too many requests.
    Rate,
    /// Too many wrong tokens.
    SignIns,
    /// The server has a fault.
    Internal,
    /// The server has no place left.
    Busy,
    /// The search took too long.
    TimeOut,
}

impl ProblemKind {
    /// The name as written in `type`, after `urn:shoal:problem:`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::SignIn => "sign-in",
            Self::Forbidden => "forbidden",
            Self::Foreign => "foreign",
            Self::Missing => "missing",
            Self::Method => "method",
            Self::ReadOnly => "read-only",
            Self::Slow => "slow",
            Self::Body => "body",
            Self::MediaType => "media-type",
            Self::Address => "address",
            Self::Rate => "rate",
            Self::SignIns => "sign-ins",
            Self::Internal => "internal",
            Self::Busy => "busy",
            Self::TimeOut => "time-out",
        }
    }

    /// A title, the same for all problems of a kind.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Question => "This cannot be asked",
            Self::SignIn => "Sign in first",
            Self::Forbidden => "Another role is needed",
            Self::Foreign => "The request comes from elsewhere",
            Self::Missing => "There is no such thing",
            Self::Method => "This cannot be done here",
            Self::ReadOnly => "The index can only be read here",
            Self::Slow => "The request came too slowly",
            Self::Body => "The body is too long",
            Self::MediaType => "The body is of the wrong type",
            Self::Address => "The address is too long",
            Self::Rate => "Too many requests",
            Self::SignIns => "Too many wrong tokens",
            Self::Internal => "The server has a fault",
            Self::Busy => "The server is busy",
            Self::TimeOut => "The search took too long",
        }
    }

    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Question => StatusCode::BAD_REQUEST,
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Foreign => StatusCode::FORBIDDEN,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::ReadOnly => StatusCode::CONFLICT,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Body => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Address => StatusCode::URI_TOO_LONG,
            Self::Rate | Self::SignIns => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy | Self::TimeOut => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// The reason why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: ProblemKind,
    /// The fault and its remedy.
    pub(crate) detail: String,
    /// The parameter or member that is to blame.
    pub(crate) field: Option<String>,
    /// Seconds after which it may work.
    pub(crate) retry_after: Option<u64>,
}

/// A problem as it is sent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// The kind of problem: `urn:shoal:problem:` and a name.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The status of the answer.
    status: u16,
    /// The fault and its remedy.
    detail: String,
    /// The parameter or member that is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), field: None, retry_after: None }
    }

    /// A problem of a parameter or member.
    pub(crate) fn of(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(ProblemKind::Question, detail) }
    }

    /// A problem of an id that nothing has.
    pub(crate) fn missing(what: &str, id: &str) -> Self {
        Self::new(ProblemKind::Missing, format!("there is no {what} {id} in this index"))
    }

    /// A role that `needed` is not part of.
    pub(crate) fn forbidden(needed: Role) -> Self {
        Self::new(
            ProblemKind::Forbidden,
            format!("this needs the role {}; ask whoever runs this server", needed.name()),
        )
    }

    /// May work after so many seconds.
    #[must_use]
    pub(crate) fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// A fault whose cause is for the log alone.
    pub(crate) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(ProblemKind::Internal, "the server could not do this; its log says why")
    }

    /// Waits a little before it is told to somebody who guesses.
    pub(crate) async fn slow_down(&self) {
        if self.kind == ProblemKind::SignIns {
            tokio::time::sleep(GUESS_DELAY).await;
        }
    }

    /// A file that is not wanted any more: mostly its client is gone.
    fn unsent(error: &dyn std::fmt::Display) -> Self {
        tracing::debug!(%error, "a file was not sent to its end");
        Self::new(ProblemKind::Internal, "the file could not be written to its end; its log says why")
    }

    /// For people: with the same status and headers.
    pub(crate) fn into_page(self, page: Markup) -> Response {
        let mut response = self.into_response();
        *response.body_mut() = Body::from(page.into_string());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        response.extensions_mut().remove::<Self>();
        response
    }

    fn body(&self) -> ProblemBody {
        ProblemBody {
            kind: format!("urn:shoal:problem:{}", self.kind.name()),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone(),
            field: self.field.clone(),
        }
    }
}

impl From<shoal_index::Error> for Problem {
    fn from(error: shoal_index::Error) -> Self {
        use shoal_index::Error;
        match error {
            Error::InvalidRequest { field, ref problem, ref remedy } => {
                Self::of(parameter(field), format!("{problem}; {remedy}"))
            }
            Error::TimeOut(_) => Self::new(ProblemKind::TimeOut, error.to_string()).after(1),
            Error::Memory => Self::of("q", error.to_string()),
            Error::ReadOnly(_) => Self::new(
                ProblemKind::ReadOnly,
                "another process writes to this index; ask that one to change anything",
            ),
            Error::Missing { what, ref id } => Self::missing(what, id),
            _ => Self::internal(&error),
        }
    }
}

/// The name of a parameter, where the index calls it another way.
fn parameter(field: &'static str) -> &'static str {
    match field {
        "query" => "q",
        "language" => "lang",
        other => other,
    }
}

impl From<shoal_share::Error> for Problem {
    fn from(error: shoal_share::Error) -> Self {
        Self::unsent(&error)
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self::unsent(&error)
    }
}

impl IntoResponse for Problem {
    /// The problem as JSON, with the problem among the response's extensions, from which a page for people can be made.
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = (self.kind.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == ProblemKind::SignIn {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"shoal\""));
        }
        response.extensions_mut().insert(self);
        response
    }
}
