//! The first page: groups that move together now.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use shoal_index::{AlertPage, AlertSort, AlertSummary};
use shoal_model::AlertState;
use shoal_model::display::list;
use shoal_share::TableFormat;

use super::layout::{Layout, SitePart};
use super::links::{Query, is_wordy, one};
use super::status::History;
use super::{charts, forms, humanize, untrusted};
use crate::access::Caller;
use crate::app::App;
use crate::extract::FormParameters;
use crate::params::{AlertFilter, ListPage};
use crate::problem::Problem;

/// Symbols of a label in a list.
const LABEL: usize = 180;

const SORTS: [(AlertSort, &str, &str); 3] = [
    (AlertSort::Newest, "newest", "last raised"),
    (AlertSort::Strongest, "strongest", "strongest"),
    (AlertSort::Largest, "largest", "most accounts"),
];
const STATES: [(&str, &str); 4] =
    [("", "all"), ("opened,updated,reopened", "under way"), ("resolved", "resolved"), ("suppressed", "muted")];
const TRIALS: [(&str, &str); 3] =
    [("", "with and without"), ("false", "sent alerts only"), ("true", "rules on trial only")];

/// `GET /`
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Extension(history): Extension<Arc<History>>,
    caller: Caller,
    RawQuery(asked): RawQuery,
    FormParameters(filter, page): FormParameters<AlertFilter, ListPage>,
) -> Result<Response, Problem> {
    // Whoever comes to the status later finds the minutes before.
    history.begin(&app);
    if is_wordy(asked.as_deref()) {
        return Ok(Redirect::to(&query(&filter).at("/")).into_response());
    }
    let request = filter.clone().request(page.clone())?;
    let found = app.ask(move |index, limits| index.alerts(&request, limits)).await;
    let shell = Layout { pipeline: &app.name, part: SitePart::Alerts, title: "Alerts", caller: Some(&caller) };
    match found {
        Ok(found) => Ok(shell.page(&content(&filter, page.cursor.as_deref(), &found))),
        Err(problem) => shell.refused(&app, problem, &filters(&filter)),
    }
}

/// The list with its filters.
pub(super) fn content(filter: &AlertFilter, cursor: Option<&str>, found: &AlertPage) -> Markup {
    let query = query(filter).and("cursor", cursor.unwrap_or_default());
    html! {
        div.lead {
            h1 { "What moves together now" }
            p.standfirst {
                "Groups of accounts that met the same partners more often than their activity explains, each with \
                 its evidence."
            }
        }
        (filters(filter))
        p #news.news role="status" data-stream="/api/v1/stream" data-show=(query.without(&["cursor"]).at("/")) {}
        p.tally {
            (humanize::total(found.total, "alert", "alerts"))
            @if found.total.count > 0 { (exports(&query)) }
        }
        (forms::chosen(&query, "/", &["cursor", "sort", "limit"]))
        @if found.alerts.is_empty() { (nothing(&query)) } @else {
            ol.alerts { @for alert in &found.alerts { li { (row(alert)) } } }
        }
        (forms::pages(&query, "/", found.next.as_deref()))
    }
}

/// The query string of a list of alerts.
fn query(filter: &AlertFilter) -> Query {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let states: Vec<_> = filter.state.iter().map(|state| state.name()).collect();
    Query::default()
        .and("q", filter.q.clone())
        .and("state", states.join(","))
        .and("min_bits", filter.min_bits.map_or_else(String::new, |bits| bits.to_string()))
        .and("min_accounts", filter.min_accounts.map_or_else(String::new, |number| number.to_string()))
        .and("platform", text(&filter.platform))
        .and("lang", text(&filter.lang))
        .and("account", text(&filter.account))
        .and("layer", filter.layer.map_or_else(String::new, |layer| layer.name().to_owned()))
        .and("object", text(&filter.object))
        .and("since", filter.since.map_or_else(String::new, |at| at.to_string()))
        .and("until", filter.until.map_or_else(String::new, |at| at.to_string()))
        .and("shadow", filter.shadow.map_or_else(String::new, |shadow| shadow.to_string()))
        .and("sort", if filter.sort == AlertSort::Newest { "" } else { sort(filter.sort) })
}

fn exports(query: &Query) -> Markup {
    let links = forms::formats::<TableFormat>(&query.without(&["cursor"]), "/api/v1/export/alerts", " or ");
    html! { " · all of them as " (links) }
}

fn sort(sort: AlertSort) -> &'static str {
    SORTS.iter().find(|(known, ..)| *known == sort).map_or("newest", |(_, name, _)| name)
}

fn filters(filter: &AlertFilter) -> Markup {
    let query = query(filter);
    let value = |wanted: &str| query.pairs().find(|(name, _)| *name == wanted).map_or("", |(_, value)| value);
    let more = ["platform", "lang", "account", "layer", "object", "since", "until", "shadow"];
    html! {
        form.filters method="get" action="/" role="search" aria-label="Alerts" {
            div.row {
                (forms::text("q", "Words", value("q"), "in what was shared"))
                (forms::choice("state", "State", value("state"), &STATES))
                (forms::number("min_bits", "Bits, at least", filter.min_bits.map(|bits| bits.to_string())))
                (forms::number("min_accounts", "Accounts, at least", filter.min_accounts.map(|it| it.to_string())))
                (forms::choice("sort", "Order", sort(filter.sort), &SORTS.map(|(_, name, words)| (name, words))))
                button type="submit" { "Show" }
            }
            details open[more.iter().any(|name| !value(name).is_empty())] {
                summary { "More filters" }
                div.row {
                    (forms::text("platform", "Platform", value("platform"), "as in ids"))
                    (forms::text("lang", "Language", value("lang"), "en"))
                    (forms::text("account", "Account", value("account"), "platform:id"))
                    (forms::layer(filter.layer))
                    (forms::time("since", "Since", filter.since))
                    (forms::time("until", "Until", filter.until))
                    (forms::choice("shadow", "Rules on trial", value("shadow"), &TRIALS))
                    @if let Some(object) = &filter.object { input type="hidden" name="object" value=(object); }
                }
            }
        }
    }
}

fn nothing(query: &Query) -> Markup {
    let narrowed = query.pairs().any(|(name, _)| name != "sort");
    html! {
        div.nothing {
            @if narrowed {
                h2 { "No alert fits" }
                p { "There may be others: " a href="/" { "show all alerts" } "." }
            } @else {
                h2 { "Nothing to report yet" }
                p {
                    "Shoal reads posts and waits until accounts meet the same partners again and again, on three \
                     shared things or more, and more often than chance explains. That takes a while after the start \
                     of a stream."
                }
                p {
                    "What is read meanwhile can be " a href="/search" { "searched" } ", and "
                    a href="/status" { "the status" } " says how much that is."
                }
            }
        }
    }
}

/// An alert in short, also for the pages of accounts and texts.
pub(super) fn row(alert: &AlertSummary) -> Markup {
    let label = format!("alert-{}", alert.alert_id);
    html! {
        article.alert aria-labelledby=(label) {
            div.measure { (measure(alert)) }
            div.story {
                h2 #(label) { a href=(one("alerts", &alert.alert_id)) { (headline(alert)) } }
                @if !alert.labels.is_empty() {
                    ul.labels {
                        @for label in alert.labels.iter().take(3) { li { (untrusted::phrase(label, "und", LABEL)) } }
                    }
                }
                p.facts {
                    (state(alert.state, alert.shadow))
                    span { "since " (humanize::short_time(alert.opened_at)) }
                    @if alert.revision > 1 {
                        span { "revision " (alert.revision) " at " (humanize::short_time(alert.raised_at)) }
                    }
                    (feedback(alert))
                }
            }
            div.when {
                (charts::spark(&alert.timeline, alert.start, alert.end))
                p { (humanize::range(alert.start, alert.end)) }
            }
        }
    }
}

fn measure(alert: &AlertSummary) -> Markup {
    html! {
        @match alert.bits {
            Some(bits) => {
                p.figure { b { (format!("{bits:.1}")) } " bits" }
                (charts::strength(bits, alert.threshold_bits))
                p.note {
                    (humanize::strength(bits))
                    @if let Some(needed) = alert.threshold_bits { "; " (format!("{needed:.1}")) " needed" }
                }
            },
            None => { p.figure { b { "by rules" } } p.note { "fixed counts, no figure of chance" } },
        }
    }
}

fn headline(alert: &AlertSummary) -> String {
    let layers: Vec<_> = alert.layers.iter().map(|layer| layer.noun(0).to_owned()).collect();
    let what = if layers.is_empty() { "objects".to_owned() } else { list(&layers) };
    match alert.layers.as_slice() {
        [only] => format!(
            "{} shared {}",
            humanize::counted(alert.accounts, "account", "accounts"),
            forms::objects(*only, alert.objects)
        ),
        _ => format!(
            "{} shared {} {what}",
            humanize::counted(alert.accounts, "account", "accounts"),
            humanize::count(alert.objects)
        ),
    }
}

/// The state of an alert.
pub(super) fn state(state: AlertState, shadow: bool) -> Markup {
    let (name, meaning) = (state.name(), humanize::state(state));
    html! {
        span.state.(name) title=(meaning) { (name) }
        @if shadow { span.state.trial title="raised by rules on trial: not sent" { "on trial" } }
    }
}

fn feedback(alert: &AlertSummary) -> Markup {
    html! {
        @for (verdict, number) in &alert.feedback {
            span.said-of { (humanize::count(*number)) " × “" (super::verdict(verdict)) "”" }
        }
    }
}
