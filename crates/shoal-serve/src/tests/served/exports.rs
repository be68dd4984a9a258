//! Files with everything that fits.

use super::*;

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
    let few = |rows| served(Vec::new(), Limits::default(), move |app| app.rows = rows);
    let (all, some) = (few(POSTS), few(3));
    for (path, rows) in [
        ("/api/v1/export/search?format=csv", 4),
        ("/api/v1/export/search?format=ndjson", 3),
        ("/api/v1/export/alerts?format=csv", 3),
    ] {
        let last = |served: &Served| served.get(path).text().lines().last().unwrap().to_owned();
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

#[test]
fn a_client_that_leaves_ends_its_export() {
    let served = local();
    for _ in 0..20 {
        let mut connection = served.connect();
        connection.send("GET", "/api/v1/export/search?format=csv", &[], "");
        assert_eq!(connection.head().status, 200);
    }
    // Both places are free again: more than two were never taken.
    let mut answer = served.get("/api/v1/export/search?format=csv");
    while answer.status == 503 {
        answer = served.get("/api/v1/export/search?format=csv");
    }
    assert_eq!((answer.status, answer.whole), (200, true));
}

#[test]
fn two_exports_at_a_time() {
    let served = served(Vec::new(), Limits::default(), |_| {});
    let _taken = Arc::clone(&served.app.exports).try_acquire_many_owned(2).unwrap();
    let refused = served.get("/api/v1/export/search?format=csv");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("10")));
}
