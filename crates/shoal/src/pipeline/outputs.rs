//! Outputs: where alerts and dead letters go.

use std::ffi::OsStr;
use std::path::Path;

use shoal_stream::Output;

use super::PipelineOutputs;
use super::error::{Error, Spot};
use super::file::OutputTable;
use super::origins::{KeyPath, Location, Origins};
use super::paths::{same_file, shown};
use super::topics::check_topic;

/// The outputs; files are relative to the working directory: a pipeline may lie where nobody may write. `alerts` is
/// what the command line says instead, and `prefix` begins the names of topics that nobody named.
pub(super) fn output(
    written: &OutputTable,
    alerts: Option<&Path>,
    prefix: &str,
    origins: &Origins,
) -> Result<PipelineOutputs, Error> {
    let spot = |key: &str| origins.spot(&KeyPath::from("output").key(key));
    let (alerts, alerts_spot) = match alerts {
        Some(path) => {
            let argument = format!("--output {}", path.display());
            (Output::File(path.to_owned()), Spot::from(Location::Argument(argument)))
        }
        None => (written.alerts.clone(), spot("alerts")),
    };
    let (dead_letters, dead_letters_spot) = match &written.dead_letters {
        Some(place) => (place.clone(), spot("dead_letters")),
        None => (beside(&alerts, prefix), alerts_spot.clone()),
    };
    let shadow = written.shadow.clone();
    let output =
        PipelineOutputs { alerts, shadow, dead_letters, alerts_spot, shadow_spot: spot("shadow"), dead_letters_spot };
    for (place, spot) in output.places() {
        if let Output::Topic(topic) = place {
            check_topic(topic, spot)?;
        }
    }
    output.tell_apart()?;
    Ok(output)
}

/// The place of dead letters when nobody named one.
fn beside(alerts: &Output, prefix: &str) -> Output {
    match alerts {
        Output::File(path) => {
            let mut name = path.file_stem().unwrap_or(OsStr::new("alerts")).to_owned();
            name.push(".dead-letters.ndjson");
            Output::File(path.with_file_name(name))
        }
        Output::Topic(_) => Output::Topic(format!("{prefix}.dead-letters")),
    }
}

impl PipelineOutputs {
    /// Every output with where it is named.
    pub(super) fn places(&self) -> Vec<(&Output, &Spot)> {
        let shadow = self.shadow.as_ref().map(|place| (place, &self.shadow_spot));
        let all = [(&self.alerts, &self.alerts_spot), (&self.dead_letters, &self.dead_letters_spot)];
        all.into_iter().chain(shadow).collect()
    }

    /// The outputs that are files.
    pub(super) fn files(&self) -> Vec<(&Path, &Spot)> {
        let mut files = Vec::new();
        for (place, spot) in self.places() {
            if let Output::File(path) = place {
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
