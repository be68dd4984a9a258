//! Middleware: admits every request, and finishes, counts and logs every answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::header::{HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::time::timeout;

use crate::access::{Caller, ClientAddress};
use crate::app::App;
use crate::page;
use crate::problem::{Problem, ProblemKind};

/// Bytes of a body.
const MAX_BODY_BYTES: usize = 16 * 1024;
/// Bytes of a path with its query.
const MAX_ADDRESS_BYTES: usize = 8 * 1024;
/// Time that a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// The name of the route of a path without one.
const NO_ROUTE: &str = "none";

/// Headers of every answer, for browsers.
const SECURITY_HEADERS: [(HeaderName, &str); 7] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// A request, as far as it is needed to finish its answer.
struct RequestRecord {
    method: Method,
    uri: Uri,
    route: Option<MatchedPath>,
    caller: Option<Caller>,
    for_people: bool,
    at: Instant,
}

/// Lets a request in, or not; finishes, counts and logs its answer.
pub(crate) async fn handle(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let mut asked = RequestRecord {
        method: request.method().clone(),
        uri: request.uri().clone(),
        route: request.extensions().get().cloned(),
        caller: None,
        for_people: is_for_people(request.uri().path(), request.headers()),
        at: Instant::now(),
    };
    let answer = match admit(&app, &mut request) {
        Ok(caller) => {
            asked.caller = caller;
            match with_body(request).await {
                Ok(request) => caught(next.run(request)).await,
                Err(problem) => problem.into_response(),
            }
        }
        Err(problem) => {
            problem.slow_down().await;
            problem.into_response()
        }
    };
    asked.finish(&app, answer)
}

fn admit(app: &App, request: &mut Request) -> Result<Option<Caller>, Problem> {
    let uri = request.uri();
    if uri.path_and_query().is_some_and(|address| address.as_str().len() > MAX_ADDRESS_BYTES) {
        let detail = format!("the address is longer than {MAX_ADDRESS_BYTES} bytes; shorten the query");
        return Err(Problem::new(ProblemKind::Address, detail));
    }
    let Some(&ClientAddress(client)) = request.extensions().get() else {
        return Err(Problem::internal(&"a request comes from nowhere"));
    };
    let caller = app.access.admit(request.method(), uri, request.headers(), client)?;
    if let Some(caller) = &caller {
        request.extensions_mut().insert(caller.clone());
    }
    Ok(caller)
}

/// Reads the body, which is short, before anybody waits for it.
async fn with_body(request: Request) -> Result<Request, Problem> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(too_long());
    }
    let read = timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_BYTES)).await;
    let read: Result<Bytes, _> =
        read.map_err(|_| Problem::new(ProblemKind::Slow, "the body did not come within 10 s"))?;
    let body = read.map_err(|_| too_long())?;
    Ok(Request::from_parts(parts, Body::from(body)))
}

fn too_long() -> Problem {
    Problem::new(
        ProblemKind::Body,
        format!("the body is longer than {MAX_BODY_BYTES} bytes, or was not sent to its end"),
    )
}

/// An answer even where making it panics: that is a fault, and told as one.
async fn caught(answer: impl Future<Output = Response>) -> Response {
    let caught = AssertUnwindSafe(answer).catch_unwind().await;
    caught.unwrap_or_else(|_| Problem::internal(&"a panic, which was told before").into_response())
}

/// Recognises a request whose answer a browser shows to a person.
fn is_for_people(path: &str, headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    !path.starts_with("/api/") && accepts.into_iter().any(|accept| accept.contains("text/html"))
}

impl RequestRecord {
    fn finish(self, app: &App, answer: Response) -> Response {
        let mut answer = self.in_words(app, answer);
        let status = answer.status();
        let headers = answer.headers_mut();
        for (name, value) in SECURITY_HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let is_asset = self.uri.path().starts_with("/assets/");
        // Only what never changes may be kept, and says so itself.
        if !(status.is_success() && is_asset) {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        let took = self.at.elapsed();
        let route = self.route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
        app.metrics.answered(route, status.as_u16(), took.as_secs_f64());
        // What machines ask all day long says nothing about anybody.
        if !(status.is_success() && (is_asset || self.uri.path() == "/metrics")) {
            tracing::info!(
                caller = self.caller.as_ref().map(|caller| caller.name.as_str()),
                method = %self.method,
                path = logged(&self.method, &self.uri, route),
                status = status.as_u16(),
                took_ms = took.as_millis() as u64,
                "request"
            );
        }
        answer
    }

    /// Turns a failure into what the caller reads, and counts it.
    fn in_words(&self, app: &App, answer: Response) -> Response {
        let Some(problem) = problem_of(&answer) else { return answer };
        app.metrics.refused(problem.kind);
        let mut shown = if !self.for_people {
            problem.into_response()
        } else if problem.kind == ProblemKind::SignIn {
            let next = self.uri.path_and_query().map_or("/", |next| next.as_str());
            problem.into_page(page::login(app, next, None))
        } else {
            let page = page::problem(app, &problem, self.caller.as_ref());
            problem.into_page(page)
        };
        if let Some(allow) = answer.headers().get(ALLOW) {
            shown.headers_mut().insert(ALLOW, allow.clone());
        }
        shown
    }
}

/// The part of an address that is logged. An erased account must not live on in a log.
fn logged(method: &Method, uri: &Uri, route: &str) -> String {
    if *method == Method::DELETE { route.to_owned() } else { uri.to_string() }
}

/// The problem of an answer, unless it is a page that tells it.
fn problem_of(answer: &Response) -> Option<Problem> {
    let status = answer.status();
    if let Some(problem) = answer.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let is_page = |kind: &HeaderValue| kind.as_bytes().starts_with(b"text/html");
    if !(status.is_client_error() || status.is_server_error())
        || answer.headers().get(CONTENT_TYPE).is_some_and(is_page)
    {
        return None;
    }
    let kind = match status {
        StatusCode::NOT_FOUND => ProblemKind::Missing,
        StatusCode::METHOD_NOT_ALLOWED => ProblemKind::Method,
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::Body,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemKind::MediaType,
        status if status.is_client_error() => ProblemKind::Question,
        _ => ProblemKind::Internal,
    };
    Some(Problem::new(kind, "the request is not one that can be done here; see /api/v1/openapi.json"))
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn request(body: Body) -> Request {
        Request::new(body)
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        let paused = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        paused.unwrap().block_on(future)
    }

    #[test]
    fn a_body_that_does_not_come_is_not_waited_for() {
        let never = Body::from_stream(stream::pending::<Result<Bytes, axum::Error>>());
        assert_eq!(run(with_body(request(never))).unwrap_err().kind, ProblemKind::Slow);
    }

    #[test]
    fn a_body_is_read_before_anybody_waits_for_it() {
        for (length, expected) in
            [(0, Ok(0)), (1, Ok(1)), (MAX_BODY_BYTES, Ok(MAX_BODY_BYTES)), (MAX_BODY_BYTES + 1, Err(ProblemKind::Body))]
        {
            // Once with its length, once without.
            let parts = stream::iter((0..length).map(|_| Ok::<_, axum::Error>(Bytes::from_static(b"x"))));
            for body in [Body::from("x".repeat(length)), Body::from_stream(parts)] {
                let read = run(async {
                    let request = with_body(request(body)).await.map_err(|problem| problem.kind)?;
                    Ok(to_bytes(request.into_body(), MAX_BODY_BYTES).await.unwrap().len())
                });
                assert_eq!(read, expected, "{length}");
            }
        }
    }

    #[test]
    fn what_panics_is_answered_all_the_same() {
        let answer = run(caught(async { panic!("as tests do") }));
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn the_log_does_not_say_who_was_erased() {
        let uri = Uri::from_static("/api/v1/accounts/x:a?reason=asked");
        assert_eq!(logged(&Method::GET, &uri, "/api/v1/accounts/{id}"), "/api/v1/accounts/x:a?reason=asked");
        assert_eq!(logged(&Method::DELETE, &uri, "/api/v1/accounts/{id}"), "/api/v1/accounts/{id}");
    }

    #[test]
    fn people_are_those_with_browsers() {
        let accept = |value| HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))]);
        assert!(is_for_people("/x", &accept("text/html,application/xhtml+xml,*/*;q=0.8")));
        assert!(!is_for_people("/x", &accept("*/*")) && !is_for_people("/x", &HeaderMap::new()));
        assert!(!is_for_people("/api/v1/x", &accept("text/html")));
    }
}
