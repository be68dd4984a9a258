//! `shoal serve`: the page and the API of an index, without a run.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use prometheus::Registry;
use shoal_index::Index;
use shoal_serve::Health;

use crate::cli::ServeArgs;
use crate::http;
use crate::index_metrics::IndexMetrics;
use crate::pipeline::{Overrides, Pipeline};
use crate::terminal::console;

/// Time that a stop may go unheard.
const STOP_POLL: Duration = Duration::from_millis(200);

/// Serves until told to stop.
pub(crate) fn serve(args: &ServeArgs) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot listen for signals")?;
    }
    let registry = Registry::new();
    let (settings, mut served, name) = match (&args.pipeline, &args.index) {
        (Some(file), _) => {
            let pipeline = Pipeline::load(file, &Overrides::default())?;
            (pipeline.require_index()?.clone(), pipeline.serve, pipeline.name)
        }
        (None, directory) => {
            let directory = directory.as_deref().unwrap_or(Path::new("."));
            (shoal_index::Settings::of(directory), shoal_serve::Settings::default(), directory.display().to_string())
        }
    };
    // Whoever mistypes the directory should not get a new index.
    drop(Index::read(&settings.path)?);
    let (index, writer) = Index::open(&settings)?;
    registry.register(Box::new(IndexMetrics::new(index.clone())?)).context("cannot count")?;
    served.listen = args.listen.or(served.listen).or(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
    let _server = http::serve(&served, &name, &registry, Arc::new(Serving(index.clone())), Some(index.clone()))?;
    console::note("stop with Ctrl-C\n");
    while !stop.load(Ordering::Relaxed) {
        if let Some(reason) = index.status()?.stopped {
            bail!("the index cannot be written any more: {reason}");
        }
        thread::sleep(STOP_POLL);
    }
    Ok(writer.close()?)
}

/// The health of a process that only serves: well as long as feedback and erasures can be written.
struct Serving(Index);

impl Health for Serving {
    fn alive(&self) -> Result<(), String> {
        let status = self.0.status().map_err(|error| error.to_string())?;
        status.stopped.map_or(Ok(()), |reason| Err(format!("the index cannot be written any more: {reason}")))
    }

    fn ready(&self) -> Result<(), String> {
        self.alive()
    }
}
