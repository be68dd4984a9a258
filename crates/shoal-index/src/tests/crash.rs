//! Killed anywhere, and run again from an earlier place: every post is there once.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use shoal_model::{Post, Span, Timestamp};

use super::*;
use crate::testing::{self, alert, documents, post, settings, text};
use crate::{Settings, Subject};

/// Variable that gives the directory of the index to the process that is killed.
const PLACE: &str = "SHOAL_INDEX_CRASH";

const POSTS: usize = 6_000;

/// Posts of a batch.
const BATCH: usize = 100;

/// A record of the stream: offsets of one source are a little out of order, like those of posts put in order by time;
/// every third post comes from another source.
fn record(n: usize) -> (&'static str, u64, Post) {
    let offset = (n ^ 3) as u64;
    let source = if n.is_multiple_of(3) { "one" } else { "two" };
    let author = if n % 50 == 7 { "zebra".to_owned() } else { format!("account{}", n % 50) };
    let text = format!("post number {n} says word{} and word{}", n % 97, n % 89);
    (source, offset, post(&format!("{n:05}"), &author, n as i64 * 150, &text))
}

fn batch(first: usize) -> Batch {
    let records: Vec<_> = (first..(first + BATCH).min(POSTS)).map(record).collect();
    let mut posts = documents(0, records.iter().map(|(.., post)| post.clone()));
    for (document, (source, offset, _)) in posts.iter_mut().zip(&records) {
        document.source = (*source).into();
        document.offset = *offset;
    }
    let revision = (first / BATCH % 10 + 1) as u32;
    let alert = alert((first / BATCH / 10) as u8, revision, &["a", "b"], &[("x", "a", first as i64, 7)]);
    let at = Timestamp::from_seconds(first as i64 * 150);
    // Of these posts some are of before, some of this batch, some of accounts that are erased.
    let deletions = vec![(Subject::Post(format!("test:{:05}", first * 7 / 8)), at)];
    Batch {
        posts,
        alerts: vec![alert],
        texts: vec![text(first as u64 % 700, 7, at.micros() / 1_000_000)],
        deletions,
        ..Batch::default()
    }
}

fn often(directory: &Path) -> Settings {
    Settings { commit: Span::from_micros(3_000), purge: Span::from_micros(40_000), ..settings(directory) }
}

/// Runs the stream from the last checkpoint on. Tells of every batch on the standard output.
fn run(directory: &Path) {
    let checkpoint = directory.join("checkpoint");
    let first = fs::read_to_string(&checkpoint).map_or(0, |text| text.parse().unwrap());
    let (index, mut writer) = Index::open(&often(&directory.join("index"))).unwrap();
    for (number, first) in (first..POSTS).step_by(BATCH).enumerate() {
        writer.add(batch(first)).unwrap();
        println!("batch {first}");
        if number % 7 == 6 {
            writer.commit().unwrap();
            fs::write(directory.join("next"), (first + BATCH).to_string()).unwrap();
            fs::rename(directory.join("next"), &checkpoint).unwrap();
        }
        if first == POSTS / 2 {
            index.erase(&Subject::Account("test:zebra".to_owned()), "me", "asked to").unwrap();
        }
    }
    writer.close().unwrap();
    fs::write(directory.join("done"), "").unwrap();
}

/// The child process of the test below; alone it does nothing.
#[test]
fn child() {
    if let Ok(directory) = env::var(PLACE) {
        run(Path::new(&directory));
    }
}

/// Runs this program again, in a process that may be killed.
fn spawn(directory: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "tests::crash::child", "--nocapture"])
        .env(PLACE, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_anywhere_nothing_is_lost_or_repeated() {
    let undisturbed = testing::directory();
    run(undisturbed.path());
    let killed = testing::directory();
    let mut kills = 0;
    while !killed.path().join("done").exists() {
        let mut child = spawn(killed.path());
        // A different number of batches every time; what the thread that writes is doing just then is chance.
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let wanted = 4 + kills * 5 % 11;
        let seen = lines.map_while(Result::ok).filter(|line| line.starts_with("batch")).take(wanted).count();
        if seen == wanted {
            child.kill().unwrap();
            kills += 1;
        }
        child.wait().unwrap();
        assert!(kills < 500, "it does not get on");
    }
    assert!(kills >= 10, "{kills}");
    let (expected, index) = (Index::read(&undisturbed.path().join("index")), Index::read(&killed.path().join("index")));
    let (expected, index) = (expected.unwrap(), index.unwrap());
    let found = all_posts(&expected).len();
    let most = POSTS - POSTS / 50;
    assert!((most - POSTS / BATCH..most).contains(&found), "{found}");
    assert_eq!(all_posts(&index), all_posts(&expected));
    assert_eq!(all_alerts(&index), all_alerts(&expected));
    let keys = |index: &Index| -> Vec<u64> {
        let snapshot = index.snapshot().unwrap();
        let mut keys = Vec::new();
        for reader in snapshot.texts.segment_readers() {
            let column = reader.fast_fields().u64("text_key").unwrap();
            keys.extend(reader.doc_ids_alive().filter_map(|document| column.first(document)));
        }
        keys.sort_unstable();
        keys
    };
    assert_eq!(keys(&index), keys(&expected));
    assert_eq!(index.status().unwrap().audit_broken, None);
    assert_eq!(index.status().unwrap().damaged, 0);
    // Nothing of an erased account is left on disk, in what was written and never committed neither.
    let (index, writer) = Index::open(&settings(&killed.path().join("index"))).unwrap();
    index.purge().unwrap();
    writer.close().unwrap();
    assert_eq!(files_with(&killed.path().join("index"), "zebra"), Vec::<PathBuf>::new());
}
