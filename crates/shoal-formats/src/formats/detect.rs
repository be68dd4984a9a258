//! Formats told from what an input begins with.

use serde_json::{Map, Value};

use super::Format;
use crate::record::BOM;
use crate::{BoundarySearch, Error, Framing, Lines};

/// The number of records that are looked at: a stream may begin with broken ones.
const DETECT_RECORDS: usize = 100;

/// The number of bytes of an input that are looked at.
pub(crate) const DETECT_BYTES: usize = 1 << 20;

/// Tells the format from the first bytes of a decompressed input. The last record may be cut. One record
/// that decodes, or that has the keys of one, decides.
pub fn detect(first_bytes: &[u8]) -> Result<Format, Error> {
    detect_in("the input", first_bytes)
}

/// As [`detect`], for an input with a name.
pub(crate) fn detect_in(input: &str, first_bytes: &[u8]) -> Result<Format, Error> {
    let bytes = first_bytes.strip_prefix(BOM).unwrap_or(first_bytes);
    let Some(first) = records(&Lines, bytes).next() else {
        return Err(Error::Empty { input: input.to_owned(), known: Format::known() });
    };
    Format::ALL
        .into_iter()
        .find(|format| records(format.framing(), bytes).take(DETECT_RECORDS).any(|record| format.claims(record)))
        .ok_or_else(|| Error::Undetected { input: input.to_owned(), seen: describe(first), known: Format::known() })
}

/// `true` when no more of an input than this needs to be looked at.
pub(crate) fn is_enough(first_bytes: &[u8]) -> bool {
    let is_full = |format: Format| records(format.framing(), first_bytes).nth(DETECT_RECORDS).is_some();
    first_bytes.len() >= DETECT_BYTES || Format::ALL.into_iter().all(is_full)
}

/// The records of these bytes but blank ones. The last may be cut.
fn records<'a>(framing: &'static dyn Framing, mut bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    std::iter::from_fn(move || {
        while !bytes.is_empty() {
            let boundary = framing.boundary(bytes, &mut BoundarySearch::default());
            let (length, end) = boundary.map_or((bytes.len(), bytes.len()), |boundary| (boundary.length, boundary.end));
            let record = bytes.get(..length).unwrap_or_default().trim_ascii();
            bytes = bytes.get(end.max(1)..).unwrap_or_default();
            if !record.is_empty() {
                return Some(record);
            }
        }
        None
    })
}

/// Describes a line to a person. It is quoted in an error, so it is short and has no control characters.
fn describe(line: &[u8]) -> String {
    const SHOWN: usize = 60;
    const SHOWN_KEYS: usize = 8;
    let Ok(text) = std::str::from_utf8(line.get(..SHOWN * 4).unwrap_or(line)).or_else(|error| {
        // A character cut by the end of what is shown is no fault of the input.
        let whole = line.get(..error.valid_up_to()).unwrap_or_default();
        if error.error_len().is_none() { std::str::from_utf8(whole) } else { Err(error) }
    }) else {
        let bytes: Vec<_> = line.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        return format!("bytes that are not text ({} …)", bytes.join(" "));
    };
    if let Ok(object) = serde_json::from_slice::<Map<String, Value>>(line) {
        let keys: Vec<_> = object.keys().take(SHOWN_KEYS).map(|key| format!("`{}`", shown(key, SHOWN))).collect();
        return format!("a JSON object with the keys {}", keys.join(", "));
    }
    format!("`{}`", shown(text, SHOWN))
}

fn shown(text: &str, chars: usize) -> String {
    text.chars().take(chars).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"id":"1","platform":"x","author":"a","ts":"2015-01-31T08:00:00Z","text":"t"}"#;

    #[test]
    fn one_good_line_among_broken_ones_decides() {
        let broken = "garbage\n{\"id\":\n\u{0}\n".repeat(20);
        for first in [
            RECORD.to_owned(),
            format!("\u{feff}{RECORD}\r\n"),
            format!("{broken}{RECORD}\n"),
            // Cut in the middle, and of a wrong type.
            r#"{"id":"1","platform":"x","author":"a","ts" : "2015-01-3"#.to_owned(),
            r#"{"id":1.5,"author":"a","observed_at":"2015-01-31T08:00:00Z"}"#.to_owned(),
        ] {
            assert_eq!(detect(first.as_bytes()).unwrap(), Format::NATIVE, "{first}");
        }
    }

    #[test]
    fn what_is_not_known_is_described() {
        let seen = |bytes: &[u8]| detect(bytes).unwrap_err().to_string();
        assert!(seen(b"").contains("it is empty"));
        assert!(seen(b"\n \r\n").contains("it is empty"));
        assert_eq!(
            seen(br#"{"did":"d","kind":"commit"}"#),
            "cannot tell the format of the input: it begins with a JSON object with the keys `did`, `kind`; \
             name one of: native"
        );
        assert!(seen(b"id,author\x1b,text\n1,2,3").contains(r"`id,author\u{1b},text`"));
        assert!(seen(b"\xfd7zXZ\0").contains("bytes that are not text (fd 37 7a 58 5a 00 …)"));
        assert!(seen("ж".repeat(500).as_bytes()).contains("`жжж"));
        let after_the_lines = format!("{}{RECORD}", "x\n".repeat(DETECT_RECORDS));
        assert!(detect(after_the_lines.as_bytes()).is_err());
    }
}
