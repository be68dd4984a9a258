//! Where to begin: afresh, at a checkpoint, or not at all.

use shoal_formats::Identity;

use crate::Error;
use crate::checkpoint::{Manifest, StateDirectory};
use crate::settings::Job;

/// Where to begin.
pub(crate) enum Plan {
    /// From the first record; outputs are replaced.
    Afresh,
    /// From a checkpoint.
    Resume(Manifest),
    /// The inputs were read to their end and have not changed.
    Finished(Manifest),
}

/// Decides where to begin.
pub(crate) fn plan(job: &Job, state: Option<&StateDirectory>) -> Result<Plan, Error> {
    let Some(state) = state else { return Ok(Plan::Afresh) };
    let Some(manifest) = state.newest(&job.fingerprint)? else {
        tracing::info!(state = %state.path().display(), "no checkpoint: starting from the first record");
        return Ok(Plan::Afresh);
    };
    if manifest.sources.len() != job.sources.len() {
        let why = format!("it reads {} inputs, not {}", manifest.sources.len(), job.sources.len());
        return Err(Error::OtherRun { state: state.path().to_owned(), what: "inputs", why });
    }
    let outputs = job.outputs.paths();
    if manifest.output_paths != outputs {
        let why = format!("it writes {:?}, not {outputs:?}", manifest.output_paths);
        return Err(Error::OtherRun { state: state.path().to_owned(), what: "outputs", why });
    }
    let mut grown = false;
    for (mark, source) in manifest.sources.iter().zip(&job.sources) {
        let path = source.path.display().to_string();
        if mark.identity.path != path {
            let why = format!("its input was `{}`, not `{path}`", mark.identity.path);
            return Err(Error::OtherRun { state: state.path().to_owned(), what: "inputs", why });
        }
        mark.identity.verify(&source.path)?;
        grown |= mark.ended && Identity::of(&source.path)?.size != mark.identity.size;
    }
    if job.follow.is_some() && manifest.sources.iter().any(|mark| mark.ended) {
        tracing::warn!("an input that was read to its end is followed now: starting again from the first record");
        return Ok(Plan::Afresh);
    }
    if grown {
        // Posts that followed the end of a shorter file were released as if nothing came after them.
        tracing::warn!("an input has grown since it was read to its end: starting again from the first record");
        return Ok(Plan::Afresh);
    }
    Ok(if manifest.finished { Plan::Finished(manifest) } else { Plan::Resume(manifest) })
}
