//! The table of formats that posts come in.

pub(crate) mod detect;
mod fields;
mod json;
mod native;
mod time;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::detect::detect;
use crate::{Decoded, Error, Framing, Limits, Record, RecordKind, Refusal};

/// A row of the table: everything that is known of a format.
#[derive(Clone, Copy)]
pub struct FormatDefinition {
    /// The name used in configuration.
    pub name: &'static str,
    /// A sentence about it, for people.
    pub description: &'static str,
    /// The way in which a file of this format is cut into records. (A record of a topic is one.)
    pub framing: &'static dyn Framing,
    /// Decodes one record, given as its bytes without what ends it. A record is refused whole, or its contents are
    /// given whole.
    pub decode: fn(&[u8], &Limits) -> Result<Decoded, Refusal>,
    /// Recognises a record that does not decode, cut or damaged, as one of this format.
    pub resembles: fn(&[u8]) -> bool,
}

/// A format that records can be in. Two formats are equal when their names are.
#[derive(Clone, Copy)]
pub struct Format(&'static FormatDefinition);

impl Format {
    /// Shoal's own NDJSON.
    pub const NATIVE: Self = Self::of(&native::DEFINITION);

    /// Every format, in the order in which they are tried.
    pub const ALL: [Self; 1] = [Self::NATIVE];

    /// The format of an input for which none is named and none can be detected.
    pub const DEFAULT: Self = Self::NATIVE;

    /// The names of [`Format::ALL`].
    const NAMES: [&'static str; Self::ALL.len()] = {
        let mut names = [""; Self::ALL.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::ALL[at].name();
            at += 1;
        }
        names
    };

    /// The format of a definition, which need not stand in [`Format::ALL`].
    pub const fn of(definition: &'static FormatDefinition) -> Self {
        Self(definition)
    }

    /// The name used in configuration.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// The way in which a file of this format is cut into records.
    pub const fn framing(self) -> &'static dyn Framing {
        self.0.framing
    }

    /// Decodes one record, given as its bytes without what ends it.
    pub fn decode(self, record: &[u8], limits: &Limits) -> Result<Decoded, Refusal> {
        (self.0.decode)(record, limits)
    }

    /// Decodes what [`Reader::next`](crate::Reader::next) gave: as [`Format::decode`], and an oversized record is
    /// refused by its true length, of which `bytes` holds only the beginning.
    pub fn decode_record(self, record: &Record, bytes: &[u8], limits: &Limits) -> Result<Decoded, Refusal> {
        match record.kind {
            RecordKind::Oversized { length } => Err(Refusal::too_large(length, limits.record_bytes)),
            RecordKind::Whole | RecordKind::Unterminated => self.decode(bytes, limits),
        }
    }

    /// `true` for a record, whole or broken, of this format.
    fn claims(self, record: &[u8]) -> bool {
        self.decode(record, &Limits::default()).is_ok() || (self.0.resembles)(record)
    }

    /// The names of all formats, for people.
    fn known() -> String {
        Self::NAMES.join(", ")
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Format {}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Format({})", self.name())
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

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(|_| serde::de::Error::unknown_variant(&name, &Self::NAMES))
    }
}

impl JsonSchema for Format {
    fn schema_name() -> Cow<'static, str> {
        "Format".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let formats = Self::ALL.map(
            |Self(format)| json_schema!({ "type": "string", "const": format.name, "description": format.description }),
        );
        json_schema!({ "description": "A format that records can be in.", "oneOf": formats })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_name() {
        for format in Format::ALL {
            assert_eq!(format.name().parse::<Format>().unwrap(), format);
            let written = serde_json::to_string(&format).unwrap();
            assert_eq!(serde_json::from_str::<Format>(&written).unwrap(), format);
        }
        let message = "parquet".parse::<Format>().unwrap_err().to_string();
        assert_eq!(message, "`parquet` is not a format; use one of: native");
    }
}
