//! The epoch: what must be equal for records to be of one run.

use serde::Serialize;
use siphasher::sip128::SipHasher24;

use crate::settings::{Input, Job, Kafka};
use crate::staged::frame::FRAME_VERSION;

/// Fixed, so that the epoch is the same on every machine; it keeps no secret.
const KEY: [u8; 16] = *b"shoal-epoch-key.";

#[derive(Serialize)]
struct Fingerprinted<'a> {
    fingerprint: &'a str,
    frames: u8,
    epoch: u32,
    prefix: &'a str,
    staged: bool,
    sources: Vec<(&'a str, String)>,
    ends: &'a [Option<u64>],
}

/// 32 hexadecimal digits over the fingerprint of the configuration, the sources in their order, the version of the
/// frames, and the prefix and number that a pipeline gives. A fused run that does not follow reads up to an end: with
/// another end it is another run.
pub(crate) fn epoch(job: &Job, kafka: &Kafka, staged: bool, ends: &[Option<u64>]) -> Result<String, serde_json::Error> {
    let place = |input: &Input| match input {
        Input::File(_) => "file".to_owned(),
        Input::Topic { .. } => input.to_string(),
    };
    let sources = job.sources.iter().map(|source| (source.name.as_str(), place(&source.input))).collect();
    let fingerprinted = Fingerprinted {
        fingerprint: &job.fingerprint,
        frames: FRAME_VERSION,
        epoch: kafka.epoch,
        prefix: &kafka.prefix,
        staged,
        sources,
        ends,
    };
    let hash = SipHasher24::new_with_key(&KEY).hash(&serde_json::to_vec(&fingerprinted)?);
    Ok(format!("{:016x}{:016x}", hash.h1, hash.h2))
}
