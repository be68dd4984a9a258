//! Roles, sessions and what they may do.

use super::*;

const HTML: &str = "Accept: text/html";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

fn guarded() -> TestServer {
    served(tokens(), ConnectionLimits::default(), |_| {})
}

#[test]
fn an_open_door_is_refused() {
    let (index, _writer, _directory) = index(POSTS);
    let open = Settings { listen: Some("0.0.0.0:0".parse().unwrap()), ..settings(ANY_PORT) };
    let told = || Arc::new(TestHealth::default());
    let error = Server::start(&open, "test", Registry::new(), told(), Some(index.clone())).unwrap_err();
    assert!(matches!(error, Error::Open(_)), "{error}");
    assert!(Server::start(&open, "test", Registry::new(), told(), None).is_ok());
    let closed = Settings { tokens: tokens(), ..open };
    assert!(Server::start(&closed, "test", Registry::new(), told(), Some(index)).is_ok());
}

#[test]
fn with_tokens_everything_but_health_needs_one() {
    let served = guarded();
    for path in ["/healthz", "/readyz", "/login"] {
        let answer = served.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    for path in ["/", "/metrics", "/api/v1/search", "/api/v1/openapi.json", "/none"] {
        for authorization in [None, Some("Authorization: Bearer nonsense"), Some("Authorization: Basic cmVhZGVyOg==")] {
            let answer = served.ask("GET", path, authorization.as_slice(), "");
            let said = (answer.status, answer.header("www-authenticate"));
            assert_eq!(said, (401, Some("Bearer realm=\"shoal\"")), "{path} {authorization:?}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        }
    }
    let reader = ["Authorization: Bearer reader"];
    assert_eq!(served.ask("GET", "/metrics", &reader, "").status, 200);
    assert_eq!(served.ask("GET", "/api/v1/status", &reader, "").json()["caller"], "reader");
}

#[test]
fn each_role_may_do_what_it_may() {
    let served = guarded();
    let feedback = format!("/api/v1/alerts/{}/feedback", "a".repeat(32));
    let body = r#"{"verdict":"unsure","revision":1}"#;
    for (name, gives, erases) in [("reader", 403, 403), ("judge", 201, 403), ("boss", 201, 200)] {
        let headers = [&format!("Authorization: Bearer {name}"), "Content-Type: application/json"];
        assert_eq!(served.ask("GET", "/api/v1/search", &headers, "").status, 200, "{name}");
        assert_eq!(served.ask("POST", &feedback, &headers, body).status, gives, "{name}");
        let erased = served.ask("DELETE", "/api/v1/posts/x:p19", &headers, "");
        assert_eq!(erased.status, erases, "{name}: {}", erased.text());
        if erases == 403 {
            assert!(erased.text().contains("needs the role admin"), "{}", erased.text());
        }
    }
    let given = served.ask("GET", &feedback, &["Authorization: Bearer reader"], "").json();
    let by: Vec<&str> = given["feedback"].as_array().unwrap().iter().map(|one| one["by"].as_str().unwrap()).collect();
    assert_eq!(by, ["judge", "boss"]);
}

#[test]
fn a_browser_signs_in_and_out() {
    let served = guarded();
    let page = served.ask("GET", "/alerts?x=y", &[HTML], "");
    assert_eq!((page.status, page.header("content-type")), (401, Some("text/html; charset=utf-8")));
    assert!(page.text().contains("action=\"/login\"") && page.text().contains("/alerts?x=y"), "{}", page.text());
    let wrong = served.ask("POST", "/login", &[HTML, FORM], "token=nobody&next=/alerts");
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    assert!(wrong.text().contains("obody has this token"), "{}", wrong.text());
    let right = served.ask("POST", "/login", &[HTML, FORM, "Origin: https://localhost"], "token=judge%0A&next=/alerts");
    assert_eq!((right.status, right.header("location")), (303, Some("/alerts")));
    let cookie = right.header("set-cookie").unwrap();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=43200", "; Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let session = format!("Cookie: {}", cookie.split(';').next().unwrap());
    let status = served.ask("GET", "/api/v1/status", &[&session], "");
    assert_eq!((&status.json()["caller"], &status.json()["role"]), (&"judge".into(), &"feedback".into()));
    assert_eq!(served.ask("GET", "/login?next=/alerts", &[&session], "").header("location"), Some("/alerts"));
    let out = served.ask("POST", "/logout", &[&session], "");
    assert_eq!((out.status, out.header("location")), (303, Some("/login")));
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(served.ask("GET", "/api/v1/status", &[&session], "").status, 401);
    // Over plain HTTP a cookie is one for plain HTTP, and nobody is sent elsewhere.
    let plain = served.ask("POST", "/login", &[FORM, "Origin: http://localhost"], "token=reader&next=//evil.example");
    assert_eq!((plain.status, plain.header("location")), (303, Some("/")));
    assert!(!plain.header("set-cookie").unwrap().contains("Secure"));
}

#[test]
fn pages_of_others_can_do_nothing() {
    let served = local();
    for (method, path, headers, status) in [
        ("GET", "/api/v1/search", vec!["Host: evil.example"], 403),
        ("GET", "/metrics", vec!["Host: evil.example:80"], 403),
        ("GET", "/healthz", vec!["Host: evil.example"], 200),
        ("GET", "/api/v1/search", vec!["Host: 127.0.0.1"], 200),
        ("GET", "/api/v1/search", vec!["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"], 403),
        ("GET", "/api/v1/search", vec!["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"], 200),
        ("DELETE", "/api/v1/posts/x:p0", vec!["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"], 403),
        ("DELETE", "/api/v1/posts/x:p0", vec!["Origin: https://evil.example"], 403),
        ("DELETE", "/api/v1/posts/x:p0", vec!["Origin: null"], 403),
        ("DELETE", "/api/v1/posts/x:p0", vec!["Origin: http://localhost"], 200),
    ] {
        let answer = served.ask(method, path, &headers, "");
        assert_eq!(answer.status, status, "{method} {path} {headers:?}");
        // No answer is for other sites to read.
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    assert!(served.metric(r#"shoal_http_refused_total{reason="foreign"} 6"#));
}

#[test]
fn wrong_tokens_are_refused_more_and_more() {
    let served = guarded();
    let guess = || served.ask("GET", "/metrics", &["Authorization: Bearer guess"], "");
    for _ in 1..20 {
        assert_eq!(guess().status, 401);
    }
    let last = guess();
    assert_eq!((last.status, &last.json()["type"]), (429, &"urn:shoal:problem:sign-ins".into()));
    let wait: u64 = last.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    let form = served.ask("POST", "/login", &[HTML, FORM], "token=judge");
    assert_eq!((form.status, form.header("set-cookie")), (429, None));
    assert!(form.text().contains("oo many wrong tokens"), "{}", form.text());
}

#[test]
fn whoever_asks_too_often_must_wait() {
    let served = guarded();
    let mut connection = served.connect();
    let mut ask = |name: &str| {
        connection.send("GET", "/none", &[&format!("Authorization: Bearer {name}")], "");
        connection.answer("GET")
    };
    let refused = (0..2_000).map(|_| ask("reader")).find(|answer| answer.status != 404).unwrap();
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    // Others are not to suffer.
    assert_eq!(ask("judge").status, 404);
}
