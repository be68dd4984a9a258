//! Thousands of hostile questions, and a program that makes up more from the description.

use std::path::Path;
use std::process::Command;

use super::*;

#[allow(clippy::unreadable_literal, reason = "it is shared with another crate")]
#[path = "../../../../shoal-index/tests/corpus/mod.rs"]
mod corpus;

/// A server that many questions may be asked of.
fn patient(tokens: Vec<AccessToken>) -> TestServer {
    served(tokens, ConnectionLimits::default(), |app| app.access.without_limits())
}

#[test]
fn hostile_queries_harm_nobody() {
    let served = patient(Vec::new());
    let queries = corpus::hostile();
    assert!(queries.len() >= 2_000);
    let mut answered = 0;
    for query in &queries {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", query).finish();
        for path in ["/api/v1/search?highlight=true&histogram=true&top=author,hashtag&", "/api/v1/alerts?"] {
            let answer = served.get(&format!("{path}{query}"));
            assert!(matches!(answer.status, 200 | 400 | 404 | 414 | 431 | 503), "{query}: {}", answer.text());
            assert!(answer.status != 503 || answer.text().contains("time-out"), "{query}: {}", answer.text());
            assert!(answer.whole && answer.body.len() < 1 << 20, "{query}: {} bytes", answer.body.len());
            answered += u64::from(answer.status == 200);
        }
    }
    assert!(answered > 1_000, "{answered}");
    assert_eq!(served.get("/api/v1/search?q=fox").json()["total"]["count"], POSTS);
    assert!(served.metric(r#"shoal_http_requests_total{route="/api/v1/search",status="200"} 1"#) == (answered == 0));
}

#[test]
fn hostile_parameters_harm_nobody() {
    let served = patient(Vec::new());
    let queries = corpus::hostile();
    let names = ["since", "author", "cursor", "object", "cluster", "alert", "platform", "lang", "limit", "top", "sort"];
    for (query, name) in queries.iter().zip(names.iter().cycle()) {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair(name, query).finish();
        for path in ["search", "alerts", "export/search", "stream"] {
            let format = if path.starts_with("export") { "&format=ndjson" } else { "" };
            let answer = served.get(&format!("/api/v1/{path}?{query}{format}"));
            assert!(matches!(answer.status, 200 | 400 | 404 | 414 | 431), "{path}?{query}: {}", answer.text());
        }
    }
    for query in queries.iter().filter(|query| query.len() < 2_000) {
        let id = percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC).to_string();
        for path in ["posts", "alerts", "clusters", "accounts"] {
            let answer = served.get(&format!("/api/v1/{path}/{id}"));
            assert!(matches!(answer.status, 400 | 404 | 414 | 431), "{path}/{id}: {}", answer.text());
        }
    }
    assert_eq!(served.get("/healthz").status, 200);
}

#[test]
fn the_api_keeps_what_its_description_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let Some(python) = shoal_tools::or_skip("schemathesis", shoal_tools::python(&folder.join("requirements.txt")))
    else {
        return;
    };
    let served = patient(tokens());
    let address = format!("http://{}/api/v1/openapi.json", served.server.address());
    let scratch = TempDir::new().unwrap();
    let output = Command::new(python)
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(folder.join("schemathesis.toml"))
        .args(["run", &address, "--header", "Authorization: Bearer boss"])
        .current_dir(scratch.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // It has seen more of each than how it refuses.
    let metrics = served.ask("GET", "/metrics", &["Authorization: Bearer boss"], "");
    let description: serde_json::Value =
        served.ask("GET", "/api/v1/openapi.json", &["Authorization: Bearer boss"], "").json();
    for path in description["paths"].as_object().unwrap().keys().filter(|path| !path.ends_with("/stream")) {
        let done = format!("shoal_http_requests_total{{route=\"{path}\",status=\"200\"}}");
        assert!(metrics.text().contains(&done), "{path}: {}", metrics.text());
    }
}
