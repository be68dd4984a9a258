//! The fingerprint of everything that decides which alerts the same posts give.

use serde::Serialize;
use shoal_formats::Limits;
use siphasher::sip128::SipHasher24;

use super::Pipeline;

/// Goes up when the same posts and configuration give other alerts, or a saved state no longer fits.
const ALGORITHM: u32 = 1;

/// Fixed, so that the fingerprint is the same on every machine. It tells configurations apart; it keeps no secret.
const KEY: [u8; 16] = *b"shoal-configured";

#[derive(Serialize)]
struct Fingerprinted<'a> {
    algorithm: u32,
    limits: &'a Limits,
    detect: &'a shoal_detect::Config,
}

impl Pipeline {
    /// 32 hexadecimal digits over the detection, the limits of the input and the version of the algorithm. Paths,
    /// names, threads and checkpoints are left out: they change no alert.
    pub(crate) fn fingerprint(&self) -> Result<String, serde_json::Error> {
        let fingerprinted = Fingerprinted { algorithm: ALGORITHM, limits: &self.limits, detect: &self.detect };
        let canonical = serde_json::to_vec(&fingerprinted)?;
        let hash = SipHasher24::new_with_key(&KEY).hash(&canonical);
        Ok(format!("{:016x}{:016x}", hash.h1, hash.h2))
    }
}
