//! The project's own tasks, run with `cargo xtask TASK`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the tasks are read in a terminal")]

mod demo;
mod kafka;
mod measure;
mod rust;
mod testing;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask TASK

  test     every test there is: the repository's rules, the workspace's tests, its doc tests; benches must compile
  tidy     the repository's rules alone
  measure  the size and the order of the code, as figures
  demo     write pipelines/demo.ndjson and its labels again (the same bytes every time)
  kafka    one Kafka broker on 127.0.0.1:9092, or another --port, until Ctrl-C";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the task that was asked for; whether it found everything in order.
fn run(arguments: &[String]) -> Result<bool> {
    let root = workspace::root()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => testing::run(&root),
        ["tidy"] => tidy::run(&root).map(|report| report.failed() == 0),
        ["measure"] => measure::run(&root).map(|()| true),
        ["demo"] => demo::write(&root).map(|()| true),
        ["kafka"] => kafka::run(kafka::PORT).map(|()| true),
        ["kafka", "--port", port] => kafka::run(kafka::port(port)?).map(|()| true),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(true)
        }
        _ => bail!("no such task\n\n{USAGE}"),
    }
}
