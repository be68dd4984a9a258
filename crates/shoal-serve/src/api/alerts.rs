//! Alerts.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use shoal_index::{AlertPage, Evidence, Index};
use shoal_model::Alert;
use utoipa::{IntoParams, ToSchema};

use super::{export, json};
use crate::app::App;
use crate::extract::{Id, Parameters};
use crate::params::{AlertFilter, Page};
use crate::problem::Problem;

/// Which revision.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct Which {
    /// This revision alone.
    #[param(minimum = 1)]
    revision: Option<u32>,
}

/// An alert, revision by revision.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Revisions {
    /// Its id.
    alert_id: String,
    /// The revisions that are kept, oldest first.
    #[schema(value_type = Vec<super::openapi::AnyAlert>)]
    revisions: Vec<Alert>,
}

/// Formats of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum EvidenceFormat {
    /// Object by object, with the posts as they are kept.
    #[default]
    Json,
    /// A table of posts.
    Csv,
}

/// In which format.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct AsEvidence {
    /// In which format.
    #[param(inline)]
    format: EvidenceFormat,
}

/// Formats of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum NetworkFormat {
    /// For Gephi.
    Gexf,
    /// For networkx, igraph and yEd.
    Graphml,
}

/// In which format.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AsNetwork {
    /// In which format.
    #[param(inline)]
    format: NetworkFormat,
}

/// Alerts that fit, by their newest revisions.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", params(AlertFilter, Page),
    responses((status = 200, description = "A page of alerts.", body = AlertPage)))]
pub(super) async fn alerts(
    State(app): State<Arc<App>>,
    Parameters(filter, page): Parameters<AlertFilter, Page>,
) -> Result<Response, Problem> {
    let request = filter.request(page)?;
    json(&app, move |index, limits| Ok(index.alerts(&request, limits)?)).await
}

/// One alert with all its revisions.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", tag = "alerts",
    params(("id" = String, Path, description = "The alert."), Which),
    responses((status = 200, description = "The alert.", body = Revisions)))]
pub(super) async fn alert(
    State(app): State<Arc<App>>,
    Id(id): Id,
    Parameters(which, _): Parameters<Which>,
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
    params(("id" = String, Path, description = "The alert."), Which, AsEvidence),
    responses((status = 200, description = "The posts.", content(
        (Evidence = "application/json"), (String = "text/csv")))))]
pub(super) async fn evidence(
    State(app): State<Arc<App>>,
    Id(id): Id,
    Parameters(which, AsEvidence { format }): Parameters<Which, AsEvidence>,
) -> Result<Response, Problem> {
    let file = match format {
        EvidenceFormat::Json => return json(&app, move |index, _| evidence_of(index, &id, which.revision)).await,
        EvidenceFormat::Csv => format!("shoal-evidence-{}.csv", plain(&id)),
    };
    let table = app.work(move |app| export::evidence(&evidence_of(&app.index, &id, which.revision)?)).await?;
    Ok(attachment("text/csv; charset=utf-8", &file, table))
}

/// The network of ties of an alert, as a file for tools that draw networks.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/network", tag = "alerts",
    params(("id" = String, Path, description = "The alert."), Which, AsNetwork),
    responses((status = 200, description = "The network.", content(
        (String = "application/gexf+xml"), (String = "application/graphml+xml")))))]
pub(super) async fn network(
    State(app): State<Arc<App>>,
    Id(id): Id,
    Parameters(which, AsNetwork { format }): Parameters<Which, AsNetwork>,
) -> Result<Response, Problem> {
    let (kind, ending) = match format {
        NetworkFormat::Gexf => ("application/gexf+xml", "gexf"),
        NetworkFormat::Graphml => ("application/graphml+xml", "graphml"),
    };
    let file = format!("shoal-network-{}.{ending}", plain(&id));
    let work = move |app: &App| {
        let alert = revisions(&app.index, &id, which.revision)?.pop();
        let alert = alert.ok_or_else(|| Problem::missing("alert", &id))?;
        let network = match format {
            NetworkFormat::Gexf => shoal_share::gexf(&alert),
            NetworkFormat::Graphml => shoal_share::graphml(&alert),
        };
        network.map_err(|error| Problem::internal(&error))
    };
    let network = app.work(work).await?;
    Ok(attachment(kind, &file, network.into_bytes()))
}

/// What is kept of an alert: at least one revision.
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

/// What of an id may stand in the name of a file.
fn plain(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

/// A file to keep.
pub(super) fn attachment(kind: &'static str, file: &str, body: impl IntoResponse) -> Response {
    let disposition = format!("attachment; filename=\"{file}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], body).into_response()
}
