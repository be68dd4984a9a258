//! Addresses, hashtags and mentions in a text.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::fold::{Folded, fold, in_words};
use crate::scan::{EntityKind, Scanner, mention_length};

/// Addresses, hashtags and mentions, each in order of appearance, repeats included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entities<'a> {
    /// Addresses as written, without the punctuation around them. Some lack a scheme, some are cut off;
    /// [`canonical_url`](crate::canonical_url) decides about both.
    pub urls: Vec<&'a str>,
    /// Hashtags without their sign, as written. A tag has at least one character that is no digit.
    pub hashtags: Vec<&'a str>,
    /// Account names without their `@`, as written.
    pub mentions: Vec<&'a str>,
}

/// Finds addresses, hashtags and mentions in `text`. These are the addresses and mentions that
/// [`fold`](crate::fold) leaves out.
pub fn entities(text: &str) -> Entities<'_> {
    let mut out = Entities::default();
    for (range, found) in Scanner::new(text) {
        let whole = text.get(range).unwrap_or_default();
        match found {
            EntityKind::Url => out.urls.push(whole),
            EntityKind::Hashtag => out.hashtags.push(whole.trim_start_matches(['#', '＃'])),
            EntityKind::Mention => out.mentions.push(whole.trim_start_matches('@')),
        }
    }
    out
}

/// Ranges of bytes of the addresses in `text`, in order: what [`fold`](crate::fold) leaves out with them.
pub fn address_ranges(text: &str) -> impl Iterator<Item = Range<usize>> {
    Scanner::new(text).filter(|(_, found)| *found == EntityKind::Url).map(|(range, _)| range)
}

/// Tells whether `c` can stand in a word of a folded text: anything but white space, punctuation, symbols and emoji.
/// Anything else ends a word.
pub fn is_word_char(c: char) -> bool {
    in_words(c)
}

/// `text` without the `RT @name:` that it begins with, once or several times. The letters may be small, the colon
/// may be missing.
pub fn strip_repost_prefix(text: &str) -> &str {
    let mut left = text;
    while let Some(rest) = strip_one_repost_prefix(left) {
        left = rest;
    }
    left
}

fn strip_one_repost_prefix(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let (sign, rest) = text.split_at_checked(2)?;
    if !sign.eq_ignore_ascii_case("rt") {
        return None;
    }
    let name = rest.trim_start().strip_prefix('@')?;
    let rest = name.get(mention_length(name)..).filter(|rest| rest.len() < name.len())?;
    Some(rest.trim_start().trim_start_matches([':', '：']).trim_start())
}

/// Between the tags of a sequence. No folded tag holds a space.
const SEPARATOR: char = ' ';

/// The sequence of hashtags that a post shows, as an object that accounts can share: each tag folded, repeats
/// dropped, in order of appearance, with spaces between. `None` for fewer than two different tags, which say too
/// little.
pub fn hashtag_sequence(tags: &[&str]) -> Option<String> {
    let mut folded = Folded::new();
    let mut seen = BTreeSet::new();
    let mut out = String::new();
    for tag in tags {
        fold(tag, &mut folded);
        let tag: String = folded.symbols().iter().collect();
        if tag.is_empty() || seen.contains(&tag) {
            continue;
        }
        if !out.is_empty() {
            out.push(SEPARATOR);
        }
        out.push_str(&tag);
        seen.insert(tag);
    }
    (seen.len() >= 2).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn entities_come_bare_and_in_order() {
        let found = entities("RT @One: #B before #A, ask @two https://example.org/x #B");
        assert_eq!(found.urls, ["https://example.org/x"]);
        assert_eq!(found.hashtags, ["B", "A", "B"]);
        assert_eq!(found.mentions, ["One", "two"]);
    }

    #[test]
    fn repost_prefixes_fall_away() {
        for (text, left) in [
            ("RT @one: hello", "hello"),
            ("rt @one hello", "hello"),
            (" RT @one: RT @two.example.org: hello", "hello"),
            ("RT @one: RT: hello", "RT: hello"),
            ("RT@one:", ""),
            ("RT hello", "RT hello"),
            ("RT @: hello", "RT @: hello"),
            ("Start @one: hello", "Start @one: hello"),
            ("й", "й"),
            ("RT @one：привет", "привет"),
        ] {
            assert_eq!(strip_repost_prefix(text), left, "{text}");
        }
    }

    #[test]
    fn sequences_keep_order_and_drop_repeats() {
        assert_eq!(hashtag_sequence(&["Vote", "NOW", "vote", "now"]).as_deref(), Some("vote now"));
        assert_eq!(hashtag_sequence(&["Now", "Vоte"]).as_deref(), Some("now vote"));
        assert_eq!(hashtag_sequence(&["vote", "VOTE"]), None);
        assert_eq!(hashtag_sequence(&["vote", "", "!"]), None);
        assert_eq!(hashtag_sequence(&[]), None);
        assert_ne!(hashtag_sequence(&["a", "b"]), hashtag_sequence(&["b", "a"]));
        assert_ne!(hashtag_sequence(&["ab", "c"]), hashtag_sequence(&["a", "bc"]));
    }

    #[test]
    fn addresses_are_given_by_their_place() {
        let text = "see https://example.org/x, or #B";
        assert_eq!(
            address_ranges(text).map(|range| text.get(range).unwrap()).collect::<Vec<_>>(),
            ["https://example.org/x"]
        );
    }

    proptest! {
        #[test]
        fn what_is_found_stands_in_the_text(text in "\\PC{0,80}|[#@:/.a-zé看 ]{0,80}") {
            let found = entities(&text);
            let mut at = 0;
            for tag in found.hashtags {
                let start = text.get(at..).unwrap().find(tag).unwrap();
                at += start + tag.len();
            }
            prop_assert!(found.urls.iter().chain(&found.mentions).all(|part| !part.is_empty() && text.contains(part)));
        }

        #[test]
        fn a_prefix_more_changes_nothing(text in "\\PC{0,40}", name in "[a-z_0-9]{1,12}") {
            let reposted = format!("RT @{name}: {text}");
            prop_assert_eq!(strip_repost_prefix(&reposted), strip_repost_prefix(text.trim_start()).trim_start());
        }
    }
}
