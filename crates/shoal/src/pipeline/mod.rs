//! A pipeline: what is read, what is detected, where it goes. Written as TOML, refused with file, line, key and
//! remedy when it cannot work.

mod effective;
mod error;
mod file;
mod fingerprint;
mod messages;
mod origins;
mod outputs;
mod paths;
mod refused;
mod schema;
mod secrets;
mod sources;
mod topics;
mod tree;

use std::path::{Path, PathBuf};

use shoal_formats::{Format, Limits};
use shoal_stream::{CheckpointSettings, KafkaSettings, Output};
use toml::{Table, Value};

pub(crate) use self::error::Error;
use self::error::Spot;
use self::file::{PipelineFile, RunTable};
use self::origins::{KeyPath, Location, Origins};
use self::refused::RefusedSetting;
pub(crate) use self::schema::schema;
use self::tree::Tree;

/// A pipeline that can run, as far as its keys go; [`Pipeline::check_paths`] looks at the files.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// The file it was read from, as it was named.
    pub(crate) file: PathBuf,
    /// The name.
    pub(crate) name: String,
    /// The sources, in the order given.
    pub(crate) sources: Vec<PipelineSource>,
    /// The outputs.
    pub(crate) output: PipelineOutputs,
    /// The cluster that topics are in.
    pub(crate) kafka: Option<KafkaSettings>,
    /// The index in which posts and alerts can be searched.
    pub(crate) index: Option<shoal_index::Settings>,
    /// The HTTP server.
    pub(crate) serve: shoal_serve::Settings,
    /// Limits of records.
    pub(crate) limits: Limits,
    /// Threads to work with, 1 or more.
    pub(crate) threads: usize,
    /// The times at which the state is kept.
    pub(crate) checkpoint: CheckpointSettings,
    /// Detection.
    pub(crate) detect: shoal_detect::Config,
}

/// A source of posts.
#[derive(Debug)]
pub(crate) struct PipelineSource {
    /// The name in dead letters and alerts; no two are equal.
    pub(crate) name: String,
    /// The place of the posts.
    pub(crate) input: SourceInput,
    /// Detected when absent.
    pub(crate) format: Option<Format>,
    spot: Spot,
}

/// A place that posts are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceInput {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// A topic.
    Topic {
        /// The name.
        topic: String,
        /// The number of partitions, 1 or more.
        partitions: u32,
    },
}

/// The places that alerts and dead letters are written to.
#[derive(Debug)]
pub(crate) struct PipelineOutputs {
    /// The alerts that are sent.
    pub(crate) alerts: Output,
    /// Shadow and suppressed alerts, where they are kept.
    pub(crate) shadow: Option<Output>,
    /// Records that are no posts.
    pub(crate) dead_letters: Output,
    alerts_spot: Spot,
    shadow_spot: Spot,
    dead_letters_spot: Spot,
}

/// The arguments that take the place of what the file says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Overrides<'a> {
    /// `--set key=value`, laid over the file in order.
    pub(crate) set: &'a [String],
    /// `--input`: these files instead of the sources; none keeps the sources.
    pub(crate) inputs: &'a [PathBuf],
    /// `--output`: the alerts go here.
    pub(crate) output: Option<&'a Path>,
    /// `--instance`: the name of this process among the others.
    pub(crate) instance: Option<&'a str>,
}

impl Pipeline {
    /// Reads a pipeline and refuses what cannot work. Files are not looked at.
    pub(crate) fn load(file: &Path, overrides: &Overrides<'_>) -> Result<Self, Error> {
        Self::from_tree(file, Tree::read(file)?, overrides)
    }

    fn from_tree(file: &Path, mut tree: Tree, overrides: &Overrides<'_>) -> Result<Self, Error> {
        for setting in overrides.set {
            tree.set(setting)?;
        }
        let Tree { table, origins } = tree;
        secrets::refuse_written(&table, &origins)?;
        let written = understand(table, &origins)?;
        validate(&written, &origins)?;
        let kafka = kafka(file, written.kafka, overrides.instance, &origins)?;
        let prefix = kafka.as_ref().map_or("shoal", |kafka| &kafka.prefix);
        let sources = sources::sources(file, &written.sources, overrides.inputs, &origins)?;
        let output = outputs::output(&written.output, overrides.output, prefix, &origins)?;
        topics::check_topics(&sources, &output, kafka.as_ref())?;
        if written.index.is_some() && kafka.as_ref().is_some_and(|kafka| kafka.staged) {
            let problem = "a process of a staged pipeline sees only its share of the posts";
            let remedy = "leave it out, and index in one more process that is not staged: see docs/kafka.md";
            return Err(origins.spot(&KeyPath::from("index")).wrong(problem, remedy));
        }
        written.serve.validate(written.index.is_some()).map_err(|error| RefusedSetting::from(error).at(&origins))?;
        let stem = || file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Ok(Self {
            file: file.to_owned(),
            name: written.name.unwrap_or_else(stem),
            sources,
            output,
            kafka,
            serve: written.serve,
            index: written.index,
            limits: written.input,
            threads: written.run.threads(),
            checkpoint: written.checkpoint,
            detect: written.detect,
        })
    }
}

impl Pipeline {
    /// The cluster, for what cannot do without.
    pub(crate) fn require_kafka(&self) -> Result<&KafkaSettings, Error> {
        self.kafka.as_ref().ok_or_else(|| Error::NoKafka { file: self.file.clone() })
    }

    /// The index, for what cannot do without.
    pub(crate) fn require_index(&self) -> Result<&shoal_index::Settings, Error> {
        self.index.as_ref().ok_or_else(|| Error::NoIndex { file: self.file.clone() })
    }
}

/// The cluster, with the name of this process from the command line, where it has one there.
fn kafka(
    file: &Path,
    written: Option<KafkaSettings>,
    instance: Option<&str>,
    origins: &Origins,
) -> Result<Option<KafkaSettings>, Error> {
    let argument = instance.map(|name| Spot::from(Location::Argument(format!("--instance {name}"))));
    let Some(mut kafka) = written else {
        let remedy = "leave it out, or add [kafka] to the pipeline";
        return argument.map_or(Ok(None), |spot| Err(spot.wrong("this pipeline knows no cluster", remedy)));
    };
    if let Some(name) = instance {
        kafka.instance = Some(name.to_owned());
    }
    kafka.validate().map_err(|error| match (error, argument) {
        (shoal_kafka::Error::Setting { key, problem, remedy }, Some(spot)) if key == "kafka.instance" => {
            spot.wrong(problem, remedy)
        }
        (error, _) => RefusedSetting::from(error).at(origins),
    })?;
    Ok(Some(kafka.rebased(file.parent().unwrap_or(Path::new("")))))
}

fn understand(table: Table, origins: &Origins) -> Result<PipelineFile, Error> {
    serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
        // Without defaults an error only lacks its example.
        let defaults = Table::try_from(PipelineFile::examples()).unwrap_or_default();
        messages::explain(&KeyPath::from(error.path()), error.inner().message(), origins, &defaults)
    })
}

fn validate(written: &PipelineFile, origins: &Origins) -> Result<(), Error> {
    let wrong =
        |key: &str, problem: String, remedy: &str| Err(origins.spot(&KeyPath::from(key)).wrong(problem, remedy));
    if written.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
        return wrong("name", "it is empty".to_owned(), "give a name, or leave the key out: the file's name is taken");
    }
    if let Some(threads) = written.run.threads.filter(|threads| !(1..=RunTable::MOST_THREADS).contains(threads)) {
        let remedy = "write 1 to 1024, or leave the key out: all that the machine has are used";
        return wrong("run.threads", format!("{threads} threads cannot work"), remedy);
    }
    written.checkpoint.validate().map_err(|error| RefusedSetting::from(error).at(origins))?;
    written.input.validate().map_err(|error| RefusedSetting::from(error).at(origins))?;
    if let Some(index) = &written.index {
        index.validate().map_err(|error| RefusedSetting::from(error).at(origins))?;
    }
    written.detect.validate().map_err(|error| RefusedSetting::from(error).at(origins))
}

#[cfg(test)]
mod tests;
