//! The rules of folding, one character at a time.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_script::{Script, UnicodeScript as _};

use crate::looks::look;

/// The rule for a character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rule {
    /// It stands for itself.
    Itself,
    /// It stands for itself, followed by a joiner: an ideograph.
    Wide,
    /// It vanishes inside a word.
    Skip,
    /// It ends a word.
    Break,
    /// A precomposed syllable, taken apart by arithmetic.
    Hangul,
    /// A decimal digit of any script.
    Digit(u32),
    /// It becomes these symbols.
    Text(String),
}

/// The symbol after every ideograph, so that four symbols span two of them.
const JOINER: char = '\u{2060}';

/// `Default_Ignorable_Code_Point` of the Unicode Character Database (`DerivedCoreProperties.txt`).
const IGNORABLE: [(u32, u32); 17] = [
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1_BCA0, 0x1_BCA3),
    (0x1_D173, 0x1_D17A),
    (0xE_0000, 0xE_0FFF),
];

/// Marks inside words: apostrophes of every kind (also those used as letters) and the Arabic stretching dash.
const INSIDE_WORDS: &str = "'’‘‛′`´ʼʻʹˈ＇\u{0640}";

/// Runs of 26 symbols that show the Latin alphabet but have no compatibility decomposition.
const LETTER_SYMBOLS: [u32; 3] = [0x1_F150, 0x1_F170, 0x1_F1E6];

/// The leading consonants that each trailing consonant of Hangul (U+11A8 ..= U+11C2) consists of, as offsets from
/// U+1100: a syllable and its letters written one by one fold the same.
const TRAILING: [&[u32]; 27] = [
    &[0],
    &[1],
    &[0, 9],
    &[2],
    &[2, 12],
    &[2, 18],
    &[3],
    &[5],
    &[5, 0],
    &[5, 6],
    &[5, 7],
    &[5, 9],
    &[5, 16],
    &[5, 17],
    &[5, 18],
    &[6],
    &[7],
    &[7, 9],
    &[9],
    &[10],
    &[11],
    &[12],
    &[14],
    &[15],
    &[16],
    &[17],
    &[18],
];

/// The rule for `c`.
pub(crate) fn rule(c: char) -> Rule {
    if vanishes(c) {
        return Rule::Skip;
    }
    if c.is_whitespace() {
        return Rule::Break;
    }
    match c.general_category() {
        GeneralCategory::Control => Rule::Skip,
        GeneralCategory::Unassigned | GeneralCategory::PrivateUse => Rule::Itself,
        _ if ('\u{AC00}'..='\u{D7A3}').contains(&c) => Rule::Hangul,
        _ => match digit(c) {
            Some(value) => Rule::Digit(value),
            None => rule_of_text(c, text(c)),
        },
    }
}

fn vanishes(c: char) -> bool {
    let code = u32::from(c);
    IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&code)) || INSIDE_WORDS.contains(c)
}

fn rule_of_text(c: char, text: String) -> Rule {
    if text.is_empty() {
        let vanishes = c.general_category_group() == GeneralCategoryGroup::Mark;
        return if vanishes { Rule::Skip } else { Rule::Break };
    }
    let mut symbols = text.chars();
    match (symbols.next(), symbols.next(), symbols.next()) {
        (Some(only), None, None) if only == c => Rule::Itself,
        (Some(only), Some(JOINER), None) if only == c => Rule::Wide,
        _ => Rule::Text(text),
    }
}

/// The symbols of `c`: compatibility decomposition, lower case, no diacritics, letters by their looks.
pub(crate) fn text(c: char) -> String {
    let shown = letter_symbol(c).unwrap_or(c);
    // Twice, because lower case can decompose and a decomposition can have capitals.
    let lower: String = lower_case(shown).chars().map(lower_case).collect();
    let mut out = String::new();
    for c in lower.chars().filter(|c| !is_diacritic(*c) && !vanishes(*c)) {
        for symbol in look(c).unwrap_or_else(|| c.to_string()).chars() {
            push_symbol(&mut out, symbol);
        }
    }
    out
}

/// The compatibility decomposition in lower case, with the two letters that have no lower case of their own to meet.
fn lower_case(c: char) -> String {
    let lower: String = std::iter::once(c).nfkd().flat_map(char::to_lowercase).nfkd().collect();
    lower.replace('ß', "ss").replace('ς', "σ")
}

fn push_symbol(out: &mut String, symbol: char) {
    let code = u32::from(symbol);
    match symbol {
        '\u{11A8}'..='\u{11C2}' => {
            let parts = TRAILING.get((code - 0x11A8) as usize).copied().unwrap_or_default();
            out.extend(parts.iter().filter_map(|offset| char::from_u32(0x1100 + offset)));
        }
        // UTS 39: one Thai vowel that is drawn as two of another.
        '\u{0E41}' => out.push_str("\u{0E40}\u{0E40}"),
        // I and l cannot be told apart in many typefaces, and the digit one stands for both.
        'l' => out.push('i'),
        _ if symbol.script() == Script::Han && is_word(symbol) => out.extend([symbol, JOINER]),
        _ => match digit(symbol) {
            Some(value) => out.push(leet(value)),
            None if is_word(symbol) => out.push(symbol),
            None => {}
        },
    }
}

/// The symbol of a digit: the letter it is written for, so that a word means the same with either. No two digits
/// share a symbol, so numbers stay as far apart as they were.
fn leet(value: u32) -> char {
    "oi2eas6t89".chars().nth(value as usize).unwrap_or('o')
}

/// The value of a decimal digit, in any script and in any compatibility form.
fn digit(c: char) -> Option<u32> {
    let mut plain = std::iter::once(c).nfkd();
    let first = plain.next().filter(|_| plain.next().is_none())?;
    if first.is_ascii_digit() {
        return first.to_digit(10);
    }
    // Decimal digits come in contiguous tens that start with zero (Unicode stability policy).
    (first.general_category() == GeneralCategory::DecimalNumber).then(|| {
        let before = (1..10).take_while(|back| {
            char::from_u32(u32::from(first) - back)
                .is_some_and(|c| c.general_category() == GeneralCategory::DecimalNumber)
        });
        before.count() as u32 % 10
    })
}

fn letter_symbol(c: char) -> Option<char> {
    let code = u32::from(c);
    LETTER_SYMBOLS.iter().find_map(|start| {
        let offset = code.checked_sub(*start).filter(|offset| *offset < 26)?;
        char::from_u32(u32::from('a') + offset)
    })
}

/// Tells whether `c` is a mark that readers see through: accents of every script and the vowel points of Hebrew, Arabic
/// and Syriac, which most writers leave out. Vowel signs, viramas, nuktas, kana voicing and tone marks stay: they
/// are letters in all but name. The canonical combining class tells them apart.
fn is_diacritic(c: char) -> bool {
    let enclosing = c.general_category() == GeneralCategory::EnclosingMark;
    enclosing || matches!(canonical_combining_class(c), 1 | 10..=36 | 200..=240)
}

/// Tells whether `c` belongs to words: letters, kept marks and numbers, not punctuation, symbols or emoji.
fn is_word(c: char) -> bool {
    matches!(
        c.general_category_group(),
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark | GeneralCategoryGroup::Number
    )
}
