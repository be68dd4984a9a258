//! Answers, and the words of problems.

use std::fmt::Write;

use super::*;

#[test]
fn pages_follow_each_other_to_the_end() {
    let served = local();
    let mut path = "/api/v1/search?q=fox&sort=oldest&limit=7".to_owned();
    let mut ids = Vec::new();
    loop {
        let answer = served.get(&path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/json")),
            "{}",
            answer.text()
        );
        let page = answer.json();
        assert_eq!(page["total"], serde_json::json!({ "count": POSTS, "exact": true }));
        ids.extend(page["posts"].as_array().unwrap().iter().map(|post| post["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/search?q=fox&sort=oldest&limit=7&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(ids, (0..POSTS).map(|number| format!("x:p{number}")).collect::<Vec<_>>());
}

#[test]
fn a_cursor_is_good_for_one_question_of_one_index() {
    let (first, second) = (local(), local());
    let next = first.get("/api/v1/search?limit=5").json()["next"].as_str().unwrap().to_owned();
    for (served, query) in [(&second, "limit=5"), (&first, "limit=5&q=other"), (&first, "limit=5&sort=oldest")] {
        let answer = served.get(&format!("/api/v1/search?{query}&cursor={next}"));
        assert_eq!((answer.status, &answer.json()["field"]), (400, &"cursor".into()), "{query}: {}", answer.text());
    }
    assert_eq!(first.get(&format!("/api/v1/search?limit=5&cursor={next}")).status, 200);
}

#[test]
fn everything_that_is_there_can_be_had() {
    let served = local();
    let alert = format!("/api/v1/alerts/{}", "a".repeat(32));
    for (path, pointer, expected) in [
        ("/api/v1/search?highlight=true&histogram=true&top=author,hashtag".to_owned(), "/top/author/0/count", "10"),
        ("/api/v1/posts/x:p1".to_owned(), "/author", "\"x:b\""),
        ("/api/v1/posts/x%3Ap0/similar?similarity=0.9".to_owned(), "/posts/0/similarity", "1.0"),
        ("/api/v1/accounts/x:a".to_owned(), "/posts/count", "10"),
        ("/api/v1/clusters/aa".to_owned(), "/posts/count", "4"),
        ("/api/v1/search?cluster=00000000000000AA".to_owned(), "/total/count", "4"),
        ("/api/v1/alerts?sort=strongest&min_bits=20".to_owned(), "/total/count", "2"),
        (alert.clone(), "/revisions/1/revision", "2"),
        (alert.clone() + "?revision=1", "/revisions/0/revision", "1"),
        (alert.clone() + "/evidence", "/objects/0/posts/1/post/id", "\"x:p1\""),
        (alert.clone() + "/feedback", "/feedback", "[]"),
        ("/api/v1/status".to_owned(), "/index/posts", "20"),
        ("/api/v1/status".to_owned(), "/role", "\"admin\""),
        ("/api/v1/openapi.json".to_owned(), "/info/title", "\"Shoal\""),
    ] {
        let answer = served.get(&path);
        let found = answer.json().pointer(pointer).map(ToString::to_string);
        assert_eq!((answer.status, found.as_deref()), (200, Some(expected)), "{path}: {}", answer.text());
    }
    let table = served.get(&format!("{alert}/evidence?format=csv"));
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(table.text().contains("'=the <b>text</b>"), "{}", table.text());
    for (format, root) in [("gexf", "<gexf"), ("graphml", "<graphml")] {
        let network = served.get(&format!("{alert}/network?format={format}"));
        assert!(network.status == 200 && network.text().contains(root), "{}", network.text());
        let file = format!("attachment; filename=\"shoal-network-{}.{format}\"", "a".repeat(32));
        assert_eq!(network.header("content-disposition"), Some(file.as_str()));
    }
}

#[test]
fn problems_are_told_in_the_same_words() {
    let served = local();
    let id = "a".repeat(32);
    let mut told = String::new();
    for (method, path) in [
        ("GET", "/api/v1/nothing".to_owned()),
        ("GET", "/nothing".to_owned()),
        ("POST", "/api/v1/search".to_owned()),
        ("GET", "/api/v1/search?q=(".to_owned()),
        ("GET", "/api/v1/search?query=x".to_owned()),
        ("GET", "/api/v1/search?limit=501".to_owned()),
        ("GET", "/api/v1/search?limit=1&limit=2".to_owned()),
        ("GET", "/api/v1/search?since=now".to_owned()),
        ("GET", "/api/v1/search?object=x".to_owned()),
        ("GET", "/api/v1/search?cursor=x".to_owned()),
        ("GET", "/api/v1/posts/x:none".to_owned()),
        ("GET", "/api/v1/posts/%FF".to_owned()),
        ("GET", "/api/v1/posts/x:p1?x=y".to_owned()),
        ("GET", "/api/v1/posts/x:p1/similar?similarity=0".to_owned()),
        ("GET", "/api/v1/alerts/none".to_owned()),
        ("GET", format!("/api/v1/alerts/{id}?revision=9")),
        ("GET", format!("/api/v1/alerts/{id}/evidence?revision=9")),
        ("GET", format!("/api/v1/alerts/{id}/network")),
        ("GET", "/api/v1/alerts/none/feedback".to_owned()),
        ("GET", "/api/v1/clusters/0000000000000000".to_owned()),
        ("GET", "/api/v1/accounts/x:none".to_owned()),
        ("DELETE", "/api/v1/accounts/none".to_owned()),
        ("GET", "/api/v1/export/search".to_owned()),
        ("GET", "/api/v1/export/search?format=csv&limit=5".to_owned()),
        ("GET", "/api/v1/export/search?format=csv&q=(".to_owned()),
    ] {
        let answer = served.ask(method, &path, &[], "");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}: {}", answer.text());
        assert_eq!(answer.json()["status"], answer.status, "{path}");
        writeln!(told, "{method} {path}\n{}", answer.text()).unwrap();
    }
    insta::assert_snapshot!(told);
}

#[test]
fn feedback_is_kept_counted_and_told() {
    let served = local();
    let path = format!("/api/v1/alerts/{}/feedback", "a".repeat(32));
    let json = ["Content-Type: application/json; charset=utf-8"];
    let given = served.ask("POST", &path, &json, r#"{"verdict":"benign_coordination","note":"a club","revision":2}"#);
    assert_eq!(given.status, 201, "{}", given.text());
    assert_eq!((&given.json()["by"], &given.json()["note"]), (&"local".into(), &"a club".into()));
    assert_eq!(served.get(&path).json()["feedback"][0], given.json());
    assert!(served.metric(r#"shoal_feedback_total{verdict="benign_coordination"} 1"#));
    assert!(served.metric(r#"shoal_feedback_total{verdict="unsure"} 0"#));
    let long = format!(r#"{{"verdict":"true","revision":1,"note":"{}"}}"#, "é".repeat(2_001));
    for (headers, body, status, field) in [
        (&json[..], "", 400, Some("body")),
        (&json, "{", 400, Some("body")),
        (&json, "[]", 400, Some("body")),
        (&json, r#"{"verdict":"maybe","revision":1}"#, 400, Some("verdict")),
        (&json, r#"{"verdict":"true","revision":-1}"#, 400, Some("revision")),
        (&json, r#"{"verdict":"true","revision":0}"#, 400, Some("revision")),
        (&json, r#"{"verdict":"true","revision":1,"by":"me"}"#, 400, Some("by")),
        (&json, &long, 400, Some("note")),
        (&[], r#"{"verdict":"true","revision":1}"#, 415, None),
    ] {
        let answer = served.ask("POST", &path, headers, body);
        let found = answer.json()["field"].as_str().map(str::to_owned);
        assert_eq!((answer.status, found.as_deref()), (status, field), "{body}: {}", answer.text());
    }
    let none = served.ask("POST", "/api/v1/alerts/none/feedback", &json, r#"{"verdict":"true","revision":1}"#);
    assert_eq!(none.status, 404, "{}", none.text());
}

#[test]
fn what_is_erased_is_gone_at_once() {
    let served = local();
    let done = served.ask("DELETE", "/api/v1/posts/x:p0?reason=asked%20to", &[], "");
    assert_eq!((done.status, &done.json()["posts"]), (200, &1.into()), "{}", done.text());
    assert_eq!(served.get("/api/v1/posts/x:p0").status, 404);
    let evidence = served.get(&format!("/api/v1/alerts/{}/evidence", "a".repeat(32)));
    assert!(!evidence.text().contains("x:p0"), "{}", evidence.text());
    let done = served.ask("DELETE", "/api/v1/accounts/x:b", &[], "");
    assert_eq!((done.status, &done.json()["posts"]), (200, &10.into()), "{}", done.text());
    assert_eq!(served.get("/api/v1/accounts/x:b").status, 404);
}

#[test]
fn people_get_pages() {
    let served = local();
    let page = served.ask("GET", "/nothing", &["Accept: text/html,*/*;q=0.8"], "");
    assert_eq!((page.status, page.header("content-type")), (404, Some("text/html; charset=utf-8")));
    assert!(page.text().contains("othing is at this path"), "{}", page.text());
    let wrong = served.ask("DELETE", "/healthz", &["Accept: text/html"], "");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET,HEAD")));
    let wrong = served.ask("PUT", "/metrics", &["Accept: text/html"], "");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET,HEAD")));
    assert_eq!(wrong.header("content-type"), Some("text/html; charset=utf-8"));
    // Whoever asks the API is a program.
    let api = served.ask("GET", "/api/v1/nothing", &["Accept: text/html"], "");
    assert_eq!(api.header("content-type"), Some("application/problem+json"));
}

#[test]
fn every_answer_is_harmless_with_an_index_too() {
    let served = local();
    for path in ["/metrics", "/api/v1/search", "/api/v1/openapi.json", "/none", "/api/v1/export/search?format=csv"] {
        for method in ["GET", "HEAD"] {
            let answer = served.ask(method, path, &[], "");
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("cache-control", "no-store"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(answer.header(name), Some(value), "{method} {path}");
            }
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
            assert_eq!(answer.body.is_empty(), method == "HEAD", "{method} {path}");
        }
    }
}

#[test]
fn requests_are_counted_by_route() {
    let served = local();
    for path in ["/api/v1/posts/x:p1", "/api/v1/posts/x:none", "/none/at/all"] {
        served.get(path);
    }
    for line in [
        r#"shoal_http_requests_total{route="/api/v1/posts/{id}",status="200"} 1"#,
        r#"shoal_http_requests_total{route="/api/v1/posts/{id}",status="404"} 1"#,
        r#"shoal_http_requests_total{route="none",status="404"} 1"#,
        r#"shoal_http_seconds_count{route="/api/v1/posts/{id}"} 2"#,
        r#"shoal_http_refused_total{reason="rate"} 0"#,
        "shoal_http_streams 0",
    ] {
        assert!(served.metric(line), "{line}");
    }
    let metrics = served.get("/metrics");
    assert!(!metrics.text().contains("x:p1"));
}
