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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use shoal_shapes::{Golden, Shape};

    use super::*;

    fn shape(detect: &str) -> Shape {
        let detect: shoal_detect::Config = toml::from_str(detect).unwrap();
        let fingerprinted = Fingerprinted { algorithm: ALGORITHM, limits: &Limits::default(), detect: &detect };
        Shape::value(&serde_json::to_value(fingerprinted).unwrap())
    }

    #[test]
    fn what_the_fingerprint_is_made_of_changes_only_with_the_version_of_the_algorithm() {
        let filled = r#"
            live_traces = "unlimited"
            mute = [{ alert = "a", until = "2026-01-31T00:00:00Z", reason = "looked into" }]
            allow = { accounts = ["x:1"], domains = ["example.org"], texts = ["a text"] }
            judge = { method = "rules", rules = [{ layer = "text", window = "1h", pairs = 2 }] }
        "#;
        Golden {
            folder: Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/shapes")),
            name: "fingerprint",
            version: ALGORITHM,
            remedy: "leave a new key out of what is serialized while it has the default that changes no alert \
                     (`skip_serializing_if`), so that states saved before are still found; or else raise ALGORITHM in \
                     shoal/src/pipeline/fingerprint.rs: no state saved before is then gone on from",
        }
        .check(&[("of the defaults", shape("")), ("of all that can be configured", shape(filled))]);
    }
}
