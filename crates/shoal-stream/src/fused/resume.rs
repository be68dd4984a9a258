//! The start of a fused run: afresh, at a checkpoint, or not at all.
//!
//! The newest valid checkpoint is taken. One of another version, another configuration, other inputs or outputs is
//! refused, with what to do. Without one the run starts from the first record and replaces the outputs. An input that
//! had been read to its end and has grown starts the run afresh, because the posts at its end were released as if
//! nothing came after them. A finished state with unchanged inputs reads nothing and changes nothing.

use std::collections::BTreeMap;

use shoal_formats::Identity;

use crate::Error;
use crate::checkpoint::StateDirectory;
use crate::checkpoint::manifest::Manifest;
use crate::checkpoint::marks::{RunMarks, SourceOrigin};
use crate::job::{Input, Job};

/// The way to start.
pub(crate) enum StartPlan {
    /// Start from the first record; outputs are replaced.
    Afresh,
    /// Go on from a checkpoint.
    Resume(Manifest<RunMarks>),
    /// Do nothing: the inputs were read to their end and have not changed.
    Finished(Manifest<RunMarks>),
}

/// Decides how to start. `ends` is where topics end now, by source.
pub(crate) fn plan(job: &Job, state: Option<&StateDirectory>, ends: &BTreeMap<usize, u64>) -> Result<StartPlan, Error> {
    let Some(state) = state else { return Ok(StartPlan::Afresh) };
    let Some(manifest) = state.newest::<RunMarks>(&job.fingerprint)? else {
        tracing::info!(state = %state.path().display(), "no checkpoint: starting from the first record");
        return Ok(StartPlan::Afresh);
    };
    if manifest.marks.epoch != job.kafka.as_ref().map_or(0, |kafka| kafka.epoch) {
        tracing::warn!("kafka.epoch is another than that of the state: starting again from the first record");
        return Ok(StartPlan::Afresh);
    }
    if manifest.marks.sources.len() != job.sources.len() {
        let why = format!("it reads {} inputs, not {}", manifest.marks.sources.len(), job.sources.len());
        return Err(Error::OtherRun { state: state.path().to_owned(), what: "inputs", why });
    }
    let outputs = job.outputs.paths();
    if manifest.marks.output_paths != outputs {
        let why = format!("it writes {:?}, not {outputs:?}", manifest.marks.output_paths);
        return Err(Error::OtherRun { state: state.path().to_owned(), what: "outputs", why });
    }
    let mut grown = false;
    for (at, (mark, source)) in manifest.marks.sources.iter().zip(&job.sources).enumerate() {
        let (was, is) = (mark.origin.to_string(), source.input.to_string());
        if was != is {
            let why = format!("its input was `{was}`, not `{is}`");
            return Err(Error::OtherRun { state: state.path().to_owned(), what: "inputs", why });
        }
        if let (SourceOrigin::File(identity), Input::File(path)) = (&mark.origin, &source.input) {
            identity.verify(path)?;
            grown |= mark.ended && Identity::of(path)?.size != identity.size;
        }
        grown |= mark.ended && ends.get(&at).is_some_and(|end| *end > mark.position.offset);
    }
    if job.follow.is_some() && manifest.marks.sources.iter().any(|mark| mark.ended) {
        tracing::warn!("an input that was read to its end is followed now: starting again from the first record");
        return Ok(StartPlan::Afresh);
    }
    if grown {
        // Posts that followed the end of a shorter file were released as if nothing came after them.
        tracing::warn!("an input has grown since it was read to its end: starting again from the first record");
        return Ok(StartPlan::Afresh);
    }
    Ok(if manifest.finished { StartPlan::Finished(manifest) } else { StartPlan::Resume(manifest) })
}
