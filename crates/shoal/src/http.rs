//! The index of a pipeline, opened, and what is answered over HTTP.

use std::sync::Arc;

use anyhow::{Context, Result};
use prometheus::Registry;
#[cfg(target_os = "linux")]
use prometheus::process_collector::ProcessCollector;
use shoal_index::{Index, Writer};
use shoal_serve::{Health, Server};

use crate::index_metrics::IndexMetrics;
use crate::pipeline::Pipeline;
use crate::terminal::console;

/// Opens the index to write to it, where the pipeline has one.
pub(crate) fn open_index(pipeline: &Pipeline, registry: &Registry) -> Result<Option<(Index, Writer)>> {
    let Some(settings) = &pipeline.index else { return Ok(None) };
    let (index, writer) = Index::open(settings)?;
    registry.register(Box::new(IndexMetrics::new(index.clone())?)).context("cannot count")?;
    Ok(Some((index, writer)))
}

/// Serves, if the settings name an address, and says where that is.
pub(crate) fn serve(
    settings: &shoal_serve::Settings,
    name: &str,
    registry: &Registry,
    health: Arc<dyn Health>,
    index: Option<Index>,
) -> Result<Option<Server>> {
    if settings.listen.is_some() {
        #[cfg(target_os = "linux")]
        registry.register(Box::new(ProcessCollector::for_self())).context("cannot count")?;
    }
    if let Some(warning) = settings.warning() {
        console::note(&format!("warning: {warning}\n"));
    }
    let shown = index.clone();
    let Some(server) = Server::start(settings, name, registry.clone(), health, index)? else { return Ok(None) };
    let address = server.address();
    console::note(&format!("metrics at http://{address}/metrics\n"));
    if let Some(index) = shown {
        index.set_address(&format!("http://{address}"))?;
        console::note(&format!("page at http://{address}/\n"));
    }
    Ok(Some(server))
}

/// The advice on how to go on once a run has ended.
pub(crate) fn afterwards(pipeline: &Pipeline, index: &shoal_index::Settings) -> String {
    let (file, directory) = (pipeline.file.display(), index.path.display());
    format!(
        "{:<18}{directory}: `shoal search QUERY --index {directory}`, or `shoal serve {file}` and look at it\n",
        "searchable in"
    )
}
