//! The commands, a module each.

mod backtest;
mod check;
mod dead_letters;
mod erase;
mod explain;
mod export;
mod run;
mod search;
mod serve;
mod token;
mod topics;

use anyhow::Result;
use indicatif::MultiProgress;

use crate::cli::Command;

/// Does what the command line asks for. Progress is shown among the lines of `progress`.
pub(crate) fn execute(command: Command, progress: &MultiProgress) -> Result<()> {
    match command {
        Command::Check(args) => check::check(&args),
        Command::Topics(command) => topics::topics(&command),
        Command::Explain(args) => explain::explain(&args),
        Command::DeadLetters(command) => dead_letters::dead_letters(&command),
        Command::Run(args) => run::run(&args, progress),
        Command::Search(args) => search::search(&args),
        Command::Export(args) => export::export(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Erase(args) => erase::erase(&args),
        Command::Token(args) => token::token(&args),
        Command::Backtest(args) => backtest::backtest(args),
    }
}
