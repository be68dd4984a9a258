//! `cargo xtask test`: every test there is, and a loud word about those that did not run.
//!
//! A test that lacks something (data, a tool) returns early after printing a line that starts with `SKIPPED:`.
//! Those lines are collected here and repeated at the end; under continuous integration they are failures.

mod tally;

use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{tidy, workspace};
use tally::Tally;

/// The one profile of all tests, so that every dependency is compiled once.
const PROFILE: &str = "ci";

/// The steps in cargo: a title, its arguments, and the arguments of the test programs. Doc tests are a step of
/// their own because cargo runs them in no other; benches are compiled, not run.
const STEPS: [(&str, &[&str], &[&str]); 3] = [
    ("tests", &["--lib", "--bins", "--tests", "--examples", "--no-fail-fast"], &["--show-output"]),
    ("doc tests", &["--doc", "--no-fail-fast"], &["--show-output"]),
    ("benches compile", &["--benches", "--no-run"], &[]),
];

/// Runs everything; whether all is well.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let ci = shoal_tools::in_ci();
    if ci && workspace::data_folder(root).is_none() {
        bail!("the data folder is missing: set SHOAL_DATA or provide ../shared/data (CI runs every test)");
    }
    let rules = tidy::run(root)?;
    let mut tally = Tally { passed: rules.passed(), failed: rules.failed(), ..Tally::default() };
    let mut broken = Vec::new();
    for (title, arguments, harness) in STEPS {
        let started = Instant::now();
        println!("\n== {title}");
        let (counted, succeeded) = cargo_test(root, arguments, harness)?;
        // A step that fails although no test did has not compiled, or a test program died.
        if !succeeded && counted.failed == 0 {
            broken.push(title);
        }
        tally.add(counted);
        println!("== {title}: {:.0} s", started.elapsed().as_secs_f64());
    }
    close(&tally, &broken, ci);
    Ok(is_well(&tally, &broken, ci))
}

/// Runs one `cargo test`, shows and counts its output, and returns whether cargo succeeded.
fn cargo_test(root: &Path, arguments: &[&str], harness: &[&str]) -> Result<(Tally, bool)> {
    let mut command = workspace::cargo(root);
    command.args(["test", "--workspace", "--profile", PROFILE]).args(arguments).arg("--").args(harness);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if std::io::stderr().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    if let Some(data) = workspace::data_folder(root) {
        // Made absolute: each test program runs in the folder of its own crate.
        command.env("SHOAL_DATA", data);
    }
    let mut child = command.spawn().context("cannot start cargo")?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let tally = thread::scope(|scope| {
        let aside = scope.spawn(|| err.map_or_else(Tally::default, |pipe| follow(pipe, |line| eprintln!("{line}"))));
        let mut tally = out.map_or_else(Tally::default, |pipe| follow(pipe, |line| println!("{line}")));
        // A reader that panicked has nothing to add; the failure shows in cargo's own exit code.
        tally.add(aside.join().unwrap_or_default());
        tally
    });
    Ok((tally, child.wait()?.success()))
}

/// Shows every line of `pipe` and counts what it says.
fn follow(pipe: impl Read, show: impl Fn(&str)) -> Tally {
    let mut tally = Tally::default();
    // Tests may print anything, so lines are read as bytes.
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\r');
        show(line);
        tally.read(line);
    }
    tally
}

/// Returns whether the run is a success.
fn is_well(tally: &Tally, broken: &[&str], ci: bool) -> bool {
    tally.failed == 0 && broken.is_empty() && (tally.skipped() == 0 || !ci)
}

/// Prints the closing block.
fn close(tally: &Tally, broken: &[&str], ci: bool) {
    println!();
    for title in broken {
        println!("BROKEN: {title} did not compile or died; see above");
    }
    if tally.skipped() > 0 {
        println!("**** {} tests were SKIPPED ****", tally.skipped());
        for reason in &tally.reasons {
            println!("SKIPPED: {reason}");
        }
        if tally.ignored > 0 {
            println!("SKIPPED: {} tests are marked #[ignore]", tally.ignored);
        }
        println!("{}", if ci { "Under CI that is a failure." } else { "CI would not let that pass." });
    }
    println!("{} passed, {} failed, {} skipped", tally.ran(), tally.failed + broken.len(), tally.skipped());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_shown_whole_and_counted() {
        let shown = std::cell::RefCell::new(Vec::new());
        let tally =
            follow(&b"SKIPPED: no data\n\xff\xfe\ntest result: ok. 2 passed; 0 failed; 0 ignored;"[..], |line| {
                shown.borrow_mut().push(line.to_owned());
            });
        assert_eq!(shown.into_inner().len(), 3);
        assert_eq!((tally.passed, tally.skipped()), (2, 1));
    }

    #[test]
    fn only_failures_and_skips_under_ci_are_bad() {
        let skipped = Tally { passed: 3, without: 1, ..Tally::default() };
        assert!(is_well(&Tally::default(), &[], true));
        assert!(is_well(&skipped, &[], false));
        assert!(!is_well(&skipped, &[], true));
        assert!(!is_well(&Tally { failed: 1, ..Tally::default() }, &[], false));
        assert!(!is_well(&Tally::default(), &["doc tests"], false));
    }
}
