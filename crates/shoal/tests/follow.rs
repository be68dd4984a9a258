//! `shoal run --follow`: a file that grows, a word to stop, and going on from there.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{PostLine, Watched, alerts, command, length, lines, pipeline, shoal, stop, terminate, watch};
use shoal_model::{Alert, Span, Timestamp};

struct FollowedRun {
    directory: tempfile::TempDir,
    posts: Vec<PostLine>,
    /// The alerts of a run over all of the posts.
    expected: Vec<Alert>,
}

impl FollowedRun {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let posts = lines(Path::new(&pipeline("demo.ndjson")));
        let place = Self { directory, posts, expected: Vec::new() };
        common::write(&place.path("posts.ndjson"), &place.posts);
        let file = pipeline("file.toml");
        let whole = ["run", &file, "--input", "posts.ndjson", "--output", "whole.ndjson"];
        shoal(place.directory.path(), &whole).well();
        fs::write(place.path("posts.ndjson"), "").unwrap();
        let expected = alerts(&place.path("whole.ndjson"));
        Self { expected, ..place }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn append(&self, from: usize, to: usize) {
        let mut file = File::options().append(true).open(self.path("posts.ndjson")).unwrap();
        let lines = self.posts[from..to].iter().flat_map(|line| [&line.text[..], b"\n"]);
        file.write_all(&lines.collect::<Vec<_>>().concat()).unwrap();
    }

    /// So many posts that the first `alerts` alerts are due.
    fn until(&self, alerts: usize) -> usize {
        let raised = self.expected[alerts - 1].raised_at.to_string();
        self.posts.iter().take_while(|line| line.ts <= raised).count() + 10
    }

    fn follow(&self) -> Child {
        let file = pipeline("file.toml");
        let run = ["run", &file, "--input", "posts.ndjson", "--output", "alerts.ndjson", "--follow"];
        let more = ["--state", "state", "--set", "checkpoint.every_posts=1000"];
        let mut command = command(self.directory.path(), &[&run[..], &more].concat());
        command.stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The bytes of all alerts that must be out once the first posts are in. The newest second may still be added to;
    /// what is older is released, and event time comes as far as the newest of it.
    fn due(&self, posts: usize) -> u64 {
        let newest = self.time(posts - 1).minus(Span::from_seconds(1));
        let released = (0..posts).map(|number| self.time(number)).filter(|at| *at < newest).max().unwrap();
        let due = self.expected.iter().take_while(|alert| alert.raised_at < released);
        due.map(|alert| serde_json::to_string(alert).unwrap().len() as u64 + 1).sum()
    }

    fn time(&self, post: usize) -> Timestamp {
        serde_json::from_value(self.posts[post].ts.as_str().into()).unwrap()
    }

    /// Waits until all alerts that are due are out.
    fn wait(&self, child: &mut Child, posts: usize) {
        let (path, due) = (self.path("alerts.ndjson"), self.due(posts));
        assert_eq!(watch(child, || length(&path) >= due), Watched::Reached, "it ended, {due} bytes were due");
    }
}

#[test]
fn a_growing_file_is_followed_and_a_stopped_run_goes_on() {
    let place = FollowedRun::new();
    let (count, revisions) = (place.posts.len(), place.expected.len());
    let [first, second, third] = [1, 3, 6].map(|part| place.until(revisions * part / 8));
    let due = [first, second, third, count].map(|posts| place.due(posts));
    assert!(0 < due[0] && due[0] < due[1] && due[1] < due[2] && due[2] < due[3], "{due:?}");
    place.append(0, first);
    let mut child = place.follow();
    place.wait(&mut child, first);
    place.append(first, second);
    place.wait(&mut child, second);
    let said = stop(child);
    assert!(said.contains("written to") && said.contains("alerts.ndjson"), "{said}");
    // Posts come while nobody looks.
    place.append(second, third);
    let mut child = place.follow();
    place.wait(&mut child, third);
    place.append(third, count);
    place.wait(&mut child, count);
    stop(child);
    let (found, whole) =
        (fs::read(place.path("alerts.ndjson")).unwrap(), fs::read(place.path("whole.ndjson")).unwrap());
    assert!(whole.starts_with(&found), "following found something else");
    assert!(found.len() as u64 >= due[3], "{} bytes, {} were due", found.len(), due[3]);
}

#[test]
fn half_a_line_is_waited_for() {
    let place = FollowedRun::new();
    let count = place.posts.len();
    place.append(0, count / 2);
    let mut torn = File::options().append(true).open(place.path("posts.ndjson")).unwrap();
    let (head, tail) = place.posts[count / 2].text.split_at(20);
    torn.write_all(head).unwrap();
    let mut child = place.follow();
    place.wait(&mut child, count / 2);
    torn.write_all(tail).unwrap();
    torn.write_all(b"\n").unwrap();
    place.append(count / 2 + 1, count);
    place.wait(&mut child, count);
    stop(child);
    assert_eq!(length(&place.path("alerts.dead-letters.ndjson")), 0, "half a line is no dead letter");
}

#[test]
fn without_follow_a_stopped_run_says_that_it_is_not_done() {
    let place = FollowedRun::new();
    fs::remove_file(place.path("posts.ndjson")).unwrap();
    let (status, file) =
        (Command::new("mkfifo").arg(place.path("posts.ndjson")).status().unwrap(), pipeline("file.toml"));
    assert!(status.success());
    let run = ["run", &file, "--input", "posts.ndjson", "--output", "alerts.ndjson"];
    let mut child = command(place.directory.path(), &run).stderr(Stdio::piped()).spawn().unwrap();
    // A pipe keeps the process waiting for as long as somebody may write.
    let mut pipe = File::options().write(true).open(place.path("posts.ndjson")).unwrap();
    let bytes = |from: usize, to: usize| {
        place.posts[from..to].iter().flat_map(|line| [&line.text[..], b"\n"]).collect::<Vec<_>>().concat()
    };
    let half = place.posts.len() / 2;
    pipe.write_all(&bytes(0, half)).unwrap();
    let path = place.path("alerts.ndjson");
    assert_eq!(watch(&mut child, || length(&path) > 0), Watched::Reached);
    terminate(&child);
    // It stops between two batches: give it the rest of one. It may be gone by then.
    let _ = pipe.write_all(&bytes(half, place.posts.len()));
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("stopped before the end of the input"), "{said}");
}
