//! JSON formats: bounds before parsing, and an explanation after it failed.

use crate::{Limits, Reason, Refusal};

/// Progress of a parser, for the explanation when it fails.
#[derive(Debug, Default)]
pub(crate) struct JsonProgress {
    /// The field whose value is being read.
    pub(crate) field: Option<&'static str>,
    /// The refusal, where the visitor decided it: the parser's own errors carry text only.
    pub(crate) refusal: Option<Refusal>,
}

/// Checks size, encoding and depth, so that the parser sees nothing that could exhaust it.
pub(crate) fn bounded<'a>(line: &'a [u8], limits: &Limits) -> Result<&'a str, Refusal> {
    if line.len() > limits.record_bytes {
        return Err(Refusal::too_large(line.len() as u64, limits.record_bytes));
    }
    let text = std::str::from_utf8(line).map_err(|error| {
        let column = error.valid_up_to() + 1;
        Refusal::new(Reason::InvalidUtf8, format!("column {column}: the bytes are not UTF-8"))
    })?;
    // Counting is much cheaper than following strings, and nearly every record has fewer brackets than levels.
    let brackets = line.iter().filter(|byte| matches!(byte, b'{' | b'[')).count();
    match if brackets > limits.depth { deeper_than(line, limits.depth) } else { None } {
        Some(column) => {
            Err(Refusal::new(Reason::TooDeep, format!("column {column}: nests deeper than {} levels", limits.depth)))
        }
        None => Ok(text),
    }
}

/// The column at which brackets outside strings nest deeper than `depth`.
fn deeper_than(line: &[u8], depth: usize) -> Option<usize> {
    let (mut level, mut in_string, mut escaped) = (0_usize, false, false);
    for (index, byte) in line.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                level += 1;
                if level > depth {
                    return Some(index + 1);
                }
            }
            b'}' | b']' => level = level.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Turns a parser's error into a refusal.
pub(crate) fn explain(line: &[u8], error: &serde_json::Error, progress: JsonProgress) -> Refusal {
    let place = match progress.field {
        Some(field) => format!("column {}, field `{field}`", error.column()),
        None => format!("column {}", error.column()),
    };
    if let Some(refusal) = progress.refusal {
        return Refusal::new(refusal.reason, format!("{place}: {}", refusal.detail));
    }
    let reason = if error.is_data() {
        Reason::WrongType
    } else if error.is_eof() {
        Reason::Truncated
    } else if has_lone_surrogate(line, error.column()) {
        Reason::LoneSurrogate
    } else {
        Reason::InvalidJson
    };
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    Refusal::new(reason, format!("{place}: {}", message.strip_suffix(&position).unwrap_or(&message)))
}

/// The refusal of a record after whose end something follows.
pub(crate) fn trailing(error: &serde_json::Error) -> Refusal {
    Refusal::new(Reason::TrailingGarbage, format!("column {}: something follows the end of the record", error.column()))
}

/// `true` where the escape that a parser stopped at, or one within two escapes before `column`, is half of a
/// surrogate pair.
fn has_lone_surrogate(line: &[u8], column: usize) -> bool {
    const TWO_ESCAPES: usize = 12;
    let line = line.get(..column.saturating_add(TWO_ESCAPES)).unwrap_or(line);
    let mut at = 0;
    while let Some(next) = line.iter().skip(at).position(|byte| *byte == b'\\') {
        at += next;
        let high = match unit(line, at) {
            None => {
                at += 2;
                continue;
            }
            Some(0xD800..=0xDBFF) => true,
            Some(0xDC00..=0xDFFF) => false,
            Some(_) => {
                at += 6;
                continue;
            }
        };
        if high && matches!(unit(line, at + 6), Some(0xDC00..=0xDFFF)) {
            at += TWO_ESCAPES;
        } else if at + TWO_ESCAPES >= column {
            return true;
        } else {
            at += 6;
        }
    }
    false
}

/// The UTF-16 unit of the escape `\uXXXX` at `at`.
fn unit(line: &[u8], at: usize) -> Option<u32> {
    let digits = line.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_strings_only() {
        assert_eq!(deeper_than(br#"{"a":"[[[[\"[["}"#, 1), None);
        assert_eq!(deeper_than(br#"{"a":[1]}"#, 1), Some(6));
        assert_eq!(deeper_than(br"[[],[],[]]", 2), None);
        assert_eq!(deeper_than(br"]]]][[", 2), None);
        assert_eq!(deeper_than(&b"[".repeat(1_000_000), 32), Some(33));
    }

    #[test]
    fn surrogates_are_lone_only_without_their_half() {
        for (line, lone) in [
            (r#""\ud83d""#, true),
            (r#""\ud83dx""#, true),
            (r#""\ud83d\u0041""#, true),
            (r#""\ude00""#, true),
            (r#""\ud83d\ude00""#, false),
            (r#""\\ud83d""#, false),
            (r#""\u00e9""#, false),
            (r#""\uZZZZ""#, false),
            (r#""\"#, false),
        ] {
            assert_eq!(has_lone_surrogate(line.as_bytes(), 8), lone, "{line}");
        }
        // One that was read past long before is not what the parser stopped at.
        let early = format!(r#"{{"x":"\ud83d","y":"{}"#, "a".repeat(100));
        assert!(!has_lone_surrogate(early.as_bytes(), 100));
    }
}
