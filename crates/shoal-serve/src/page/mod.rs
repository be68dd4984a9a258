//! Pages for people: alerts, search, what is known of texts and accounts, the status.
//!
//! Pages are written here, on the server, and work without scripts. Texts of strangers go through [`untrusted`],
//! addresses of theirs through [`links`] and the page of [`external_link`]; no page loads anything from elsewhere.

mod account;
mod alert;
mod alerts;
mod assets;
mod charts;
mod cluster;
mod diff;
mod external_link;
mod forms;
mod highlight;
mod humanize;
mod layout;
mod links;
mod posts;
mod profile;
mod search;
mod similar;
mod status;
mod untrusted;

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Extension, Router};
use maud::{Markup, html};

pub(crate) use self::assets::ASSETS;
use self::layout::{Layout, SitePart};
use self::status::History;
use crate::access::Caller;
use crate::app::App;
use crate::problem::{Problem, ProblemKind};

/// Routes of all pages: `/` and below, but for what other modules answer. [`ASSETS`] must be there for
/// everybody: the page of sign-in needs them.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(alerts::answer))
        .route("/alerts/{id}", get(alert::answer))
        .route("/alerts/{id}/feedback", post(alert::give))
        .route("/search", get(search::answer))
        .route("/clusters/{id}", get(cluster::answer))
        .route("/accounts/{id}", get(account::answer))
        .route("/posts/{id}/similar", get(similar::answer))
        .route("/status", get(status::answer))
        .route("/link", get(external_link::answer))
        .route(ASSETS, get(assets::asset))
        .layer(Extension(Arc::new(History::default())))
}

/// The page that tells a person why a request was not done.
pub(crate) fn problem(app: &App, problem: &Problem, caller: Option<&Caller>) -> Markup {
    let shell = Layout { pipeline: &app.name, part: SitePart::Other, title: problem.kind.title(), caller };
    shell.around(&problem_content(problem))
}

fn problem_content(problem: &Problem) -> Markup {
    html! {
        div.lead {
            p.kicker { (problem.kind.status().as_u16()) }
            h1 { (problem.kind.title()) }
            p.standfirst dir="auto" { (sentence(&problem.detail)) }
        }
        @if let Some(field) = &problem.field { p.note { "It is about " code { (untrusted::name(field)) } "." } }
        @if let Some(seconds) = problem.retry_after {
            p { "It may work again in " (humanize::counted(seconds, "second", "seconds")) "." }
        }
        p {
            a href="/" { "Alerts" } " · " a href="/search" { "Search" }
            @if problem.kind == ProblemKind::SignIn { " · " a href="/login" { "Sign in" } }
        }
    }
}

/// The page of sign-in: a form that posts `token` and `next` to `/login`. `problem` says why the last attempt failed.
pub(crate) fn login(app: &App, next: &str, problem: Option<&Problem>) -> Markup {
    let content = login_content(next, problem);
    Layout { pipeline: &app.name, part: SitePart::Other, title: "Sign in", caller: None }.around(&content)
}

fn login_content(next: &str, problem: Option<&Problem>) -> Markup {
    html! {
        div.lead {
            h1 { "Sign in" }
            p.standfirst { "with the token that whoever runs this server gave to you." }
        }
        form.login method="post" action="/login" {
            @if let Some(problem) = problem { p.failure role="alert" #login-problem { (sentence(&problem.detail)) } }
            input type="hidden" name="next" value=(next);
            label.field {
                span { "Token" }
                input type="password" name="token" autocomplete="current-password" required autofocus
                    aria-describedby=[problem.map(|_| "login-problem")];
            }
            button type="submit" { "Sign in" }
        }
    }
}

/// A message as a sentence: errors begin small and end without a stop.
fn sentence(message: &str) -> String {
    let message = untrusted::visible_plain(message, 2_000);
    let mut symbols = message.chars();
    let first = symbols.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if message.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{first}{}{stop}", symbols.as_str())
}

/// A verdict, by its name, in words.
fn verdict(name: &str) -> &str {
    match name {
        "true" => "They act together",
        "false" => "They do not act together",
        "benign_coordination" => "They do, openly and harmlessly",
        "unsure" => "It cannot be said",
        other => other,
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
