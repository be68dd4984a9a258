//! The epoch: a hash of everything that must be equal for records to be of one run.
//!
//! A changed configuration is a new epoch, which begins at the first retained post and mixes with nothing.

use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;
use shoal_formats::{Format, Identity};
use siphasher::sip128::SipHasher24;

use crate::job::{Input, Job, Source};
use crate::settings::KafkaSettings;
use crate::staged::frame::FRAME_VERSION;

/// Fixed, so that the epoch is the same on every machine; it keeps no secret.
const KEY: [u8; 16] = *b"shoal-epoch-key.";

/// In place of the version of the frames in a run in one process, which has none: such a run keeps its epoch, and the
/// numbers of what it has written, when frames change.
const NO_FRAMES: u8 = 1;

#[derive(Serialize)]
struct Fingerprinted<'a> {
    fingerprint: &'a str,
    frames: u8,
    epoch: u32,
    prefix: &'a str,
    staged: bool,
    sources: Vec<(&'a str, String, Option<&'static str>)>,
    ends: &'a [Option<u64>],
}

/// 32 hexadecimal digits over the fingerprint of the configuration, the sources in their order, in a staged run the
/// version of the frames, and the prefix and number that a pipeline gives. A fused run that does not follow reads up to an end: with
/// another end it is another run.
pub(crate) fn epoch(
    job: &Job,
    kafka: &KafkaSettings,
    staged: bool,
    ends: &[Option<u64>],
) -> Result<String, serde_json::Error> {
    let place = |source: &Source| match &source.input {
        Input::File(path) => file(path, job.follow.is_some()),
        Input::Topic { .. } => source.input.to_string(),
    };
    let named = |source: &'_ Source| source.format.map(Format::name);
    let sources = job.sources.iter().map(|source| (source.name.as_str(), place(source), named(source))).collect();
    let fingerprinted = Fingerprinted {
        fingerprint: &job.fingerprint,
        frames: if staged { FRAME_VERSION } else { NO_FRAMES },
        epoch: kafka.epoch,
        prefix: &kafka.prefix,
        staged,
        sources,
        ends,
    };
    let hash = SipHasher24::new_with_key(&KEY).hash(&serde_json::to_vec(&fingerprinted)?);
    Ok(format!("{:016x}{:016x}", hash.h1, hash.h2))
}

/// The identity of a file: what is written of one must not count as written of another. A file without one is new each
/// time, so that its output is written twice rather than not at all.
fn file(path: &Path, follow: bool) -> String {
    match Identity::of(path) {
        Ok(identity) if !follow => format!("{identity:?}"),
        Ok(_) => place_of(path).unwrap_or_else(moment),
        Err(_) => moment(),
    }
}

/// The place on its disk of a file that grows.
#[cfg(unix)]
fn place_of(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let entry = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    Some(format!("{}:{}", entry.dev(), entry.ino()))
}

#[cfg(not(unix))]
fn place_of(path: &Path) -> Option<String> {
    path.to_str().map(str::to_owned)
}

fn moment() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{} {}", std::process::id(), since.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staged::simulation;

    #[test]
    fn a_run_in_one_process_keeps_its_epoch_and_a_staged_one_as_long_as_its_frames() {
        let source = |partition| Source {
            name: format!("posts/{partition}"),
            input: Input::Topic { topic: "posts".to_owned(), partition },
            format: Some(Format::NATIVE),
            filter: None,
        };
        let job = simulation::job(vec![source(0), source(1)]);
        let kafka = KafkaSettings { prefix: "p".to_owned(), ahead: 512, ..KafkaSettings::default() };
        let fused = epoch(&job, &kafka, false, &[None, Some(7)]).unwrap();
        assert_eq!(fused, "6aeace325f860db43f6545aaf1ded75c", "states of 0.1.0 go on in this epoch");
        let staged = epoch(&job, &kafka, true, &[]).unwrap();
        assert_eq!(
            staged == "3378610c81e14b9aa0a8b23988f6f0d7",
            FRAME_VERSION == 1,
            "the epoch of 0.1.0 goes with its frames"
        );
    }
}
