//! A pipeline: what is read, what is detected, where it goes. Written as TOML, refused with file, line, key and
//! remedy when it cannot work.

mod effective;
mod error;
mod file;
mod fingerprint;
mod http;
mod kafka;
mod messages;
mod origins;
mod outputs;
mod paths;
mod secrets;
mod sources;
mod tree;

use std::path::{Path, PathBuf};

use shoal_formats::{Format, Limits};
use toml::{Table, Value};

pub(crate) use self::error::Error;
use self::error::Spot;
use self::file::Written;
pub(crate) use self::file::{Checkpoint, Index, Kafka};
pub(crate) use self::http::Served;
use self::origins::{KeyPath, Origins, Place};
use self::tree::Tree;

/// A pipeline that can run, as far as its keys go; [`Pipeline::check_paths`] looks at the files.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// The file it was read from, as it was named.
    pub(crate) file: PathBuf,
    /// Its name.
    pub(crate) name: String,
    /// What is read, in the order given.
    pub(crate) sources: Vec<Source>,
    /// Where alerts and dead letters go.
    pub(crate) output: Output,
    /// The cluster that topics are in.
    pub(crate) kafka: Option<Kafka>,
    /// Where posts and alerts can be searched.
    pub(crate) index: Option<Index>,
    /// What is answered over HTTP.
    pub(crate) serve: Served,
    /// How much of a record is read.
    pub(crate) limits: Limits,
    /// Threads to work with, 1 or more.
    pub(crate) threads: usize,
    /// How often the state is kept.
    pub(crate) checkpoint: Checkpoint,
    /// What is detected.
    pub(crate) detect: shoal_detect::Config,
}

/// A source of posts.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its name in dead letters and alerts; no two are equal.
    pub(crate) name: String,
    /// Where the posts are.
    pub(crate) input: Input,
    /// Detected when absent.
    pub(crate) format: Option<Format>,
    spot: Spot,
}

/// Where posts are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// A topic.
    Topic {
        /// Its name.
        topic: String,
        /// How many partitions it has, 1 or more.
        partitions: u32,
    },
}

/// Where alerts and dead letters go.
#[derive(Debug)]
pub(crate) struct Output {
    /// The alerts that are sent.
    pub(crate) alerts: shoal_stream::Output,
    /// Shadow and suppressed alerts, where they are kept.
    pub(crate) shadow: Option<shoal_stream::Output>,
    /// Records that are no posts.
    pub(crate) dead_letters: shoal_stream::Output,
    alerts_spot: Spot,
    shadow_spot: Spot,
    dead_letters_spot: Spot,
}

/// What the command line says instead of the file.
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
        let sources = sources::sources(file, &written.source, overrides.inputs, &origins)?;
        let output = outputs::output(&written.output, overrides.output, prefix, &origins)?;
        kafka::check_topics(&sources, &output, kafka.as_ref())?;
        if written.index.is_some() && kafka.as_ref().is_some_and(|kafka| kafka.staged) {
            let problem = "a process of a staged pipeline sees only its share of the posts";
            let remedy = "leave it out, and index in one more process that is not staged: see docs/kafka.md";
            return Err(origins.spot(&KeyPath::from("index")).wrong(problem, remedy));
        }
        let stem = || file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Ok(Self {
            file: file.to_owned(),
            name: written.name.unwrap_or_else(stem),
            sources,
            output,
            kafka,
            serve: http::served(&written.serve, written.index.is_some(), &origins)?,
            index: written.index,
            limits: written.input,
            threads: written.run.threads.unwrap_or_else(available_threads),
            checkpoint: written.checkpoint,
            detect: written.detect,
        })
    }
}

impl Pipeline {
    /// The cluster, for what cannot do without.
    pub(crate) fn require_kafka(&self) -> Result<&Kafka, Error> {
        self.kafka.as_ref().ok_or_else(|| Error::NoKafka { file: self.file.clone() })
    }

    /// The index, for what cannot do without.
    pub(crate) fn require_index(&self) -> Result<&Index, Error> {
        self.index.as_ref().ok_or_else(|| Error::NoIndex { file: self.file.clone() })
    }
}

/// The cluster, with the name of this process from the command line, where it has one there.
fn kafka(
    file: &Path,
    written: Option<Kafka>,
    instance: Option<&str>,
    origins: &Origins,
) -> Result<Option<Kafka>, Error> {
    let argument = instance.map(|name| Spot::from(Place::Argument(format!("--instance {name}"))));
    let spot = argument.unwrap_or_else(|| origins.spot(&KeyPath::from("kafka.instance")));
    let Some(mut kafka) = written else {
        let remedy = "leave it out, or add [kafka] to the pipeline";
        return if instance.is_none() { Ok(None) } else { Err(spot.wrong("this pipeline knows no cluster", remedy)) };
    };
    if let Some(name) = instance {
        kafka.instance = Some(name.to_owned());
    }
    kafka::check(&kafka, &spot, origins)?;
    Ok(Some(kafka.rebased(file.parent().unwrap_or(Path::new("")))))
}

fn understand(table: Table, origins: &Origins) -> Result<Written, Error> {
    serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
        // Without defaults an error only lacks its example.
        let defaults = Table::try_from(Written::examples()).unwrap_or_default();
        messages::explain(&KeyPath::from(error.path()), error.inner().message(), origins, &defaults)
    })
}

fn validate(written: &Written, origins: &Origins) -> Result<(), Error> {
    let wrong =
        |key: &str, problem: String, remedy: &str| Err(origins.spot(&KeyPath::from(key)).wrong(problem, remedy));
    if written.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
        return wrong("name", "it is empty".to_owned(), "give a name, or leave the key out: the file's name is taken");
    }
    if let Some(threads) = written.run.threads.filter(|threads| !(1..=1024).contains(threads)) {
        let remedy = "write 1 to 1024, or leave the key out: all that the machine has are used";
        return wrong("run.threads", format!("{threads} threads cannot work"), remedy);
    }
    if written.checkpoint.every_posts == 0 {
        return wrong("checkpoint.every_posts", "0 posts".to_owned(), "write 1 or more, such as 200000");
    }
    if written.checkpoint.every.micros() < 100_000 {
        let problem = format!("{} is too often", written.checkpoint.every);
        return wrong("checkpoint.every", problem, "write 100ms or more, such as 30s");
    }
    validate_limits(written, origins)?;
    written.index.as_ref().map_or(Ok(()), |index| http::check_index(index, origins))?;
    written.detect.validate().map_err(|error| match error {
        shoal_detect::Error::Config { key, why } => {
            let spot = origins.spot(&KeyPath::from(format!("detect.{key}").as_str()));
            let remedy = remedy_for(&key);
            spot.wrong(why, remedy)
        }
        shoal_detect::Error::Window(error) => {
            let spot = origins.spot(&KeyPath::from("detect.text.similarity"));
            spot.wrong(error.to_string(), remedy_for("text.similarity"))
        }
    })
}

const BALANCED: &str = "see the comments in pipelines/balanced.toml";

/// The default is the remedy that always works.
fn remedy_for(key: &str) -> String {
    let defaults = Table::try_from(Written::examples()).unwrap_or_default();
    let path = KeyPath::from(format!("detect.{key}").as_str());
    match messages::example(&path, &defaults) {
        Some(example) => format!("the default is {example}; {BALANCED}"),
        None => BALANCED.to_owned(),
    }
}

fn validate_limits(written: &Written, origins: &Origins) -> Result<(), Error> {
    let limits = &written.input;
    let bounded = [
        ("record_bytes", limits.record_bytes, 1..=1 << 30),
        ("kept_bytes", limits.kept_bytes, 0..=1 << 30),
        ("depth", limits.depth, 1..=1_000),
        ("id_bytes", limits.id_bytes, 1..=1 << 20),
        ("text_chars", limits.text_chars, 1..=1 << 30),
        ("urls", limits.urls, 0..=1 << 20),
    ];
    for (key, value, allowed) in bounded {
        if !allowed.contains(&value) {
            let remedy = format!("write {} to {}", allowed.start(), allowed.end());
            let spot = origins.spot(&KeyPath::from(format!("input.{key}").as_str()));
            return Err(spot.wrong(format!("{value} cannot work"), remedy));
        }
    }
    Ok(())
}

fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests;
