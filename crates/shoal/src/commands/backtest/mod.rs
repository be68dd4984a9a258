//! The quality of the alerts of a backtest: the runs of labelled files go in, `report.json`, `report.md` and
//! `flagged.tsv` come out.
//!
//! An account is *flagged* when it stands in `observed.accounts` of any revision that was sent. Every figure is about
//! accounts as the input names them; an account that posts in several sources counts in each of them.

mod files;
mod groups;
mod labels;
mod markdown;
mod metrics;
mod report;
mod runner;
mod score;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub(crate) use runner::backtest;

#[cfg(test)]
use self::{
    files::write,
    labels::Labels,
    report::FileRole,
    score::{ScoredRun, SourceData, score},
};
