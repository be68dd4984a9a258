//! Records that are not posts, kept byte for byte.

mod file;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize, Serializer};

pub use self::file::{DeadLetterWriter, DeadLetters};
use crate::{Reason, Record, Refusal};

/// A record that did not become a post: where it stood, why, and its bytes. As JSON its bytes are the string `raw`
/// when they are UTF-8 and else `raw_base64`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "StoredLetter")]
pub struct DeadLetter {
    /// The input.
    pub source: String,
    /// The offset of the first byte of the record in the decompressed input.
    pub offset: u64,
    /// The number in the input, from 0.
    pub record: u64,
    /// The class.
    pub reason: Reason,
    /// The field or column, and what was wrong with it.
    pub detail: String,
    /// The bytes without the line end; of an oversized record only the first.
    pub raw: Vec<u8>,
}

impl DeadLetter {
    /// The dead letter of a record that was read and refused.
    pub fn new(source: impl Into<String>, record: &Record, refusal: Refusal, raw: impl Into<Vec<u8>>) -> Self {
        Self {
            source: source.into(),
            offset: record.offset,
            record: record.number,
            reason: refusal.reason,
            detail: refusal.detail,
            raw: raw.into(),
        }
    }
}

impl Serialize for DeadLetter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = std::str::from_utf8(&self.raw).ok();
        WrittenLetter {
            source: &self.source,
            offset: self.offset,
            record: self.record,
            reason: self.reason,
            detail: &self.detail,
            raw,
            raw_base64: raw.is_none().then(|| BASE64.encode(&self.raw)),
        }
        .serialize(serializer)
    }
}

/// A dead letter as it is written.
#[derive(Serialize)]
struct WrittenLetter<'a> {
    source: &'a str,
    offset: u64,
    record: u64,
    reason: Reason,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
}

/// A dead letter as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredLetter {
    source: String,
    offset: u64,
    record: u64,
    reason: Reason,
    detail: String,
    raw: Option<String>,
    raw_base64: Option<String>,
}

impl TryFrom<StoredLetter> for DeadLetter {
    type Error = String;

    fn try_from(stored: StoredLetter) -> Result<Self, String> {
        let raw = match (stored.raw, stored.raw_base64) {
            (Some(raw), None) => raw.into_bytes(),
            (None, Some(encoded)) => BASE64.decode(encoded).map_err(|error| format!("raw_base64: {error}"))?,
            _ => return Err("exactly one of raw and raw_base64 must be present".to_owned()),
        };
        let StoredLetter { source, offset, record, reason, detail, .. } = stored;
        Ok(Self { source, offset, record, reason, detail, raw })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::RecordKind;

    fn letter(raw: &[u8]) -> DeadLetter {
        let record = Record { offset: 9, number: 3, kind: RecordKind::Whole };
        DeadLetter::new("posts.jsonl", &record, Refusal::new(Reason::BadTime, "field `ts`"), raw)
    }

    #[test]
    fn text_is_readable_and_other_bytes_are_encoded() {
        assert_eq!(
            serde_json::to_string(&letter(b"{\"\xd0\xb6\":\0")).unwrap(),
            r#"{"source":"posts.jsonl","offset":9,"record":3,"reason":"bad_time","detail":"field `ts`","raw":"{\"ж\":\u0000"}"#
        );
        assert!(serde_json::to_string(&letter(b"\xff")).unwrap().ends_with(r#","raw_base64":"/w=="}"#));
    }

    #[test]
    fn letters_without_exactly_one_raw_are_refused() {
        let text = serde_json::to_string(&letter(b"x")).unwrap();
        for bad in [
            text.replace(r#","raw":"x""#, ""),
            text.replace(r#""raw":"x""#, r#""raw":"x","raw_base64":"eA==""#),
            text.replace(r#""raw":"x""#, r#""raw_base64":"e""#),
            text.replace("bad_time", "bad_mood"),
        ] {
            assert!(serde_json::from_str::<DeadLetter>(&bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn letters_survive_being_written(raw in prop::collection::vec(any::<u8>(), 0..200), text: String) {
            for raw in [raw, text.into_bytes()] {
                let letter = letter(&raw);
                let line = serde_json::to_string(&letter).unwrap();
                prop_assert!(!line.contains('\n'));
                prop_assert_eq!(serde_json::from_str::<DeadLetter>(&line).unwrap(), letter);
            }
        }
    }
}
