//! Feedback on an alert, and the form to give it.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::Redirect;
use maud::{Markup, html};
use serde::Deserialize;
use shoal_index::{Feedback, Verdict};

use super::super::links::one;
use super::super::{humanize, untrusted, verdict};
use super::AlertView;
use crate::access::Caller;
use crate::api::feedback::{self, NewFeedback};
use crate::app::App;
use crate::extract::Id;
use crate::problem::Problem;

/// Conclusions that are shown, the newest.
const LISTED: usize = 20;
/// Symbols of a note.
const NOTE: usize = 2_000;

/// The form as it comes: a browser sends a note that was left empty too.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::page) struct FeedbackForm {
    verdict: Verdict,
    #[serde(default)]
    note: String,
    revision: u32,
}

/// `POST /alerts/{id}/feedback`
pub(in crate::page) async fn give(
    State(app): State<Arc<App>>,
    caller: Caller,
    Id(id): Id,
    form: Result<Form<FeedbackForm>, FormRejection>,
) -> Result<Redirect, Problem> {
    let Form(said) = form.map_err(|_| Problem::of("verdict", "choose what you conclude, and send the form again"))?;
    // A browser ends lines as mail does.
    let note = Some(said.note.replace("\r\n", "\n"));
    let new = NewFeedback { verdict: said.verdict, note, revision: said.revision };
    let back = format!("{}#feedback", one("alerts", &id));
    feedback::give(&app, &caller, id, new).await?;
    Ok(Redirect::to(&back))
}

/// The section of feedback, with the form where `speaks`.
pub(super) fn section(seen: &AlertView, speaks: bool) -> Markup {
    let said = &seen.feedback;
    html! {
        section #feedback {
            h2 { "What people concluded" }
            @if said.is_empty() { p { "Nobody has assessed it yet." } } @else {
                ol.said-list { @for feedback in said.iter().rev().take(LISTED) { (one_said(feedback)) } }
                @if said.len() > LISTED { p.more { "and " (said.len() - LISTED) " earlier" } }
            }
            @if speaks { (form(seen)) } @else { p.note { "Your role may read, not give feedback." } }
        }
    }
}

fn one_said(feedback: &Feedback) -> Markup {
    html! {
        li {
            p {
                b { (verdict(feedback.verdict.name())) } " · " (untrusted::name(&feedback.by)) " · "
                (humanize::short_time(feedback.at)) " · on revision " (feedback.revision)
            }
            @if let Some(note) = &feedback.note { blockquote dir="auto" { (untrusted::shown(note, NOTE)) } }
        }
    }
}

fn form(seen: &AlertView) -> Markup {
    let alert = seen.alert();
    html! {
        form.feedback method="post" action=(format!("{}/feedback", one("alerts", &alert.alert_id))) {
            input type="hidden" name="revision" value=(alert.revision);
            fieldset {
                legend { "Your conclusion" }
                @for choice in Verdict::ALL {
                    label.choice {
                        input type="radio" name="verdict" value=(choice.name()) required;
                        span { (verdict(choice.name())) }
                    }
                }
            }
            label.field { span { "Why (optional)" } textarea name="note" rows="2" maxlength=(NOTE) {} }
            button type="submit" { "Keep this" }
        }
    }
}
