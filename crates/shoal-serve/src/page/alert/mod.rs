//! The page of an alert.

mod accounts;
mod arithmetic;
mod checks;
mod downloads;
mod feedback;
mod lineage;
mod objects;
mod provenance;
mod timeline;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use shoal_index::{Evidence, Feedback};
use shoal_model::display::list;
use shoal_model::{Alert, LayerCount};

pub(super) use self::feedback::give;
use super::layout::{Layout, SitePart};
use super::{alerts, charts, forms, humanize};
use crate::Role;
use crate::access::Caller;
use crate::app::App;
use crate::extract::{FormParameters, Id};
use crate::params::RevisionParams;
use crate::problem::Problem;

/// The contents of the page of an alert.
#[derive(Debug)]
struct AlertView {
    /// All revisions that are kept, oldest first.
    revisions: Vec<Alert>,
    /// The position of the revision that is shown.
    shown: usize,
    /// The posts behind it.
    evidence: Option<Evidence>,
    /// Conclusions of people.
    feedback: Vec<Feedback>,
}

impl AlertView {
    fn alert(&self) -> &Alert {
        &self.revisions[self.shown]
    }
}

/// `GET /alerts/{id}`
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Id(id): Id,
    FormParameters(RevisionParams { revision }, _): FormParameters<RevisionParams>,
) -> Result<Response, Problem> {
    let asked = id.clone();
    let seen = app.ask(move |index, _| {
        let revisions = index.alert(&asked)?;
        let newest = revisions.len().checked_sub(1);
        let position = |revision| revisions.iter().position(|alert| alert.revision == revision);
        let Some(shown) = revision.map_or(newest, position) else { return Ok(None) };
        let evidence = index.evidence(&asked, Some(revisions[shown].revision))?;
        Ok(Some(AlertView { shown, evidence, feedback: index.feedback(&asked)?, revisions }))
    });
    let missing = || match revision {
        Some(revision) => Problem::missing("alert", &format!("{id} with revision {revision}")),
        None => Problem::missing("alert", &id),
    };
    let seen = seen.await?.ok_or_else(missing)?;
    let title = format!("Alert {}", short(&id));
    let shell = Layout { pipeline: &app.name, part: SitePart::Alerts, title: &title, caller: Some(&caller) };
    Ok(shell.page(&content(&seen, caller.role >= Role::Feedback)))
}

/// The beginning of an id, enough for people to tell alerts apart.
fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

/// The page. `speaks` says whether whoever looks may give feedback.
fn content(seen: &AlertView, speaks: bool) -> Markup {
    let alert = seen.alert();
    html! {
        (head(seen))
        (figures(alert))
        (contents(seen))
        div.columns {
            div.wide {
                (timeline::section(alert))
                (objects::section(seen))
                (accounts::section(alert))
                (arithmetic::section(alert))
            }
            div.side {
                (feedback::section(seen, speaks))
                (accounts::network(alert))
                (accounts::context(alert))
                (checks::checks(alert))
                (checks::limits(alert))
                (lineage::lineage(alert))
                (lineage::revisions(seen))
                (downloads::section(alert))
                (provenance::section(alert))
            }
        }
    }
}

fn head(seen: &AlertView) -> Markup {
    let alert = seen.alert();
    html! {
        div.lead {
            p.kicker {
                a href="/" { "Alerts" } " / " span { "alert " code { (short(&alert.alert_id)) } } " "
                (alerts::state(alert.state, alert.shadow))
                span { "revision " (alert.revision) ", raised at " (humanize::time(alert.raised_at)) }
            }
            h1 { (headline(alert)) }
            p.verdict {
                strong { "This is an observation, not a verdict." }
                " These accounts act together more than chance explains. Why they do, and whether anything is wrong \
                 with it, people decide."
            }
            @if seen.shown + 1 < seen.revisions.len() {
                p.older {
                    "This is an earlier revision. "
                    a href=(super::links::one("alerts", &alert.alert_id)) { "Show the newest" } "."
                }
            }
        }
    }
}

fn headline(alert: &Alert) -> String {
    let layers = &alert.observed.layers;
    let what: Vec<_> = layers.iter().map(|LayerCount { layer, objects }| forms::objects(*layer, *objects)).collect();
    let what = if what.is_empty() { "nothing that is still listed".to_owned() } else { list(&what) };
    format!("{} shared {what}", humanize::counted(accounts(alert), "account", "accounts"))
}

/// Accounts of the group, those beyond the list included.
fn accounts(alert: &Alert) -> u64 {
    alert.observed.accounts.len() as u64 + left_out(alert, shoal_model::Cap::AlertAccounts)
}

/// The number of items that a limit left out.
fn left_out(alert: &Alert, cap: shoal_model::Cap) -> u64 {
    alert.caps_hit.iter().filter(|hit| hit.cap == cap).map(|hit| hit.count).sum()
}

fn figures(alert: &Alert) -> Markup {
    let observed = &alert.observed;
    let posts: u64 = observed.timeline.iter().map(|bin| bin.posts).sum();
    let length = observed.window.start.distance(observed.window.end).seconds();
    html! {
        dl.figures {
            div.strong { dt { "Strength" } dd { (strength(alert)) } }
            div {
                dt { "Accounts" }
                dd {
                    b { (humanize::count(accounts(alert))) }
                    span { (humanize::counted(observed.ties.count, "tie", "ties")) " among them" }
                }
            }
            div {
                dt { "Posts of the evidence" }
                dd { b { (humanize::count(posts)) } span { "within " (humanize::length(length)) } }
            }
            div {
                dt { "When" }
                dd.small {
                    span { "from " (humanize::time(observed.window.start)) }
                    span { "to " (humanize::time(observed.window.end)) }
                }
            }
        }
    }
}

fn strength(alert: &Alert) -> Markup {
    let strength = &alert.strength;
    html! {
        @match strength.bits {
            Some(bits) => {
                b { (format!("{bits:.1}")) " bits" }
                (charts::strength(bits, strength.threshold_bits))
                span {
                    (humanize::strength(bits))
                    @if let Some(threshold) = strength.threshold_bits {
                        "; " (format!("{threshold:.1}")) " were needed"
                    }
                }
                span { "chance gives as much to at most one account in " (humanize::odds(bits)) }
            },
            None => { b { "by rules" } span { "fixed counts were met, which says nothing about chance" } },
        }
    }
}

fn contents(seen: &AlertView) -> Markup {
    let parts = [
        ("when", "When"),
        ("shared", "What they shared"),
        ("accounts", "Accounts"),
        ("arithmetic", "Arithmetic"),
        ("feedback", "Feedback"),
        ("network", "Network"),
        ("context", "Context"),
        ("history", "History"),
        ("downloads", "Downloads"),
    ];
    let there = |part: &str| part != "history" || !seen.alert().lineage.is_empty();
    html! {
        nav.contents aria-label="On this page" {
            ul { @for (id, name) in parts { @if there(id) { li { a href=(format!("#{id}")) { (name) } } } } }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
