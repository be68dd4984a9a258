//! State that all requests share.

use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use shoal_index::{Index, SearchLimits};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::access::Access;
use crate::alert_feed::AlertFeed;
use crate::metrics::ServerMetrics;
use crate::problem::{Problem, ProblemKind};
use crate::{Health, Settings};

/// Searches at once: one core is left to the stream on a small machine.
const MAX_SEARCHES: usize = 2;
/// Searches that may wait for their turn.
const MAX_QUEUED_SEARCHES: usize = 32;
/// Time that a search may wait.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(3);
/// Rows of an export.
const MAX_EXPORT_ROWS: u64 = 1_000_000;
/// Exports at once.
pub(crate) const MAX_EXPORTS: usize = 2;
/// Streams at once.
pub(crate) const MAX_STREAMS: usize = 32;

/// State that all requests share, where there is an index.
pub(crate) struct App {
    /// The name of the pipeline.
    pub(crate) name: String,
    pub(crate) index: Index,
    /// The limits of a question.
    pub(crate) limits: SearchLimits,
    pub(crate) registry: Registry,
    pub(crate) health: Arc<dyn Health>,
    pub(crate) feed: Arc<AlertFeed>,
    pub(crate) access: Access,
    pub(crate) metrics: ServerMetrics,
    queue: Semaphore,
    searches: Arc<Semaphore>,
    /// Rows of an export.
    pub(crate) rows: u64,
    /// Places of exports.
    pub(crate) exports: Arc<Semaphore>,
    /// Places of streams.
    pub(crate) streams: Arc<Semaphore>,
}

impl App {
    /// Fails when the registry has metrics of a server already.
    pub(crate) fn new(
        settings: &Settings,
        name: &str,
        registry: Registry,
        health: Arc<dyn Health>,
        index: Index,
    ) -> Result<Self, prometheus::Error> {
        Ok(Self {
            name: name.to_owned(),
            feed: AlertFeed::of(&index),
            index,
            limits: SearchLimits::default(),
            metrics: ServerMetrics::new(&registry)?,
            registry,
            health,
            access: Access::new(settings),
            queue: Semaphore::new(MAX_SEARCHES + MAX_QUEUED_SEARCHES),
            searches: Arc::new(Semaphore::new(MAX_SEARCHES)),
            rows: MAX_EXPORT_ROWS,
            exports: Arc::new(Semaphore::new(MAX_EXPORTS)),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
        })
    }

    /// Asks the index, where waiting harms nobody. When too many do, the question is refused.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Index, &SearchLimits) -> Result<T, shoal_index::Error> + Send + 'static,
    ) -> Result<T, Problem> {
        self.work(move |app| question(&app.index, &app.limits).map_err(Problem::from)).await
    }

    /// Works with the index, where waiting harms nobody. When too many do, the work is refused.
    pub(crate) async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let busy =
            || Problem::new(ProblemKind::Busy, "too many searches are under way; ask again in a moment").after(1);
        let _waits = self.queue.try_acquire().map_err(|_| busy())?;
        let turn = timeout(QUEUE_TIMEOUT, Arc::clone(&self.searches).acquire_owned()).await;
        let place = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        let app = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            // Kept by the work, not by the client, who may be gone long before.
            let _place = place;
            work(&app)
        });
        done.await.map_err(|error| Problem::internal(&error))?
    }

    /// Searches that could begin at once.
    #[cfg(test)]
    pub(crate) fn free_searches(&self) -> usize {
        self.searches.available_permits()
    }
}
