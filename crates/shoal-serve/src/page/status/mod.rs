//! The status, for whoever runs the pipeline.

mod figures;
mod history;

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use shoal_index::Status;

use self::figures::{Figures, moment};
pub(super) use self::history::History;
use self::history::{Sample, line, rates};
use super::humanize;
use super::layout::{Layout, SitePart};
use crate::access::Caller;
use crate::app::App;
use crate::problem::Problem;

/// The stages in the order in which posts pass them. Where one process has them all, they have one event time.
const STAGES: [&str; 8] = ["all", "prepare", "match", "cluster", "pair", "tie", "circle", "group"];

/// Figures of a source.
const COLUMNS: [&str; 7] = ["Read", "Processed", "Nothing shared", "Ignored", "Dead letters", "Late", "Waiting"];

/// The contents of the page.
#[derive(Debug)]
struct StatusView {
    figures: Figures,
    samples: Vec<Sample>,
    index: Status,
    alive: Result<(), String>,
    ready: Result<(), String>,
}

/// `GET /status`
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Extension(history): Extension<Arc<History>>,
    caller: Caller,
) -> Result<Response, Problem> {
    history.begin(&app);
    let index = app.ask(|index, _| index.status()).await?;
    let figures = Figures::now(&app.registry);
    let mut samples = history.samples();
    samples.push(Sample::of(&figures));
    let seen = StatusView { figures, samples, index, alive: app.health.alive(), ready: app.health.ready() };
    let shell = Layout { pipeline: &app.name, part: SitePart::Status, title: "Status", caller: Some(&caller) };
    Ok(shell.page(&content(&seen)))
}

fn content(seen: &StatusView) -> Markup {
    html! {
        div.lead {
            h1 { "Status" }
            (health(seen))
        }
        p.refresh {
            a href="/status" { "Refresh" }
            label hidden data-refresh="5" { input type="checkbox" checked; " every 5 seconds" }
        }
        div #live {
            (headline(seen))
            (sources(&seen.figures))
            (stages(&seen.figures))
            div.halves { (lost(&seen.figures)) (index(&seen.index)) }
        }
        p.note { "Everything else is in " a href="/metrics" { "the metrics" } "." }
    }
}

fn health(seen: &StatusView) -> Markup {
    html! {
        @match (&seen.alive, &seen.ready) {
            (Err(why), _) => p.health.bad { strong { "It has failed: " } (why) },
            (Ok(()), Err(why)) => p.health.waits { strong { "It is not ready: " } (why) },
            (Ok(()), Ok(())) => p.health.good { strong { "It works" } " and is ready." },
        }
    }
}

fn whole(value: f64) -> String {
    humanize::count(value.max(0.0) as u64)
}

/// The figures that say at a glance how it goes.
fn headline(seen: &StatusView) -> Markup {
    let records = rates(&seen.samples, |sample| sample.records);
    let alerts = rates(&seen.samples, |sample| sample.alerts);
    let lags: Vec<f64> = seen.samples.iter().map(|sample| sample.lag).collect();
    let last = |values: &[f64]| values.last().copied().unwrap_or(0.0);
    let figures = &seen.figures;
    html! {
        dl.figures {
            div {
                dt { "Posts a second" }
                dd {
                    b { (whole(last(&records))) } (line(&records, "Posts a second over the last ten minutes"))
                    span { (whole(figures.sum("shoal_source_records_total"))) " read" }
                }
            }
            div {
                dt { "Alerts" }
                dd {
                    b { (whole(figures.sum("shoal_alerts_total"))) }
                    (line(&alerts, "Revisions of alerts a second over the last ten minutes"))
                    span { "revisions written, " (whole(figures.sum("shoal_alerts_not_sent_total"))) " not sent" }
                }
            }
            div {
                dt { "Lag" }
                dd {
                    b { (humanize::length(last(&lags))) } (line(&lags, "Lag in seconds over the last ten minutes"))
                    span { "event time behind the newest post" }
                }
            }
            div {
                dt { "Waiting" }
                dd {
                    b { (whole(figures.sum("shoal_source_buffered") + figures.sum("shoal_stage_buffered"))) }
                    span { "records, for order or for other channels" }
                }
            }
        }
    }
}

fn sources(figures: &Figures) -> Markup {
    let records = figures.by("shoal_source_records_total", "source");
    let outcomes = figures.by_two("shoal_source_outcomes_total", "source", "outcome");
    let (late, waiting) =
        (figures.by("shoal_source_late_total", "source"), figures.by("shoal_source_buffered", "source"));
    let newest = figures.most("shoal_source_newest_seconds", "source");
    let of =
        |source: &str, outcome: &str| outcomes.get(&(source.to_owned(), outcome.to_owned())).copied().unwrap_or(0.0);
    html! {
        section {
            h2 { "Sources" }
            @if records.is_empty() { p { "Nothing is read by this process." } } @else {
                div.scroll role="region" tabindex="0" aria-label="Sources" {
                    table {
                        thead {
                            tr {
                                th scope="col" { "Source" }
                                @for title in COLUMNS {
                                    th.number scope="col" { (title) }
                                }
                                th scope="col" { "Newest post" }
                            }
                        }
                        tbody {
                            @for (source, read) in &records {
                                tr {
                                    th scope="row" { (super::untrusted::name(source)) }
                                    td.number { (whole(*read)) }
                                    @for outcome in ["processed", "filtered", "ignored", "dead_letter"] {
                                        td.number { (whole(of(source, outcome))) }
                                    }
                                    td.number { (whole(late.get(source).copied().unwrap_or(0.0))) }
                                    td.number { (whole(waiting.get(source).copied().unwrap_or(0.0))) }
                                    td.nowrap {
                                        @if let Some(at) = newest.get(source).copied().and_then(moment) {
                                            (humanize::time(at))
                                        } @else {
                                            "–"
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn stages(figures: &Figures) -> Markup {
    let processed = figures.by("shoal_stage_processed_total", "stage");
    let waiting = figures.by("shoal_stage_buffered", "stage");
    let (lag, watermark) =
        (figures.most("shoal_lag_seconds", "stage"), figures.least("shoal_watermark_seconds", "stage"));
    let mut names: Vec<&String> = processed.keys().chain(watermark.keys()).collect();
    names.sort_unstable_by_key(|name| (STAGES.iter().position(|stage| stage == name), *name));
    names.dedup();
    html! {
        @if !names.is_empty() {
            section {
                h2 { "Stages" }
                div.scroll role="region" tabindex="0" aria-label="Stages" {
                    table {
                        thead {
                            tr {
                                th scope="col" { "Stage" } th.number scope="col" { "Records" }
                                th.number scope="col" { "Waiting" } th.number scope="col" { "Lag" }
                                th scope="col" { "Event time" }
                            }
                        }
                        tbody {
                            @for name in names {
                                tr {
                                    th scope="row" { (name) }
                                    td.number {
                                        @if let Some(records) = processed.get(name) {
                                            (whole(*records))
                                        } @else {
                                            "–"
                                        }
                                    }
                                    td.number { (whole(waiting.get(name).copied().unwrap_or(0.0))) }
                                    td.number {
                                        @if let Some(seconds) = lag.get(name) {
                                            (humanize::length(*seconds))
                                        } @else {
                                            "–"
                                        }
                                    }
                                    td.nowrap {
                                        @if let Some(at) = watermark.get(name).copied().and_then(moment) {
                                            (humanize::time(at))
                                        } @else {
                                            "–"
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Dead letters by reason, and outcomes of posts.
fn lost(figures: &Figures) -> Markup {
    let reasons = figures.by("shoal_dead_letters_total", "reason");
    let ignored = figures.by("shoal_ignored_total", "reason");
    let prepared = figures.by("shoal_prepare_posts_total", "outcome");
    html! {
        section {
            h2 { "Dead letters" }
            @if reasons.values().all(|number| *number == 0.0) { p { "none" } }
            dl.pairs {
                @for (reason, number) in reasons.iter().filter(|(_, number)| **number > 0.0) {
                    dt { (reason.replace('_', " ")) } dd { (whole(*number)) }
                }
            }
            @if !ignored.is_empty() { h3 { "Ignored" } }
            dl.pairs {
                @for (reason, number) in &ignored { dt { (reason.replace('_', " ")) } dd { (whole(*number)) } }
            }
            h3 { "What became of the posts" }
            dl.pairs { @for (outcome, number) in &prepared { dt { (outcome) } dd { (whole(*number)) } } }
        }
    }
}

fn index(index: &Status) -> Markup {
    html! {
        section {
            h2 { "Index" }
            @if let Some(why) = &index.stopped {
                p.failure { "Nothing is written any more: " (super::untrusted::visible(why, 500)) }
            }
            dl.pairs {
                dt { "Posts" } dd { (humanize::count(index.posts)) }
                dt { "Alerts" } dd { (humanize::count(index.alerts)) }
                dt { "Buckets" } dd { (humanize::count(index.buckets)) }
                dt { "On disk" } dd { (humanize::bytes(index.bytes)) }
                @if let Some((first, last)) = index.range { dt { "Posts from" } dd { (humanize::range(first, last)) } }
                dt { "Deleted, not purged yet" } dd { (humanize::count(index.deleted)) }
                dt { "Written to" } dd { @if index.writes { "by this process" } @else { "not by this process" } }
                @if let Some(place) = &index.audit_broken {
                    dt { "Audit log" } dd { "its chain is broken: " (super::untrusted::visible(place, 500)) }
                }
                @if index.damaged > 0 {
                    dt { "Damaged" }
                    dd { (humanize::counted(index.damaged, "part", "parts")) " set aside and not found any more" }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
