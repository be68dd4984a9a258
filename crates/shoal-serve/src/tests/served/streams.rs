//! Alerts as they come.

use super::*;
use crate::app::MAX_STREAMS;

/// An event: its name, id and data.
type Event = (String, String, String);

fn follow(served: &TestServer, last: Option<&str>) -> Connection {
    let mut connection = served.connect();
    let header = last.map(|last| format!("Last-Event-ID: {last}"));
    connection.send("GET", "/api/v1/stream", header.as_deref().as_slice(), "");
    let head = connection.head();
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    connection
}

/// The next event that is not a comment; none at the end.
fn event(connection: &mut Connection) -> Option<Event> {
    loop {
        let part = connection.part()?;
        if part.is_empty() {
            return None;
        }
        let text = String::from_utf8(part).unwrap();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
        if text.contains("data: ") {
            return Some((field("event: "), field("id: "), field("data: ")));
        }
    }
}

fn revision(event: &Event) -> (String, u64) {
    assert_eq!(event.0, "alert", "{event:?}");
    let alert: serde_json::Value = serde_json::from_str(&event.2).unwrap();
    (alert["alert_id"].as_str().unwrap().chars().take(1).collect(), alert["revision"].as_u64().unwrap())
}

fn tell(served: &mut TestServer, id: &str, revision: u32) {
    let alerts = vec![alert(&id.repeat(32), revision)];
    served.writer.add(Batch { alerts, ..Batch::default() }).unwrap();
    served.writer.commit().unwrap();
}

#[test]
fn a_revision_comes_once_it_can_be_found() {
    let mut served = local();
    let mut stream = follow(&served, None);
    tell(&mut served, "a", 3);
    let first = event(&mut stream).unwrap();
    assert_eq!(revision(&first), ("a".to_owned(), 3));
    let found = served.get(&format!("/api/v1/alerts/{}?revision=3", "a".repeat(32)));
    assert_eq!(found.json()["revisions"][0], serde_json::from_str::<serde_json::Value>(&first.2).unwrap());
    assert!(served.metric("shoal_http_streams 1"));

    // Whoever was away gets what came meanwhile, revision by revision as long as it is remembered.
    drop(stream);
    for revision in [4, 5] {
        tell(&mut served, "a", revision);
    }
    let mut stream = follow(&served, Some(&first.1));
    assert_eq!(revision(&event(&mut stream).unwrap()), ("a".to_owned(), 4));
    assert_eq!(revision(&event(&mut stream).unwrap()), ("a".to_owned(), 5));
    tell(&mut served, "b", 2);
    assert_eq!(revision(&event(&mut stream).unwrap()), ("b".to_owned(), 2));
}

#[test]
fn what_is_not_remembered_comes_from_the_index() {
    let mut served = local();
    // Raised with the first revision of `a`, which came before this server did.
    let last = format!("{}.1.{}", alert("a", 1).raised_at.micros(), "a".repeat(32));
    let mut stream = follow(&served, Some(&last));
    assert_eq!(revision(&event(&mut stream).unwrap()), ("b".to_owned(), 1));
    assert_eq!(revision(&event(&mut stream).unwrap()), ("a".to_owned(), 2));
    tell(&mut served, "a", 3);
    assert_eq!(revision(&event(&mut stream).unwrap()), ("a".to_owned(), 3));
    for wrong in ["x", "1.2", "1.x.a", "%00"] {
        let answer = served.ask("GET", "/api/v1/stream", &[&format!("Last-Event-ID: {wrong}")], "");
        assert_eq!((answer.status, &answer.json()["field"]), (400, &"Last-Event-ID".into()), "{wrong}");
    }
}

#[test]
fn whoever_reads_too_slowly_is_dropped_and_told() {
    let served =
        served(Vec::new(), ConnectionLimits::default(), |app| app.feed = Arc::new(AlertFeed::remembering(100_000)));
    let mut stream = follow(&served, None);
    // More than what is on its way and what is remembered can hold, while nothing is read.
    let alert = alert(&"a".repeat(32), 1);
    let size = serde_json::to_vec(&alert).unwrap().len();
    let number = (64 << 20) / size;
    for _ in 0..number {
        served.app.feed.tell(&alert);
    }
    let mut events = Vec::new();
    while let Some(event) = event(&mut stream) {
        events.push(event.0);
    }
    let (last, before) = events.split_last().unwrap();
    assert_eq!(last, "dropped");
    assert!(before.len() < number && before.iter().all(|name| name == "alert"), "{} of {number}", before.len());
}

#[test]
fn a_reader_who_has_stopped_makes_place() {
    let limits = ConnectionLimits { patience: Duration::from_millis(500), ..ConnectionLimits::default() };
    let served = served(Vec::new(), limits, |app| app.feed = Arc::new(AlertFeed::remembering(64 << 20)));
    let _stream = follow(&served, None);
    assert_eq!(served.app.metrics.streams.get(), 1);
    let alert = alert(&"a".repeat(32), 1);
    until(|| {
        served.app.feed.tell(&alert);
        served.app.metrics.streams.get() == 0
    });
}

#[test]
fn there_are_so_many_streams_and_no_more() {
    let served = local();
    let streams: Vec<Connection> = (0..MAX_STREAMS).map(|_| follow(&served, None)).collect();
    let refused = served.get("/api/v1/stream");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("10")));
    assert_eq!(served.get("/api/v1/search").status, 200);
    drop(streams);
}

#[test]
fn a_stream_is_not_cut_like_other_answers() {
    let limits = ConnectionLimits { answer: Duration::from_millis(300), ..ConnectionLimits::default() };
    let served = served(Vec::new(), limits, |_| {});
    let mut stream = follow(&served, None);
    thread::sleep(Duration::from_millis(600));
    served.app.feed.tell(&alert(&"a".repeat(32), 7));
    assert_eq!(revision(&event(&mut stream).unwrap()), ("a".to_owned(), 7));
}
