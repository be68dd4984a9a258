use std::sync::{Arc, Mutex};

use shoal_model::Timestamp;
use tantivy::DocSet as _;

use super::*;
use crate::testing::{self, alert, documents, merge, post, settings, text};

const DAY: i64 = 86_400;

#[test]
fn what_is_committed_can_be_found() {
    let directory = testing::directory();
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    writer.add(posts(documents(0, [post("1", "a", 10, "Vote #now"), post("2", "b", 20, "vote LATER")]))).unwrap();
    writer.commit().unwrap();
    assert_eq!(ids(&index), ["1", "2"]);
    assert_eq!((with_word(&index, "vote"), with_word(&index, "now"), with_word(&index, "Vote")), (2, 1, 0));
    writer.add(posts(documents(2, [post("3", "b", DAY + 5, "vote")]))).unwrap();
    writer.commit().unwrap();
    assert_eq!(with_word(&index, "vote"), 3);
    let status = index.status().unwrap();
    assert_eq!((status.posts, status.buckets, status.writes), (3, 2, true));
    assert_eq!(status.range, Some((Timestamp::from_seconds(10), Timestamp::from_seconds(DAY + 5))));
    let counts = index.counts();
    assert_eq!((counts.added, counts.present, counts.commits), (3, 0, 2));
    assert!(counts.bytes > 0 && counts.bytes == status.bytes);
}

#[test]
fn posts_are_kept_whole() {
    let mut whole = post("1", "a", 10, "Look: https://www.example.org/a?utm_source=x #Vote #NOW");
    whole.created_at = Some(Timestamp::from_seconds(5));
    whole.lang = None;
    whole.url = Some("https://example.org/status/1".to_owned());
    whole.action.reply_to = Some("test:0".to_owned());
    let (_directory, index) = testing::index(posts(documents(0, [whole])));
    insta::assert_json_snapshot!(all_posts(&index));
}

#[test]
fn the_run_goes_on_where_the_last_commit_was() {
    let directory = testing::directory();
    let stream: Vec<_> = (0..200).map(|n| post(&format!("{n:03}"), "a", n * 3_600, "words of a post")).collect();
    let from = |first: usize| posts(documents(first as u64, stream[first..].iter().cloned()));
    let (_, mut writer) = Index::open(&settings(directory.path())).unwrap();
    let mut start = from(0);
    start.posts.truncate(120);
    writer.add(start).unwrap();
    // Buckets before the last have been committed; the last one has not.
    drop(writer);
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    let there = ids(&index).len();
    assert_eq!(there, 96);
    writer.add(from(50)).unwrap();
    writer.commit().unwrap();
    assert_eq!(ids(&index), stream.iter().map(|post| post.id.trim_start_matches("test:")).collect::<Vec<_>>());
    assert_eq!((index.counts().present, index.counts().added), (46, 104));
    writer.close().unwrap();
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    writer.add(from(0)).unwrap();
    writer.close().unwrap();
    assert_eq!(index.counts().present, 200);
    assert_eq!(ids(&index).len(), 200);
}

#[test]
fn late_posts_are_known_again() {
    let directory = testing::directory();
    let stream = || {
        let mut late = documents(0, [post("1", "a", 10, "on time"), post("2", "a", 9 * DAY, "later")]);
        late.extend(documents(2, [post("3", "a", 20, "late")]));
        late[2].at = Timestamp::from_seconds(9 * DAY);
        posts(late)
    };
    for _ in 0..2 {
        let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
        writer.add(stream()).unwrap();
        writer.close().unwrap();
        assert_eq!(ids(&index), ["1", "2", "3"]);
        assert_eq!(index.status().unwrap().buckets, 2);
    }
}

#[test]
fn sources_have_marks_of_their_own() {
    let directory = testing::directory();
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    writer.add(posts(documents(7, [post("1", "a", 10, "one")]))).unwrap();
    writer.close().unwrap();
    let (other, mut writer) = Index::open(&settings(directory.path())).unwrap();
    let mut second = documents(7, [post("1", "a", 10, "one")]);
    second[0].source = "other".into();
    writer.add(posts(second)).unwrap();
    writer.close().unwrap();
    assert_eq!(other.counts().added, 1);
    // The first handle follows what is written after it.
    assert_eq!((ids(&other).len(), ids(&index).len()), (2, 2));
}

#[test]
fn closed_buckets_settle() {
    let directory = testing::directory();
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    for n in 0..5 {
        writer.add(posts(documents(n, [post(&n.to_string(), "a", n as i64, "words")]))).unwrap();
        writer.commit().unwrap();
    }
    writer.close().unwrap();
    let snapshot = index.snapshot().unwrap();
    assert_eq!(snapshot.buckets[0].searcher.segment_readers().len(), 1);
    assert_eq!(ids(&index).len(), 5);
}

#[test]
fn alerts_are_kept_by_revision_and_found_by_the_newest() {
    let directory = testing::directory();
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (ears, known) = (Arc::clone(&heard), index.clone());
    index.on_alert(Box::new(move |alert| {
        let found = all_alerts(&known).iter().any(|other| other == alert);
        ears.lock().unwrap().push((alert.revision, found));
    }));
    let revision = |revision| alert(1, revision, &["a", "b"], &[("1", "a", 10, 7), ("2", "b", 20, 7)]);
    writer.add(alerts(vec![revision(1), revision(2)])).unwrap();
    writer.commit().unwrap();
    writer.add(alerts(vec![revision(3), revision(2), alert(2, 1, &["c"], &[("3", "c", 30, 8)])])).unwrap();
    writer.commit().unwrap();
    let revisions: Vec<u32> = all_alerts(&index).iter().map(|alert| alert.revision).collect();
    assert_eq!(revisions, [1, 2, 3, 3, 1, 1]);
    assert_eq!(index.status().unwrap().alerts, 2);
    assert_eq!(*heard.lock().unwrap(), [(1, true), (2, true), (3, true), (2, true), (1, true)]);
    // An alert is opened when its first revision was raised.
    let snapshot = index.snapshot().unwrap();
    for reader in snapshot.alerts.segment_readers() {
        let opened = reader.fast_fields().i64("opened_at").unwrap();
        let first = revision(1).raised_at.micros();
        let other = alert(2, 1, &["c"], &[("3", "c", 30, 8)]).raised_at.micros();
        assert!(reader.doc_ids_alive().all(|document| [Some(first), Some(other)].contains(&opened.first(document))));
    }
}

#[test]
fn texts_replace_one_another() {
    let directory = testing::directory();
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    let told = |texts, merges| Batch { texts, merges, ..Batch::default() };
    writer.add(told(vec![text(1, 7, 10), text(2, 7, 20), text(1, 7, 30)], vec![merge(5, 6, 30)])).unwrap();
    writer.commit().unwrap();
    writer.add(told(vec![text(1, 9, 40), text(2, 7, 40)], vec![merge(5, 6, 40), merge(6, 9, 40)])).unwrap();
    writer.commit().unwrap();
    assert_eq!(index.counts().texts, 5);
    let snapshot = index.snapshot().unwrap();
    let mut found = Vec::new();
    for reader in snapshot.texts.segment_readers() {
        let [key, merged, object] =
            ["text_key", "merged", "object"].map(|name| reader.fast_fields().u64(name).unwrap());
        found.extend(reader.doc_ids_alive().map(|d| (key.first(d), merged.first(d), object.first(d))));
    }
    found.sort_unstable();
    assert_eq!(
        found,
        [(None, Some(5), Some(6)), (None, Some(6), Some(9)), (Some(1), None, Some(9)), (Some(2), None, Some(7)),]
    );
}

#[test]
fn single_min_hashes_are_terms() {
    let words = "a text that is long enough to have shingles of its own";
    let (_directory, index) = testing::index(posts(documents(0, [post("1", "a", 10, words)])));
    let snapshot = index.snapshot().unwrap();
    let reader = &snapshot.buckets[0].searcher.segment_readers()[0];
    let inverted = reader.inverted_index(snapshot.posts.min_hash).unwrap();
    assert_eq!(inverted.terms().num_terms(), crate::schema::MIN_HASHES);
    let document = &documents(0, [post("1", "a", 10, words)])[0];
    let kept = document.kept.text.unwrap();
    for (slot, hash) in kept.sketch.unwrap().0.into_iter().take(crate::schema::MIN_HASHES).enumerate() {
        let term = Term::from_field_u64(snapshot.posts.min_hash, crate::documents::min_hash(slot, hash));
        assert_eq!(inverted.read_postings(&term, IndexRecordOption::Basic).unwrap().unwrap().doc(), 0);
    }
    assert_eq!(reader.fast_fields().u64("text_key").unwrap().first(0), Some(kept.key.raw()));
}

#[test]
fn time_alone_commits() {
    let directory = testing::directory();
    let soon = crate::Settings { commit: shoal_model::Span::from_micros(1_000), ..settings(directory.path()) };
    let (index, mut writer) = Index::open(&soon).unwrap();
    let (heard, told) = std::sync::mpsc::sync_channel(1);
    index.on_alert(Box::new(move |_| heard.send(()).unwrap()));
    let alert = alert(1, 1, &["a"], &[("1", "a", 10, 7)]);
    writer.add(Batch { posts: documents(0, [post("1", "a", 10, "words")]), ..alerts(vec![alert]) }).unwrap();
    told.recv().unwrap();
    assert_eq!(ids(&index), ["1"]);
}
