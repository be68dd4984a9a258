//! Alerts.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use shoal_index::{AlertPage, Evidence, Index};
use shoal_model::Alert;
use shoal_share::FileFormat;
use utoipa::ToSchema;

use super::formats::{EvidenceFile, NetworkFile, attachment};
use super::json;
use crate::app::App;
use crate::extract::{Id, Parameters};
use crate::params::{AlertFilter, ListPage, RevisionParams};
use crate::problem::Problem;

/// An alert, revision by revision.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Revisions {
    /// The id of the alert.
    alert_id: String,
    /// The revisions that are kept, oldest first.
    #[schema(value_type = Vec<super::openapi::AnyAlert>)]
    revisions: Vec<Alert>,
}

/// Alerts that fit, by their newest revisions.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", params(AlertFilter, ListPage),
    responses((status = 200, description = "A page of alerts.", body = AlertPage)))]
pub(super) async fn alerts(
    State(app): State<Arc<App>>,
    Parameters(filter, page): Parameters<AlertFilter, ListPage>,
) -> Result<Response, Problem> {
    let request = filter.request(page)?;
    json(&app, move |index, limits| Ok(index.alerts(&request, limits)?)).await
}

/// An alert with all its revisions.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", tag = "alerts",
    params(("id" = String, Path, description = "The alert."), RevisionParams),
    responses((status = 200, description = "The alert.", body = Revisions)))]
pub(super) async fn alert(
    State(app): State<Arc<App>>,
    Id(id): Id,
    Parameters(which, _): Parameters<RevisionParams>,
) -> Result<Response, Problem> {
    json(&app, move |index, _| {
        let revisions = revisions(index, &id, which.revision)?;
        Ok(Revisions { alert_id: id, revisions })
    })
    .await
}

/// The posts behind an alert, with their texts.
///
/// By its newest revision, or another.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/evidence", tag = "alerts",
    params(("id" = String, Path, description = "The alert."), RevisionParams, EvidenceFile),
    responses((status = 200, description = "The posts.", body = Evidence)))]
pub(super) async fn evidence(
    State(app): State<Arc<App>>,
    Id(id): Id,
    Parameters(which, EvidenceFile { format }): Parameters<RevisionParams, EvidenceFile>,
) -> Result<Response, Problem> {
    let Some(format) = format else {
        return json(&app, move |index, _| evidence_of(index, &id, which.revision)).await;
    };
    let file = format!("shoal-evidence-{}", plain(&id));
    let work =
        move |app: &App| Ok(shoal_share::evidence_table(format, &evidence_of(&app.index, &id, which.revision)?)?);
    Ok(attachment(format.facts(), &file, app.work(work).await?))
}

/// The network of ties of an alert, as a file for tools that draw networks.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/network", tag = "alerts",
    params(("id" = String, Path, description = "The alert."), RevisionParams, NetworkFile),
    responses((status = 200, description = "The network.")))]
pub(super) async fn network(
    State(app): State<Arc<App>>,
    Id(id): Id,
    Parameters(which, NetworkFile { format }): Parameters<RevisionParams, NetworkFile>,
) -> Result<Response, Problem> {
    let file = format!("shoal-network-{}", plain(&id));
    let work = move |app: &App| {
        let alert = revisions(&app.index, &id, which.revision)?.pop();
        let alert = alert.ok_or_else(|| Problem::missing("alert", &id))?;
        format.write(&alert).map_err(|error| Problem::internal(&error))
    };
    Ok(attachment(format.facts(), &file, app.work(work).await?))
}

/// The revisions of an alert that are kept: at least one.
fn revisions(index: &Index, id: &str, revision: Option<u32>) -> Result<Vec<Alert>, Problem> {
    let mut revisions = index.alert(id)?;
    if revisions.is_empty() {
        return Err(Problem::missing("alert", id));
    }
    if let Some(revision) = revision {
        revisions.retain(|alert| alert.revision == revision);
        if revisions.is_empty() {
            return Err(Problem::missing("revision", &format!("{revision} of alert {id}")));
        }
    }
    Ok(revisions)
}

fn evidence_of(index: &Index, id: &str, revision: Option<u32>) -> Result<Evidence, Problem> {
    index.evidence(id, revision)?.ok_or_else(|| match revision {
        None => Problem::missing("alert", id),
        Some(revision) => Problem::missing("revision", &format!("{revision} of alert {id}")),
    })
}

/// The part of an id that may stand in the name of a file.
fn plain(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}
