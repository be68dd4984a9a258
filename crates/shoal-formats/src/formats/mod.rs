//! The formats that posts come in, named or detected.

pub(crate) mod detect;
mod fields;
mod json;
mod native;
mod time;

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shoal_model::{Deletion, Post};

pub use self::detect::detect;
use crate::{Error, Limits, Record, RecordKind, Refusal};

/// The meaning of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Something was published.
    Post(Box<Post>),
    /// Something published is gone.
    Deletion(Deletion),
}

impl Content {
    /// The post, if it is one.
    pub fn post(self) -> Option<Post> {
        match self {
            Self::Post(post) => Some(*post),
            Self::Deletion(_) => None,
        }
    }
}

/// A format that records can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Shoal's own NDJSON.
    Native,
}

impl Format {
    /// Every format, in the order in which they are tried.
    pub const ALL: [Self; 1] = [Self::Native];

    /// The format of an input for which none is named and none can be detected.
    pub const DEFAULT: Self = Self::Native;

    /// The name used in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
        }
    }

    /// Decodes one record, given as its bytes without a line end.
    pub fn decode(self, line: &[u8], limits: &Limits) -> Result<Content, Refusal> {
        match self {
            Self::Native => native::decode(line, limits),
        }
    }

    /// Decodes what [`Reader::next`](crate::Reader::next) gave: as [`Format::decode`], and an oversized record is
    /// refused by its true length, of which `line` holds only the beginning.
    pub fn decode_record(self, record: &Record, line: &[u8], limits: &Limits) -> Result<Content, Refusal> {
        match record.kind {
            RecordKind::Oversized { length } => Err(Refusal::too_large(length, limits.record_bytes)),
            RecordKind::Whole | RecordKind::Unterminated => self.decode(line, limits),
        }
    }

    /// `true` for a line, whole or broken, of this format.
    fn claims(self, line: &[u8]) -> bool {
        self.decode(line, &Limits::default()).is_ok()
            || match self {
                Self::Native => native::resembles(line),
            }
    }

    /// The names of all formats, for people.
    fn known() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| Error::UnknownFormat { name: name.to_owned(), known: Self::known() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_name() {
        for format in Format::ALL {
            assert_eq!(format.name().parse::<Format>().unwrap(), format);
        }
        let message = "parquet".parse::<Format>().unwrap_err().to_string();
        assert_eq!(message, "`parquet` is not a format; use one of: native");
    }
}
