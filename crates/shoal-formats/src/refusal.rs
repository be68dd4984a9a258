//! Reasons for which a record is refused.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// The reason for which a record became a dead letter. The names are stable: they stand in dead letters and in metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Longer than a record may be.
    TooLarge,
    /// Not UTF-8.
    InvalidUtf8,
    /// Objects and arrays nest deeper than allowed.
    TooDeep,
    /// The record ends in the middle.
    Truncated,
    /// Something follows the end of the record.
    TrailingGarbage,
    /// Half of a surrogate pair, such as `\ud83d` alone: no character.
    LoneSurrogate,
    /// Not JSON for another reason.
    InvalidJson,
    /// A field, or the record itself, is of another type than the format says.
    WrongType,
    /// A field that every record must have is absent or null.
    MissingField,
    /// A field occurs twice: which one counts would be a guess.
    DuplicateKey,
    /// An id that is empty, or a platform that is empty or contains a colon.
    BadId,
    /// An id longer than allowed.
    IdTooLong,
    /// A time that cannot be parsed.
    BadTime,
    /// A text longer than allowed.
    TextTooLong,
    /// More addresses than allowed.
    TooManyUrls,
    /// A time far ahead of its stream that later records do not confirm. Decided where the stream is ordered.
    Future,
    /// No bytes at all: a tombstone of a compacted topic, or a record without a value.
    Empty,
    /// A version of the schema that this program does not know.
    UnknownSchema,
    /// A media hash that is not `algorithm:value`, or more of them than allowed.
    BadMedia,
}

impl Reason {
    /// Every reason, in order.
    pub const ALL: [Self; 19] = [
        Self::TooLarge,
        Self::InvalidUtf8,
        Self::TooDeep,
        Self::Truncated,
        Self::TrailingGarbage,
        Self::LoneSurrogate,
        Self::InvalidJson,
        Self::WrongType,
        Self::MissingField,
        Self::DuplicateKey,
        Self::BadId,
        Self::IdTooLong,
        Self::BadTime,
        Self::TextTooLong,
        Self::TooManyUrls,
        Self::Future,
        Self::Empty,
        Self::UnknownSchema,
        Self::BadMedia,
    ];

    /// The number of reasons.
    pub const COUNT: usize = Self::ALL.len();

    /// The position of this reason in [`Reason::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name used in dead letters and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::TooDeep => "too_deep",
            Self::Truncated => "truncated",
            Self::TrailingGarbage => "trailing_garbage",
            Self::LoneSurrogate => "lone_surrogate",
            Self::InvalidJson => "invalid_json",
            Self::WrongType => "wrong_type",
            Self::MissingField => "missing_field",
            Self::DuplicateKey => "duplicate_key",
            Self::BadId => "bad_id",
            Self::IdTooLong => "id_too_long",
            Self::BadTime => "bad_time",
            Self::TextTooLong => "text_too_long",
            Self::TooManyUrls => "too_many_urls",
            Self::Future => "future",
            Self::Empty => "empty",
            Self::UnknownSchema => "unknown_schema",
            Self::BadMedia => "bad_media",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Reason {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|reason| reason.name() == name).ok_or_else(|| Error::UnknownReason(name.to_owned()))
    }
}

/// The refusal of a record, for a machine and for a person. It is no failure of the program: the record becomes
/// a dead letter and reading goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The class.
    pub reason: Reason,
    /// The field or column, and what was wrong with it.
    pub detail: String,
}

impl Refusal {
    /// Details quote hostile input, so their length is bounded.
    const DETAIL_CHARS: usize = 300;

    /// A refusal; a long detail is cut and marked with an ellipsis.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        if let Some((end, _)) = detail.char_indices().nth(Self::DETAIL_CHARS) {
            detail.truncate(end);
            detail.push('…');
        }
        Self { reason, detail }
    }

    /// The refusal of a record of `length` bytes where `limit` are allowed.
    pub fn too_large(length: u64, limit: usize) -> Self {
        Self::new(Reason::TooLarge, format!("{length} bytes; at most {limit} are read"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_one_name_everywhere() {
        for (index, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
            assert_eq!(reason.name().parse::<Reason>().unwrap(), reason);
            assert_eq!(serde_json::to_string(&reason).unwrap(), format!("\"{reason}\""));
        }
        assert!(matches!("nope".parse::<Reason>(), Err(Error::UnknownReason(name)) if name == "nope"));
    }

    #[test]
    fn long_details_are_cut_at_a_character() {
        let refusal = Refusal::new(Reason::WrongType, "ж".repeat(1_000));
        assert_eq!(refusal.detail.chars().count(), 301);
        assert!(refusal.detail.ends_with('…'));
    }
}
