//! Places of addresses, mentions and hashtags in a text: one grammar for all that look for them.
//!
//! The scanner stops only at the few bytes that such things cannot be without, and looks around them. It is linear
//! in the length of the text: what was looked at in vain is not looked at again.

use std::ops::Range;

use crate::fold::in_words;

/// A kind of entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntityKind {
    /// An address: with a scheme of http or https, beginning with `www.`, or a host of a known suffix and a path.
    Url,
    /// A mention with its `@`.
    Mention,
    /// A hashtag with its `#`.
    Hashtag,
}

impl EntityKind {
    /// Tells whether copies of one text differ in it at no cost to what they say.
    pub(crate) const fn is_swappable(self) -> bool {
        matches!(self, Self::Url | Self::Mention)
    }
}

/// Finds addresses, mentions and hashtags in the order in which they appear, without overlap.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    /// The place to look at next. Nothing found begins before it.
    at: usize,
    /// The end of what was found last: nothing reaches back over it.
    found: usize,
    /// The end of the last hashtag: another may follow it at once.
    tag_end: Option<usize>,
    /// Dots before this place belong to a host that was looked at in vain.
    no_host_before: usize,
}

/// No host name is longer (RFC 1035, section 2.3.4).
const MAX_HOST: usize = 253;

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, found: 0, tag_end: None, no_host_before: 0 }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn rest(&self, from: usize) -> &'a str {
        self.text.get(from..).unwrap_or_default()
    }

    fn char_before(&self, at: usize) -> Option<char> {
        self.text.get(self.found..at)?.chars().next_back()
    }

    /// An address whose scheme ends with the colon at `colon`.
    fn with_scheme(&self, colon: usize) -> Option<Range<usize>> {
        let before = self.bytes().get(self.found..colon)?;
        let scheme = ["https", "http"].into_iter().find(|scheme| ends_with_ignoring_case(before, scheme))?;
        self.rest(colon).starts_with("://").then(|| colon - scheme.len()..self.url_end(colon + 3))
    }

    /// An address without a scheme around the dot at `dot`.
    fn with_host(&mut self, dot: usize) -> Option<Range<usize>> {
        let bytes = self.bytes();
        if dot < self.no_host_before || !bytes.get(dot + 1)?.is_ascii_alphanumeric() {
            return None;
        }
        let before = bytes.get(self.found.max(dot.saturating_sub(MAX_HOST))..dot)?;
        let start = dot - before.iter().rev().take_while(|b| is_host_byte(**b)).count();
        let after = bytes.get(dot..)?.iter().take(MAX_HOST).take_while(|b| is_host_byte(**b)).count();
        self.no_host_before = dot + after;
        let host = self.text.get(start..dot + after)?;
        if start == dot || matches!(self.char_before(start), Some(c) if c == '@' || c == '_' || is_letter(c)) {
            return None;
        }
        let www = ends_with_ignoring_case(before, "www") && dot - start == 3;
        let path = self.rest(dot + after).strip_prefix('/').is_some_and(|path| path.starts_with(is_url_char));
        (www || path && has_known_suffix(host)).then(|| start..self.url_end(dot + after))
    }

    /// The end of the address that continues at `from`, without the punctuation of the sentence it stands in. An
    /// ellipsis stays: it says that the address was cut off.
    fn url_end(&self, from: usize) -> usize {
        let rest = self.rest(from);
        let length = rest.find(|c| !is_url_char(c)).unwrap_or(rest.len());
        let mut url = rest.get(..length).unwrap_or_default();
        let count = |wanted: u8| url.bytes().filter(|b| *b == wanted).count();
        let mut unopened = count(b')').saturating_sub(count(b'('));
        while !is_cut_off(url) {
            let Some(last) = url.chars().next_back().filter(|c| ".,;:!?'*)]}".contains(*c)) else { break };
            if last == ')' {
                if unopened == 0 {
                    break;
                }
                unopened -= 1;
            }
            url = url.strip_suffix(last).unwrap_or_default();
        }
        from + url.len()
    }

    /// A mention whose `@` stands at `at`.
    fn mention(&self, at: usize) -> Option<Range<usize>> {
        if self.char_before(at).is_some_and(|c| c == '_' || is_letter(c)) {
            return None;
        }
        let length = mention_length(self.rest(at).strip_prefix('@')?);
        (length > 0).then(|| at..at + 1 + length)
    }

    /// A hashtag whose sign of `width` bytes stands at `at`.
    fn hashtag(&mut self, at: usize, width: usize) -> Option<Range<usize>> {
        let follows_tag = self.tag_end == Some(at);
        if !follows_tag && self.char_before(at).is_some_and(|c| c == '&' || c == '_' || is_letter(c)) {
            return None;
        }
        let rest = self.rest(at + width);
        let length = rest.find(|c| !is_tag_char(c)).unwrap_or(rest.len());
        let tag = rest.get(..length)?.trim_end_matches(is_invisible);
        let named = tag.chars().any(|c| c != '_' && !c.is_ascii_digit());
        named.then(|| {
            let end = at + width + tag.len();
            self.tag_end = Some(end);
            at..end
        })
    }
}

impl Iterator for Scanner<'_> {
    type Item = (Range<usize>, EntityKind);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = self.at + next_sign(self.bytes().get(self.at..)?)?;
            let (range, found) = match self.bytes().get(at)? {
                b'#' => (self.hashtag(at, 1), EntityKind::Hashtag),
                b'.' => (self.with_host(at), EntityKind::Url),
                b':' => (self.with_scheme(at), EntityKind::Url),
                b'@' => (self.mention(at), EntityKind::Mention),
                _ if self.rest(at).starts_with('＃') => (self.hashtag(at, '＃'.len_utf8()), EntityKind::Hashtag),
                _ => (None, EntityKind::Hashtag),
            };
            self.at = at + 1;
            if let Some(range) = range {
                self.at = range.end;
                self.found = range.end;
                return Some((range, found));
            }
        }
    }
}

/// The length of the account name that `text` begins with: letters, digits and low lines, then perhaps the rest of a
/// host name (`alice.example.org`), then perhaps a server (`@example.org`).
pub(crate) fn mention_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let run = |from: usize| {
        let name = bytes.get(from..).unwrap_or_default();
        name.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
    };
    let host = |mut end: usize| {
        let mut dotted = false;
        while let Some(b'.' | b'-') = bytes.get(end)
            && run(end + 1) > 0
        {
            dotted |= bytes.get(end) == Some(&b'.');
            end += 1 + run(end + 1);
        }
        dotted.then_some(end)
    };
    let name = run(0);
    if name == 0 {
        return 0;
    }
    let name = host(name).unwrap_or(name);
    match bytes.get(name) {
        Some(b'@') if run(name + 1) > 0 => host(name + 1 + run(name + 1)).unwrap_or(name),
        _ => name,
    }
}

/// Tells whether an address ends with an ellipsis, as platforms cut off what they show.
pub(crate) fn is_cut_off(url: &str) -> bool {
    url.ends_with('…') || url.ends_with("...")
}

/// The place of the first byte at which the scanner stops. Most texts have few, so blocks are first asked as a whole,
/// which the compiler does for all their bytes at once.
fn next_sign(bytes: &[u8]) -> Option<usize> {
    let is_sign = |b: &u8| matches!(b, b'#' | b'.' | b':' | b'@' | 0xEF);
    let (blocks, _) = bytes.as_chunks::<16>();
    let clear = blocks.iter().take_while(|block| !block.iter().fold(false, |any, b| any | is_sign(b))).count() * 16;
    bytes.get(clear..)?.iter().position(is_sign).map(|at| clear + at)
}

/// Tells whether `c` is written without spaces between words: ideographs, kana, Thai, Lao, Tibetan, Burmese, Khmer.
pub(crate) const fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{19E0}'..='\u{19FF}' | '\u{2E80}'..='\u{31FF}'
        | '\u{3400}'..='\u{9FFF}' | '\u{A9E0}'..='\u{A9FF}' | '\u{AA60}'..='\u{AA7F}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FF66}'..='\u{FF9F}' | '\u{1_6FE0}'..='\u{1_B2FF}' | '\u{2_0000}'..='\u{3_FFFF}')
}

/// Tells whether the word that `c` ends goes on after it, so that nothing can begin there.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !is_unspaced(c)
}

fn is_host_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'.' || b == b'-'
}

/// Texts without spaces run on right after an address, so letters of their scripts end it.
fn is_url_char(c: char) -> bool {
    match c {
        '"' | '<' | '>' | '`' | '{' | '|' => false,
        '!'..='~' | '…' => true,
        _ => !c.is_ascii() && c.is_alphanumeric() && !is_unspaced(c) && !('\u{AC00}'..='\u{D7A3}').contains(&c),
    }
}

fn is_tag_char(c: char) -> bool {
    let apostrophe = matches!(c, '´' | '‘' | '’' | '‛' | '′');
    if c.is_ascii() { c.is_ascii_alphanumeric() || c == '_' } else { in_words(c) && !apostrophe }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

fn ends_with_ignoring_case(bytes: &[u8], end: &str) -> bool {
    bytes
        .len()
        .checked_sub(end.len())
        .and_then(|at| bytes.get(at..))
        .is_some_and(|b| b.eq_ignore_ascii_case(end.as_bytes()))
}

fn has_known_suffix(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    psl::domain(host.as_bytes()).is_some_and(|domain| domain.suffix().is_known())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, EntityKind)> {
        Scanner::new(text).map(|(range, found)| (text.get(range).unwrap(), found)).collect()
    }

    #[test]
    fn addresses_end_where_the_sentence_goes_on() {
        for (text, url) in [
            ("see https://example.org/a.", "https://example.org/a"),
            ("(see http://example.org/a_(b))", "http://example.org/a_(b)"),
            ("HTTP://EXAMPLE.ORG!", "HTTP://EXAMPLE.ORG"),
            ("read:http://t.co/x1?a=b&c=d, now", "http://t.co/x1?a=b&c=d"),
            ("cut http://t.co/ab…", "http://t.co/ab…"),
            ("cut http://t.co/ab...", "http://t.co/ab..."),
            ("看https://example.org/a看", "https://example.org/a"),
            ("www.example.org, yes", "www.example.org"),
            ("pic.twitter.com/AbC", "pic.twitter.com/AbC"),
            ("go bit.ly/2x: it", "bit.ly/2x"),
            ("“https://example.org/путь”", "https://example.org/путь"),
        ] {
            assert_eq!(found(text), [(url, EntityKind::Url)], "{text}");
        }
    }

    #[test]
    fn words_with_dots_are_no_addresses() {
        for text in ["and.or/and", "yes.It is", "3.5/10", "a@example.org/x", "e.g. this", "http:/x", "...", "x.y.z"] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn mentions_and_tags_need_a_boundary() {
        use EntityKind::{Hashtag, Mention};
        let text = ".@one said #Two,#three to @four.bsky.social. and @five@example.org: #6 #七 C# a@b tr@mp &#39; @x-y";
        let expected = [
            ("@one", Mention),
            ("#Two", Hashtag),
            ("#three", Hashtag),
            ("@four.bsky.social", Mention),
            ("@five@example.org", Mention),
            ("#七", Hashtag),
            ("@x", Mention),
        ];
        assert_eq!(found(text), expected);
        assert_eq!(found("#one#two看#three"), [("#one", Hashtag), ("#two看", Hashtag), ("#three", Hashtag)]);
        assert_eq!(found("＃हिन्दी’s \u{2068}#tag\u{2069}"), [("＃हिन्दी", Hashtag), ("#tag", Hashtag)]);
    }

    #[test]
    fn nothing_in_an_address_is_found_again() {
        assert_eq!(found("https://example.org/@name#part.com/x").len(), 1);
    }
}
