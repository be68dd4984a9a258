//! Sign-in and sign-out of browsers.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Caller, ClientAddress, SESSION_COOKIE, cookie, lock, sessions};
use crate::app::App;
use crate::extract::Parameters;
use crate::page;
use crate::problem::{Problem, ProblemKind};

/// The path at which people sign in.
pub(super) const PATH: &str = "/login";
/// Bytes of an address that one is sent to.
const MAX_RETURN_BYTES: usize = 2_048;

/// The form of the page.
#[derive(Debug, Deserialize)]
struct SignInForm {
    token: String,
    #[serde(default)]
    next: String,
}

/// The address to go to afterwards.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
struct ReturnTo {
    next: String,
}

/// Signing in and out.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route(PATH, get(show).post(sign_in)).route("/logout", post(sign_out))
}

async fn show(
    State(app): State<Arc<App>>,
    caller: Option<Extension<Caller>>,
    Parameters(ReturnTo { next }, _): Parameters<ReturnTo>,
) -> Response {
    match caller {
        Some(_) => see(path(&next)),
        None => Html(page::login(&app, path(&next), None).into_string()).into_response(),
    }
}

async fn sign_in(
    State(app): State<Arc<App>>,
    Extension(ClientAddress(client)): Extension<ClientAddress>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    if app.access.is_local() {
        return Ok(see("/"));
    }
    let form = form(&headers, &body)?;
    let secret = match app.access.sign_in(form.token.trim(), client) {
        Ok(secret) => secret,
        Err(problem) => {
            app.metrics.refused(problem.kind);
            problem.slow_down().await;
            let page = page::login(&app, path(&form.next), Some(&problem));
            return Ok(problem.into_page(page));
        }
    };
    // A browser says truly how it has reached us, whatever stands between.
    let secure = headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let mut response = see(path(&form.next));
    set_cookie(&mut response, &secret, sessions::SESSION_LIFETIME.as_secs(), secure)?;
    Ok(response)
}

async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(secret) = cookie(&headers) {
        lock(&app.access.sessions).end(secret);
    }
    let mut response = see(PATH);
    set_cookie(&mut response, "", 0, false)?;
    Ok(response)
}

fn form(headers: &HeaderMap, body: &[u8]) -> Result<SignInForm, Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Problem::new(ProblemKind::MediaType, "send a form, application/x-www-form-urlencoded"));
    }
    serde_urlencoded::from_bytes(body)
        .map_err(|error| Problem::of("token", format!("the form cannot be read: {error}")))
}

/// A place of ours to go to, whatever the form says.
fn path(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//") && next.len() <= MAX_RETURN_BYTES;
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if ours && plain { next } else { "/" }
}

fn see(path: &str) -> Response {
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}

fn set_cookie(response: &mut Response, secret: &str, seconds: u64, secure: bool) -> Result<(), Problem> {
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{SESSION_COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}");
    let cookie = HeaderValue::from_str(&cookie).map_err(|error| Problem::internal(&error))?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_sent_nowhere_else() {
        for ours in ["/", "/search?q=a%20b", "/alerts/1#x"] {
            assert_eq!(path(ours), ours);
        }
        for other in ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nX: y", "/a b", "/é"] {
            assert_eq!(path(other), "/", "{other:?}");
        }
        assert_eq!(path(&format!("/{}", "x".repeat(MAX_RETURN_BYTES))), "/");
    }
}
