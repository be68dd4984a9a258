//! Bounds on how much a client may ask, and how slowly.

use std::sync::mpsc;

use super::*;
use crate::problem::ProblemKind;

#[test]
fn long_addresses_and_bodies_are_refused() {
    let served = local();
    let answer = served.get(&format!("/api/v1/search?q={}", "x".repeat(9_000)));
    assert_eq!((answer.status, &answer.json()["type"]), (414, &"urn:shoal:problem:address".into()));
    let path = format!("/api/v1/alerts/{}/feedback", "a".repeat(32));
    let headers = ["Content-Type: application/json"];
    let answer = served.ask("POST", &path, &headers, &"x".repeat(20_000));
    assert_eq!((answer.status, &answer.json()["type"]), (413, &"urn:shoal:problem:body".into()));
    // What has no length is read as far as it may be.
    let mut connection = served.connect();
    connection.send("POST", &path, &["Transfer-Encoding: chunked"], "");
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    _ = connection.0.get_mut().write_all(chunk.repeat(5).as_bytes());
    assert_eq!(connection.answer("POST").status, 413);
}

#[test]
fn a_search_that_waits_too_long_is_refused() {
    let served = served(Vec::new(), ConnectionLimits::default(), |_| {});
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (end, ended) = mpsc::channel::<()>();
    runtime.block_on(async {
        let ended = Arc::new(Mutex::new(ended));
        let waiting = |_| {
            let (app, ended) = (Arc::clone(&served.app), Arc::clone(&ended));
            tokio::spawn(async move { app.work(move |_| Ok(ended.lock().unwrap().recv().is_ok())).await })
        };
        // Two are under way, the others wait for their turn, and the last finds no place to wait.
        let mut all: Vec<_> = (0..35).map(waiting).collect();
        let refused = all.pop().unwrap().await.unwrap().unwrap_err();
        assert_eq!((refused.kind, refused.retry_after), (ProblemKind::Busy, Some(1)));
        for task in all.split_off(2) {
            assert_eq!(task.await.unwrap().unwrap_err().kind, ProblemKind::Busy);
        }
        drop(end);
        for task in all {
            assert!(!task.await.unwrap().unwrap());
        }
    });
    assert_eq!(served.get("/api/v1/search").status, 200);
}

#[test]
fn a_request_that_is_given_up_keeps_its_place_until_it_is_done() {
    let served = served(Vec::new(), ConnectionLimits::default(), |_| {});
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (begun, begins) = oneshot::channel();
        let (end, ended) = mpsc::channel::<()>();
        let app = Arc::clone(&served.app);
        let task = tokio::spawn(async move {
            app.work(move |_| {
                _ = begun.send(());
                _ = ended.recv();
                Ok(())
            })
            .await
        });
        begins.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(served.app.free_searches(), 1);
        drop(end);
    });
}

#[test]
fn idle_connections_are_closed() {
    let limits = ConnectionLimits { patience: Duration::from_millis(500), ..ConnectionLimits::default() };
    let served = served(Vec::new(), limits, |_| {});
    let mut connection = served.connect();
    connection.send("GET", "/none", &[], "");
    assert_eq!(connection.answer("GET").status, 404);
    assert_eq!(connection.line(), None);
}

#[test]
fn an_answer_that_is_read_too_slowly_is_cut_off() {
    let text = "x".repeat(32 << 20);
    let routes = Router::new().route("/", axum::routing::get(|| async move { text }));
    let limits = ConnectionLimits { answer: Duration::from_secs(1), ..ConnectionLimits::default() };
    let server = Server::with_limits(ANY_PORT, routes, limits).unwrap();
    let mut connection = Connection::open(server.address());
    connection.send("GET", "/", &[], "");
    connection.head();
    // Whoever reads a little again and again makes progress, and is done for all the same.
    let mut bytes = [0; 1_024];
    let mut read = 0;
    while let Ok(more @ 1..) = connection.0.read(&mut bytes) {
        read += more;
        thread::sleep(Duration::from_millis(1));
    }
    assert!(read < 32 << 20);
}
