use super::*;
use crate::testing::{self, alert, documents, post, settings};
use crate::{Error, Subject};

const DAY: i64 = 86_400;

fn account(id: &str) -> Subject {
    Subject::Account(format!("test:{id}"))
}

/// Posts of three days by three accounts.
fn stream() -> Vec<PostDocument> {
    let post = |n: i64| {
        let author = ["one", "two", "threesome"][n as usize % 3];
        post(&format!("{author}-{n}"), author, n / 10 * DAY + n, &format!("said by {author}"))
    };
    documents(0, (0..30).map(post))
}

fn evidence(id: u8, revision: u32) -> Alert {
    let posts = [("one-0", "one", 0, 7), ("two-1", "two", 1, 7), ("two-4", "two", 4, 8)];
    alert(id, revision, &["one", "two"], &posts)
}

#[test]
fn an_account_disappears_everywhere_at_once_and_for_good() {
    let directory = testing::directory();
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    writer.add(Batch { posts: stream(), ..alerts(vec![evidence(1, 1), evidence(1, 2)]) }).unwrap();
    // Nothing has been committed yet: what is on its way goes too.
    let erasure = index.erase(&account("two"), "me", "asked to").unwrap();
    assert_eq!((erasure.entry, erasure.posts, erasure.alerts), (1, 10, 1));
    assert_eq!((with_word(&index, "two"), ids(&index).len()), (0, 20));
    let told = serde_json::to_string(&all_alerts(&index)).unwrap();
    assert!(told.contains("test:erased") && !told.contains("two") && !told.contains("label of 8"), "{told}");
    // What is told later is left out.
    writer
        .add(Batch { posts: documents(30, [post("x", "two", 3 * DAY, "again")]), ..alerts(vec![evidence(1, 3)]) })
        .unwrap();
    writer.commit().unwrap();
    assert!(!ids(&index).contains(&"x".to_owned()));
    assert!(!serde_json::to_string(&all_alerts(&index)).unwrap().contains("test:two"));
    assert_eq!(index.counts().erased, 1);
    writer.close().unwrap();
    // A run from the beginning brings nothing back.
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    writer.add(Batch { posts: stream(), ..alerts(vec![evidence(1, 1)]) }).unwrap();
    writer.commit().unwrap();
    assert_eq!((with_word(&index, "two"), ids(&index).len()), (0, 20));
    assert!(!serde_json::to_string(&all_alerts(&index)).unwrap().contains("test:two"));
    assert_eq!(index.erase(&account("two"), "me", "again").unwrap().posts, 0);
}

#[test]
fn a_post_disappears_alone() {
    let directory = testing::directory();
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    writer.add(Batch { posts: stream(), ..alerts(vec![evidence(1, 1), evidence(2, 1)]) }).unwrap();
    writer.commit().unwrap();
    let erasure = index.erase(&Subject::Post("test:two-4".to_owned()), "me", "").unwrap();
    assert_eq!((erasure.posts, erasure.alerts), (1, 2));
    assert_eq!(ids(&index).len(), 29);
    for alert in all_alerts(&index) {
        assert_eq!(alert.observed.objects[1].label, "[deleted]");
        assert_eq!(alert.observed.posts.len(), 2);
    }
    assert!(matches!(index.erase(&Subject::Post("no id".to_owned()), "me", ""), Err(Error::InvalidRequest { .. })));
    assert_eq!(index.erase(&Subject::Post("test:unknown".to_owned()), "me", "").unwrap().posts, 0);
}

#[test]
fn no_byte_is_left_after_a_purge() {
    let directory = testing::directory();
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    writer.add(Batch { posts: stream(), ..alerts(vec![evidence(1, 1), evidence(1, 2)]) }).unwrap();
    writer.commit().unwrap();
    assert!(!files_with(directory.path(), "threesome").is_empty());
    let held = index.snapshot().unwrap();
    index.erase(&account("threesome"), "me", "asked to").unwrap();
    index.erase(&account("two"), "me", "asked to").unwrap();
    assert_eq!(index.status().unwrap().deleted, 20);
    assert!(!files_with(directory.path(), "threesome").is_empty());
    // What was rewritten of the alerts filled a segment of its own, which went with the commit.
    assert_eq!(index.purge().unwrap(), 20);
    for bytes in ["threesome", "two-1", "test:two"] {
        assert_eq!(files_with(directory.path(), bytes), Vec::<PathBuf>::new(), "{bytes}");
    }
    assert_eq!((index.status().unwrap().deleted, index.purge().unwrap()), (0, 0));
    // Who began to look before is not disturbed, and the writer goes on.
    assert_eq!(stored(&held.buckets[0].searcher, held.posts.stored).len(), 10);
    writer.add(posts(documents(30, [post("x", "one", 3 * DAY, "more")]))).unwrap();
    writer.commit().unwrap();
    assert_eq!(ids(&index).len(), 11);
    let log = fs::read_to_string(directory.path().join("audit.ndjson")).unwrap();
    assert_eq!((log.lines().count(), log.matches("\"purge\"").count()), (3, 1));
    drop(writer);
    let (index, _writer) = Index::open(&settings(directory.path())).unwrap();
    assert_eq!((ids(&index).len(), index.status().unwrap().audit_broken), (11, None));
}

#[test]
fn an_erasure_that_was_interrupted_is_finished() {
    let directory = testing::directory();
    let (_, mut writer) = Index::open(&settings(directory.path())).unwrap();
    writer.add(Batch { posts: stream(), ..alerts(vec![evidence(1, 1)]) }).unwrap();
    writer.close().unwrap();
    let request = r#"{"subject":{"account":"test:two"},"by":"me","reason":"asked to"}"#;
    fs::write(directory.path().join("erasing.json"), request).unwrap();
    let (index, writer) = Index::open(&settings(directory.path())).unwrap();
    assert_eq!((with_word(&index, "two"), ids(&index).len()), (0, 20));
    drop(writer);
    assert!(!directory.path().join("erasing.json").exists());
    let log = fs::read_to_string(directory.path().join("audit.ndjson")).unwrap();
    assert!(log.contains("asked to") && !log.contains("two"), "{log}");
}

#[test]
fn a_list_of_the_erased_that_cannot_be_read_stops_everything() {
    let directory = testing::directory();
    Index::open(&settings(directory.path())).unwrap().1.close().unwrap();
    fs::write(directory.path().join("erased"), "account 12\nnoise\n").unwrap();
    let error = Index::open(&settings(directory.path())).unwrap_err();
    assert!(error.to_string().contains("line 2 cannot be read"), "{error}");
}

#[test]
fn what_sources_say_is_gone_goes_with_the_next_commit() {
    let directory = testing::directory();
    let kept = crate::Settings { keep: Some(shoal_model::Span::from_seconds(5 * DAY)), ..settings(directory.path()) };
    let (index, mut writer) = Index::open(&kept).unwrap();
    let at = shoal_model::Timestamp::from_seconds;
    let gone = |id: &str, seconds: i64| (Subject::Post(format!("test:{id}")), at(seconds));
    writer.add(Batch { posts: stream(), ..alerts(vec![evidence(1, 1)]) }).unwrap();
    // A post of before, one of the same batch, one that comes later, one that is never seen; and an account.
    let mut batch = posts(documents(30, [post("x", "one", 2 * DAY + 30, "said")]));
    batch.deletions = ["one-0", "x", "y", "z"].map(|id| gone(id, 2 * DAY + 31)).into();
    batch.deletions.push((account("two"), at(2 * DAY + 31)));
    writer.add(batch).unwrap();
    writer.commit().unwrap();
    assert_eq!((ids(&index).len(), with_word(&index, "two")), (19, 0));
    let told = serde_json::to_string(&all_alerts(&index)).unwrap();
    assert!(!told.contains("test:two") && !told.contains("one-0"), "{told}");
    writer.close().unwrap();
    let (index, mut writer) = Index::open(&kept).unwrap();
    writer.add(posts(documents(31, [post("y", "one", 2 * DAY + 40, "said")]))).unwrap();
    writer.commit().unwrap();
    assert_eq!(ids(&index).len(), 19);
    // What is as old as that is not kept, and so the list of it is not either.
    let list = || fs::read_to_string(directory.path().join("erased")).unwrap();
    assert_eq!(list().lines().count(), 5);
    writer.add(posts(documents(32, [post("w", "one", 9 * DAY, "said")]))).unwrap();
    writer.commit().unwrap();
    assert_eq!((ids(&index), list().lines().count()), (vec!["w".to_owned()], 1));
    drop(writer);
    let log = fs::read_to_string(directory.path().join("audit.ndjson")).unwrap();
    assert_eq!(log.lines().count(), 1);
    assert!(log.contains(r#""by":"stream","action":{"deletions":{"subjects":5,"posts":11,"alerts":1}}"#), "{log}");
}

#[test]
fn purges_come_by_themselves() {
    let directory = testing::directory();
    let soon = crate::Settings { purge: shoal_model::Span::from_micros(1_000), ..settings(directory.path()) };
    let (index, mut writer) = Index::open(&soon).unwrap();
    writer.add(posts(stream())).unwrap();
    index.erase(&account("threesome"), "me", "asked to").unwrap();
    // Two answers later the thread has waited for messages at least once, longer than a millisecond or not.
    while index.counts().purged == 0 {
        writer.commit().unwrap();
    }
    assert!(files_with(directory.path(), "threesome").is_empty());
}
