//! The pipeline as it takes effect, every key written out.

use std::path::Path;

use anyhow::{Context, Result};
use shoal_serve::AccessToken;
use shoal_stream::Output;

use super::file::{self, Place, Topic, Written};
use super::http::Served;
use super::{Input, Pipeline};
use crate::commands::token::hexadecimal;

impl Pipeline {
    /// The effective configuration as TOML. It is a pipeline itself and means the same wherever it lies: paths of
    /// sources and of what TLS and SASL need are absolute. It names the places of secrets, as the pipeline does.
    pub(crate) fn effective(&self) -> Result<String> {
        let directory = std::env::current_dir().context("cannot tell the working directory")?;
        let written = Written {
            name: Some(self.name.clone()),
            source: self.sources.iter().map(source).collect::<Result<_>>()?,
            output: file::Output {
                alerts: place(&self.output.alerts)?,
                shadow: self.output.shadow.as_ref().map(place).transpose()?,
                dead_letters: Some(place(&self.output.dead_letters)?),
            },
            kafka: self.kafka.clone().map(|kafka| kafka.rebased(&directory)),
            index: self.index.clone(),
            serve: serve(&self.serve),
            input: self.limits,
            run: file::Run { threads: Some(self.threads) },
            checkpoint: self.checkpoint,
            detect: self.detect.clone(),
        };
        let toml = toml::to_string(&written).context("cannot write the configuration as TOML")?;
        Ok(format!("# fingerprint: {}\n{toml}", self.fingerprint()?))
    }
}

fn serve(served: &Served) -> file::Serve {
    let token = |token: &AccessToken| file::Token {
        name: token.name.clone(),
        role: token.role,
        sha256: hexadecimal(&token.sha256),
    };
    file::Serve {
        listen: served.listen.map(|address| address.to_string()),
        hosts: served.hosts.clone(),
        token: served.tokens.iter().map(token).collect(),
    }
}

fn source(source: &super::Source) -> Result<file::Source> {
    let named = file::Source { format: source.format, name: Some(source.name.clone()), ..Default::default() };
    Ok(match &source.input {
        Input::Stdin => file::Source { path: Some("-".to_owned()), ..named },
        Input::File(path) => file::Source { path: Some(utf8(&std::path::absolute(path)?)?), ..named },
        Input::Topic { topic, partitions } => {
            file::Source { topic: Some(topic.clone()), partitions: Some(*partitions), ..named }
        }
    })
}

fn place(output: &Output) -> Result<Place> {
    Ok(match output {
        Output::File(path) => Place::File(utf8(path)?),
        Output::Topic(topic) => Place::Topic(Topic { topic: topic.clone() }),
    })
}

fn utf8(path: &Path) -> Result<String> {
    let text = path.to_str();
    text.map(str::to_owned).with_context(|| format!("{} is not UTF-8, so TOML cannot hold it", path.display()))
}
