//! `shoal check`: validates a pipeline and prints its effective configuration, or what its cluster answers.

use anyhow::{Context, Result};

use super::topics;
use crate::cli::CheckArgs;
use crate::pipeline::{Overrides, Pipeline, schema};
use crate::terminal::console;

/// Prints the effective configuration, or fails with the first thing that is wrong; or prints the schema of pipelines.
pub(crate) fn check(args: &CheckArgs) -> Result<()> {
    let Some(file) = &args.pipeline else {
        let schema = serde_json::to_string_pretty(&schema()).context("cannot write the schema as JSON")?;
        return console::print(format!("{schema}\n").as_bytes());
    };
    let overrides = Overrides { set: &args.set.set, ..Overrides::default() };
    let pipeline = Pipeline::load(file, &overrides)?;
    // A pipeline without sources is complete: they are named when it runs.
    pipeline.check_paths()?;
    if let Some(warning) = pipeline.serve.warning() {
        console::note(&format!("warning: {warning}\n"));
    }
    if args.online { topics::online(&pipeline) } else { console::print(pipeline.effective()?.as_bytes()) }
}
