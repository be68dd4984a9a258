pub(crate) mod client;
mod fixtures;
mod served;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Mutex;
use std::time::Duration;

use prometheus::{IntCounter, Registry};

pub(crate) use self::fixtures::alert;
use super::*;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// A test that waits so long has failed.
const DEADLINE: Duration = Duration::from_mins(1);

/// Health as a test sets it.
#[derive(Default)]
struct TestHealth {
    failed: Mutex<Option<&'static str>>,
    awaited: Mutex<Option<&'static str>>,
}

impl Health for TestHealth {
    fn alive(&self) -> Result<(), String> {
        self.failed.lock().unwrap().map_or(Ok(()), |why| Err(why.to_owned()))
    }

    fn ready(&self) -> Result<(), String> {
        self.awaited.lock().unwrap().map_or(Ok(()), |what| Err(what.to_owned()))
    }
}

fn server() -> Server {
    start(Registry::new(), Arc::new(TestHealth::default()))
}

/// A server without an index.
fn start(registry: Registry, health: Arc<dyn Health>) -> Server {
    Server::start(&settings(ANY_PORT), "test", registry, health, None).unwrap().unwrap()
}

fn settings(listen: SocketAddr) -> Settings {
    Settings { listen: Some(listen), ..Settings::default() }
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// All that comes back for some bytes.
fn exchange(server: &Server, request: &str) -> String {
    let mut stream = connect(server);
    // A server that refuses early may have stopped to read.
    _ = stream.write_all(request.as_bytes());
    rest(&mut stream)
}

/// Reads until the server closes the connection; cutting it off counts as closing.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}");
    }
    String::from_utf8(bytes).unwrap()
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// An answer with a known length, and nothing after it.
fn one(stream: &mut TcpStream) -> (String, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.split_once("content-length: ").unwrap().1.split_once("\r\n").unwrap().0;
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (head.replace("http/1.1", "HTTP/1.1"), String::from_utf8(body).unwrap())
}

fn get(server: &Server, path: &str) -> (u16, String, String) {
    split(&exchange(server, &format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")))
}

/// Status, headers in small letters, and body.
fn split(answer: &str) -> (u16, String, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let (status, headers) = head.split_once("\r\n").unwrap();
    let status = status.strip_prefix("HTTP/1.1 ").unwrap().split(' ').next().unwrap();
    (status.parse().unwrap(), headers.to_lowercase(), body.to_owned())
}

#[test]
fn metrics_are_told_as_they_are_now() {
    let registry = Registry::new();
    let posts = IntCounter::new("shoal_posts_total", "Posts.").unwrap();
    registry.register(Box::new(posts.clone())).unwrap();
    let server = start(registry, Arc::new(TestHealth::default()));
    for count in [3, 7] {
        posts.inc_by(count - posts.get());
        let (status, headers, body) = get(&server, "/metrics?name=x");
        let expected =
            format!("# HELP shoal_posts_total Posts.\n# TYPE shoal_posts_total counter\nshoal_posts_total {count}\n");
        let (ready, rest) = body.split_at(body.len() - expected.len());
        assert_eq!((status, rest), (200, expected.as_str()));
        assert!(ready.ends_with("\nshoal_ready 1\n"), "{ready}");
        assert!(headers.contains("content-type: text/plain; version=0.0.4"), "{headers}");
    }
}

#[test]
fn health_is_what_the_process_says() {
    let told = Arc::new(TestHealth::default());
    let server = start(Registry::new(), Arc::clone(&told) as Arc<dyn Health>);
    *told.awaited.lock().unwrap() = Some("waiting for partitions");
    let answers = |path| {
        let (status, _, body) = get(&server, path);
        (status, body)
    };
    assert_eq!(answers("/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(answers("/readyz"), (503, "waiting for partitions\n".to_owned()));
    assert!(answers("/metrics").1.ends_with("\nshoal_ready 0\n"));
    *told.awaited.lock().unwrap() = None;
    assert_eq!(answers("/readyz"), (200, "ok\n".to_owned()));
    *told.failed.lock().unwrap() = Some("the disk is full");
    assert_eq!(answers("/healthz"), (503, "the disk is full\n".to_owned()));
}

#[test]
fn every_answer_is_harmless() {
    let server = server();
    for path in ["/metrics", "/healthz", "/readyz", "/none"] {
        let (_, headers, _) = get(&server, path);
        assert!(headers.contains("x-content-type-options: nosniff"), "{path}: {headers}");
        assert!(headers.contains("cache-control: no-store"), "{path}: {headers}");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let server = server();
    for path in ["/", "/metrics/", "/metrics/x", "/../healthz", "//healthz", "/METRICS", "/%2e%2e/etc/passwd"] {
        assert_eq!(get(&server, path).0, 404, "{path}");
    }
}

#[test]
fn head_is_get_without_the_body() {
    let server = server();
    let (status, headers, body) =
        split(&exchange(&server, "HEAD /healthz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"));
    assert_eq!((status, body.as_str()), (200, ""));
    assert!(headers.contains("content-length: 3"), "{headers}");
}

#[test]
fn nothing_but_get_and_head_is_done() {
    let server = server();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "BREW"] {
        let answer = exchange(
            &server,
            &format!("{method} /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"),
        );
        let (status, headers, _) = split(&answer);
        assert_eq!(status, 405, "{method}");
        assert!(headers.contains("allow: get,head"), "{method}: {headers}");
    }
}

#[test]
fn nonsense_is_refused_and_harms_nobody() {
    let server = server();
    let long = "x".repeat(64 * 1024);
    let headers = "X: 1\r\n".repeat(1_000);
    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), "400"),
        ("\0\u{1b}[2J\r\n\r\n".to_owned(), "400"),
        ("GET /metrics HTTP/9.9\r\n\r\n".to_owned(), "400"),
        (format!("GET /metrics HTTP/1.1\r\nX: {long}\r\n\r\n"), "431"),
        (format!("GET /metrics HTTP/1.1\r\n{headers}\r\n"), "431"),
        (format!("GET /{long} HTTP/1.1\r\n\r\n"), "4"),
    ] {
        let answer = exchange(&server, &request);
        // A client that is cut off while it still sends may never see the answer.
        let expected = format!("HTTP/1.1 {status}");
        assert!(answer.is_empty() && request.len() > long.len() || answer.starts_with(&expected), "{answer}");
    }
    assert_eq!(get(&server, "/healthz").0, 200);
}

#[test]
fn a_connection_takes_one_request_after_the_other() {
    let server = server();
    let mut stream = connect(&server);
    for path in ["/healthz", "/none", "/metrics"] {
        stream.write_all(request(path).as_bytes()).unwrap();
        let (head, body) = one(&mut stream);
        assert!(head.starts_with("HTTP/1.1 "), "{path}: {head}");
        assert!(!body.is_empty() || path == "/metrics", "{path}");
    }
    // And many that are sent at once.
    stream.write_all(request("/healthz").repeat(3).as_bytes()).unwrap();
    assert!((0..3).all(|_| one(&mut stream).1 == "ok\n"));
}

/// Clients that begin a request and never end it.
fn slow(server: &Server, number: usize) -> Vec<TcpStream> {
    let begin = |_| {
        let mut stream = connect(server);
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHo").unwrap();
        stream
    };
    (0..number).map(begin).collect()
}

#[test]
fn slow_clients_do_not_hold_others_up() {
    let server = server();
    let slow = slow(&server, 32);
    assert_eq!(get(&server, "/healthz").0, 200);
    drop(slow);
}

#[test]
fn slow_clients_are_cut_off_and_make_place() {
    let routes = routes::plain(Registry::new(), Arc::new(TestHealth::default()));
    let limits =
        ConnectionLimits { connections: 2, patience: Duration::from_millis(50), ..ConnectionLimits::default() };
    let server = Server::with_limits(ANY_PORT, routes, limits).unwrap();
    let slow = slow(&server, 5);
    // All places are taken, thrice over.
    assert_eq!(get(&server, "/healthz").0, 200);
    for mut stream in slow {
        let answer = rest(&mut stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let text = "x".repeat(32 << 20);
    let routes = Router::new().route("/", axum::routing::get(|| async move { text }));
    let limits =
        ConnectionLimits { connections: 1, patience: Duration::from_millis(50), ..ConnectionLimits::default() };
    let server = Server::with_limits(ANY_PORT, routes, limits).unwrap();
    let mut lazy = connect(&server);
    lazy.write_all(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    // The only place is free again, though nobody has read the answer.
    assert_eq!(get(&server, "/none").0, 404);
    assert!(rest(&mut lazy).len() < 32 << 20);
}

#[test]
fn a_stopped_server_gives_its_port_back() {
    let first = server();
    let address = first.address();
    let taken = Server::start(&settings(address), "test", Registry::new(), Arc::new(TestHealth::default()), None)
        .unwrap_err()
        .to_string();
    assert!(taken.starts_with(&format!("cannot listen on {address}: ")), "{taken}");
    // Neither a client that waits nor one that has been served keeps it.
    let (_idle, _) = (connect(&first), get(&first, "/healthz"));
    drop(first);
    let second = Server::start(&settings(address), "test", Registry::new(), Arc::new(TestHealth::default()), None);
    let second = second.unwrap().unwrap();
    assert_eq!(second.address(), address);
    assert_eq!(get(&second, "/healthz").0, 200);
}
