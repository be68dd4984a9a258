//! The pipeline as it takes effect, every key written out.

use std::path::Path;

use anyhow::{Context, Result};

use super::written::{self, Written};
use super::{Input, Pipeline};

impl Pipeline {
    /// The effective configuration as TOML. It is a pipeline itself and means the same wherever it lies: paths of
    /// sources are absolute.
    pub(crate) fn effective(&self) -> Result<String> {
        let written = Written {
            name: Some(self.name.clone()),
            source: self.sources.iter().map(source).collect::<Result<_>>()?,
            output: written::Output {
                alerts: utf8(&self.output.alerts)?,
                shadow: self.output.shadow.as_deref().map(utf8).transpose()?,
                dead_letters: Some(utf8(&self.output.dead_letters)?),
            },
            input: self.limits,
            run: written::Run { threads: Some(self.threads) },
            checkpoint: self.checkpoint,
            detect: self.detect.clone(),
        };
        let toml = toml::to_string(&written).context("cannot write the configuration as TOML")?;
        Ok(format!("# fingerprint: {}\n{toml}", self.fingerprint()?))
    }
}

fn source(source: &super::Source) -> Result<written::Source> {
    let path = match &source.input {
        Input::Stdin => "-".to_owned(),
        Input::File(path) => utf8(&std::path::absolute(path)?)?,
    };
    Ok(written::Source { path, format: source.format, name: Some(source.name.clone()) })
}

fn utf8(path: &Path) -> Result<String> {
    let text = path.to_str();
    text.map(str::to_owned).with_context(|| format!("{} is not UTF-8, so TOML cannot hold it", path.display()))
}
