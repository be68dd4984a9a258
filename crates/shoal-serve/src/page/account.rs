//! The page of an account, as far as the index knows it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use shoal_index::{AccountPage, TopValue};

use super::layout::{Layout, SitePart};
use super::links::Query;
use super::search::values_table;
use super::{alerts, charts, humanize, posts, profile, untrusted};
use crate::access::Caller;
use crate::app::App;
use crate::extract::Id;
use crate::problem::Problem;

/// Alerts that are shown.
const ALERTS: usize = 10;

/// `GET /accounts/{id}`
pub(super) async fn answer(State(app): State<Arc<App>>, caller: Caller, Id(id): Id) -> Result<Response, Problem> {
    let asked = id.clone();
    let page = app.ask(move |index, limits| index.account(&asked, limits)).await?;
    let page = page.ok_or_else(|| Problem::missing("account", &id))?;
    let shell = Layout { pipeline: &app.name, part: SitePart::Search, title: "An account", caller: Some(&caller) };
    Ok(shell.page(&content(&page)))
}

/// The page.
pub(super) fn content(page: &AccountPage) -> Markup {
    let by = || Query::default().and("author", page.id.clone());
    let field =
        |name: &str, value: &str| by().and("q", format!("{name}:\"{}\"", value.replace('"', "\\\""))).at("/search");
    html! {
        div.lead {
            p.kicker { a href="/search" { "Search" } " / account" }
            h1 { (untrusted::name(&page.id)) }
            @if !page.handles.is_empty() {
                p.standfirst {
                    "Shown as "
                    @for (at, handle) in page.handles.iter().enumerate() {
                        @if at > 0 { ", " } (untrusted::name(handle))
                    }
                }
            }
        }
        dl.figures {
            div { dt { "Posts" } dd { b { (humanize::total_alone(page.posts)) } } }
            div { dt { "Alerts that name it" } dd { b { (humanize::count(page.alerts.len() as u64)) } } }
            div {
                dt { "Seen" }
                dd.small { span { "from " (humanize::time(page.first_at)) } span { "to " (humanize::time(page.last_at)) } }
            }
        }
        (alerts_naming(page))
        section {
            h2 { "Posts over time" }
            (charts::bars(&page.histogram, Some(&|start, end| by().between(start, end).at("/search"))))
        }
        div.columns {
            div.wide {
                section {
                    h2 { "Newest posts" }
                    @for post in &page.recent { (posts::found(post)) }
                    p { a href=(by().at("/search")) { "All its posts" } }
                }
            }
            div.side {
                @if let Some(shown) = page.recent.iter().find_map(|found| profile::of_post(&found.post)) {
                    section { h2 { "Profile" } p { (profile::names(&shown)) } (profile::facts(&shown)) }
                }
                (values("Kinds", &page.kinds, &|value| by().and("kind", value).at("/search")))
                (values("Languages", &page.languages, &|value| by().and("lang", value).at("/search")))
                (values("Hashtags", &page.hashtags, &|value| field("hashtag", value)))
                (values("Sites", &page.domains, &|value| field("domain", value)))
            }
        }
    }
}

fn values(title: &str, values: &[TopValue], way: &dyn Fn(&str) -> String) -> Markup {
    html! { @if !values.is_empty() { section.top { h2 { (title) } (values_table(values, way)) } } }
}

fn alerts_naming(page: &AccountPage) -> Markup {
    html! {
        @if !page.alerts.is_empty() {
            section {
                h2 { "Observed with others" }
                p.note {
                    "An alert says that accounts act together more than chance explains. It says nothing about why, \
                     and nothing about one account alone."
                }
                ol.alerts { @for alert in page.alerts.iter().take(ALERTS) { li { (alerts::row(alert)) } } }
                @if page.alerts.len() > ALERTS {
                    p.more {
                        a href=(Query::default().and("account", page.id.clone()).at("/")) {
                            "and " (page.alerts.len() - ALERTS) " more"
                        }
                    }
                }
            }
        }
    }
}
