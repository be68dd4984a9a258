//! Texts from brokers, bounded and safe to look at.

use shoal_model::display;

/// At most `width` symbols of a text in one line, safe to look at.
pub(crate) fn excerpt(text: &str, width: usize) -> String {
    display::excerpt(&text.trim().replace(['\n', '\r', '\t'], " "), width)
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
