//! Authentication and authorisation: callers, roles, sessions, limits.

mod failures;
mod host;
mod rate_limit;
mod sessions;
pub(crate) mod sign_in;
mod token_hash;

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE, HeaderMap};
use axum::http::request::Parts;
use axum::http::{Method, Uri};

use self::failures::Failures;
use self::rate_limit::{CallerKey, RequestRate, neighbourhood};
use self::sessions::Sessions;
pub use self::token_hash::TokenHash;
use crate::problem::{Problem, ProblemKind};
use crate::{AccessToken, Role, Settings};

/// The cookie of browsers that have signed in.
const SESSION_COOKIE: &str = "shoal_session";

/// The sender of a request. Every handler behind the middleware can have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The name of the token, or `local`.
    pub(crate) name: String,
    pub(crate) role: Role,
    /// A browser has signed in: there is a session to end.
    pub(crate) signed_in: bool,
}

/// The address that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

/// Tokens, sessions and limits of callers.
#[derive(Debug)]
pub(crate) struct Access {
    tokens: Vec<AccessToken>,
    hosts: Vec<String>,
    sessions: Mutex<Sessions>,
    failures: Mutex<Failures>,
    rate: Mutex<RequestRate>,
}

impl Caller {
    /// Refuses whoever has not this role.
    pub(crate) fn needs(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role { Ok(()) } else { Err(Problem::forbidden(role)) }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(nobody)
    }
}

fn nobody() -> Problem {
    Problem::new(ProblemKind::SignIn, "this is for callers who are known; send a bearer token, or sign in at /login")
}

impl Access {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            tokens: settings.tokens.clone(),
            hosts: settings.hosts.clone(),
            sessions: Mutex::default(),
            failures: Mutex::default(),
            rate: Mutex::default(),
        }
    }

    /// Recognises a server without tokens: everybody on this machine may do everything.
    pub(crate) fn is_local(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Lets a request in, and says whose it is; or says why not. Some paths are for everybody.
    pub(crate) fn admit(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        client: IpAddr,
    ) -> Result<Option<Caller>, Problem> {
        if self.is_local() {
            host::named(headers, uri, &self.hosts)?;
        }
        host::same_origin(method, headers, &self.hosts)?;
        let caller = self.caller(headers, client);
        let key = match &caller {
            Ok(Some(caller)) => CallerKey::Name(caller.name.clone()),
            Ok(None) | Err(_) => CallerKey::Place(neighbourhood(client)),
        };
        lock(&self.rate).check(key, Instant::now())?;
        match caller {
            Ok(None) if !is_public(uri.path()) => Err(nobody()),
            Err(_) if is_public(uri.path()) => Ok(None),
            caller => caller,
        }
    }

    /// The caller of a request, if it names one.
    fn caller(&self, headers: &HeaderMap, client: IpAddr) -> Result<Option<Caller>, Problem> {
        if self.is_local() {
            return Ok(Some(Caller { name: "local".to_owned(), role: Role::Admin, signed_in: false }));
        }
        if let Some(secret) = cookie(headers)
            && let Some(caller) = lock(&self.sessions).caller(secret, Instant::now())
        {
            return Ok(Some(caller.clone()));
        }
        let Some(authorization) = headers.get(AUTHORIZATION) else { return Ok(None) };
        let secret = authorization.to_str().ok().and_then(bearer).ok_or_else(|| {
            Problem::new(
                ProblemKind::SignIn,
                "the Authorization header is not understood; send \"Bearer \" and a token",
            )
        })?;
        self.token(secret, client).map(Some)
    }

    /// The caller with a secret. A right one always counts: otherwise whoever shows wrong ones could shut out all
    /// others who come from the same address, as they do behind a proxy. After many wrong ones the answer is slow, and
    /// another.
    fn token(&self, secret: &str, client: IpAddr) -> Result<Caller, Problem> {
        let now = Instant::now();
        let hash = TokenHash::of(secret);
        // All are looked at, so that time does not tell which came close.
        let mut found = None;
        for token in &self.tokens {
            if token.sha256.matches(&hash) {
                found = Some(token);
            }
        }
        if let Some(token) = found {
            return Ok(Caller { name: token.name.clone(), role: token.role, signed_in: false });
        }
        lock(&self.failures).add(client, now);
        self.may_fail(client)?;
        Err(Problem::new(ProblemKind::SignIn, "nobody has this token; ask whoever runs this server for one"))
    }

    /// Checks that few wrong tokens came from an address.
    fn may_fail(&self, client: IpAddr) -> Result<(), Problem> {
        let Some(wait) = lock(&self.failures).wait(client, Instant::now()) else { return Ok(()) };
        let detail = format!("too many wrong tokens came from this address; try again in {wait} s");
        Err(Problem::new(ProblemKind::SignIns, detail).after(wait))
    }

    /// Begins a session for whoever has this secret, and gives that of the session. After many wrong ones nobody can
    /// sign in from there for a while.
    fn sign_in(&self, secret: &str, client: IpAddr) -> Result<String, Problem> {
        self.may_fail(client)?;
        let caller = Caller { signed_in: true, ..self.token(secret, client)? };
        tracing::info!(caller = caller.name, "signed in");
        lock(&self.sessions).begin(caller, Instant::now()).map_err(|error| Problem::internal(&error))
    }

    /// Lets everybody ask as much as they like.
    #[cfg(test)]
    pub(crate) fn without_limits(&mut self) {
        self.rate = Mutex::new(RequestRate::unlimited());
    }
}

/// Recognises a path that is there for everybody: the page of sign-in, and its assets.
fn is_public(path: &str) -> bool {
    path == sign_in::PATH || path.starts_with("/assets/")
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, secret) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// The secret of the session that a browser says it has.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, secret)| secret)
}

/// Locks a value, which is whole after every single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
