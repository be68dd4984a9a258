//! The command line.

mod backtest;
mod formats;
mod search;
mod time;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use shoal_stream::StageName;

pub(crate) use self::backtest::{BacktestArgs, BacktestRequest, BacktestSource, LabelledAs};
pub(crate) use self::formats::ExportFormat;
pub(crate) use self::search::{EraseArgs, ExportArgs, Order, SearchArgs, ServeArgs, TokenArgs};

/// Shoal finds accounts that move together in streams of social-media posts
///
/// It says which accounts act together, on what, how unlikely that is by chance, and shows the evidence. It observes;
/// people judge.
#[derive(Debug, Parser)]
#[command(name = "shoal", version, propagate_version = true, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Start with `shoal run pipelines/demo.toml`, then `shoal explain ID --alerts FILE` on an alert \
                        that it raised."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Set the format of logs; default: text on a terminal, json elsewhere
    ///
    /// The environment variable `RUST_LOG` sets what is logged, such as `RUST_LOG=debug`.
    #[arg(long, global = true, value_enum, value_name = "FORMAT", display_order = 1000)]
    pub(crate) log_format: Option<LogFormat>,
}

/// The format of logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read posts and write alerts
    ///
    /// Ends at the end of the input, whether or not some records were no posts: those go to the dead letters (see
    /// `shoal dead-letters`). With --follow it goes on until it is stopped.
    Run(RunArgs),
    /// Validate a pipeline and print its effective configuration
    ///
    /// Looks at every key and every path, and prints every key with the value it has, defaults included. What is
    /// printed is a pipeline again.
    Check(CheckArgs),
    /// Create the topics of a pipeline, or compare them with what it needs
    ///
    /// Topics that exist are never changed.
    #[command(subcommand)]
    Topics(TopicsCommand),
    /// Measure detection on labelled posts
    ///
    /// Says how many of the accounts that are known to be coordinated are found, and how many ordinary ones are
    /// flagged. Writes report.json, report.md and flagged.tsv.
    Backtest(BacktestArgs),
    /// Show the arithmetic of one alert, from posts to bits
    ///
    /// Shows what was seen, each account's evidence in bits and where it comes from, the decision, and the posts with
    /// links. It is an observation, not a verdict.
    Explain(ExplainArgs),
    /// Find posts in an index
    ///
    /// A run with [index] makes one, and can be searched while it goes on.
    Search(SearchArgs),
    /// Write an alert of an index for other programs: its posts, or the network of its ties
    Export(ExportArgs),
    /// Show an index in the browser, with its API, without a run
    Serve(ServeArgs),
    /// Make a post or an account disappear from an index and from the evidence of its alerts
    ///
    /// It cannot be found any more at once, and is gone from disk after the purge. Later records of it are left out.
    Erase(EraseArgs),
    /// Make a token for somebody who may ask over HTTP
    Token(TokenArgs),
    /// Look at records that could not be read as posts
    ///
    /// A run counts them, keeps them byte for byte, and goes on.
    #[command(subcommand)]
    DeadLetters(DeadLettersCommand),
}

/// The arguments of `shoal run`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  shoal run pipelines/demo.toml\n  shoal run pipelines/file.toml --input posts.ndjson \
                        --output alerts.ndjson\n  zcat posts.gz | shoal run pipelines/file.toml --input -"
)]
pub(crate) struct RunArgs {
    /// The pipeline, a TOML file: what is read, what is detected, where it goes
    #[arg(value_name = "PIPELINE.toml")]
    pub(crate) pipeline: PathBuf,

    /// Read these files instead of the pipeline's sources
    ///
    /// Plain, .gz, .zst and .bz2 files are understood; `-` is standard input. Several files are read side by side,
    /// merged by time.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) input: Vec<PathBuf>,

    /// Write the alerts here, one JSON object a line, instead of where the pipeline says
    #[arg(long, value_name = "ALERTS.ndjson")]
    pub(crate) output: Option<PathBuf>,

    /// Keep the state in this directory, so that a run that was stopped goes on where it was
    ///
    /// Without it nothing is kept, and every run starts from the first post.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) set: SetArgs,

    /// Wait for more posts at the end of the input, until stopped
    #[arg(long)]
    pub(crate) follow: bool,

    /// Do the work of these stages only, where the pipeline is staged; default: all
    ///
    /// Separated by commas: ingest, prepare, match, cluster, pair, tie, circle, group. Every stage needs a process
    /// that does it; processes with the same stage share its partitions.
    #[arg(long, value_name = "STAGES", value_delimiter = ',')]
    stages: Vec<StageName>,

    /// The name of this process among those that share the work
    ///
    /// Give each its own, and the same again after a restart: then a restart moves no partitions.
    #[arg(long, value_name = "NAME")]
    pub(crate) instance: Option<String>,
}

impl RunArgs {
    /// The stages to do; `None` where the pipeline is not staged and one process does them all.
    pub(crate) fn stages(&self, staged: bool) -> Result<Option<BTreeSet<StageName>>, Misuse> {
        match (staged, self.stages.is_empty()) {
            (true, true) => Ok(Some(StageName::ALL.into())),
            (true, false) => Ok(Some(self.stages.iter().copied().collect())),
            (false, true) => Ok(None),
            (false, false) => Err(Misuse::new(
                "--stages: this pipeline is not staged: one process does it all".to_owned(),
                "leave it out, or set kafka.staged = true",
            )),
        }
    }
}

/// Keys set on the command line.
#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// Set a key of the pipeline, such as --set detect.judge.alpha=0.001
    ///
    /// Can be given many times. The value is TOML; texts need no quotes.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// The arguments of `shoal check`.
#[derive(Debug, Args)]
#[command(override_usage = "shoal check [OPTIONS] <PIPELINE.toml>\n       shoal check --schema")]
pub(crate) struct CheckArgs {
    /// The pipeline, a TOML file
    #[arg(value_name = "PIPELINE.toml", required_unless_present = "schema")]
    pub(crate) pipeline: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) set: SetArgs,

    /// Print the JSON Schema of pipelines instead, for editors
    #[arg(long, exclusive = true)]
    pub(crate) schema: bool,

    /// Ask its Kafka cluster instead: whether it is there, lets us in, and has what the pipeline needs
    ///
    /// Changes nothing there. Prints what is wrong in words, with what to do.
    #[arg(long)]
    pub(crate) online: bool,
}

/// The commands about topics.
#[derive(Debug, Subcommand)]
pub(crate) enum TopicsCommand {
    /// Create the topics that are missing: those read, those written, and Shoal's own
    Create(TopicsArgs),
    /// Compare the topics with what the pipeline needs: partitions, replicas, retention and other settings
    Check(TopicsArgs),
}

/// The arguments of `shoal topics`.
#[derive(Debug, Args)]
pub(crate) struct TopicsArgs {
    /// The pipeline, a TOML file with [kafka]
    #[arg(value_name = "PIPELINE.toml")]
    pub(crate) pipeline: PathBuf,

    #[command(flatten)]
    pub(crate) set: SetArgs,
}

/// The arguments of `shoal explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The id of the alert, or its beginning where that is unique
    #[arg(value_name = "ALERT_ID")]
    pub(crate) id: String,

    /// The alerts that `shoal run` wrote
    #[arg(long, value_name = "FILE")]
    pub(crate) alerts: PathBuf,

    /// Explain this revision; default: the newest
    #[arg(long, value_name = "N")]
    pub(crate) revision: Option<u32>,

    /// Explain so many accounts in full, strongest first; the others get a line each
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) accounts: usize,
}

/// The commands about dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// List them: number, source, offset, reason, detail
    List {
        /// The dead letters that `shoal run` wrote
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// Print a JSON object a line, with `number`, for other programs
        #[arg(long)]
        json: bool,
    },
    /// Show one of them with everything that is known
    Show {
        /// The dead letters that `shoal run` wrote
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// The number in the list, from 1
        #[arg(value_name = "N", value_parser = number)]
        number: u64,

        /// Write its bytes as they came, and nothing else: do not let a terminal see them
        #[arg(long)]
        raw: bool,
    },
}

fn number(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "write a number of 1 or more, as `shoal dead-letters list` has it".to_owned())
}

/// Arguments that each are fine and do not fit together, or not to the files that are there.
#[derive(Debug, thiserror::Error)]
#[error("{problem}\n  help: {remedy}")]
pub(crate) struct Misuse {
    problem: String,
    remedy: String,
}

impl Misuse {
    fn new(problem: String, remedy: &str) -> Self {
        Self { problem, remedy: remedy.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn stages_are_for_staged_pipelines() {
        let stages = |arguments: &[&str], staged| {
            let cli = Cli::try_parse_from([&["shoal", "run", "p.toml"], arguments].concat()).unwrap();
            let Command::Run(run) = cli.command else { panic!("not run") };
            run.stages(staged)
        };
        assert_eq!(stages(&[], false).unwrap(), None);
        assert_eq!(stages(&[], true).unwrap().unwrap().len(), StageName::ALL.len());
        let some = stages(&["--stages", "tie,pair", "--stages", "pair"], true).unwrap().unwrap();
        assert!(some.into_iter().eq([StageName::Pair, StageName::Tie]));
        assert!(stages(&["--stages", "tie"], false).unwrap_err().to_string().contains("not staged"));
    }

    #[test]
    fn inputs_and_settings_repeat() {
        let cli = Cli::parse_from([
            "shoal", "run", "p.toml", "--input", "a", "b", "--set", "x=1", "--input", "-", "--set", "y=2", "--follow",
        ]);
        let Command::Run(run) = cli.command else { panic!("not run") };
        assert_eq!(run.input, ["a", "b", "-"].map(PathBuf::from));
        assert_eq!(run.set.set, ["x=1", "y=2"]);
        assert!(run.follow && run.state.is_none() && run.output.is_none());
    }
}
