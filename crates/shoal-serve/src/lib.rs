//! HTTP: the index for programs and for people, metrics and health.
//!
//! | path | |
//! |---|---|
//! | `/` and below | pages for people |
//! | `/api/v1/…` | search, alerts, clusters, accounts, exports, a stream of alerts; described in `/api/v1/openapi.json` |
//! | `/login`, `/logout` | where people sign in and out, when there are tokens |
//! | `/metrics` | all metrics in the text format of Prometheus |
//! | `/healthz` | 200 while the process works; 503, with the reason, once it has failed |
//! | `/readyz` | 200 once the process does its work; 503, with what is awaited, before |
//!
//! Without an index there are the last three alone.
//!
//! The server has a thread of its own, so that a process which is busy or stuck still answers; what waits for a disk
//! does so on other threads. Clients are strangers: how many there may be at once, what each may send and ask and how
//! long it may take are bounded. Text that comes from strangers is sent as data, never as something to run.

mod access;
mod alert_feed;
mod api;
mod app;
mod connection;
mod extract;
mod metrics;
mod middleware;
mod page;
mod params;
mod problem;
mod routes;
mod settings;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::Router;
use prometheus::Registry;
use shoal_index::Index;
use tokio::runtime;
use tokio::sync::oneshot;

pub use crate::access::TokenHash;
use crate::app::App;
use crate::connection::ConnectionLimits;
pub use crate::settings::{AccessToken, Role, Settings};

/// Threads that wait for disks: how many of them search is a setting, and less.
const BLOCKING_THREADS: usize = 64;

/// The health of a process, as the process itself knows it. Asked on the server's thread, so the answer must not wait.
pub trait Health: Send + Sync {
    /// Fails with the reason once the process has failed for good and should be replaced.
    fn alive(&self) -> Result<(), String>;
    /// Fails with what the process waits for, as long as it cannot do its work.
    fn ready(&self) -> Result<(), String>;
}

/// A failure that keeps the server from starting.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that cannot work.
    #[error("{key}: {problem}; {remedy}")]
    Setting {
        /// The key as a pipeline has it, such as `serve.listen`.
        key: String,
        /// The problem.
        problem: String,
        /// The remedy.
        remedy: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; stop what listens there, or choose another address")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
    /// An index without tokens, where other machines can reach it.
    #[error(
        "{0} can be reached from other machines, and nobody would have to sign in; set tokens, or listen on 127.0.0.1"
    )]
    Open(SocketAddr),
    /// The registry has metrics of another server.
    #[error("cannot count requests: {0}; one server at a time can use a registry")]
    Metrics(#[from] prometheus::Error),
    /// The server's thread cannot be had.
    #[error("cannot start the HTTP server: {0}; the limits on threads and open files may be too low")]
    Start(io::Error),
}

/// An HTTP server, until it is dropped: then no more requests are taken, and those under way have a second to end.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens and answers, if the settings name an address. Without an index there are metrics and health alone, for
    /// everybody. `name` is that of the pipeline, for people.
    pub fn start(
        settings: &Settings,
        name: &str,
        registry: Registry,
        health: Arc<dyn Health>,
        index: Option<Index>,
    ) -> Result<Option<Self>, Error> {
        let Some(address) = settings.listen else { return Ok(None) };
        let routes = match index {
            None => routes::plain(registry, health),
            Some(_) if settings.open().is_some() => return Err(Error::Open(address)),
            Some(index) => routes::all(&Arc::new(App::new(settings, name, registry, health, index)?)),
        };
        Self::with_limits(address, routes, ConnectionLimits::default()).map(Some)
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn with_limits(address: SocketAddr, routes: Router, limits: ConnectionLimits) -> Result<Self, Error> {
        let refused = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS)
            .build()
            .map_err(Error::Start)?;
        let (stop, stopped) = oneshot::channel();
        let serve = async move {
            match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => connection::serve(listener, routes, limits, stopped).await,
                Err(error) => tracing::error!(%error, "the HTTP server cannot use its socket"),
            }
        };
        let thread = thread::Builder::new().name("shoal-serve".to_owned());
        let run = move || {
            runtime.block_on(serve);
            // A search that nobody waits for any more keeps nobody from stopping.
            runtime.shutdown_timeout(connection::SHUTDOWN_GRACE);
        };
        let thread = thread.spawn(run).map_err(Error::Start)?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was told when it happened.
            _ = thread.join();
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
