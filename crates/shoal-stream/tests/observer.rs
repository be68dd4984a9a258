//! The observer, and everything it is told: every post that was kept, with where it was read; which texts are one
//! object; what is gone.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use common::{alerts, config, identities, job, stream, write};
use shoal_detect::PostEntities;
use shoal_model::{Alert, Deletion, ObjectKey, TextKey, Timestamp};
use shoal_stream::{BatchOutcome, ObservedPost, Observer, ObserverError, RunProgress, run};

#[derive(Default)]
struct Told {
    posts: Vec<(u64, String)>,
    texts: BTreeMap<TextKey, String>,
    objects: BTreeMap<TextKey, ObjectKey>,
    duplicates: usize,
    deletions: Vec<Deletion>,
    alerts: Vec<Alert>,
    at: Option<Timestamp>,
    checkpoints: usize,
    refuses: bool,
}

impl Observer for Told {
    fn progress(&mut self, _progress: &RunProgress) {}

    fn alert(&mut self, alert: &Alert) {
        self.alerts.push(alert.clone());
    }

    fn keeps_posts(&self) -> bool {
        true
    }

    fn deletion(&mut self, deletion: &Deletion) {
        self.deletions.push(deletion.clone());
    }

    fn settled(&mut self, settled: BatchOutcome) -> Result<(), ObserverError> {
        for ObservedPost { source, offset, at, post, .. } in settled.posts {
            assert_eq!(source, 0);
            assert!(self.at <= Some(at), "posts are told in order");
            self.at = Some(at);
            assert_eq!(post.entities, PostEntities::of(&post.post));
            self.posts.push((offset, post.post.id.clone()));
            if let Some(text) = &post.text {
                self.texts.insert(text.key, post.post.text);
            }
        }
        self.duplicates += settled.duplicates.len();
        self.objects.extend(settled.texts.iter().map(|text| (text.text, text.object)));
        for merge in settled.merges {
            assert_ne!(merge.old, merge.new);
        }
        if self.refuses { Err("no room".into()) } else { Ok(()) }
    }

    fn checkpoint(&mut self) -> Result<(), ObserverError> {
        self.checkpoints += 1;
        Ok(())
    }
}

#[test]
fn everything_is_told_once_and_where_it_was_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("posts");
    let posts = stream(1);
    write(&path, &posts);
    let mut text = fs::read_to_string(&path).unwrap();
    // The last post once more, and word that things are gone.
    let last = text.lines().last().unwrap().to_owned();
    let gone = last.replacen('{', "{\"deleted\":true,", 1);
    text.push_str(&[&last, "\n", &gone, "\n"].concat());
    fs::write(&path, &text).unwrap();
    let job = job(&[path], directory.path().join("alerts"), config());
    let mut told = Told::default();
    let summary = run(&job, &mut told).unwrap();
    assert!(summary.is_conserved());
    assert_eq!(summary.sources.deletions, 1);
    assert_eq!(told.deletions.len(), 1);
    assert!(summary.prepare.duplicate > 0);
    assert_eq!(told.duplicates, summary.prepare.duplicate as usize);
    assert_eq!(told.posts.len() as u64, posts.len() as u64 + 1 - summary.prepare.duplicate);
    let ids: BTreeSet<&String> = told.posts.iter().map(|(_, id)| id).collect();
    assert_eq!(ids.len(), told.posts.len(), "duplicates are not told");
    for (offset, id) in &told.posts {
        let line = text.get(*offset as usize..).unwrap().lines().next().unwrap();
        assert!(line.contains(id.split_once(':').unwrap().1), "{id} is not at {offset}");
    }
    // Every text object of an alert is one that texts were told to belong to.
    let objects: Vec<String> = told.objects.values().map(ToString::to_string).collect();
    let texts = told.alerts.iter().flat_map(|alert| &alert.observed.objects);
    let texts: Vec<_> = texts.filter(|object| object.layer == shoal_model::Layer::Text).collect();
    assert!(!texts.is_empty());
    for object in texts {
        assert!(objects.contains(&object.key), "{}", object.label);
    }
    assert!(told.objects.keys().all(|text| told.texts.contains_key(text)));
    assert_eq!(told.checkpoints, 0, "there is no state");
}

#[test]
fn deletions_change_no_alert() {
    let directory = tempfile::tempdir().unwrap();
    let (with, without) = (directory.path().join("with"), directory.path().join("without"));
    let posts = stream(2);
    write(&without, &posts);
    let text = fs::read_to_string(&without).unwrap();
    let doubled: Vec<String> =
        text.lines().map(|line| format!("{line}\n{}\n", line.replacen('{', "{\"deleted\":true,", 1))).collect();
    fs::write(&with, doubled.concat()).unwrap();
    let (expected, _) = alerts(&job(&[without], directory.path().join("a"), config()));
    let (found, summary) = alerts(&job(&[with], directory.path().join("b"), config()));
    assert!(!expected.is_empty());
    assert_eq!(identities(&expected), identities(&found));
    assert_eq!(summary.sources.deletions as usize, posts.len());
    assert!(summary.is_conserved());
}

#[test]
fn an_observer_that_cannot_go_on_ends_the_run() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("posts");
    write(&path, &stream(1));
    let job = job(&[path], directory.path().join("alerts"), config());
    let error = run(&job, &mut Told { refuses: true, ..Told::default() }).unwrap_err();
    assert_eq!(error.to_string(), "no room");
}
