//! The program as a process, the posts that it is given, and what is asked of its alerts.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses a part; a test may panic")]
#![allow(clippy::print_stderr, reason = "what is skipped is told there")]

#[path = "../../../shoal-stream/tests/common/mod.rs"]
pub(crate) mod made;

pub(crate) mod case;
pub(crate) mod fleet;
pub(crate) mod process;
pub(crate) mod records;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use shoal_model::Alert;

/// Looks at another process before a test gives up: two minutes, and a test that waits so long has failed.
const LOOKS: u32 = 240_000;
/// Between two looks.
const PAUSE: Duration = Duration::from_micros(500);

/// The results of a call of the program.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Fails unless it ended well.
    #[track_caller]
    pub(crate) fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// Fails unless it ended with `code` and every one of `words` on standard error.
    #[track_caller]
    pub(crate) fn refused(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in:\n{}", self.stderr);
        }
        self
    }
}

/// The program in a working directory, with nothing on standard error but what it says to people.
pub(crate) fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
    command.current_dir(directory).env("RUST_LOG", "off").args(arguments).stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn shoal(directory: &Path, arguments: &[&str]) -> Ran {
    ended(&mut command(directory, arguments))
}

/// Runs a command to its end.
pub(crate) fn ended(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The end of a process that was watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watched {
    /// It came to the moment, and lives.
    Reached,
    /// It ended before.
    Ended,
}

/// Watches a process until `moment`: nothing but looking tells what another process does. Fails when it never comes.
pub(crate) fn watch(child: &mut Child, moment: impl Fn() -> bool) -> Watched {
    for _ in 0..LOOKS {
        if moment() {
            return Watched::Reached;
        }
        if child.try_wait().unwrap().is_some() {
            return Watched::Ended;
        }
        thread::sleep(PAUSE);
    }
    child.kill().unwrap();
    panic!("waited in vain for what the process should do");
}

/// Asks a process to end.
pub(crate) fn terminate(child: &Child) {
    let kill = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
}

/// Asks a process to end; gives what it has not said yet. It must end well.
pub(crate) fn stop(child: Child) -> String {
    terminate(&child);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    said
}

/// The length of a file, 0 while there is none.
pub(crate) fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// A file of the shipped pipelines.
pub(crate) fn pipeline(name: &str) -> String {
    format!("{}/../../pipelines/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The folder of real posts, when all of `files` are in it; otherwise says what is skipped.
pub(crate) fn real_data(what: &str, files: &[&str]) -> Option<Vec<PathBuf>> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("SHOAL_DATA").map_or_else(beside, PathBuf::from);
    let paths: Vec<PathBuf> = files.iter().map(|file| folder.join(file)).collect();
    match paths.iter().find(|path| !path.is_file()) {
        None => Some(paths),
        Some(absent) => {
            eprintln!("SKIPPED: {what}: there is no {}", absent.display());
            None
        }
    }
}

/// A post, as much of it as the tests need.
#[derive(Debug, Clone)]
pub(crate) struct PostLine {
    /// RFC 3339, UTC: sorts as time.
    pub(crate) ts: String,
    pub(crate) author: String,
    pub(crate) text: Vec<u8>,
}

/// The posts of a `.zst` file with `from <= ts < to`, times compared as texts.
pub(crate) fn slice(path: &Path, from: &str, to: &str) -> Vec<PostLine> {
    let reader = BufReader::new(zstd::Decoder::new(File::open(path).unwrap()).unwrap());
    let lines = reader.split(b'\n').map(|line| parsed(line.unwrap()));
    lines.filter(|line| line.ts.as_str() >= from && line.ts.as_str() < to).collect()
}

/// The posts of a plain file.
pub(crate) fn lines(path: &Path) -> Vec<PostLine> {
    BufReader::new(File::open(path).unwrap()).split(b'\n').map(|line| parsed(line.unwrap())).collect()
}

fn parsed(text: Vec<u8>) -> PostLine {
    #[derive(Deserialize)]
    struct Post {
        ts: String,
        author: String,
    }
    let Post { ts, author } = serde_json::from_slice(&text).unwrap();
    PostLine { ts, author, text }
}

/// Writes lines to a file.
pub(crate) fn write<'a>(path: &Path, lines: impl IntoIterator<Item = &'a PostLine>) {
    let mut file = std::io::BufWriter::new(File::create(path).unwrap());
    for line in lines {
        file.write_all(&line.text).unwrap();
        file.write_all(b"\n").unwrap();
    }
    file.flush().unwrap();
}

/// The alerts in a file. Every one follows the schema, and every line is what the model writes for it, byte for byte.
pub(crate) fn alerts(path: &Path) -> Vec<Alert> {
    let alerts = made::read(path);
    made::assert_valid(&alerts);
    for (line, alert) in fs::read_to_string(path).unwrap().lines().zip(&alerts) {
        assert_eq!(line, serde_json::to_string(alert).unwrap());
    }
    alerts
}

/// All ids of alerts.
pub(crate) fn ids(alerts: &[Alert]) -> BTreeSet<&str> {
    alerts.iter().map(|alert| alert.alert_id.as_str()).collect()
}

/// All accounts that any alert names.
pub(crate) fn accounts(alerts: &[Alert]) -> BTreeSet<&str> {
    alerts.iter().flat_map(|alert| &alert.observed.accounts).map(|account| account.id.as_str()).collect()
}

/// The accounts of the demo stream's campaigns, by their labels.
pub(crate) fn planted() -> BTreeSet<String> {
    let table = fs::read_to_string(pipeline("demo.labels.tsv")).unwrap();
    let coordinated = table.lines().filter_map(|line| line.strip_suffix("\tcoordinated"));
    coordinated.map(|author| format!("demo:{author}")).collect()
}
