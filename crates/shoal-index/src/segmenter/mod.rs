//! Segmentation: the words of a text, as they are indexed and searched.
//!
//! A word is a word by UAX #29 that also ends at what belongs to no word of a folded text ([`is_word_char`]). Addresses
//! are left out, as there. Scripts that are
//! written without spaces give pairs of characters, and the last character of a run alone: so every character begins
//! one word, and a single one is found as a prefix. Words are compared in a normal form: small letters
//! without accents, whatever characters draw them (NFKD); vowels and tones that are marks stay where a script writes
//! them so.

use std::ops::Range;

use shoal_text::{address_ranges, is_word_char};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

/// Length of words in bytes of their normal form; longer ones are cut.
const MAX_WORD: usize = 128;

/// Bytes of a word as written that are read.
const MAX_WRITTEN: usize = 1_024;

/// Scripts whose words are not separated by spaces. Korean does write spaces, but joins particles to its words.
const UNSPACED: [Script; 21] = [
    Script::Han,
    Script::Hiragana,
    Script::Katakana,
    Script::Hangul,
    Script::Thai,
    Script::Lao,
    Script::Khmer,
    Script::Myanmar,
    Script::Bopomofo,
    Script::Yi,
    Script::Nushu,
    Script::Tangut,
    Script::Khitan_Small_Script,
    Script::Tai_Le,
    Script::New_Tai_Lue,
    Script::Tai_Tham,
    Script::Tai_Viet,
    Script::Ahom,
    Script::Javanese,
    Script::Balinese,
    Script::Brahmi,
];

/// A word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// The normal form: the term.
    pub(crate) text: String,
    /// The byte range.
    pub(crate) range: Range<usize>,
    /// A lone character of a script without spaces at the end of the query: a prefix of words. Before other words it
    /// ends a run of such characters, and is a word itself.
    pub(crate) begins: bool,
}

/// The words of a query. In a phrase they follow one another without a gap.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut spans = Vec::new();
    spans_of(text, &mut spans);
    let alone = |at: usize| at == 0 || spans.get(at - 1).is_none_or(|before: &WordSpan| before.kind != WordKind::Pair);
    let mut out = Vec::new();
    for (at, span) in spans.iter().enumerate() {
        // After a pair it says nothing that the pair does not say, and where the text goes on it is not there.
        let last = span.kind == WordKind::Last && at + 1 == spans.len();
        if last && !alone(at) {
            continue;
        }
        let mut word = String::new();
        span.normal(text, &mut word);
        if !word.is_empty() {
            out.push(Word { text: word, range: span.range(), begins: last });
        }
    }
    out
}

/// A tokenizer of texts; see [`crate::schema::SEGMENTER`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Segmenter {
    token: Token,
    spans: Vec<WordSpan>,
}

/// The words of one text.
pub(crate) struct Segments<'a> {
    text: &'a str,
    token: &'a mut Token,
    spans: std::slice::Iter<'a, WordSpan>,
}

impl Tokenizer for Segmenter {
    type TokenStream<'a> = Segments<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Segments<'a> {
        self.token.reset();
        spans_of(text, &mut self.spans);
        Segments { text, token: &mut self.token, spans: self.spans.iter() }
    }
}

impl TokenStream for Segments<'_> {
    fn advance(&mut self) -> bool {
        for span in self.spans.by_ref() {
            self.token.text.clear();
            span.normal(self.text, &mut self.token.text);
            if !self.token.text.is_empty() {
                self.token.position = self.token.position.wrapping_add(1);
                self.token.offset_from = span.start as usize;
                self.token.offset_to = span.end as usize;
                return true;
            }
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WordKind {
    Word,
    /// Two characters of a script without spaces.
    Pair,
    /// The last character of a run of these.
    Last,
}

/// The byte range of a word.
#[derive(Debug, Clone, Copy)]
struct WordSpan {
    start: u32,
    end: u32,
    kind: WordKind,
}

impl WordSpan {
    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    fn normal(self, text: &str, out: &mut String) {
        let written = text.get(self.range()).unwrap_or_default();
        let written = written.get(..written.floor_char_boundary(MAX_WRITTEN)).unwrap_or_default();
        if written.is_ascii() {
            out.extend(written.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase() as char));
        } else if self.kind == WordKind::Word {
            written.nfkd().for_each(|c| push_normal(c, out));
        } else {
            out.extend(written.nfkc().flat_map(char::to_lowercase));
        }
        out.truncate(out.floor_char_boundary(MAX_WORD));
    }
}

/// Adds a decomposed character to a word's normal form.
fn push_normal(c: char, out: &mut String) {
    match c {
        'a'..='z' | '0'..='9' => out.push(c),
        'A'..='Z' => out.push(c.to_ascii_lowercase()),
        'ß' | 'ẞ' => out.push_str("ss"),
        'æ' | 'Æ' => out.push_str("ae"),
        'œ' | 'Œ' => out.push_str("oe"),
        'ø' | 'Ø' => out.push('o'),
        'đ' | 'Đ' => out.push('d'),
        'ł' | 'Ł' => out.push('l'),
        'ı' => out.push('i'),
        'ς' => out.push('σ'),
        // A line that only makes an Arabic word longer.
        '\u{640}' => {}
        '\u{306}' | '\u{308}' => compose(c, out),
        _ if is_accent(c) => {}
        _ if c.is_alphanumeric() || is_combining_mark(c) => out.extend(c.to_lowercase()),
        _ => {}
    }
}

/// Cyrillic letters that are no variants of the letter that they are drawn with.
fn compose(mark: char, out: &mut String) {
    let whole = match (out.chars().next_back(), mark) {
        (Some('и'), '\u{306}') => 'й',
        (Some('у'), '\u{306}') => 'ў',
        (Some('і'), '\u{308}') => 'ї',
        _ => return,
    };
    out.pop();
    out.push(whole);
}

/// Marks that people leave out when they search: accents of Latin, Greek and Cyrillic, points of Hebrew,
/// vowels of Arabic.
const fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5BD}' | '\u{5BF}' | '\u{5C1}'..='\u{5C2}'
        | '\u{5C4}'..='\u{5C5}' | '\u{5C7}' | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{65F}' | '\u{670}'
        | '\u{6D6}'..='\u{6DC}' | '\u{6DF}'..='\u{6E4}' | '\u{6E7}'..='\u{6E8}' | '\u{6EA}'..='\u{6ED}'
        | '\u{8D3}'..='\u{8FF}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Tests for a character of a word in a script without spaces.
fn is_unspaced(c: char) -> bool {
    if c < '\u{E00}' {
        return false;
    }
    let is_listed = match c.script() {
        // Signs that several scripts share, like the one that makes a vowel of Kana long, say which they are.
        Script::Common | Script::Inherited => {
            let extension = c.script_extension();
            !extension.is_common()
                && !extension.is_inherited()
                && UNSPACED.iter().any(|script| extension.contains_script(*script))
        }
        script => UNSPACED.contains(&script),
    };
    is_listed && is_word_char(c)
}

/// Writes the words of `text` to `out`.
fn spans_of(text: &str, out: &mut Vec<WordSpan>) {
    out.clear();
    // Offsets are of 32 bits; no input is so long.
    let text = text.get(..text.floor_char_boundary(u32::MAX as usize)).unwrap_or_default();
    let mut start = 0;
    for address in address_ranges(text) {
        stretches(text, start..address.start, out);
        start = address.end;
    }
    stretches(text, start..text.len(), out);
}

/// The words of a stretch without addresses: runs of scripts without spaces, and the words between them.
fn stretches(text: &str, range: Range<usize>, out: &mut Vec<WordSpan>) {
    let stretch = text.get(range.clone()).unwrap_or_default();
    if stretch.is_ascii() {
        return spaced(text, range, out);
    }
    let mut start = range.start;
    let mut run: Option<usize> = None;
    for (at, c) in stretch.char_indices().map(|(at, c)| (range.start + at, c)) {
        match (run, is_unspaced(c)) {
            (None, true) => {
                spaced(text, start..at, out);
                run = Some(at);
            }
            (Some(begin), false) => {
                pairs(text, begin..at, out);
                (run, start) = (None, at);
            }
            _ => {}
        }
    }
    match run {
        Some(begin) => pairs(text, begin..range.end, out),
        None => spaced(text, start..range.end, out),
    }
}

/// Words by UAX #29, cut where the folded text would be cut.
fn spaced(text: &str, range: Range<usize>, out: &mut Vec<WordSpan>) {
    let stretch = text.get(range.clone()).unwrap_or_default();
    for (at, word) in stretch.unicode_word_indices() {
        let at = range.start + at;
        let mut begin = None;
        for (offset, c) in word.char_indices() {
            match (begin, is_word_char(c)) {
                (None, true) => begin = Some(at + offset),
                (Some(start), false) => {
                    out.push(WordSpan { start: start as u32, end: (at + offset) as u32, kind: WordKind::Word });
                    begin = None;
                }
                _ => {}
            }
        }
        if let Some(start) = begin {
            out.push(WordSpan { start: start as u32, end: (at + word.len()) as u32, kind: WordKind::Word });
        }
    }
}

/// Pairs of characters, a character being what a reader takes for one (UAX #29), and the last one alone.
fn pairs(text: &str, range: Range<usize>, out: &mut Vec<WordSpan>) {
    let mut before = None;
    for (at, character) in text.get(range.clone()).unwrap_or_default().grapheme_indices(true) {
        let (start, end) = (range.start + at, range.start + at + character.len());
        if let Some(begin) = before {
            out.push(WordSpan { start: begin, end: end as u32, kind: WordKind::Pair });
        }
        before = Some(start as u32);
    }
    if let Some(start) = before {
        out.push(WordSpan { start, end: range.end as u32, kind: WordKind::Last });
    }
}

#[cfg(test)]
mod tests;
