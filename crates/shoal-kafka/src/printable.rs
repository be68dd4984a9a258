//! Texts from brokers, bounded and safe to look at.

use std::fmt::Write as _;

/// At most `width` symbols of a text, everything that acts on a terminal or cannot be seen written as `\u{…}`, with
/// `…` where it was cut. Line breaks become spaces.
pub(crate) fn excerpt(text: &str, width: usize) -> String {
    let mut safe = String::new();
    for (at, symbol) in text.trim().chars().enumerate() {
        if at == width {
            safe.push('…');
            break;
        }
        match symbol {
            '\n' | '\r' | '\t' => safe.push(' '),
            // Writing to a String cannot fail.
            _ if is_hidden(symbol) => _ = write!(safe, "\\u{{{:x}}}", u32::from(symbol)),
            _ => safe.push(symbol),
        }
    }
    safe
}

/// Controls, and the formatting characters that turn a line around or hide in it.
fn is_hidden(symbol: char) -> bool {
    symbol.is_control()
        || matches!(symbol, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broker_texts_are_bounded_and_show_what_hides() {
        assert_eq!(excerpt(" a\nb\u{1b}[31m\u{202e} ", 20), "a b\\u{1b}[31m\\u{202e}");
        assert_eq!(excerpt("abcdef", 3), "abc…");
        assert_eq!(excerpt("abc", 3), "abc");
    }
}
