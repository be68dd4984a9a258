//! Connections: how many there may be, and what each may cost.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{sleep, timeout};

/// How long the rest of the requests may take once the server stops.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long no connection is taken when the system refuses one: mostly there are too many open files.
const RESPITE: Duration = Duration::from_secs(1);
/// Bytes of a request before its body, which nobody reads.
const REQUEST_BYTES: usize = 16 * 1024;

/// What clients may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at once, the next ones wait.
    pub(crate) connections: u32,
    /// From the first byte of a request to the last of its answer.
    pub(crate) patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 64, patience: Duration::from_secs(10) }
    }
}

/// Answers until `stop`, or until its other end is gone.
pub(crate) async fn serve(listener: TcpListener, routes: Router, limits: Limits, stop: oneshot::Receiver<()>) {
    let places = Arc::new(Semaphore::new(limits.connections as usize));
    tokio::select! {
        _ = stop => {}
        () = accept(&listener, &routes, limits.patience, &places) => {}
    }
    drop(listener);
    // Whoever holds a place is being answered.
    _ = timeout(FAREWELL, places.acquire_many(limits.connections)).await;
}

async fn accept(listener: &TcpListener, routes: &Router, patience: Duration, places: &Arc<Semaphore>) {
    while let Ok(place) = Arc::clone(places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(answer(stream, routes.clone(), patience, place));
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "the HTTP server cannot take a connection");
                sleep(RESPITE).await;
            }
        }
    }
}

/// Whether a connection failed because its client went away.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// One request, one answer.
async fn answer(stream: TcpStream, routes: Router, patience: Duration, _place: OwnedSemaphorePermit) {
    let answered = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(REQUEST_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    match timeout(patience, answered).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a request failed"),
        Err(_) => tracing::debug!("a client was too slow"),
    }
}
