//! Texts and numbers for people.
//!
//! Texts from strangers (posts, account names, configuration, brokers) may carry characters that move the cursor,
//! change colours, turn the direction of a line around or hide in it; a terminal must show them and never obey them.

use std::fmt::Write as _;

/// The text with every character that acts on a terminal or cannot be seen written as `\u{…}` (the usual ones as
/// `\n`, `\r`, `\t`). Safe text comes back as it is, and making a text safe twice changes nothing.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for symbol in text.chars() {
        push(&mut safe, symbol);
    }
    safe
}

/// Like [`printable`], for a text of our own whose line breaks are meant.
pub fn printable_lines(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for symbol in text.chars() {
        if symbol == '\n' { safe.push('\n') } else { push(&mut safe, symbol) }
    }
    safe
}

/// The beginning of a text, safe and at most `width` symbols long, with `…` where it was cut.
pub fn excerpt(text: &str, width: usize) -> String {
    let mut symbols = text.chars();
    let start: String = symbols.by_ref().take(width).collect();
    let cut = if symbols.next().is_some() { "…" } else { "" };
    printable(&start) + cut
}

/// The items as a list in a sentence: a, b and c. Empty for no items.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A number with `separator` between its thousands.
pub fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 * separator.len_utf8());
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

fn push(safe: &mut String, symbol: char) {
    match symbol {
        '\n' => safe.push_str("\\n"),
        '\r' => safe.push_str("\\r"),
        '\t' => safe.push_str("\\t"),
        // Writing to a String cannot fail.
        _ if is_hidden(symbol) => _ = write!(safe, "\\u{{{:x}}}", u32::from(symbol)),
        _ => safe.push(symbol),
    }
}

/// Tells whether a character acts on the terminal or leaves no mark of its own. The variation selectors U+FE0E and
/// U+FE0F stay: they stand in ordinary emoji and choose between two pictures.
fn is_hidden(symbol: char) -> bool {
    symbol.is_control()
        || matches!(symbol,
            // Soft hyphen, grapheme joiner, Arabic letter mark, Hangul and Khmer fillers, Mongolian separators.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}'
            // Zero-width characters, marks of direction, line separators, embeddings, overrides and isolates.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            // Variation selectors, annotations, tags.
            | '\u{fe00}'..='\u{fe0d}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hidden_characters_are_shown() {
        let cases = [
            ("plain, ünïcödé, 漢字, 👍\u{fe0f}", "plain, ünïcödé, 漢字, 👍\u{fe0f}"),
            ("\u{1b}[31mred\u{7}", "\\u{1b}[31mred\\u{7}"),
            ("a\nb\tc\rd\0", "a\\nb\\tc\\rd\\u{0}"),
            ("user\u{202e}gpj.exe", "user\\u{202e}gpj.exe"),
            ("\u{2067}x\u{2069}", "\\u{2067}x\\u{2069}"),
            ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
            ("c1\u{9b}31m", "c1\\u{9b}31m"),
            ("tag\u{e0041}", "tag\\u{e0041}"),
        ];
        for (text, safe) in cases {
            assert_eq!(printable(text), safe);
        }
        assert_eq!(printable_lines("a\nb\u{1b}"), "a\nb\\u{1b}");
    }

    #[test]
    fn an_excerpt_says_that_it_was_cut() {
        assert_eq!(excerpt("abc", 3), "abc");
        assert_eq!(excerpt("abcd", 3), "abc…");
        assert_eq!(excerpt("\u{202e}bcd", 2), "\\u{202e}b…");
    }

    #[test]
    fn a_list_is_a_part_of_a_sentence() {
        let joined = |items: &[&str]| list(&items.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(
            [joined(&[]), joined(&["a"]), joined(&["a", "b"]), joined(&["a", "b", "c"])],
            ["", "a", "a and b", "a, b and c"]
        );
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number, ','), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            let safe = printable(&text);
            prop_assert!(!safe.chars().any(is_hidden));
            prop_assert_eq!(printable(&safe), safe.clone());
            if !text.chars().any(is_hidden) {
                prop_assert_eq!(safe, text);
            }
        }
    }
}
