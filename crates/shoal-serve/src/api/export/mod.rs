//! Exports of all matching posts and alerts as files.

mod chunks;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use futures_util::stream::{self, StreamExt};
use shoal_index::{AlertRequest, AlertSummary, FoundPost, MAX_PAGE, SearchRequest};
use shoal_share::{AlertRow, AlertTable, FileFormat, PostTable, TableFormat, TableSchema, TableWriter};
use tokio::time::timeout;

use self::chunks::ChunkWriter;
use super::formats::{TableFile, attachment};
use crate::app::{App, MAX_EXPORTS};
use crate::connection::Unhurried;
use crate::extract::Parameters;
use crate::params::{AlertFilter, ListPage, PostFilter, PostPage};
use crate::problem::{PROBLEM_JSON, Problem, ProblemBody, ProblemKind};

/// Time that an export waits for its place: enough for one after the other, of the same client.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(1);

/// All posts that fit, as a file.
///
/// At most 1,000,000. When there are more, the last line says so: in CSV it begins with `# cut off`, in NDJSON it is an
/// object with the member `cut_off`. When something goes wrong on the way, the answer breaks off without its end.
#[utoipa::path(get, path = "/api/v1/export/search", tag = "exports", params(PostFilter, TableFile),
    responses((status = 200, description = "The posts, in the order that was asked for.", body = FoundPost,
            content_type = "application/x-ndjson"),
        (status = 404, description = "No such alert.", body = ProblemBody, content_type = PROBLEM_JSON)))]
pub(super) async fn posts(
    State(app): State<Arc<App>>,
    Parameters(filter, TableFile { format }): Parameters<PostFilter, TableFile>,
) -> Result<Response, Problem> {
    let request = filter.request(PostPage::default())?;
    file(&app, "posts", format, move |app, chunks| write_posts(app, &request, format, chunks)).await
}

/// All alerts that fit, as a file.
///
/// A row of CSV is an alert in short, a line of NDJSON its newest revision. At most 1,000,000; when there are more, or
/// something goes wrong, it shows as in an export of posts.
#[utoipa::path(get, path = "/api/v1/export/alerts", tag = "exports", params(AlertFilter, TableFile),
    responses((status = 200, description = "The alerts, in the order that was asked for.", 
        body = super::openapi::AnyAlert, content_type = "application/x-ndjson")))]
pub(super) async fn alerts(
    State(app): State<Arc<App>>,
    Parameters(filter, TableFile { format }): Parameters<AlertFilter, TableFile>,
) -> Result<Response, Problem> {
    let request = filter.request(ListPage { limit: MAX_PAGE, cursor: None })?;
    file(&app, "alerts", format, move |app, chunks| write_alerts(app, request, format, chunks)).await
}

/// A file that is written while it is sent, at the pace of its client.
async fn file(
    app: &Arc<App>,
    what: &str,
    format: TableFormat,
    write: impl FnOnce(&App, ChunkWriter) -> Result<(), Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let place = timeout(QUEUE_TIMEOUT, Arc::clone(&app.exports).acquire_owned()).await;
    let place = place.ok().and_then(Result::ok).ok_or_else(|| {
        Problem::new(ProblemKind::Busy, format!("{MAX_EXPORTS} exports are under way, and there may be no more"))
            .after(10)
    })?;
    let (chunks, mut sent) = chunks::channel();
    let app = Arc::clone(app);
    tokio::task::spawn_blocking(move || {
        let _place = place;
        let failed = chunks.breaker();
        if let Err(problem) = write(&app, chunks) {
            failed.fail(problem);
        }
    });
    // What goes wrong before anything is sent can still be said.
    let first = sent.recv().await.transpose()?;
    let rest = stream::poll_fn(move |context| sent.poll_recv(context));
    let body = stream::iter(first.map(Ok)).chain(rest);
    let mut response = attachment(format.facts(), &format!("shoal-{what}"), Body::from_stream(body));
    response.extensions_mut().insert(Unhurried);
    Ok(response)
}

fn write_posts(app: &App, request: &SearchRequest, format: TableFormat, chunks: ChunkWriter) -> Result<(), Problem> {
    let mut table = TableWriter::<_, PostTable>::new(format, chunks)?;
    let all = each_post(app, request, |found| Ok(table.write(&found)?))?;
    finish(app, table, all)
}

/// Gives every post to `write`; `false` when there are more than an export has.
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

fn write_alerts(app: &App, request: AlertRequest, format: TableFormat, chunks: ChunkWriter) -> Result<(), Problem> {
    let mut table = TableWriter::<_, AlertTable>::new(format, chunks)?;
    let all = each_alert(app, request, |summary| {
        if !format.holds_records() {
            return Ok(table.write(&AlertRow { summary, newest: None })?);
        }
        match app.index.alert(&summary.alert_id)?.pop() {
            Some(newest) => Ok(table.write(&AlertRow { summary, newest: Some(&newest) })?),
            // It has expired meanwhile.
            None => Ok(()),
        }
    })?;
    finish(app, table, all)
}

/// Gives every alert to `write`; `false` when there are more than an export has.
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

fn finish(app: &App, table: TableWriter<ChunkWriter, impl TableSchema>, all: bool) -> Result<(), Problem> {
    let chunks = if all { table.finish()? } else { table.finish_cut_off(app.rows)? };
    Ok(chunks.end()?)
}
