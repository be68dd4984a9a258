//! HTTP: metrics and health.
//!
//! | path | |
//! |---|---|
//! | `/metrics` | all metrics in the text format of Prometheus |
//! | `/healthz` | 200 while the process works; 503, with the reason, once it has failed |
//! | `/readyz` | 200 once the process does its work; 503, with what is awaited, before |
//!
//! The server has a thread of its own, so that a process which is busy or stuck still answers. Clients are strangers:
//! how many there may be at once, what each may send and how long it may take are bounded.

mod connections;
mod routes;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::Router;
use tokio::runtime;
use tokio::sync::oneshot;

use crate::connections::Limits;

/// Whether a process works, as the process itself knows. Asked on the server's thread, so the answer must not wait.
pub trait Health: Send + Sync {
    /// Why the process has failed for good and should be replaced, if it has.
    fn alive(&self) -> Result<(), String>;
    /// What the process waits for before it can do its work, if it does.
    fn ready(&self) -> Result<(), String>;
}

/// What keeps the server from starting.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; stop what listens there, or choose another address")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
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
    /// Listens and answers. Port 0 takes one that is free.
    pub fn start(address: SocketAddr, registry: prometheus::Registry, health: Arc<dyn Health>) -> Result<Self, Error> {
        Self::with_limits(address, routes::routes(registry, health), Limits::default())
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn with_limits(address: SocketAddr, routes: Router, limits: Limits) -> Result<Self, Error> {
        let refused = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
        let (stop, stopped) = oneshot::channel();
        let serve = async move {
            match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => connections::serve(listener, routes, limits, stopped).await,
                Err(error) => tracing::error!(%error, "the HTTP server cannot use its socket"),
            }
        };
        let thread = thread::Builder::new().name("shoal-serve".to_owned());
        let thread = thread.spawn(move || runtime.block_on(serve)).map_err(Error::Start)?;
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
mod tests;
