//! Records that say several things, or nothing for Shoal: all of it is counted, has its place, and changes no alert.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
#[path = "../../shoal-formats/tests/pages/mod.rs"]
mod pages;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;

use common::{Made, alerts, assert_enough, config, identities, job, stream, with_state, write};
use pages::PAGES;
use shoal_formats::{DeadLetters, Reason};
use shoal_model::Alert;
use shoal_stream::{BatchOutcome, Error, Job, Observer, ObserverError, RunProgress, run};

/// The same posts on pages of one to five, among likes, empty pages and a page with a broken post. Every tenth page
/// says of its last post that it is gone.
struct Paged {
    text: String,
    likes: u64,
    empty: u64,
    pages: u64,
    deletions: u64,
}

fn on_pages(posts: &[Made]) -> Paged {
    let mut paged = Paged { text: String::new(), likes: 0, empty: 0, pages: 0, deletions: 0 };
    let mut rest = posts;
    while !rest.is_empty() {
        let (page, after) = rest.split_at((paged.pages as usize % 5 + 1).min(rest.len()));
        rest = after;
        let mut elements: Vec<String> = page.iter().map(|post| post.line.clone()).collect();
        if paged.pages.is_multiple_of(10) {
            elements.push(elements.last().unwrap().replacen('{', "{\"deleted\":true,", 1));
            paged.deletions += 1;
        }
        paged.pages += 1;
        writeln!(paged.text, "[{}]", elements.join(",")).unwrap();
        if paged.pages.is_multiple_of(3) {
            paged.text.push_str("{\"likes\":\"p000001\"}\n");
            paged.likes += 1;
        }
        if paged.pages.is_multiple_of(100) {
            paged.text.push_str("[]\n");
            paged.empty += 1;
        }
    }
    let broken = format!("[{},{{\"id\":5}}]\n", posts[0].line);
    paged.text.push_str(&broken);
    paged
}

fn paged_job(input: &Path, output: &Path) -> Job {
    let mut job = job(&[input.to_owned()], output.to_owned(), config());
    job.sources[0].format = Some(PAGES);
    job
}

/// The value of a counter with this label.
fn counter(job: &Job, name: &str, label: &str) -> u64 {
    let families = job.metrics.registry().gather();
    let family = families.iter().find(|family| family.name() == name).unwrap();
    let has = |metric: &&prometheus::proto::Metric| metric.get_label().iter().any(|pair| pair.value() == label);
    family.get_metric().iter().find(has).map_or(0, |metric| metric.get_counter().get_value() as u64)
}

#[test]
fn pages_give_the_alerts_of_lines_and_everything_in_them_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let (lines, input) = (directory.path().join("lines"), directory.path().join("pages"));
    let posts = stream(1);
    let paged = on_pages(&posts);
    write(&lines, &posts);
    fs::write(&input, &paged.text).unwrap();
    let (expected, _) = alerts(&job(&[lines], directory.path().join("lines.alerts"), config()));
    assert_enough(&expected);
    for threads in [1, 2] {
        let output = directory.path().join(format!("pages.{threads}"));
        let job = Job { threads, ..paged_job(&input, &output) };
        let (found, summary) = alerts(&job);
        assert_eq!(identities(&found), identities(&expected));
        let sources = &summary.sources;
        assert_eq!(sources.records, paged.pages + paged.likes + paged.empty + 1);
        assert_eq!(sources.records + sources.further - sources.ignored() - 1, posts.len() as u64 + paged.deletions);
        assert_eq!(sources.processed, posts.len() as u64);
        assert_eq!(sources.deletions, paged.deletions);
        assert_eq!(sources.ignored.get("like"), Some(&paged.likes));
        assert_eq!(sources.ignored.get("empty_page"), Some(&paged.empty));
        assert_eq!(counter(&job, "shoal_source_records_total", "pages"), sources.records);
        assert_eq!(counter(&job, "shoal_source_further_total", "pages"), sources.further);
        assert_eq!(counter(&job, "shoal_source_outcomes_total", "ignored"), sources.ignored());
        assert_eq!(counter(&job, "shoal_source_outcomes_total", "processed"), sources.processed);
        assert_eq!(counter(&job, "shoal_ignored_total", "like"), paged.likes);
        // A page with a broken post is refused whole.
        let letters: Vec<_> = DeadLetters::open(output.with_extension("dead")).unwrap().map(Result::unwrap).collect();
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].reason, Reason::MissingField);
        assert!(paged.text.ends_with(&format!("{}\n", String::from_utf8_lossy(&letters[0].raw))));
    }
}

#[test]
fn a_post_of_a_page_with_a_wrong_time_is_refused_alone() {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("pages");
    let posts = stream(1);
    let mut text = String::new();
    for (number, page) in posts.chunks(4).enumerate() {
        let mut elements: Vec<String> = page.iter().map(|post| post.line.clone()).collect();
        if number == 700 {
            elements
                .insert(2, elements[0].replace("\"ts\":\"2023", "\"ts\":\"2123").replace("\"id\":\"p", "\"id\":\"q"));
        }
        writeln!(text, "[{}]", elements.join(",")).unwrap();
    }
    fs::write(&input, text).unwrap();
    let output = directory.path().join("alerts");
    let (_, summary) = alerts(&paged_job(&input, &output));
    assert_eq!(summary.sources.dead_letters[Reason::Future.index()], 1);
    assert_eq!(summary.sources.processed, posts.len() as u64);
    let letter = DeadLetters::open(output.with_extension("dead")).unwrap().next().unwrap().unwrap();
    assert_eq!((letter.record, letter.reason), (700, Reason::Future));
    assert!(letter.detail.starts_with("post 3 of the record: "), "{}", letter.detail);
    assert!(letter.raw.starts_with(b"[{") && letter.raw.ends_with(b"}]"));
}

/// Keeps where posts were read; stops after so many batches.
struct Places<'a> {
    job: &'a Job,
    batches: usize,
    posts: Vec<(u64, u32, String)>,
}

impl Observer for Places<'_> {
    fn progress(&mut self, _progress: &RunProgress) {
        self.batches = self.batches.saturating_sub(1);
        if self.batches == 0 {
            self.job.stop.store(true, Ordering::Relaxed);
        }
    }

    fn alert(&mut self, _alert: &Alert) {}

    fn keeps_posts(&self) -> bool {
        true
    }

    fn settled(&mut self, outcome: BatchOutcome) -> Result<(), ObserverError> {
        let posts = outcome.posts.into_iter();
        self.posts.extend(posts.map(|post| (post.offset, post.part, post.post.post.id.clone())));
        Ok(())
    }
}

#[test]
fn every_post_of_a_page_has_its_place_also_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("pages");
    let paged = on_pages(&stream(1));
    fs::write(&input, &paged.text).unwrap();
    let job = with_state(paged_job(&input, &directory.path().join("alerts")), directory.path().join("state"), 500);
    let mut told = Vec::new();
    for batches in [1, 2, usize::MAX] {
        let again = Job { stop: std::sync::Arc::default(), ..job.clone() };
        let mut places = Places { job: &again, batches, posts: Vec::new() };
        match run(&again, &mut places) {
            Ok(summary) => assert!(summary.is_conserved(), "{summary:?}"),
            Err(error) => assert!(matches!(error, Error::Stopped), "{error}"),
        }
        told.append(&mut places.posts);
    }
    let mut expected = Vec::new();
    let mut offset = 0;
    for line in paged.text.split_inclusive('\n') {
        if let Ok(serde_json::Value::Array(page)) = serde_json::from_str(line) {
            let posts =
                page.iter().enumerate().filter(|(_, post)| post.get("ts").is_some() && post.get("deleted").is_none());
            expected.extend(
                posts.map(|(part, post)| (offset, part as u32, format!("made:{}", post["id"].as_str().unwrap()))),
            );
        }
        offset += line.len() as u64;
    }
    // The last page is refused whole.
    expected.pop();
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
}
