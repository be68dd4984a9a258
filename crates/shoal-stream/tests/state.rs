//! State: being stopped and started again changes nothing, and no state is mistaken for another.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use common::{alerts, assert_enough, config, identities, job, read, stream, with_state, write};
use shoal_model::Alert;
use shoal_stream::{Error, Job, Observer, RunProgress, STATE_VERSION, run};

/// Stops a run after so many batches.
struct StopAfter<'a> {
    batches: AtomicU64,
    job: &'a Job,
}

impl Observer for StopAfter<'_> {
    fn progress(&mut self, _progress: &RunProgress) {
        if self.batches.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.job.stop.store(true, Ordering::Relaxed);
        }
    }

    fn alert(&mut self, _alert: &Alert) {}
}

struct Place {
    directory: tempfile::TempDir,
    input: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let input = directory.path().join("posts.ndjson");
        write(&input, &stream(1));
        Self { directory, input }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn job(&self, name: &str) -> Job {
        job(std::slice::from_ref(&self.input), self.path(name), config())
    }

    fn job_with_state(&self) -> Job {
        with_state(self.job("alerts"), self.path("state"), 500)
    }

    fn undisturbed(&self) -> Vec<u8> {
        let job = self.job("undisturbed");
        assert_enough(&alerts(&job).0);
        fs::read(self.path("undisturbed")).unwrap()
    }
}

fn stop_after(job: &Job, batches: u64) -> Result<shoal_stream::Summary, Error> {
    run(job, &mut StopAfter { batches: AtomicU64::new(batches), job })
}

fn resumable(job: &Job) -> Job {
    let mut job = job.clone();
    job.stop = std::sync::Arc::default();
    job
}

#[test]
fn stopped_anywhere_and_resumed_the_output_is_byte_identical() {
    let place = Place::new();
    let expected = place.undisturbed();
    for batches in 1..9 {
        let job = place.job_with_state();
        let _ = fs::remove_dir_all(place.path("state"));
        assert!(matches!(stop_after(&job, batches), Err(Error::Stopped)), "{batches}");
        let summary = run(&resumable(&job), &mut ()).unwrap();
        assert!(summary.resumed && summary.is_conserved());
        assert!(fs::read(place.path("alerts")).unwrap() == expected, "stopped after {batches} batches");
    }
}

#[test]
fn output_beyond_the_checkpoint_is_cut() {
    let place = Place::new();
    let expected = place.undisturbed();
    let job = place.job_with_state();
    assert!(matches!(stop_after(&job, 5), Err(Error::Stopped)));
    let mut torn = fs::read(place.path("alerts")).unwrap();
    torn.extend_from_slice(b"{\"half an alert");
    fs::write(place.path("alerts"), torn).unwrap();
    run(&resumable(&job), &mut ()).unwrap();
    assert!(fs::read(place.path("alerts")).unwrap() == expected);
}

#[test]
fn a_finished_state_with_unchanged_input_changes_nothing() {
    let place = Place::new();
    let job = place.job_with_state();
    let first = run(&job, &mut ()).unwrap();
    let before = fs::read(place.path("alerts")).unwrap();
    let again = run(&job, &mut ()).unwrap();
    assert!(again.nothing_to_do && !first.nothing_to_do);
    assert_eq!(again.records_now, 0);
    assert!(fs::read(place.path("alerts")).unwrap() == before);
}

#[test]
fn a_grown_input_is_read_again_from_the_first_record() {
    let place = Place::new();
    let posts = stream(1);
    write(&place.input, &posts[..5_000]);
    let job = place.job_with_state();
    run(&job, &mut ()).unwrap();
    write(&place.input, &posts);
    let summary = run(&job, &mut ()).unwrap();
    assert_eq!(summary.records_now as usize, posts.len());
    assert!(fs::read(place.path("alerts")).unwrap() == place.undisturbed());
}

#[test]
fn no_state_no_valid_manifest_starts_afresh_and_replaces_the_output() {
    let place = Place::new();
    let expected = place.undisturbed();
    let job = place.job_with_state();
    run(&job, &mut ()).unwrap();
    for entry in fs::read_dir(place.path("state")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            fs::write(path, "{ not a manifest").unwrap();
        }
    }
    let summary = run(&job, &mut ()).unwrap();
    assert!(!summary.resumed);
    assert!(fs::read(place.path("alerts")).unwrap() == expected);
}

fn newest(state: &Path, extension: &str) -> PathBuf {
    let paths = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|found| found == extension)).max().unwrap()
}

#[test]
fn a_damaged_snapshot_is_passed_over_for_the_one_before() {
    let place = Place::new();
    let expected = place.undisturbed();
    let job = place.job_with_state();
    assert!(matches!(stop_after(&job, 6), Err(Error::Stopped)));
    let snapshot = newest(&place.path("state"), "state");
    let mut bytes = fs::read(&snapshot).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&snapshot, bytes).unwrap();
    let summary = run(&resumable(&job), &mut ()).unwrap();
    assert!(summary.resumed, "the checkpoint before it is whole");
    assert!(fs::read(place.path("alerts")).unwrap() == expected);
}

#[test]
fn another_configuration_version_input_or_output_is_refused() {
    let place = Place::new();
    let job = place.job_with_state();
    assert!(matches!(stop_after(&job, 4), Err(Error::Stopped)));
    let job = resumable(&job);

    let other = Job { fingerprint: "other".to_owned(), ..job.clone() };
    let error = run(&other, &mut ()).unwrap_err();
    assert!(matches!(error, Error::OtherConfiguration { .. }) && error.to_string().contains("--state"), "{error}");

    let manifest = newest(&place.path("state"), "json");
    let text = fs::read_to_string(&manifest).unwrap();
    // 2 was never released.
    for version in [2, 99] {
        let was = format!("\"version\": {STATE_VERSION}");
        fs::write(&manifest, text.replacen(&was, &format!("\"version\": {version}"), 1)).unwrap();
        let error = run(&job, &mut ()).unwrap_err();
        assert!(matches!(error, Error::OtherVersion { found, .. } if found == version), "{error}");
        assert!(error.to_string().contains("versions 3 to"), "{error}");
    }
    fs::write(&manifest, text).unwrap();

    let copy = place.path("copy.ndjson");
    fs::copy(&place.input, &copy).unwrap();
    let moved = with_state(common::job(&[copy], place.path("alerts"), config()), place.path("state"), 500);
    assert!(matches!(run(&moved, &mut ()), Err(Error::OtherRun { .. })));

    fs::write(place.path("alerts"), "").unwrap();
    let lost = run(&job, &mut ());
    let known = fs::metadata(place.path("alerts")).unwrap().len();
    assert!(matches!(lost, Err(Error::OutputLost { .. })) || known > 0, "{lost:?}");
}

#[test]
fn a_state_directory_serves_one_process() {
    struct Second<'a>(&'a Job, bool);
    impl Observer for Second<'_> {
        fn progress(&mut self, _progress: &RunProgress) {
            self.1 |= matches!(run(self.0, &mut ()), Err(Error::StateInUse(_)));
        }
        fn alert(&mut self, _alert: &Alert) {}
    }
    let place = Place::new();
    let job = place.job_with_state();
    let mut second = Second(&job, false);
    run(&job, &mut second).unwrap();
    assert!(second.1);
}

#[test]
fn a_resumed_run_over_several_sources_is_the_same() {
    let place = Place::new();
    let expected = identities(&read_after(&place.job("undisturbed")));
    let posts = stream(1);
    let halves: Vec<PathBuf> = (0..2)
        .map(|half| {
            let path = place.path(&format!("half{half}"));
            let own: Vec<_> = posts.iter().filter(|post| post.author.len() % 2 == half).cloned().collect();
            write(&path, &own);
            path
        })
        .collect();
    let job = with_state(job(&halves, place.path("alerts"), config()), place.path("state"), 500);
    assert!(matches!(stop_after(&job, 6), Err(Error::Stopped)));
    run(&resumable(&job), &mut ()).unwrap();
    assert_eq!(identities(&read(&place.path("alerts"))), expected);
}

fn read_after(job: &Job) -> Vec<Alert> {
    alerts(job).0
}
