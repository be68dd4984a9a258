//! The layout of all pages: head, masthead, foot.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::assets::{ICON, SCRIPT, STYLE};
use crate::access::Caller;
use crate::app::App;
use crate::problem::{Problem, ProblemKind};

/// Parts of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SitePart {
    Alerts,
    Search,
    Status,
    /// None of them.
    Other,
}

const PARTS: [(SitePart, &str, &str); 3] = [
    (SitePart::Alerts, "/", "Alerts"),
    (SitePart::Search, "/search", "Search"),
    (SitePart::Status, "/status", "Status"),
];

/// A page without its content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout<'a> {
    /// The name of the pipeline.
    pub(super) pipeline: &'a str,
    pub(super) part: SitePart,
    /// The subject of the page, for the title of its window.
    pub(super) title: &'a str,
    pub(super) caller: Option<&'a Caller>,
}

impl Layout<'_> {
    /// The whole page around this content.
    pub(super) fn around(&self, content: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="referrer" content="no-referrer";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " – Shoal" }
                    link rel="icon" type="image/svg+xml" href=(ICON.address());
                    link rel="stylesheet" href=(STYLE.address());
                    script src=(SCRIPT.address()) defer {}
                }
                body {
                    a.skip href="#content" { "Skip to the content" }
                    (self.masthead())
                    main #content tabindex="-1" { (content) }
                    footer.foot {
                        p { "All times are UTC. Texts, names and addresses were written by strangers." }
                        p {
                            "Shoal observes who acts together. Why they do, and whether anything is wrong with it, \
                             people decide."
                        }
                    }
                }
            }
        }
    }

    /// The whole page as an answer.
    pub(super) fn page(&self, content: &Markup) -> Response {
        html_page(StatusCode::OK, self.around(content))
    }

    /// Shows the problem of a question above the form to ask it better. A problem that is no question's fault is given
    /// back.
    pub(super) fn refused(&self, app: &App, problem: Problem, form: &Markup) -> Result<Response, Problem> {
        if problem.kind != ProblemKind::Question {
            return Err(problem);
        }
        app.metrics.refused(problem.kind);
        let page = self.around(&html! {
            div.lead { h1 { (problem.kind.title()) } }
            p.failure role="alert" dir="auto" { (super::sentence(&problem.detail)) }
            (form)
        });
        Ok(problem.into_page(page))
    }

    fn masthead(&self) -> Markup {
        html! {
            header.masthead {
                a.brand href="/" { (logo()) span { "Shoal" } }
                span.pipeline title="the pipeline" { (self.pipeline) }
                nav aria-label="Site" {
                    ul {
                        @for (part, address, name) in PARTS {
                            li { a href=(address) aria-current=[(part == self.part).then_some("page")] { (name) } }
                        }
                    }
                }
                @if let Some(caller) = self.caller.filter(|caller| caller.signed_in) {
                    form.session method="post" action="/logout" {
                        span { (caller.name) " (" (caller.role.name()) ")" }
                        button.quiet type="submit" { "Sign out" }
                    }
                }
            }
        }
    }
}

/// A page as an answer.
pub(super) fn html_page(status: StatusCode, page: Markup) -> Response {
    (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], page.into_string()).into_response()
}

/// Three fish that turn as one.
fn logo() -> Markup {
    html! {
        svg.logo viewBox="0 0 32 24" aria-hidden="true" {
            path d="M2 7c5-5 11-4 14 0-3 4-9 5-14 0zM1 4l3 3-3 3z" {}
            path d="M14 13c5-5 11-4 14 0-3 4-9 5-14 0zM13 10l3 3-3 3z" {}
            path d="M4 18c4-4 9-3 12 0-3 3-8 4-12 0zM3 15.500l2.500 2.500L3 20.500z" {}
        }
    }
}
