//! Files with everything that fits.

use shoal_share::{FileFormat, FormatFacts, NetworkFormat, TableFormat};

use super::*;

/// The path of a file, the method's formats, and the beginning of the file's name.
fn files() -> Vec<(String, &'static str, Vec<&'static FormatFacts>)> {
    fn all<F: FileFormat>() -> Vec<&'static FormatFacts> {
        F::ALL.iter().map(|format| format.facts()).collect()
    }
    let alert = format!("/api/v1/alerts/{}", "a".repeat(32));
    vec![
        ("/api/v1/export/search".to_owned(), "shoal-posts", all::<TableFormat>()),
        ("/api/v1/export/alerts".to_owned(), "shoal-alerts", all::<TableFormat>()),
        (format!("{alert}/evidence"), "shoal-evidence-aaa", all::<TableFormat>()),
        (format!("{alert}/network"), "shoal-network-aaa", all::<NetworkFormat>()),
    ]
}

#[test]
fn every_format_is_offered_under_its_name_and_with_its_media_type() {
    let served = local();
    let description = served.get("/api/v1/openapi.json").json();
    for (path, file, formats) in files() {
        let described = &description["paths"][path.replace(&"a".repeat(32), "{id}")]["get"];
        let parameters = described["parameters"].as_array().unwrap();
        let parameter = parameters.iter().find(|parameter| parameter["name"] == "format").unwrap();
        for FormatFacts { name, media_type, extension, .. } in formats {
            let answer = served.get(&format!("{path}?format={name}"));
            assert!(
                answer.status == 200 && answer.whole && !answer.body.is_empty(),
                "{path} {name}: {}",
                answer.text()
            );
            assert!(answer.header("content-type").unwrap().starts_with(media_type), "{path} {name}");
            let disposition = answer.header("content-disposition").unwrap();
            assert!(disposition.contains(&format!("filename=\"{file}")), "{disposition}");
            assert!(disposition.ends_with(&format!(".{extension}\"")), "{disposition}");
            assert!(parameter["schema"]["enum"].as_array().unwrap().iter().any(|known| known == name), "{path} {name}");
            assert!(described["responses"]["200"]["content"].get(*media_type).is_some(), "{path} {media_type}");
        }
        let unknown = served.get(&format!("{path}?format=pdf"));
        assert_eq!((unknown.status, &unknown.json()["field"]), (400, &"format".into()), "{path}");
    }
}

#[test]
fn everything_that_fits_is_in_the_file() {
    let served = local();
    let csv = served.get("/api/v1/export/search?format=csv&sort=oldest");
    assert_eq!((csv.status, csv.header("content-type"), csv.whole), (200, Some("text/csv; charset=utf-8"), true));
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"shoal-posts.csv\""));
    let lines: Vec<&str> = csv.text().split_terminator("\r\n").collect();
    assert!(lines[0].starts_with("id,thread_id,author,timestamp,body,"), "{}", lines[0]);
    assert!(lines[1].starts_with("x:p0,x:p0,x:a,1970-01-01T00:00:00Z,'=the quick brown fox"), "{}", lines[1]);
    assert_eq!(lines.len() as u64, POSTS + 1);

    let ndjson = served.get("/api/v1/export/search?format=ndjson&author=x:b");
    assert_eq!((ndjson.header("content-type"), ndjson.whole), (Some("application/x-ndjson"), true));
    let rows: Vec<serde_json::Value> = ndjson.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() as u64 == POSTS / 2 && rows.iter().all(|row| row["author"] == "x:b"));

    let alerts = served.get("/api/v1/export/alerts?format=csv");
    assert_eq!(alerts.text().split_terminator("\r\n").count(), 3, "{}", alerts.text());
    let alerts = served.get("/api/v1/export/alerts?format=ndjson");
    let rows: Vec<shoal_model::Alert> = alerts.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.iter().map(|alert| alert.revision).max(), Some(2));
    let none = served.get("/api/v1/export/search?format=ndjson&author=x:none");
    assert_eq!((none.status, none.text(), none.whole), (200, "", true));
}

#[test]
fn a_file_that_was_cut_off_says_so() {
    let few = |rows| served(Vec::new(), ConnectionLimits::default(), move |app| app.rows = rows);
    let (all, some) = (few(POSTS), few(3));
    for (path, rows) in [
        ("/api/v1/export/search?format=csv", 4),
        ("/api/v1/export/search?format=ndjson", 3),
        ("/api/v1/export/alerts?format=csv", 3),
    ] {
        let last = |served: &TestServer| served.get(path).text().lines().last().unwrap().to_owned();
        assert!(!last(&all).contains("cut"), "{path}");
        let cut = some.get(path);
        if path.contains("search") {
            assert_eq!(cut.text().lines().count(), rows + 1, "{path}");
            assert!(last(&some).starts_with(["# cut off after 3 rows", "{\"cut_off\":{"][usize::from(rows == 3)]));
        } else {
            assert!(!last(&some).contains("cut"), "{path}");
        }
    }
    let one = few(1);
    assert!(one.get("/api/v1/export/alerts?format=csv").text().ends_with("to get the others\r\n"));
    assert!(one.get("/api/v1/export/alerts?format=ndjson").text().contains("\"cut_off\":{"));
}

/// A file that does not fit into what is on its way.
const LONG: u64 = 30_000;

#[test]
fn an_export_goes_as_far_as_its_client() {
    let path = "/api/v1/export/search?format=ndjson&sort=oldest";
    let (index, _writer, _directory) = index(LONG);

    let (first, app) = server(index.clone(), Vec::new(), ConnectionLimits::default(), |_| {});
    let whole = ask(first.address(), "GET", path, &[], "");
    let last: serde_json::Value = serde_json::from_str(whole.text().lines().last().unwrap()).unwrap();
    assert_eq!((whole.whole, whole.text().lines().count() as u64), (true, LONG));
    assert_eq!(last["id"], format!("x:p{}", LONG - 1));
    until(|| app.exports.available_permits() == 2);

    // Whoever leaves makes place.
    let begin = |server: &Server| {
        let mut connection = Connection::open(server.address());
        connection.send("GET", path, &[], "");
        let head = connection.head();
        assert_eq!(head.status, 200);
        connection
    };
    let connections = [begin(&first), begin(&first)];
    assert_eq!(ask(first.address(), "GET", path, &[], "").status, 503);
    drop(connections);
    until(|| app.exports.available_permits() == 2);

    // Whoever does not read does so, too, and sees that the file is not whole.
    let limits = ConnectionLimits { patience: Duration::from_millis(500), ..ConnectionLimits::default() };
    let (second, app) = server(index, Vec::new(), limits, |_| {});
    let mut connection = begin(&second);
    until(|| app.exports.available_permits() == 2);
    while let Some(part) = connection.part() {
        assert!(!part.is_empty(), "the file came to its end");
    }
}

#[test]
fn two_exports_at_a_time() {
    let served = served(Vec::new(), ConnectionLimits::default(), |_| {});
    let _taken = Arc::clone(&served.app.exports).try_acquire_many_owned(2).unwrap();
    let refused = served.get("/api/v1/export/search?format=csv");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("10")));
}
