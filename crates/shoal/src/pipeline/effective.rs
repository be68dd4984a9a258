//! The pipeline as it takes effect, every key written out.

use std::path::Path;

use anyhow::{Context, Result};

use super::file::{OutputTable, PipelineFile, RunTable, SourceTable};
use super::{Pipeline, PipelineSource, SourceInput};

impl Pipeline {
    /// The effective configuration as TOML. It is a pipeline itself and means the same wherever it lies: paths of
    /// sources and of what TLS and SASL need are absolute. It names the places of secrets, as the pipeline does.
    pub(crate) fn effective(&self) -> Result<String> {
        let directory = std::env::current_dir().context("cannot tell the working directory")?;
        let file = PipelineFile {
            name: Some(self.name.clone()),
            sources: self.sources.iter().map(source).collect::<Result<_>>()?,
            output: OutputTable {
                alerts: self.output.alerts.clone(),
                shadow: self.output.shadow.clone(),
                dead_letters: Some(self.output.dead_letters.clone()),
            },
            kafka: self.kafka.clone().map(|kafka| kafka.rebased(&directory)),
            index: self.index.clone(),
            serve: self.serve.clone(),
            input: self.limits,
            run: RunTable { threads: Some(self.threads) },
            checkpoint: self.checkpoint,
            detect: self.detect.clone(),
        };
        let toml = toml::to_string(&file).context("cannot write the configuration as TOML")?;
        Ok(format!("# fingerprint: {}\n{toml}", self.fingerprint()?))
    }
}

fn source(source: &PipelineSource) -> Result<SourceTable> {
    let named = SourceTable { format: source.format, name: Some(source.name.clone()), ..SourceTable::default() };
    Ok(match &source.input {
        SourceInput::Stdin => SourceTable { path: Some("-".to_owned()), ..named },
        SourceInput::File(path) => SourceTable { path: Some(utf8(&std::path::absolute(path)?)?), ..named },
        SourceInput::Topic { topic, partitions } => {
            SourceTable { topic: Some(topic.clone()), partitions: Some(*partitions), ..named }
        }
    })
}

fn utf8(path: &Path) -> Result<String> {
    let text = path.to_str();
    text.map(str::to_owned).with_context(|| format!("{} is not UTF-8, so TOML cannot hold it", path.display()))
}
