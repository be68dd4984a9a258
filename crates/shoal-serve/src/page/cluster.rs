//! The life of a text.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use shoal_index::{ClusterPage, TextVariant};

use super::layout::{Layout, SitePart};
use super::links::{self, Query};
use super::search::values_table;
use super::{alerts, charts, diff, humanize, posts, untrusted};
use crate::access::Caller;
use crate::app::App;
use crate::extract::Id;
use crate::problem::Problem;

/// Variants that are shown.
const VARIANTS: usize = 30;
/// Alerts that are shown.
const ALERTS: usize = 10;

/// `GET /clusters/{id}`
pub(super) async fn answer(State(app): State<Arc<App>>, caller: Caller, Id(id): Id) -> Result<Response, Problem> {
    let asked = id.clone();
    let page = app.ask(move |index, limits| index.cluster(&asked, limits)).await?;
    let page = page.ok_or_else(|| Problem::missing("text object", &id))?;
    let shell =
        Layout { pipeline: &app.name, part: SitePart::Search, title: "The life of a text", caller: Some(&caller) };
    Ok(shell.page(&content(&id, &page)))
}

/// The page, asked for by this id.
pub(super) fn content(asked: &str, page: &ClusterPage) -> Markup {
    let narrow = |field: &'static str, value: &str| {
        Query::default().and("cluster", page.id.clone()).and(field, value).at("/search")
    };
    let first = &page.first.post;
    html! {
        div.lead {
            p.kicker { a href="/search" { "Search" } " / text " code { (untrusted::name(&page.id)) } }
            h1 { "The life of a text" }
            @if asked != page.id { p.older { "The text that was asked for is part of this one." } }
        }
        dl.figures {
            div { dt { "Posts" } dd { b { (humanize::total_alone(page.posts)) } } }
            div { dt { "Accounts" } dd { b { (humanize::total_alone(page.accounts)) } } }
            div { dt { "Variants" } dd { b { (humanize::count(page.variants_total)) } } }
            div {
                dt { "When" }
                dd.small {
                    span { "from " (humanize::time(first.observed_at)) }
                    span { "to " (humanize::time(page.last.post.observed_at)) }
                }
            }
        }
        section { h2 { "The first post" } (posts::found(&page.first)) }
        section {
            h2 { "Over time" }
            (charts::bars(&page.histogram, Some(&|start, end| {
                Query::default().and("cluster", page.id.clone()).between(start, end).at("/search")
            })))
        }
        div.columns {
            div.wide { (variants(page)) (alerts_naming(page)) }
            div.side {
                section.top {
                    h2 { "Accounts with most posts" } (values_table(&page.authors, &|value| narrow("author", value)))
                }
                section.top { h2 { "Platforms" } (values_table(&page.platforms, &|value| narrow("platform", value))) }
                section.top { h2 { "Languages" } (values_table(&page.languages, &|value| narrow("lang", value))) }
                p { a href=(Query::default().and("cluster", page.id.clone()).at("/search")) { "All its posts" } }
            }
        }
    }
}

fn variants(page: &ClusterPage) -> Markup {
    let first = &page.first.post;
    let more = page.variants_total.saturating_sub(page.variants.len().min(VARIANTS) as u64);
    html! {
        section {
            h2 { "Variants" }
            (diff::legend())
            @for variant in page.variants.iter().take(VARIANTS) { (one_variant(variant, &first.text)) }
            @if more > 0 { p.more { "and " (humanize::counted(more, "more variant", "more variants")) } }
        }
    }
}

fn one_variant(variant: &TextVariant, first: &str) -> Markup {
    let post = &variant.first;
    html! {
        article.variant {
            p.by {
                b { (humanize::counted(variant.posts, "post", "posts")) } " · first by " (links::account(&post.author))
                " · " (humanize::time(post.observed_at))
                @if variant.similarity < 1.0 { " · " (format!("{:.2}", variant.similarity)) " alike" } " "
                (links::original(post.url.as_deref()))
            }
            (diff::marked(first, &post.text, &post.lang))
        }
    }
}

fn alerts_naming(page: &ClusterPage) -> Markup {
    html! {
        @if !page.alerts.is_empty() {
            section {
                h2 { "Alerts that name this text" }
                ol.alerts { @for alert in page.alerts.iter().take(ALERTS) { li { (alerts::row(alert)) } } }
                @if page.alerts.len() > ALERTS {
                    p.more {
                        a href=(Query::default().and("object", page.id.clone()).at("/")) {
                            "and " (page.alerts.len() - ALERTS) " more"
                        }
                    }
                }
            }
        }
    }
}
