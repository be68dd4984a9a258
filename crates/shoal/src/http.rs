//! The index of a pipeline, opened, and what is answered over HTTP.

use std::sync::Arc;

use anyhow::{Context, Result};
use prometheus::Registry;
#[cfg(target_os = "linux")]
use prometheus::process_collector::ProcessCollector;
use shoal_index::{Index, Writer};
use shoal_serve::{Health, Server, Settings};

use crate::index_metrics::IndexMetrics;
use crate::pipeline::{self, Pipeline, Served};
use crate::terminal::console;

/// Searches that run at once; one core is left to the stream on a small machine.
const SEARCHES: usize = 2;

/// Opens the index to write to it, where the pipeline has one.
pub(crate) fn open_index(pipeline: &Pipeline, registry: &Registry) -> Result<Option<(Index, Writer)>> {
    let Some(settings) = &pipeline.index else { return Ok(None) };
    let (index, writer) = Index::open(&settings.settings())?;
    registry.register(Box::new(IndexMetrics::new(index.clone())?)).context("cannot count")?;
    Ok(Some((index, writer)))
}

/// Serves what is said, if anything is, and says where that is.
pub(crate) fn serve(
    said: &Served,
    name: &str,
    registry: &Registry,
    health: Arc<dyn Health>,
    index: Option<Index>,
) -> Result<Option<Server>> {
    let Some(listen) = said.listen else { return Ok(None) };
    #[cfg(target_os = "linux")]
    registry.register(Box::new(ProcessCollector::for_self())).context("cannot count")?;
    if let Some(warning) = said.warning() {
        console::note(&format!("warning: {warning}\n"));
    }
    let settings = Settings {
        listen,
        tokens: said.tokens.clone(),
        hosts: said.hosts.clone(),
        name: name.to_owned(),
        searches: SEARCHES,
    };
    let shown = index.clone();
    let server = Server::start(&settings, registry.clone(), health, index)?;
    let address = server.address();
    console::note(&format!("metrics at http://{address}/metrics\n"));
    if let Some(index) = shown {
        index.set_address(&format!("http://{address}"))?;
        console::note(&format!("page at http://{address}/\n"));
    }
    Ok(Some(server))
}

/// How to go on once a run has ended.
pub(crate) fn afterwards(pipeline: &Pipeline, index: &pipeline::Index) -> String {
    let (file, directory) = (pipeline.file.display(), index.directory().display());
    format!(
        "{:<18}{directory}: `shoal search QUERY --index {directory}`, or `shoal serve {file}` and look at it\n",
        "searchable in"
    )
}
