//! The epoch: what must be equal for records to be of one run.

use serde::Serialize;
use siphasher::sip128::SipHasher24;

use crate::settings::{Input, Job};
use crate::staged::frame::FRAME_VERSION;

/// Fixed, so that the epoch is the same on every machine; it keeps no secret.
const KEY: [u8; 16] = *b"shoal-epoch-key.";

#[derive(Serialize)]
struct Fingerprinted<'a> {
    fingerprint: &'a str,
    frames: u8,
    epoch: u32,
    staged: bool,
    sources: Vec<(&'a str, String)>,
}

/// 32 hexadecimal digits over the fingerprint of the configuration, the sources in their order, the version of the
/// frames and the number that a pipeline raises to start afresh.
pub(crate) fn epoch(job: &Job, number: u32, staged: bool) -> Result<String, serde_json::Error> {
    let place = |input: &Input| match input {
        Input::File(_) => "file".to_owned(),
        Input::Topic { .. } => input.to_string(),
    };
    let sources = job.sources.iter().map(|source| (source.name.as_str(), place(&source.input))).collect();
    let fingerprinted =
        Fingerprinted { fingerprint: &job.fingerprint, frames: FRAME_VERSION, epoch: number, staged, sources };
    let hash = SipHasher24::new_with_key(&KEY).hash(&serde_json::to_vec(&fingerprinted)?);
    Ok(format!("{:016x}{:016x}", hash.h1, hash.h2))
}
