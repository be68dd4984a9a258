//! Sources and outputs: which files they are, and whether they can be read and written.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::{Error, Spot};
use super::origin::{KeyPath, Origins, Place, Step};
use super::{Input, Output, Pipeline, Source, written};
use crate::printable::printable;

/// The sources: those given on the command line, relative to the working directory, else those of the pipeline,
/// relative to its file.
pub(super) fn sources(
    file: &Path,
    written: &[written::Source],
    inputs: &[PathBuf],
    origins: &Origins,
) -> Result<Vec<Source>, Error> {
    let sources = if inputs.is_empty() {
        let base = file.parent().unwrap_or(Path::new(""));
        let one = |(index, source)| from_written(base, index, source, origins);
        written.iter().enumerate().map(one).collect::<Result<Vec<_>, _>>()?
    } else {
        from_arguments(inputs)
    };
    let mut names = BTreeMap::new();
    for source in &sources {
        if let Some(other) = names.insert(source.name.as_str(), &source.spot) {
            return Err(source.spot.wrong(
                format!("two sources are named `{}`; the other: {other}", printable(&source.name)),
                "give each a `name` of its own",
            ));
        }
    }
    Ok(sources)
}

fn from_written(base: &Path, index: usize, source: &written::Source, origins: &Origins) -> Result<Source, Error> {
    let table = KeyPath::from("source").then(Step::Index(index));
    let spot = origins.spot(&table.key("path"));
    if source.path.is_empty() {
        return Err(spot.wrong("it is empty", "name a file, or `-` for standard input"));
    }
    if source.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
        let remedy = "give a name, or leave the key out: the file's name is taken";
        return Err(origins.spot(&table.key("name")).wrong("it is empty", remedy));
    }
    let input = if source.path == "-" { Input::Stdin } else { Input::File(base.join(&source.path)) };
    let name = source.name.clone().unwrap_or_else(|| input.short_name());
    Ok(Source { name, input, format: source.format, spot })
}

/// Files with the same name are told apart by their whole paths: nobody can name them on the command line.
fn from_arguments(inputs: &[PathBuf]) -> Vec<Source> {
    let inputs: Vec<_> = inputs
        .iter()
        .map(|path| if path == Path::new("-") { Input::Stdin } else { Input::File(path.clone()) })
        .collect();
    let source = |input: &Input| {
        let shared = inputs.iter().filter(|other| other.short_name() == input.short_name()).count() > 1;
        let name = if shared { input.to_string() } else { input.short_name() };
        let spot = Spot::from(Place::Argument(format!("--input {input}")));
        Source { name, input: input.clone(), format: None, spot }
    };
    inputs.iter().map(source).collect()
}

impl Input {
    /// The path to open, `-` for standard input.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Stdin => Path::new("-"),
            Self::File(path) => path,
        }
    }

    fn short_name(&self) -> String {
        match self {
            Self::Stdin => "stdin".to_owned(),
            Self::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        }
    }
}

impl std::fmt::Display for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path().display())
    }
}

/// The outputs, relative to the working directory: a pipeline may lie where nobody may write.
pub(super) fn output(written: &written::Output, alerts: Option<&Path>, origins: &Origins) -> Result<Output, Error> {
    let spot = |key: &str| origins.spot(&KeyPath::from("output").key(key));
    let (alerts, alerts_spot) = match alerts {
        Some(path) => {
            let argument = format!("--output {}", path.display());
            (path.to_owned(), Spot::from(Place::Argument(argument)))
        }
        None => (PathBuf::from(&written.alerts), spot("alerts")),
    };
    let dead_letters = written.dead_letters.as_ref().map_or_else(|| beside(&alerts), PathBuf::from);
    let dead_letters_spot = if written.dead_letters.is_some() { spot("dead_letters") } else { alerts_spot.clone() };
    let shadow = written.shadow.as_ref().map(PathBuf::from);
    let output = Output { alerts, shadow, dead_letters, alerts_spot, shadow_spot: spot("shadow"), dead_letters_spot };
    output.tell_apart()?;
    Ok(output)
}

fn beside(alerts: &Path) -> PathBuf {
    let mut name = alerts.file_stem().unwrap_or(OsStr::new("alerts")).to_owned();
    name.push(".dead-letters.ndjson");
    alerts.with_file_name(name)
}

impl Output {
    fn files(&self) -> Vec<(&Path, &Spot)> {
        let shadow = self.shadow.as_deref().map(|path| (path, &self.shadow_spot));
        let all = [(self.alerts.as_path(), &self.alerts_spot), (self.dead_letters.as_path(), &self.dead_letters_spot)];
        all.into_iter().chain(shadow).collect()
    }

    fn tell_apart(&self) -> Result<(), Error> {
        let files = self.files();
        for (at, (path, spot)) in files.iter().enumerate() {
            if path.as_os_str().is_empty() || *path == Path::new("-") {
                let problem = "alerts and dead letters go to files: a resumed run cuts them back to where it was";
                return Err(spot.wrong(problem, "name a file, such as alerts.ndjson"));
            }
            if files.iter().take(at).any(|(other, _)| same_file(other, path)) {
                let problem = format!("{} is written twice", shown(path));
                return Err(spot.wrong(problem, "give alerts, shadow and dead_letters a file each"));
            }
        }
        Ok(())
    }
}

impl Pipeline {
    /// Whether there is anything to read.
    pub(crate) fn require_sources(&self) -> Result<(), Error> {
        if self.sources.is_empty() { Err(Error::NoSource { file: self.file.clone() }) } else { Ok(()) }
    }

    /// Looks whether the sources can be read and the outputs written. Nothing is created.
    pub(crate) fn check_paths(&self) -> Result<(), Error> {
        for (at, source) in self.sources.iter().enumerate() {
            source.check()?;
            let before = self.sources.iter().take(at).find(|other| same_input(&other.input, &source.input));
            if let Some(before) = before {
                let problem = format!("the same as the source `{}`", printable(&before.name));
                return Err(source.spot.wrong(problem, "read it once"));
            }
        }
        for (path, spot) in self.output.files() {
            check_output(path, spot)?;
            let read = |source: &&Source| matches!(&source.input, Input::File(input) if same_file(input, path));
            if self.sources.iter().any(|source| read(&source)) || same_file(&self.file, path) {
                let problem = format!("{} is read by this pipeline and would be overwritten", shown(path));
                return Err(spot.wrong(problem, "write to another file"));
            }
        }
        Ok(())
    }
}

impl Source {
    fn check(&self) -> Result<(), Error> {
        let Input::File(path) = &self.input else { return Ok(()) };
        let metadata = std::fs::metadata(path).map_err(|error| {
            let problem = if error.kind() == std::io::ErrorKind::NotFound {
                format!("there is no file {}", shown(path))
            } else {
                format!("cannot look at {}: {error}", shown(path))
            };
            self.spot.wrong(problem, self.remedy())
        })?;
        if metadata.is_dir() {
            return Err(self.spot.wrong(format!("{} is a directory", shown(path)), "name the files in it"));
        }
        // Opening a pipe would wait for its writer.
        if metadata.is_file() {
            File::open(path).map_err(|error| {
                self.spot.wrong(format!("cannot read {}: {error}", shown(path)), "allow reading, or run as its owner")
            })?;
        }
        Ok(())
    }

    fn remedy(&self) -> &'static str {
        match self.spot.key {
            Some(_) => "check the path; it is relative to the pipeline file",
            None => "check the path; it is relative to the working directory",
        }
    }
}

fn check_output(path: &Path, spot: &Spot) -> Result<(), Error> {
    if path.is_dir() {
        return Err(spot.wrong(format!("{} is a directory", shown(path)), "name a file in it"));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        let problem = format!("there is no directory {}", shown(parent));
        return Err(spot.wrong(problem, "create it; the path is relative to the working directory"));
    }
    Ok(())
}

fn same_input(one: &Input, other: &Input) -> bool {
    match (one, other) {
        (Input::Stdin, Input::Stdin) => true,
        (Input::File(one), Input::File(other)) => same_file(one, other),
        _ => false,
    }
}

/// Whether two paths lead to one file, through links too. A file that is yet to come is told by its directory.
fn same_file(one: &Path, other: &Path) -> bool {
    real(one) == real(other) || is_linked(one, other)
}

/// Whether two paths are hard links to one file.
#[cfg(unix)]
fn is_linked(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |path: &Path| path.metadata().ok().map(|entry| (entry.dev(), entry.ino()));
    place(one).is_some_and(|one| Some(one) == place(other))
}

#[cfg(not(unix))]
fn is_linked(_one: &Path, _other: &Path) -> bool {
    false
}

fn real(path: &Path) -> PathBuf {
    let of_directory = || {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(parent.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(of_directory).unwrap_or_else(|| path.to_owned())
}

fn shown(path: &Path) -> String {
    format!("`{}`", printable(&path.to_string_lossy()))
}
