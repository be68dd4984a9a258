//! Outputs: where alerts and dead letters go.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use shoal_stream::Output as Target;

use super::error::{Error, Spot};
use super::origins::{KeyPath, Origins, Place};
use super::paths::{same_file, shown};
use super::{Output, file, kafka};

/// The outputs; files are relative to the working directory: a pipeline may lie where nobody may write. `alerts` is
/// what the command line says instead, and `prefix` begins the names of topics that nobody named.
pub(super) fn output(
    written: &file::Output,
    alerts: Option<&Path>,
    prefix: &str,
    origins: &Origins,
) -> Result<Output, Error> {
    let spot = |key: &str| origins.spot(&KeyPath::from("output").key(key));
    let (alerts, alerts_spot) = match alerts {
        Some(path) => {
            let argument = format!("--output {}", path.display());
            (Target::File(path.to_owned()), Spot::from(Place::Argument(argument)))
        }
        None => (target(&written.alerts), spot("alerts")),
    };
    let (dead_letters, dead_letters_spot) = match &written.dead_letters {
        Some(place) => (target(place), spot("dead_letters")),
        None => (beside(&alerts, prefix), alerts_spot.clone()),
    };
    let shadow = written.shadow.as_ref().map(target);
    let output = Output { alerts, shadow, dead_letters, alerts_spot, shadow_spot: spot("shadow"), dead_letters_spot };
    for (place, spot) in output.places() {
        if let Target::Topic(topic) = place {
            kafka::check_topic(topic, spot)?;
        }
    }
    output.tell_apart()?;
    Ok(output)
}

fn target(place: &file::Place) -> Target {
    match place {
        file::Place::File(path) => Target::File(PathBuf::from(path)),
        file::Place::Topic(file::Topic { topic }) => Target::Topic(topic.clone()),
    }
}

/// Where dead letters go when nobody said.
fn beside(alerts: &Target, prefix: &str) -> Target {
    match alerts {
        Target::File(path) => {
            let mut name = path.file_stem().unwrap_or(OsStr::new("alerts")).to_owned();
            name.push(".dead-letters.ndjson");
            Target::File(path.with_file_name(name))
        }
        Target::Topic(_) => Target::Topic(format!("{prefix}.dead-letters")),
    }
}

impl Output {
    /// Every output with where it is named.
    pub(super) fn places(&self) -> Vec<(&Target, &Spot)> {
        let shadow = self.shadow.as_ref().map(|place| (place, &self.shadow_spot));
        let all = [(&self.alerts, &self.alerts_spot), (&self.dead_letters, &self.dead_letters_spot)];
        all.into_iter().chain(shadow).collect()
    }

    /// Those that are files.
    pub(super) fn files(&self) -> Vec<(&Path, &Spot)> {
        let mut files = Vec::new();
        for (place, spot) in self.places() {
            if let Target::File(path) = place {
                files.push((path.as_path(), spot));
            }
        }
        files
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
