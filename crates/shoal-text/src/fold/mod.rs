//! Folding: the matching view of a text. It is compared, never shown.
//!
//! Texts that look the same fold to the same symbols, in every script, whatever characters draw them: compatibility
//! forms (UAX #15), case, diacritics, invisible characters, look-alike letters (UTS #39) and digits written for
//! letters fall away. So do decorations that are swapped from copy to copy: addresses, mentions, punctuation, emoji.
//! A post of nothing else folds to nothing, and is matched by its addresses, not by its text.
//!
//! Every rule but two is a rule about one character, so spacing letters out or running words together changes
//! nothing, and no rule asks what script its neighbours are in: look-alikes are folded everywhere to
//! one of them, alike in pure and in mixed text. Within one alphabet they stay apart (`tests/fold_table`), so
//! unrelated texts do not meet. The two rules with context: `@` and `$` are letters only beside letters, and long
//! runs of one letter shrink to one. Digits become letters everywhere, in numbers too; no two share a symbol and their
//! runs do not shrink, so numbers are as distinct as before.

mod table;

pub(crate) use table::in_words;
use table::{FoldKind, FoldTable, TABLE, TableEntry};

use crate::scan::Scanner;

/// No text folds to more symbols than its UTF-8 bytes times this.
pub const MAX_SYMBOLS_PER_BYTE: usize = 5;

/// Follows every ideograph, so that four symbols span two ideographs. It is no character that a text folds to, and
/// folds to nothing itself.
pub(crate) const JOINER: char = '\u{2060}';

/// The symbol of I, l and the digit one, which cannot be told apart in many typefaces.
const STROKE: char = 'i';

/// The number of equal letters from which a run is emphasis and shrinks to one. More of [`STROKE`], as in `Illinois`.
const RUN: u32 = 3;
const STROKE_RUN: u32 = 5;

/// A folded text, in a buffer that is meant to be used again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    symbols: Vec<char>,
}

impl Folded {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// The symbols, without spaces.
    pub fn symbols(&self) -> &[char] {
        &self.symbols
    }

    /// The number of symbols.
    pub fn len(&self) -> usize {
        self.symbols.len()
    }

    /// Tells whether the text had nothing to compare.
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }
}

/// Folds `text` into `out`, replacing what was there. Linear in the length of the text; gives at most
/// [`MAX_SYMBOLS_PER_BYTE`] symbols per byte.
///
/// Folding the symbols again changes nothing, unless digits gave runs of one symbol (`2000`).
pub fn fold(text: &str, out: &mut Folded) {
    out.symbols.clear();
    out.symbols.reserve(text.len());
    let mut writer = FoldWriter { table: &TABLE, out, last: None, run: 0, words: 0, words_before: 0 };
    let mut start = 0;
    for (range, _) in Scanner::new(text).filter(|(_, found)| found.is_swappable()) {
        writer.piece(text.get(start..range.start).unwrap_or_default());
        start = range.end;
    }
    writer.piece(text.get(start..).unwrap_or_default());
}

struct FoldWriter<'a> {
    table: &'a FoldTable,
    out: &'a mut Folded,
    /// The last symbol, unless a digit was its source, and how often it came in a row.
    last: Option<char>,
    run: u32,
    /// The number of symbols when the last word ended.
    words: usize,
    /// The same, for the last word that ended before the second letter of a run: when a run shrinks to its first
    /// letter, the others have ended no word.
    words_before: usize,
}

impl FoldWriter<'_> {
    /// Folds text that holds no address or mention, and ends the word it ends with.
    fn piece(&mut self, text: &str) {
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let entry = self.table.entry(c);
            match entry.kind() {
                FoldKind::Symbol => self.letter(entry.symbol()),
                FoldKind::Itself => self.letter(c),
                FoldKind::Break => self.end_word(),
                FoldKind::Skip => {}
                FoldKind::Digit => self.digit(entry.symbol()),
                FoldKind::Wide => self.wide(c),
                FoldKind::Many => self.letters(entry),
                FoldKind::Hangul => self.hangul(c),
                FoldKind::Disguise => self.disguise(c, chars.clone().next()),
            }
        }
        self.end_word();
    }

    #[inline]
    fn letter(&mut self, symbol: char) {
        if self.last != Some(symbol) {
            self.last = Some(symbol);
            self.run = 1;
            self.out.symbols.push(symbol);
            return;
        }
        self.repeated(symbol, 1);
    }

    /// Adds one more of the same letter, of `width` symbols each. From the limit on only the first remains.
    fn repeated(&mut self, symbol: char, width: usize) {
        self.run = self.run.saturating_add(1);
        let limit = if symbol == STROKE { STROKE_RUN } else { RUN };
        if self.run < limit {
            self.out.symbols.push(symbol);
            if width > 1 {
                self.out.symbols.push(JOINER);
            }
        } else if self.run == limit {
            let left = self.out.symbols.len().saturating_sub((limit as usize - 2) * width);
            self.out.symbols.truncate(left);
            self.words = self.words_before;
        }
    }

    fn letters(&mut self, entry: TableEntry) {
        let symbols = self.table.symbols(entry);
        for (at, symbol) in symbols.iter().enumerate() {
            match symbols.get(at + 1) {
                _ if *symbol == JOINER => {}
                Some(&JOINER) => self.wide(*symbol),
                _ => self.letter(*symbol),
            }
        }
    }

    fn digit(&mut self, symbol: char) {
        self.last = None;
        self.out.symbols.push(symbol);
    }

    fn wide(&mut self, symbol: char) {
        if self.last == Some(symbol) {
            self.repeated(symbol, 2);
            return;
        }
        self.last = Some(symbol);
        self.run = 1;
        self.out.symbols.extend([symbol, JOINER]);
    }

    /// A Hangul syllable as its letters (Unicode Standard, section 3.12), like its decomposed and compatibility forms.
    fn hangul(&mut self, c: char) {
        let index = u32::from(c).saturating_sub(0xAC00);
        let (leading, vowel, trailing) = (index / 588, index % 588 / 28, index % 28);
        for code in [0x1100 + leading, 0x1161 + vowel] {
            self.letter(char::from_u32(code).unwrap_or(c));
        }
        if let Some(jamo) = char::from_u32(0x11A7 + trailing).filter(|_| trailing > 0) {
            let entry = self.table.entry(jamo);
            match entry.kind() {
                FoldKind::Many => self.letters(entry),
                FoldKind::Symbol => self.letter(entry.symbol()),
                _ => self.letter(jamo),
            }
        }
    }

    /// `@` between letters is an a. `$` is an s after a letter and before a small one; otherwise it begins the price
    /// or the ticker of a share, which is known without it.
    fn disguise(&mut self, c: char, next: Option<char>) {
        let inside = self.out.symbols.len() > self.words && self.last.is_some();
        match c {
            '@' if inside && next.is_some_and(char::is_alphabetic) => self.letter('a'),
            '$' if inside || next.is_some_and(char::is_lowercase) => self.letter('s'),
            _ => self.end_word(),
        }
    }

    fn end_word(&mut self) {
        self.words = self.out.symbols.len();
        if self.run < 2 || self.last.is_none() {
            self.words_before = self.words;
        }
    }
}

#[cfg(test)]
mod tests;
