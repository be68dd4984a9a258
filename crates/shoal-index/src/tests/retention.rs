use shoal_model::Span;

use super::*;
use crate::Settings;
use crate::testing::{self, alert, documents, post, settings, text};

const DAY: i64 = 86_400;

#[test]
fn what_is_older_than_what_is_kept_goes_as_a_whole() {
    let directory = testing::directory();
    let kept = Settings { keep: Some(Span::from_seconds(3 * DAY)), ..settings(directory.path()) };
    let days: Vec<_> = (0..10).map(|day| post(&day.to_string(), "a", day * DAY + 100, "words")).collect();
    let mut first = posts(documents(0, days[..1].to_vec()));
    first.alerts = vec![alert(1, 1, &["a"], &[("1", "a", 10, 7)]), alert(2, 1, &["a"], &[("1", "a", 10, 7)])];
    first.texts = vec![text(1, 7, 100), text(2, 7, 100)];
    let (index, mut writer) = Index::open(&kept).unwrap();
    writer.add(first).unwrap();
    writer.commit().unwrap();
    let reader = Index::read(directory.path()).unwrap();
    let held = index.snapshot().unwrap();
    let mut rest = posts(documents(1, days[1..].to_vec()));
    rest.alerts = vec![alert(2, 2, &["a"], &[("9", "a", 9 * DAY, 7)])];
    rest.texts = vec![text(2, 7, 9 * DAY)];
    writer.add(rest).unwrap();
    writer.commit().unwrap();
    // The newest is 9 d 100 s; what is older than 6 d 100 s may go, and so do days 0 to 5.
    assert_eq!(ids(&index), ["6", "7", "8", "9"]);
    assert_eq!(ids(&reader), ["6", "7", "8", "9"]);
    let left: Vec<_> = all_alerts(&index).iter().map(|alert| (alert.alert_id.clone(), alert.revision)).collect();
    let two = format!("{:032x}", 2);
    assert_eq!(left, [(two.clone(), 1), (two.clone(), 2), (two, 2)]);
    assert_eq!(index.snapshot().unwrap().texts.num_docs(), 1);
    assert_eq!(index.counts().buckets_dropped, 6);
    assert_eq!(fs::read_dir(directory.path().join("posts")).unwrap().count(), 4);
    // Who began to look before still sees what was there.
    assert_eq!(stored(&held.buckets[0].searcher, held.posts.stored).len(), 1);
    drop(writer);
    // A run from the beginning brings nothing back.
    let (index, mut writer) = Index::open(&kept).unwrap();
    let again = vec![alert(1, 1, &["a"], &[("1", "a", 10, 7)])];
    writer.add(Batch { posts: documents(0, days), texts: vec![text(1, 7, 100)], ..alerts(again) }).unwrap();
    writer.commit().unwrap();
    assert_eq!(ids(&index), ["6", "7", "8", "9"]);
    assert_eq!((index.counts().expired, index.counts().present, index.counts().added), (6, 4, 0));
    assert_eq!((all_alerts(&index).len(), index.snapshot().unwrap().texts.num_docs()), (3, 1));
}
