//! The table that says what each character folds to.
//!
//! `table.txt` is generated from the Unicode data by `tests/fold_table`, where the rules stand, and compared with
//! them in every test run. It is read once, at first use, into pages of 256 entries, so that folding a character
//! is one lookup; pages on which no rule stands share one page of [`FoldKind::Itself`].

use std::sync::LazyLock;

/// The rule for a character, in the top byte of an entry. The lower 24 bits are its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum FoldKind {
    /// It stands for itself.
    Itself = 0,
    /// It becomes the symbol in the payload.
    Symbol,
    /// It is a digit, and becomes the symbol in the payload.
    Digit,
    /// It stands for itself, and a joiner follows.
    Wide,
    /// It vanishes inside a word.
    Skip,
    /// It ends a word.
    Break,
    /// It becomes the symbols at the payload: offset in the upper 16 bits, number in the lower 8.
    Many,
    /// It is a Hangul syllable, taken apart by arithmetic.
    Hangul,
    /// It is `$` or `@`, a letter only where letters stand beside it.
    Disguise,
}

/// An entry: a kind and its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TableEntry(u32);

impl TableEntry {
    const ITSELF: Self = Self::new(FoldKind::Itself, 0);

    const fn new(kind: FoldKind, payload: u32) -> Self {
        Self((kind as u32) << 24 | payload & 0x00FF_FFFF)
    }

    #[inline]
    pub(super) const fn kind(self) -> FoldKind {
        match self.0 >> 24 {
            1 => FoldKind::Symbol,
            2 => FoldKind::Digit,
            3 => FoldKind::Wide,
            4 => FoldKind::Skip,
            5 => FoldKind::Break,
            6 => FoldKind::Many,
            7 => FoldKind::Hangul,
            8 => FoldKind::Disguise,
            _ => FoldKind::Itself,
        }
    }

    /// The symbol of a [`FoldKind::Symbol`] or [`FoldKind::Digit`].
    #[inline]
    pub(super) fn symbol(self) -> char {
        char::from_u32(self.0 & 0x00FF_FFFF).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// The digits' symbols: the letters they are written for, where there is one. No two share a symbol, so numbers
/// stay as far apart as they were.
const DIGITS: [char; 10] = ['o', 'i', '2', 'e', 'a', 's', '6', 't', '8', '9'];

/// The whole table: about 320 KiB, of which a text touches the pages of its script.
pub(super) struct FoldTable {
    ascii: [TableEntry; 128],
    /// The page that holds the characters with these upper bits.
    pages: Vec<u16>,
    entries: Vec<[TableEntry; 256]>,
    symbols: Vec<char>,
}

/// The table, read at first use.
pub(super) static TABLE: LazyLock<FoldTable> = LazyLock::new(|| FoldTable::read(include_str!("table.txt")));

/// Tells whether `c` belongs to words: anything but white space, punctuation, symbols and emoji.
pub(crate) fn in_words(c: char) -> bool {
    TABLE.in_words(c)
}

impl FoldTable {
    /// The entry of `c`.
    #[inline]
    pub(super) fn entry(&self, c: char) -> TableEntry {
        let code = c as usize;
        if let Some(entry) = self.ascii.get(code) {
            return *entry;
        }
        let page = self.pages.get(code >> 8).copied().unwrap_or_default();
        self.entries.get(page as usize).map_or(TableEntry::ITSELF, |page| page[code & 0xFF])
    }

    /// The symbols of a [`FoldKind::Many`].
    pub(super) fn symbols(&self, entry: TableEntry) -> &[char] {
        let (offset, number) = ((entry.0 >> 8 & 0xFFFF) as usize, (entry.0 & 0xFF) as usize);
        self.symbols.get(offset..offset + number).unwrap_or_default()
    }

    /// Tells whether `c` can stand in a word, and so in a hashtag.
    pub(crate) fn in_words(&self, c: char) -> bool {
        !matches!(self.entry(c).kind(), FoldKind::Break | FoldKind::Disguise)
    }

    fn read(text: &str) -> Self {
        let mut table = Self {
            ascii: [TableEntry::ITSELF; 128],
            pages: vec![0; 0x1100],
            entries: vec![[TableEntry::ITSELF; 256]],
            symbols: Vec::new(),
        };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            table.read_line(line);
        }
        for c in ['$', '@'] {
            table.set(c as usize, TableEntry::new(FoldKind::Disguise, 0));
        }
        table.share_pages();
        for (code, entry) in table.ascii.iter_mut().enumerate() {
            *entry = table.entries.get(table.pages[0] as usize).map_or(TableEntry::ITSELF, |page| page[code]);
        }
        table
    }

    /// Keeps one of each kind of page: whole blocks of ideographs have the same entries.
    fn share_pages(&mut self) {
        let mut kept: Vec<[TableEntry; 256]> = Vec::new();
        let places: Vec<u16> = self
            .entries
            .iter()
            .map(|page| {
                let place = kept.iter().position(|other| other == page).unwrap_or(kept.len());
                if place == kept.len() {
                    kept.push(*page);
                }
                place as u16
            })
            .collect();
        for page in &mut self.pages {
            *page = places.get(*page as usize).copied().unwrap_or_default();
        }
        self.entries = kept;
    }

    /// Reads `FIRST..LAST;rule` or `CODE;rule`. The file is our own and tested, so what cannot be read is left out.
    fn read_line(&mut self, line: &str) {
        let Some((range, rule)) = line.split_once(';') else { return };
        let (first, last) = range.split_once("..").unwrap_or((range, range));
        let (Ok(first), Ok(last)) = (usize::from_str_radix(first, 16), usize::from_str_radix(last, 16)) else { return };
        let entry = self.read_rule(rule);
        for code in first..=last {
            self.set(code, entry);
        }
    }

    fn read_rule(&mut self, rule: &str) -> TableEntry {
        match rule {
            "wide" => TableEntry::new(FoldKind::Wide, 0),
            "skip" => TableEntry::new(FoldKind::Skip, 0),
            "break" => TableEntry::new(FoldKind::Break, 0),
            "hangul" => TableEntry::new(FoldKind::Hangul, 0),
            _ => match rule.strip_prefix("digit ") {
                Some(value) => {
                    let symbol = value.parse().ok().and_then(|value: usize| DIGITS.get(value));
                    TableEntry::new(FoldKind::Digit, symbol.map_or(0, |c| u32::from(*c)))
                }
                None => self.read_symbols(rule),
            },
        }
    }

    fn read_symbols(&mut self, rule: &str) -> TableEntry {
        let offset = self.symbols.len();
        self.symbols.extend(rule.split(' ').filter_map(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?)));
        match self.symbols.get(offset..) {
            Some(&[only]) => {
                self.symbols.truncate(offset);
                TableEntry::new(FoldKind::Symbol, u32::from(only))
            }
            Some(several) => TableEntry::new(FoldKind::Many, (offset << 8 | several.len()) as u32),
            None => TableEntry::ITSELF,
        }
    }

    fn set(&mut self, code: usize, entry: TableEntry) {
        let Some(page) = self.pages.get_mut(code >> 8) else { return };
        if *page == 0 {
            *page = self.entries.len() as u16;
            self.entries.push([TableEntry::ITSELF; 256]);
        }
        if let Some(entries) = self.entries.get_mut(*page as usize) {
            entries[code & 0xFF] = entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{JOINER, MAX_SYMBOLS_PER_BYTE};
    use super::*;

    #[test]
    fn every_line_is_read() {
        for line in include_str!("table.txt").lines().filter(|line| !line.starts_with('#')) {
            let (range, rule) = line.split_once(';').unwrap();
            let first = u32::from_str_radix(range.split("..").next().unwrap(), 16).unwrap();
            let entry = TABLE.entry(char::from_u32(first).unwrap());
            let text = match entry.kind() {
                FoldKind::Symbol => format!("{:X}", u32::from(entry.symbol())),
                FoldKind::Many => {
                    TABLE.symbols(entry).iter().map(|c| format!("{:X}", u32::from(*c))).collect::<Vec<_>>().join(" ")
                }
                FoldKind::Digit => format!("digit {}", DIGITS.iter().position(|c| *c == entry.symbol()).unwrap()),
                FoldKind::Disguise => "break".to_owned(),
                other => format!("{other:?}").to_lowercase(),
            };
            assert_eq!(text, rule, "at {range}");
        }
    }

    #[test]
    fn no_character_grows_beyond_the_documented_factor() {
        for c in (0..=0x0010_FFFF).filter_map(char::from_u32) {
            let entry = TABLE.entry(c);
            let symbols = match entry.kind() {
                FoldKind::Many => TABLE.symbols(entry).len(),
                FoldKind::Hangul => 4,
                FoldKind::Wide => 2,
                _ => 1,
            };
            assert!(symbols <= MAX_SYMBOLS_PER_BYTE * c.len_utf8(), "{c:?} gives {symbols} symbols");
        }
    }

    #[test]
    fn symbols_fold_to_themselves() {
        for c in (0..=0x0010_FFFF).filter_map(char::from_u32) {
            let entry = TABLE.entry(c);
            let symbols = match entry.kind() {
                FoldKind::Symbol => vec![entry.symbol()],
                FoldKind::Many => TABLE.symbols(entry).to_vec(),
                _ => continue,
            };
            for symbol in symbols {
                let again = TABLE.entry(symbol);
                let fixed = match again.kind() {
                    FoldKind::Itself | FoldKind::Wide => true,
                    FoldKind::Skip => symbol == JOINER,
                    FoldKind::Symbol | FoldKind::Digit => again.symbol() == symbol,
                    _ => false,
                };
                assert!(fixed, "{c:?} folds to {symbol:?}, which folds on");
            }
        }
    }

    #[test]
    fn the_table_is_small() {
        assert!(TABLE.entries.len() < 400, "{} pages", TABLE.entries.len());
    }
}
