//! Sources: which files and topics are read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::{Error, Spot};
use super::file::SourceTable;
use super::origins::{KeyPath, Location, Origins, Step};
use super::topics::check_topic;
use super::{PipelineSource, SourceInput};
use shoal_model::display::printable;

/// The sources: those given on the command line, relative to the working directory, else those of the pipeline,
/// relative to its file.
pub(super) fn sources(
    file: &Path,
    written: &[SourceTable],
    inputs: &[PathBuf],
    origins: &Origins,
) -> Result<Vec<PipelineSource>, Error> {
    let sources = if inputs.is_empty() {
        let base = file.parent().unwrap_or(Path::new(""));
        let one = |(index, source)| from_written(base, index, source, origins);
        written.iter().enumerate().map(one).collect::<Result<Vec<_>, _>>()?
    } else {
        from_arguments(inputs)
    };
    let mut names = BTreeMap::new();
    for source in &sources {
        for name in source.partitions() {
            if let Some(other) = names.insert(name.clone(), &source.spot) {
                return Err(source.spot.wrong(
                    format!("two sources are named `{}`; the other: {other}", printable(&name)),
                    "give each a `name` of its own",
                ));
            }
        }
    }
    Ok(sources)
}

fn from_written(base: &Path, index: usize, source: &SourceTable, origins: &Origins) -> Result<PipelineSource, Error> {
    let table = KeyPath::from("source").then(Step::Index(index));
    let spot = |key: &str| origins.spot(&table.key(key));
    if source.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
        let remedy = "give a name, or leave the key out: the name of the file or the topic is taken";
        return Err(spot("name").wrong("it is empty", remedy));
    }
    let (input, spot) = match (&source.path, &source.topic) {
        (Some(path), None) => (from_file(base, path, source, &spot)?, spot("path")),
        (None, Some(topic)) => (from_topic(topic, source, &spot)?, spot("topic")),
        (Some(_), Some(_)) => {
            return Err(spot("topic").wrong("a source is a file or a topic, not both", "make two sources of it"));
        }
        (None, None) => {
            let remedy = "add path = … for a file, or topic = … for a topic of [kafka]";
            return Err(spot("path").wrong("it is missing", remedy));
        }
    };
    let name = source.name.clone().unwrap_or_else(|| input.short_name());
    Ok(PipelineSource { name, input, format: source.format, spot })
}

fn from_file(base: &Path, path: &str, source: &SourceTable, spot: &dyn Fn(&str) -> Spot) -> Result<SourceInput, Error> {
    if path.is_empty() {
        return Err(spot("path").wrong("it is empty", "name a file, or `-` for standard input"));
    }
    if source.partitions.is_some() {
        return Err(spot("partitions").wrong("a file has no partitions", "leave it out"));
    }
    Ok(if path == "-" { SourceInput::Stdin } else { SourceInput::File(base.join(path)) })
}

fn from_topic(topic: &str, source: &SourceTable, spot: &dyn Fn(&str) -> Spot) -> Result<SourceInput, Error> {
    check_topic(topic, &spot("topic"))?;
    let Some(partitions) = source.partitions else {
        let remedy = "add partitions = …, as many as the topic has: with fewer some posts would never be read";
        return Err(spot("partitions").wrong("it is missing", remedy));
    };
    if !(1..=SourceTable::MOST_PARTITIONS).contains(&partitions) {
        let remedy = format!("write 1 to {}, as many as the topic has", SourceTable::MOST_PARTITIONS);
        return Err(spot("partitions").wrong(format!("{partitions} partitions cannot work"), remedy));
    }
    if source.format.is_none() {
        let remedy = "add format = \"native\": a topic has no beginning that it could be detected from";
        return Err(spot("format").wrong("it is missing", remedy));
    }
    Ok(SourceInput::Topic { topic: topic.to_owned(), partitions })
}

/// Files with the same name are told apart by their whole paths: nobody can name them on the command line.
fn from_arguments(inputs: &[PathBuf]) -> Vec<PipelineSource> {
    let inputs: Vec<_> = inputs
        .iter()
        .map(|path| if path == Path::new("-") { SourceInput::Stdin } else { SourceInput::File(path.clone()) })
        .collect();
    let source = |input: &SourceInput| {
        let shared = inputs.iter().filter(|other| other.short_name() == input.short_name()).count() > 1;
        let name = if shared { input.to_string() } else { input.short_name() };
        let spot = Spot::from(Location::Argument(format!("--input {input}")));
        PipelineSource { name, input: input.clone(), format: None, spot }
    };
    inputs.iter().map(source).collect()
}

impl PipelineSource {
    /// The names of its source partitions: a topic has one or more, everything else is one.
    pub(crate) fn partitions(&self) -> Vec<String> {
        match self.input {
            SourceInput::Stdin | SourceInput::File(_) => vec![self.name.clone()],
            SourceInput::Topic { partitions, .. } => {
                (0..partitions).map(|partition| format!("{}/{partition}", self.name)).collect()
            }
        }
    }
}

impl SourceInput {
    fn short_name(&self) -> String {
        match self {
            Self::Stdin => "stdin".to_owned(),
            Self::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            Self::Topic { topic, .. } => topic.clone(),
        }
    }
}

impl std::fmt::Display for SourceInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdin => f.write_str("-"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Topic { topic, .. } => f.write_str(topic),
        }
    }
}
