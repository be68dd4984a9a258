//! XML documents with texts of strangers in them.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, Event};

/// The writer of a document.
pub(super) type Xml = Writer<Vec<u8>>;

/// Writes a document.
pub(super) fn document(body: impl FnOnce(&mut Xml) -> io::Result<()>) -> io::Result<String> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    body(&mut xml)?;
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// A text of a stranger as XML can hold it, and as everybody reads it back: control characters, and what XML does not
/// allow, become `\n`, `\r`, `\t` or `\u{…}`, and a backslash is doubled, so that different texts stay different.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(|symbol| symbol == '\\' || is_unfit(symbol)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for symbol in text.chars() {
        match symbol {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if is_unfit(symbol) => {
                // Writing to a string cannot fail.
                _ = write!(shown, "\\u{{{:x}}}", u32::from(symbol));
            }
            _ => shown.push(symbol),
        }
    }
    Cow::Owned(shown)
}

/// A symbol that XML 1.0 does not allow, or that readers change: white space other than the space.
fn is_unfit(symbol: char) -> bool {
    symbol.is_control() || matches!(symbol, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text that [`visible`] was given.
    fn undo(shown: &str) -> String {
        let mut text = String::new();
        let mut rest = shown.chars();
        while let Some(symbol) = rest.next() {
            let escaped = if symbol == '\\' { rest.next() } else { None };
            text.push(match escaped {
                None => symbol,
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('u') => {
                    let digits: String = rest.by_ref().skip(1).take_while(|digit| *digit != '}').collect();
                    char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap()
                }
                Some(other) => other,
            });
        }
        text
    }

    #[test]
    fn ordinary_texts_are_left_alone() {
        for text in ["x:123", "Größe & <Maß>", "שלום עליכם", "👩‍👩‍👧", "a b"] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
        }
        assert_eq!(visible("a\u{0}b\\\u{ffff}\n"), "a\\u{0}b\\\\\\u{ffff}\\n");
    }

    proptest! {
        #[test]
        fn different_texts_stay_different(text in any::<String>()) {
            let shown = visible(&text);
            prop_assert!(!shown.contains(is_unfit));
            prop_assert_eq!(undo(&shown), text);
        }
    }
}
