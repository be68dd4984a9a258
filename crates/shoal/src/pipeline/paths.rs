//! Files that are read and written: whether they are there, and whether any two are one.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::{Error, Spot};
use super::origins::Location;
use super::{Pipeline, PipelineSource, SourceInput};
use shoal_model::display::printable;

impl Pipeline {
    /// Refuses a pipeline with nothing to read.
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
        if let Some(index) = &self.index {
            check_index(&index.path)?;
        }
        for (path, spot) in self.output.files() {
            check_output(path, spot)?;
            let read =
                |source: &&PipelineSource| matches!(&source.input, SourceInput::File(input) if same_file(input, path));
            if self.sources.iter().any(|source| read(&source)) || same_file(&self.file, path) {
                let problem = format!("{} is read by this pipeline and would be overwritten", shown(path));
                return Err(spot.wrong(problem, "write to another file"));
            }
        }
        Ok(())
    }
}

impl PipelineSource {
    fn check(&self) -> Result<(), Error> {
        let SourceInput::File(path) = &self.input else { return Ok(()) };
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

fn check_index(path: &Path) -> Result<(), Error> {
    let wrong =
        |problem, remedy: &str| Err(Spot::from(Location::Argument("index.path".to_owned())).wrong(problem, remedy));
    if path.exists() && !path.is_dir() {
        return wrong(format!("{} is a file", shown(path)), "name a directory, or one that is yet to be made");
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        let problem = format!("there is no directory {}", shown(parent));
        return wrong(problem, "create it; the path is relative to the working directory");
    }
    Ok(())
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

fn same_input(one: &SourceInput, other: &SourceInput) -> bool {
    match (one, other) {
        (SourceInput::Stdin, SourceInput::Stdin) => true,
        (SourceInput::File(one), SourceInput::File(other)) => same_file(one, other),
        _ => false,
    }
}

/// Says whether two paths lead to one file, through links too. A file that is yet to come is told by its directory.
pub(super) fn same_file(one: &Path, other: &Path) -> bool {
    real(one) == real(other) || is_linked(one, other)
}

/// Says whether two paths are hard links to one file.
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

/// A path for an error.
pub(super) fn shown(path: &Path) -> String {
    format!("`{}`", printable(&path.to_string_lossy()))
}
