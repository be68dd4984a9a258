//! Connections: how many there may be, and what each may cost.

mod pace;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::time::{sleep, timeout};

use self::pace::{Pace, Paced};
use crate::access::ClientAddress;

/// Time that the rest of the requests may take once the server stops.
pub(crate) const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);
/// Time without taking a connection after the system refuses one: mostly there are too many open files.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_secs(1);
/// Bytes of a request before its body.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Limits on connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLimits {
    /// Connections at once, the next ones wait.
    pub(crate) connections: u32,
    /// Time that a client may wait before its first or next request, send at the head of one, or read nothing of an
    /// answer.
    pub(crate) patience: Duration,
    /// Time that an answer may take in all, unless it is [`Unhurried`].
    pub(crate) answer: Duration,
}

/// Marks an answer that may take as long as its client reads on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unhurried;

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { connections: 256, patience: Duration::from_secs(10), answer: Duration::from_mins(1) }
    }
}

/// Answers until `stop`, or until its other end is gone.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: ConnectionLimits,
    stop: oneshot::Receiver<()>,
) {
    let places = Arc::new(Semaphore::new(limits.connections as usize));
    let (stopping, stopped) = watch::channel(());
    tokio::select! {
        _ = stop => {}
        () = accept(&listener, &routes, limits, &places, &stopped) => {}
    }
    drop((listener, stopping));
    // Whoever holds a place is being answered.
    _ = timeout(SHUTDOWN_GRACE, places.acquire_many(limits.connections)).await;
}

async fn accept(
    listener: &TcpListener,
    routes: &Router,
    limits: ConnectionLimits,
    places: &Arc<Semaphore>,
    stopped: &watch::Receiver<()>,
) {
    while let Ok(place) = Arc::clone(places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, client)) => {
                tokio::spawn(answer(stream, client, routes.clone(), limits, stopped.clone(), place));
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "the HTTP server cannot take a connection");
                sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
}

/// Recognises a connection that failed because its client went away.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Answers the requests of a connection, one after the other.
async fn answer(
    stream: TcpStream,
    client: SocketAddr,
    routes: Router,
    limits: ConnectionLimits,
    mut stopped: watch::Receiver<()>,
    _place: OwnedSemaphorePermit,
) {
    // What is written is written whole; waiting for more would only delay it.
    _ = stream.set_nodelay(true);
    let pace = Pace::default();
    let stream = Paced::new(stream, limits.patience, pace.clone());
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ClientAddress(client.ip()));
        pace.limit(limits.answer);
        let (answer, pace) = (routes.call(request.map(Body::new)), pace.clone());
        async move {
            let answer = answer.await?;
            if answer.extensions().get::<Unhurried>().is_some() {
                pace.unlimit();
            }
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.patience)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection failed");
    }
}
