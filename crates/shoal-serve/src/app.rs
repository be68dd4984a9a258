//! What all requests share.

use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use shoal_index::{Index, SearchLimits};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::access::Access;
use crate::alert_feed::Live;
use crate::metrics::Counters;
use crate::problem::{Kind, Problem};
use crate::{Health, Settings};

/// Searches that may wait for their turn.
const QUEUE: usize = 32;
/// How long one may.
const TURN: Duration = Duration::from_secs(3);
/// Rows of an export.
const ROWS: u64 = 1_000_000;
/// Exports at once.
pub(crate) const EXPORTS: usize = 2;
/// Streams at once.
pub(crate) const STREAMS: usize = 32;

/// What all requests share, where there is an index.
pub(crate) struct App {
    /// The name of the pipeline.
    pub(crate) name: String,
    pub(crate) index: Index,
    /// What one question may cost.
    pub(crate) limits: SearchLimits,
    pub(crate) registry: Registry,
    pub(crate) health: Arc<dyn Health>,
    pub(crate) live: Arc<Live>,
    pub(crate) access: Access,
    pub(crate) counters: Counters,
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
        registry: Registry,
        health: Arc<dyn Health>,
        index: Index,
    ) -> Result<Self, prometheus::Error> {
        let searches = settings.searches.max(1);
        Ok(Self {
            name: settings.name.clone(),
            live: Live::of(&index),
            index,
            limits: SearchLimits::default(),
            counters: Counters::new(&registry)?,
            registry,
            health,
            access: Access::new(settings),
            queue: Semaphore::new(searches + QUEUE),
            searches: Arc::new(Semaphore::new(searches)),
            rows: ROWS,
            exports: Arc::new(Semaphore::new(EXPORTS)),
            streams: Arc::new(Semaphore::new(STREAMS)),
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
        let busy = || Problem::new(Kind::Busy, "too many searches are under way; ask again in a moment").after(1);
        let _waits = self.queue.try_acquire().map_err(|_| busy())?;
        let turn = timeout(TURN, Arc::clone(&self.searches).acquire_owned()).await;
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
