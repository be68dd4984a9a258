use super::*;
use crate::testing::{self, alert, documents, post, settings};
use crate::{Error, Feedback, Verdict};

#[test]
fn one_process_writes_at_a_time() {
    let directory = testing::directory();
    let (index, writer) = Index::open(&settings(directory.path())).unwrap();
    index.set_address("http://127.0.0.1:9464").unwrap();
    let error = Index::open(&settings(directory.path())).unwrap_err().to_string();
    assert!(error.contains(&format!("(process {}, http://127.0.0.1:9464)", std::process::id())), "{error}");
    drop(writer);
    Index::open(&settings(directory.path())).unwrap();
}

#[test]
fn who_reads_follows_who_writes() {
    let directory = testing::directory();
    assert!(matches!(Index::read(directory.path()), Err(Error::NoIndex(_))));
    let (_, mut writer) = Index::open(&settings(directory.path())).unwrap();
    let reader = Index::read(directory.path()).unwrap();
    assert_eq!(ids(&reader).len(), 0);
    for n in 0..3 {
        writer.add(posts(documents(n, [post(&n.to_string(), "a", n as i64 * 100_000, "words")]))).unwrap();
        writer.commit().unwrap();
        assert_eq!(ids(&reader).len() as u64, n + 1);
    }
    assert_eq!(reader.status().unwrap().buckets, 3);
    assert!(!reader.status().unwrap().writes);
    writer.close().unwrap();
    assert_eq!(ids(&reader).len(), 3);
}

#[test]
fn who_reads_changes_nothing() {
    let (directory, index) = testing::index(alerts(vec![alert(1, 1, &["a"], &[("1", "a", 10, 7)])]));
    let reader = Index::read(directory.path()).unwrap();
    for index in [index, reader] {
        let subject = crate::Subject::Post("test:1".to_owned());
        assert!(matches!(index.erase(&subject, "me", "asked to"), Err(Error::ReadOnly(_))));
        assert!(matches!(index.purge(), Err(Error::ReadOnly(_))));
        assert!(matches!(index.set_address("here"), Err(Error::ReadOnly(_))));
        let feedback = conclusion(1, "me", Verdict::True);
        assert!(matches!(index.give_feedback(&feedback), Err(Error::ReadOnly(_))));
    }
}

fn conclusion(revision: u32, by: &str, verdict: Verdict) -> Feedback {
    let at = shoal_model::Timestamp::from_seconds(1);
    Feedback { alert_id: format!("{:032x}", 1), revision, verdict, note: None, by: by.to_owned(), at }
}

#[test]
fn conclusions_are_kept_and_counted() {
    let directory = testing::directory();
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    writer.add(alerts(vec![alert(1, 1, &["a"], &[("1", "a", 10, 7)])])).unwrap();
    writer.commit().unwrap();
    let given = [
        conclusion(1, "one", Verdict::True),
        conclusion(1, "two", Verdict::BenignCoordination),
        conclusion(1, "one", Verdict::False),
    ];
    for feedback in &given {
        index.give_feedback(feedback).unwrap();
    }
    assert!(matches!(index.give_feedback(&conclusion(2, "one", Verdict::True)), Err(Error::Missing { .. })));
    let long = Feedback { note: Some("é".repeat(2_001)), ..conclusion(1, "one", Verdict::True) };
    assert!(matches!(index.give_feedback(&long), Err(Error::InvalidRequest { field: "note", .. })));
    let reader = Index::read(directory.path()).unwrap();
    for index in [&index, &reader] {
        let alert = format!("{:032x}", 1);
        assert_eq!(index.feedback(&alert).unwrap(), given);
        let counts = [("benign_coordination".to_owned(), 1), ("false".to_owned(), 1)];
        assert_eq!(index.verdicts(&alert).unwrap(), counts.into());
        assert_eq!(index.feedback("other").unwrap(), []);
    }
    drop(writer);
    let audit = fs::read_to_string(directory.path().join("audit.ndjson")).unwrap();
    assert_eq!(audit.matches("\"feedback\"").count(), 3);
}

#[test]
fn its_own_buckets_count() {
    let directory = testing::directory();
    Index::open(&settings(directory.path())).unwrap().1.close().unwrap();
    let hour = shoal_model::Span::from_seconds(3_600);
    let (index, mut writer) = Index::open(&crate::Settings { bucket: hour, ..settings(directory.path()) }).unwrap();
    writer.add(posts(documents(0, [post("1", "a", 0, "words"), post("2", "a", 80_000, "words")]))).unwrap();
    writer.commit().unwrap();
    assert_eq!(index.status().unwrap().buckets, 1);
}
