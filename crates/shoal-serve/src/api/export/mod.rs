//! Everything that fits, as files.

mod chunks;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use shoal_index::{AlertRequest, AlertSummary, Evidence, FoundPost, MAX_PAGE, SearchRequest};
use shoal_share::{AlertRow, Alerts, CsvWriter, EvidenceRow, PostRow};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use self::chunks::Parts;
use super::alerts::attachment;
use crate::app::{App, EXPORTS};
use crate::connection::Unhurried;
use crate::extract::Parameters;
use crate::params::{AlertFilter, Page, PostFilter, PostPage};
use crate::problem::{Kind, PROBLEM_JSON, Problem, ProblemBody};

/// How long an export waits for its place: for one after the other, of the same client.
const TURN: Duration = Duration::from_secs(1);

/// Formats of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum TableFormat {
    /// A table with names of columns; what a spreadsheet would take for a formula has an apostrophe in front.
    Csv,
    /// A JSON object on each line.
    Ndjson,
}

/// In which format.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AsTable {
    /// In which format.
    #[param(inline)]
    format: TableFormat,
}

/// All posts that fit, as a file.
///
/// At most 1,000,000. When there are more, the last line says so: in CSV it begins with `# cut off`, in NDJSON it is an
/// object with the member `cut_off`. When something goes wrong on the way, the answer breaks off without its end.
#[utoipa::path(get, path = "/api/v1/export/search", tag = "exports", params(PostFilter, AsTable),
    responses((status = 200, description = "The posts, in the order that was asked for.", content(
        (String = "text/csv"), (FoundPost = "application/x-ndjson"))),
        (status = 404, description = "No such alert.", body = ProblemBody, content_type = PROBLEM_JSON)))]
pub(super) async fn posts(
    State(app): State<Arc<App>>,
    Parameters(filter, AsTable { format }): Parameters<PostFilter, AsTable>,
) -> Result<Response, Problem> {
    let request = filter.request(PostPage::default())?;
    file(&app, "posts", format, move |app, parts| match format {
        TableFormat::Csv => posts_as_csv(app, &request, parts),
        TableFormat::Ndjson => posts_as_lines(app, &request, parts),
    })
    .await
}

/// All alerts that fit, as a file.
///
/// A row of CSV is an alert in short, a line of NDJSON its newest revision. At most 1,000,000; when there are more, or
/// something goes wrong, it shows as in an export of posts.
#[utoipa::path(get, path = "/api/v1/export/alerts", tag = "exports", params(AlertFilter, AsTable),
    responses((status = 200, description = "The alerts, in the order that was asked for.", content(
        (String = "text/csv"), (super::openapi::AnyAlert = "application/x-ndjson")))))]
pub(super) async fn alerts(
    State(app): State<Arc<App>>,
    Parameters(filter, AsTable { format }): Parameters<AlertFilter, AsTable>,
) -> Result<Response, Problem> {
    let request = filter.request(Page { limit: MAX_PAGE, cursor: None })?;
    file(&app, "alerts", format, move |app, parts| match format {
        TableFormat::Csv => alerts_as_csv(app, request, parts),
        TableFormat::Ndjson => alerts_as_lines(app, request, parts),
    })
    .await
}

/// The posts behind an alert as a table.
pub(super) fn evidence(evidence: &Evidence) -> Result<Vec<u8>, Problem> {
    let mut csv = CsvWriter::evidence(Vec::new())?;
    for object in &evidence.objects {
        for found in &object.posts {
            csv.write(&EvidenceRow {
                alert_id: &evidence.alert_id,
                revision: evidence.revision,
                object: &object.object.key,
                layer: Some(object.object.layer),
                label: Some(&object.object.label),
                post: &found.evidence.id,
                account: &found.evidence.account,
                at: found.evidence.at,
                similarity: found.evidence.similarity,
                url: found.evidence.url.as_deref(),
                text: found.post.as_ref().map(|post| post.text.as_str()),
            })?;
        }
    }
    Ok(csv.finish()?)
}

/// A file that is written while it is sent, at the pace of its client.
async fn file(
    app: &Arc<App>,
    what: &str,
    format: TableFormat,
    write: impl FnOnce(&App, Parts) -> Result<(), Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let place = timeout(TURN, Arc::clone(&app.exports).acquire_owned()).await;
    let place = place.ok().and_then(Result::ok).ok_or_else(|| {
        Problem::new(Kind::Busy, format!("{EXPORTS} exports are under way, and there may be no more")).after(10)
    })?;
    let (parts, mut sent) = chunks::channel();
    let app = Arc::clone(app);
    tokio::task::spawn_blocking(move || {
        let _place = place;
        let failed = parts.clone_end();
        if let Err(problem) = write(&app, parts) {
            failed.fail(problem);
        }
    });
    // What goes wrong before anything is sent can still be said.
    let first = sent.recv().await.transpose()?;
    let rest = stream::poll_fn(move |context| sent.poll_recv(context));
    let body = stream::iter(first.map(Ok)).chain(rest);
    let (kind, ending) = match format {
        TableFormat::Csv => ("text/csv; charset=utf-8", "csv"),
        TableFormat::Ndjson => ("application/x-ndjson", "ndjson"),
    };
    let mut response = attachment(kind, &format!("shoal-{what}.{ending}"), Body::from_stream(body));
    response.extensions_mut().insert(Unhurried);
    Ok(response)
}

fn posts_as_csv(app: &App, request: &SearchRequest, parts: Parts) -> Result<(), Problem> {
    let mut csv = CsvWriter::posts(parts)?;
    let all = each_post(app, request, |found| Ok(csv.write(&post_row(&found))?))?;
    finish_csv(app, csv.finish()?, all)
}

fn posts_as_lines(app: &App, request: &SearchRequest, mut parts: Parts) -> Result<(), Problem> {
    let all = each_post(app, request, |found| line(&mut parts, &found))?;
    finish_lines(app, parts, all)
}

/// Gives every post to `write`; whether those were all.
fn each_post(
    app: &App,
    request: &SearchRequest,
    mut write: impl FnMut(FoundPost) -> Result<(), Problem>,
) -> Result<bool, Problem> {
    let (mut rows, mut result) = (0, Ok(true));
    app.index.export(request, app.rows.saturating_add(1), &app.limits, &mut |found| {
        result = if rows == app.rows { Ok(false) } else { write(found).map(|()| true) };
        rows += 1;
        matches!(result, Ok(true))
    })?;
    result
}

fn alerts_as_csv(app: &App, request: AlertRequest, parts: Parts) -> Result<(), Problem> {
    let mut csv: CsvWriter<Parts, Alerts> = CsvWriter::alerts(parts)?;
    let all = each_alert(app, request, |alert| Ok(csv.write(&alert_row(alert))?))?;
    finish_csv(app, csv.finish()?, all)
}

fn alerts_as_lines(app: &App, request: AlertRequest, mut parts: Parts) -> Result<(), Problem> {
    let all = each_alert(app, request, |alert| match app.index.alert(&alert.alert_id)?.pop() {
        Some(newest) => line(&mut parts, &newest),
        // It has expired meanwhile.
        None => Ok(()),
    })?;
    finish_lines(app, parts, all)
}

/// Gives every alert to `write`; whether those were all.
fn each_alert(
    app: &App,
    mut request: AlertRequest,
    mut write: impl FnMut(&AlertSummary) -> Result<(), Problem>,
) -> Result<bool, Problem> {
    let mut rows = 0;
    loop {
        let page = app.index.alerts(&request, &app.limits)?;
        for alert in &page.alerts {
            if rows == app.rows {
                return Ok(false);
            }
            write(alert)?;
            rows += 1;
        }
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(true),
        }
    }
}

fn line(parts: &mut Parts, row: &impl Serialize) -> Result<(), Problem> {
    serde_json::to_writer(&mut *parts, row).map_err(|error| Problem::internal(&error))?;
    Ok(parts.write_all(b"\n")?)
}

fn finish_csv(app: &App, mut parts: Parts, all: bool) -> Result<(), Problem> {
    if !all {
        write!(parts, "# cut off after {} rows; narrow the time range to get the others\r\n", app.rows)?;
    }
    Ok(parts.end()?)
}

fn finish_lines(app: &App, mut parts: Parts, all: bool) -> Result<(), Problem> {
    if !all {
        let detail = format!("there are more than {}; narrow the time range to get the others", app.rows);
        line(&mut parts, &serde_json::json!({ "cut_off": { "rows": app.rows, "detail": detail } }))?;
    }
    Ok(parts.end()?)
}

fn post_row(found: &FoundPost) -> PostRow<'_> {
    let post = &found.post;
    PostRow {
        id: &post.id,
        author: &post.author,
        handle: post.handle.as_deref(),
        observed_at: post.observed_at,
        created_at: post.created_at,
        lang: Some(&post.lang),
        kind: post.kind.name(),
        text: &post.text,
        urls: &post.urls,
        url: post.url.as_deref(),
        repost_of: post.repost_of.as_deref(),
        repost_from: post.repost_from.as_deref(),
        reply_to: post.reply_to.as_deref(),
        quote_of: post.quote_of.as_deref(),
        cluster: found.cluster.as_deref(),
        text_key: post.text_key.as_deref(),
        similarity: found.similarity,
        score: found.score,
    }
}

fn alert_row(alert: &AlertSummary) -> AlertRow<'_> {
    AlertRow {
        alert_id: &alert.alert_id,
        revision: alert.revision,
        state: alert.state,
        shadow: alert.shadow,
        opened_at: alert.opened_at,
        raised_at: alert.raised_at,
        start: alert.start,
        end: alert.end,
        accounts: alert.accounts,
        objects: alert.objects,
        layers: &alert.layers,
        bits: alert.bits,
        labels: &alert.labels,
        summary: &alert.summary,
        feedback: &alert.feedback,
    }
}
