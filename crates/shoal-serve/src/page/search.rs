//! Search: posts by their words and by everything else, over time.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use shoal_index::{SearchPage, Sort, TopField, TopValue};
use shoal_model::Timestamp;
use shoal_share::TableFormat;

use super::layout::{Layout, SitePart};
use super::links::{Query, is_wordy};
use super::{charts, forms, humanize, posts, untrusted};
use crate::access::Caller;
use crate::app::App;
use crate::extract::FormParameters;
use crate::params::{PostFilter, PostPage};
use crate::problem::Problem;

/// Posts on a page: few enough that the page stays small whatever they say.
const PAGE: usize = 30;
/// Values of each field that are shown.
const TOP: usize = 8;

const TOP_FIELDS: [(TopField, &str, &str); 6] = [
    (TopField::Platform, "platform", "Platforms"),
    (TopField::Language, "language", "Languages"),
    (TopField::Kind, "kind", "Kinds"),
    (TopField::Author, "author", "Accounts"),
    (TopField::Hashtag, "hashtag", "Hashtags"),
    (TopField::Domain, "domain", "Sites"),
];
const SORTS: [(&str, &str); 3] =
    [("newest", "newest first"), ("oldest", "oldest first"), ("relevance", "best fit first")];
const KINDS: [(&str, &str); 5] =
    [("", "any"), ("post", "posts"), ("repost", "reposts"), ("reply", "replies"), ("quote", "quotes")];

/// `GET /search`
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(asked): RawQuery,
    FormParameters(filter, page): FormParameters<PostFilter, PostPage>,
) -> Result<Response, Problem> {
    if is_wordy(asked.as_deref()) {
        return Ok(Redirect::to(&query(&filter).at("/search")).into_response());
    }
    let cursor = page.cursor.clone();
    let page = PostPage {
        limit: page.limit.min(PAGE),
        highlight: true,
        histogram: true,
        top: TOP_FIELDS.map(|(field, ..)| field).to_vec(),
        ..page
    };
    let request = filter.clone().request(page)?;
    let found = app.ask(move |index, limits| index.search(&request, limits)).await;
    let shell = Layout { pipeline: &app.name, part: SitePart::Search, title: "Search", caller: Some(&caller) };
    match found {
        Ok(found) => Ok(shell.page(&content(&filter, cursor.as_deref(), &found))),
        Err(problem) => shell.refused(&app, problem, &form(&filter, &query(&filter))),
    }
}

/// The form and what was found.
pub(super) fn content(filter: &PostFilter, cursor: Option<&str>, found: &SearchPage) -> Markup {
    let query = query(filter);
    let here = query.clone().and("cursor", cursor.unwrap_or_default());
    let narrow = |start: Timestamp, end: Timestamp| {
        query.without(&["since", "until", "cursor"]).between(start, end).at("/search")
    };
    html! {
        div.lead { h1 { "Search" } }
        (form(filter, &query))
        (forms::chosen(&query, "/search", &["q", "sort"]))
        p.tally {
            (humanize::total(found.total, "post", "posts")) " in " (found.took_ms) " ms"
            @if found.total.count > 0 { (exports(&query)) }
        }
        @if let Some(histogram) = &found.histogram {
            h2.vh { "Over time" }
            (charts::bars(histogram, Some(&narrow)))
        }
        div.columns {
            div.wide {
                h2.vh { "Posts" }
                @if found.posts.is_empty() { (nothing(&query)) }
                @for post in &found.posts { (posts::found(post)) }
                (forms::pages(&here, "/search", found.next.as_deref()))
            }
            div.side { (top(found, &query)) }
        }
    }
}

/// The query string of a search.
fn query(filter: &PostFilter) -> Query {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let time = |value: Option<Timestamp>| value.map_or_else(String::new, |at| at.to_string());
    Query::default()
        .and("q", filter.q.clone())
        .and("since", time(filter.since))
        .and("until", time(filter.until))
        .and("platform", text(&filter.platform))
        .and("lang", text(&filter.lang))
        .and("author", text(&filter.author))
        .and("kind", filter.kind.map_or("", shoal_index::PostKind::name))
        .and("layer", filter.layer.map_or("", shoal_model::Layer::name))
        .and("object", text(&filter.object))
        .and("cluster", text(&filter.cluster))
        .and("alert", text(&filter.alert))
        .and("sort", if filter.sort == Sort::Newest { "" } else { sort(filter.sort) })
}

const fn sort(sort: Sort) -> &'static str {
    match sort {
        Sort::Newest => "newest",
        Sort::Oldest => "oldest",
        Sort::Relevance => "relevance",
    }
}

fn form(filter: &PostFilter, query: &Query) -> Markup {
    let value = |wanted: &str| query.pairs().find(|(name, _)| *name == wanted).map_or("", |(_, value)| value);
    let more = ["platform", "lang", "author", "kind", "layer", "since", "until"];
    html! {
        form.filters method="get" action="/search" role="search" aria-label="Posts" {
            div.row {
                label.field.grow {
                    span { "Words" }
                    input type="search" name="q" value=(filter.q) maxlength="2048" autocomplete="off"
                        spellcheck="false" dir="auto";
                }
                (forms::choice("sort", "Order", sort(filter.sort), &SORTS))
                button type="submit" { "Search" }
            }
            details open[more.iter().any(|name| !value(name).is_empty())] {
                summary { "Filters" }
                div.row {
                    (forms::time("since", "Since", filter.since))
                    (forms::time("until", "Until", filter.until))
                    (forms::text("platform", "Platform", value("platform"), "as in ids"))
                    (forms::text("lang", "Language", value("lang"), "en"))
                    (forms::text("author", "Account", value("author"), "platform:id"))
                    (forms::choice("kind", "Kind", value("kind"), &KINDS))
                    (forms::layer(filter.layer))
                    @for name in ["object", "cluster", "alert"] {
                        @if !value(name).is_empty() { input type="hidden" name=(name) value=(value(name)); }
                    }
                }
            }
            (help())
        }
    }
}

fn help() -> Markup {
    let rows = [
        ("toll bridge", "both words"),
        ("\"no toll\"", "these words in a row"),
        ("toll OR tax", "either word"),
        ("toll -bridge", "one word without the other"),
        ("(toll OR tax) bridge", "brackets: AND goes before OR"),
        ("harb*", "a word that begins so"),
        ("#voteno", "a hashtag"),
        (
            "domain:news.example",
            "a value of a field: alert, author, client, cluster, domain, handle, hashtag, id, kind, lang, layer, \
             link, media, name, object, platform, since, text, to, until",
        ),
    ];
    html! {
        details.help {
            summary { "How to search" }
            table {
                thead { tr { th scope="col" { "Write" } th scope="col" { "To find posts with" } } }
                tbody { @for (example, meaning) in rows { tr { td.nowrap { code { (example) } } td { (meaning) } } } }
            }
            p {
                "Upper and lower case, accents and width do not matter. The address of this page holds the whole \
                 question: share it."
            }
        }
    }
}

fn exports(query: &Query) -> Markup {
    let links = forms::formats::<TableFormat>(&query.without(&["cursor"]), "/api/v1/export/search", " or ");
    html! { " · all of them as " (links) }
}

fn nothing(query: &Query) -> Markup {
    html! {
        div.nothing {
            h2 { "No post fits" }
            @if query.is_empty() {
                p { "Nothing has been read yet. Posts can be found within seconds after they are read." }
            }
            @else { p { "Use fewer words or filters; " code { "OR" } " between words finds either of them." } }
        }
    }
}

/// The most frequent values, each with the way to the posts that have it.
fn top(found: &SearchPage, query: &Query) -> Markup {
    html! {
        @for (_, name, title) in TOP_FIELDS {
            @if let Some(values) = found.top.get(name).filter(|values| !values.is_empty()) {
                section.top {
                    h2 { (title) }
                    (values_table(values, &|value| narrowed(query, name, value)))
                }
            }
        }
    }
}

/// The question for the posts with this value.
fn narrowed(query: &Query, field: &str, value: &str) -> String {
    let asked = query.pairs().find(|(name, _)| *name == "q").map_or("", |(_, value)| value);
    let also = |word: &str| {
        let clause = format!("{word}:\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        if asked.is_empty() { clause } else { format!("({asked}) {clause}") }
    };
    let narrowed = match field {
        "platform" => query.with("platform", value),
        "language" => query.with("lang", value),
        "kind" => query.with("kind", value),
        "author" => query.with("author", value),
        other => query.with("q", also(other)),
    };
    narrowed.at("/search")
}

/// Values with their counts and a bar each.
pub(super) fn values_table(values: &[TopValue], way: &dyn Fn(&str) -> String) -> Markup {
    let most = values.iter().map(|value| value.count).max().unwrap_or(1).max(1);
    let share = |value: &TopValue| format!("{:.1}", value.count as f64 / most as f64 * 100.0);
    html! {
        ul.values {
            @for value in values.iter().take(TOP) {
                li {
                    a href=(way(&value.value)) {
                        (untrusted::phrase(&untrusted::visible_plain(&value.value, 60), "und", 80))
                    }
                    span.number { (humanize::count(value.count)) }
                    svg.share viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true" {
                        rect.value x="0" y="0" height="2" width=(share(value)) {}
                    }
                }
            }
        }
        @if values.len() > TOP { p.more { "and " (values.len() - TOP) " more" } }
    }
}
