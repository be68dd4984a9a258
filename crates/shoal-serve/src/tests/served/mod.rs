//! The server with an index, from outside.

use std::time::Instant;

use shoal_index::{Batch, Index, Writer};
use shoal_model::Span;
use tempfile::TempDir;

use super::client::{Answer, Connection, ask};
use super::fixtures::{alert, posts};
use super::*;
use crate::alert_feed::AlertFeed;
use crate::connection::ConnectionLimits;

/// A server, its index, and the one who writes to that.
struct TestServer {
    server: Server,
    app: Arc<App>,
    writer: Writer,
    _directory: TempDir,
}

/// Posts in the index.
const POSTS: u64 = 20;

fn tokens() -> Vec<AccessToken> {
    let token = |name: &str, role| AccessToken { name: name.to_owned(), role, sha256: TokenHash::of(name) };
    vec![token("reader", Role::Read), token("judge", Role::Feedback), token("boss", Role::Admin)]
}

fn index(number: u64) -> (Index, Writer, TempDir) {
    let directory = TempDir::new().unwrap();
    let settings = shoal_index::Settings {
        bucket: Span::from_seconds(86_400),
        commit: Span::from_micros(50_000),
        memory_bytes: 15_000_000,
        ..shoal_index::Settings::of(&directory.path().join("index"))
    };
    let (index, mut writer) = Index::open(&settings).unwrap();
    let alerts = vec![alert(&"a".repeat(32), 1), alert(&"a".repeat(32), 2), alert(&"b".repeat(32), 1)];
    writer.add(Batch { alerts, ..posts(number) }).unwrap();
    writer.commit().unwrap();
    (index, writer, directory)
}

/// A server over an index; `change` makes it another one.
fn server(
    index: Index,
    tokens: Vec<AccessToken>,
    limits: ConnectionLimits,
    change: impl FnOnce(&mut App),
) -> (Server, Arc<App>) {
    let settings = Settings { tokens, ..settings(ANY_PORT) };
    let mut app = App::new(&settings, "test", Registry::new(), Arc::new(TestHealth::default()), index).unwrap();
    change(&mut app);
    let app = Arc::new(app);
    (Server::with_limits(ANY_PORT, routes::all(&app), limits).unwrap(), app)
}

/// A server over an index with a few posts and alerts.
fn served(tokens: Vec<AccessToken>, limits: ConnectionLimits, change: impl FnOnce(&mut App)) -> TestServer {
    let (index, writer, directory) = index(POSTS);
    let (server, app) = server(index, tokens, limits, change);
    TestServer { server, app, writer, _directory: directory }
}

fn local() -> TestServer {
    served(Vec::new(), ConnectionLimits::default(), |_| {})
}

/// Waits for something that comes by itself.
fn until(mut there: impl FnMut() -> bool) {
    let start = Instant::now();
    while !there() {
        assert!(start.elapsed() < DEADLINE);
        thread::yield_now();
    }
}

impl TestServer {
    fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        ask(self.server.address(), method, path, headers, body)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    fn connect(&self) -> Connection {
        Connection::open(self.server.address())
    }

    fn metric(&self, line: &str) -> bool {
        let metrics = self.get("/metrics");
        metrics.text().lines().any(|found| found == line)
    }
}

mod access;
mod answers;
mod bounds;
mod exports;
mod hostile;
mod streams;
