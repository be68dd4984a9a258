//! Limits of what is read from strangers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Limits of a record. A record beyond a limit becomes a dead letter, whole; it is never cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The length of a record in bytes, without its line end.
    #[schemars(range(min = 1, max = 1 << 30))]
    pub record_bytes: usize,
    /// Bytes of a longer record that its dead letter keeps.
    #[schemars(range(max = 1 << 30))]
    pub kept_bytes: usize,
    /// The depth to which objects and arrays may nest, the record itself counted.
    #[schemars(range(min = 1, max = 1_000))]
    pub depth: usize,
    /// The length of a platform, and of an id as the platform gave it, in bytes.
    #[schemars(range(min = 1, max = 1 << 20))]
    pub id_bytes: usize,
    /// The length of a text, or of a name, in Unicode characters, once decoded.
    #[schemars(range(min = 1, max = 1 << 30))]
    pub text_chars: usize,
    /// The number of addresses, and of media hashes, that a record may list.
    #[schemars(range(max = 1 << 20))]
    pub urls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record_bytes: 1 << 20, kept_bytes: 64 << 10, depth: 32, id_bytes: 512, text_chars: 100_000, urls: 256 }
    }
}

impl Limits {
    /// Refuses limits that nothing could be read within, or that are none. The error names the key as a pipeline has
    /// it.
    pub fn validate(&self) -> Result<(), Error> {
        let bounded = [
            ("record_bytes", self.record_bytes, 1..=1 << 30),
            ("kept_bytes", self.kept_bytes, 0..=1 << 30),
            ("depth", self.depth, 1..=1_000),
            ("id_bytes", self.id_bytes, 1..=1 << 20),
            ("text_chars", self.text_chars, 1..=1 << 30),
            ("urls", self.urls, 0..=1 << 20),
        ];
        for (key, value, allowed) in bounded {
            if !allowed.contains(&value) {
                return Err(Error::Setting {
                    key: format!("input.{key}"),
                    problem: format!("{value} cannot work"),
                    remedy: format!("write {} to {}", allowed.start(), allowed.end()),
                });
            }
        }
        Ok(())
    }
}
