//! A disk that is full: a clear end, and nothing of what was committed is lost.

use std::env;
use std::process::{Command, Stdio};

use super::*;
use crate::Error;
use crate::testing::{self, documents, post, settings};

/// Variable that gives the directory of the index to the process whose files may not grow.
const PLACE: &str = "SHOAL_INDEX_FULL";

const POSTS: u64 = 20_000;

fn batch(first: u64) -> Batch {
    let text =
        |n: u64| (0..20).map(|word| format!("w{}", n * (word + 3) * 7_919 % 100_003)).collect::<Vec<_>>().join(" ");
    posts(documents(first, (first..first + 500).map(|n| post(&format!("{n:06}"), "a", n as i64, &text(n)))))
}

/// The child process of the test below; alone it does nothing.
#[test]
fn child() {
    let Ok(directory) = env::var(PLACE) else { return };
    let (index, mut writer) = Index::open(&settings(Path::new(&directory))).unwrap();
    let mut run = || -> Result<(), Error> {
        for first in (0..POSTS).step_by(500) {
            writer.add(batch(first))?;
            if first % 2_000 == 0 {
                writer.commit()?;
                println!("committed {}", first + 500);
            }
        }
        writer.commit()
    };
    println!("error {}", run().unwrap_err());
    // It stays so, and what is there can be read.
    assert!(matches!(writer.add(Batch::default()), Err(Error::Stopped(_))));
    assert!(matches!(writer.commit(), Err(Error::Stopped(_))));
    println!("stopped {}", index.status().unwrap().stopped.unwrap());
    println!("found {}", ids(&index).len());
}

#[test]
fn a_full_disk_ends_writing_and_loses_nothing() {
    let directory = testing::directory();
    // Files may not grow beyond some size: to the program that is like a disk without room, and needs no disk.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\""])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "tests::full::child", "--nocapture"])
        .env(PLACE, directory.path())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let said = |what: &str| output.lines().rev().find_map(|line| Some(line.strip_prefix(what)?.trim().to_owned()));
    let error = said("error ").unwrap_or_else(|| panic!("{output}"));
    assert!(error.contains("1970-01-01T000000Z") && error.contains("make room there"), "{error}");
    assert!(said("stopped ").unwrap().contains("make room there"), "{output}");
    let committed: usize = said("committed ").unwrap().parse().unwrap();
    assert_eq!(said("found ").unwrap(), committed.to_string());
    let (index, mut writer) = Index::open(&settings(directory.path())).unwrap();
    assert_eq!((ids(&index).len(), index.status().unwrap().damaged), (committed, 0));
    for first in (0..POSTS).step_by(500) {
        writer.add(batch(first)).unwrap();
    }
    writer.commit().unwrap();
    assert_eq!(ids(&index).len() as u64, POSTS);
    assert_eq!(index.counts().present, committed as u64);
}
