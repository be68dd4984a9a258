//! Looks of characters: letters that readers take for others.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_script::{Script, UnicodeScript as _};

/// Scripts whose letters are folded to the ASCII letters they look like. The other scripts have alphabets of
/// their own in which single strokes and rings resemble Latin `l` and `o`, but nobody writes Latin words with them.
const LATIN_LIKE: [Script; 9] = [
    Script::Latin,
    Script::Greek,
    Script::Cyrillic,
    Script::Armenian,
    Script::Coptic,
    Script::Cherokee,
    Script::Lisu,
    Script::Deseret,
    Script::Common,
];

/// Scripts that are written side by side and share shapes (katakana KA and the ideograph for power).
const EAST_ASIAN: [Script; 4] = [Script::Han, Script::Hiragana, Script::Katakana, Script::Bopomofo];

/// Decisions that the data of UTS 39 leave open, or that would make two letters of one alphabet equal, in lower
/// case; a letter that maps to itself stays apart.
const DECIDED: [(&str, &str); 4] = [
    // Each of these has a twin in its own alphabet that looks more like the ASCII letter.
    ("бьћыюσςθգղռ", "бьћыюσσθգղռ"),
    // The capital is the exact twin of H; the small letter is only like an n.
    ("η", "h"),
    // Small capitals are in no decomposition.
    ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯǫʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqqrstuvwyz"),
    // One Arabic letter each, as keyboards and orthographies of different languages write it.
    ("ىیٱکڪەہھۀة", "يياككههههه"),
];

/// The look of `c`: the lower-case ASCII letters, or the letter of its own kind, that readers take it for.
/// `None` when it looks like nothing else.
pub(crate) fn look(c: char) -> Option<String> {
    decided(c).or_else(|| ascii_look(c)).or_else(|| east_asian_look(c))
}

fn decided(c: char) -> Option<String> {
    DECIDED.iter().find_map(|(from, to)| {
        let at = from.chars().position(|candidate| candidate == c)?;
        to.chars().nth(at).map(String::from)
    })
}

/// The ASCII letters that `c`, or else its capital, looks like.
fn ascii_look(c: char) -> Option<String> {
    // Symbols and punctuation that resemble letters, such as the Hindi full stop, do their own work.
    if c.is_ascii() || !is_letter(c) || !LATIN_LIKE.contains(&c.script()) {
        return None;
    }
    [c.to_string(), c.to_uppercase().collect()].into_iter().find_map(|form| {
        // The skeleton of `m` is `rn`: it is undone, because `rn` stays `rn` in the fold.
        let shape = skeleton(&form).replace("rn", "m").to_lowercase();
        (!shape.is_empty() && shape.bytes().all(|b| b.is_ascii_lowercase())).then_some(shape)
    })
}

/// The one letter of the East Asian scripts that `c`, a letter of another of them, looks like.
fn east_asian_look(c: char) -> Option<String> {
    let shape = skeleton(&c.to_string());
    let twin = shape.chars().next().filter(|_| shape.chars().count() == 1)?;
    let kin = EAST_ASIAN.contains(&c.script()) && EAST_ASIAN.contains(&twin.script());
    (kin && twin != c && is_letter(twin)).then_some(shape)
}

fn is_letter(c: char) -> bool {
    c.general_category_group() == GeneralCategoryGroup::Letter
}

/// The UTS 39 skeleton without diacritics.
fn skeleton(text: &str) -> String {
    unicode_security::skeleton(text)
        .nfkd()
        .filter(|c| c.general_category_group() != GeneralCategoryGroup::Mark)
        .collect()
}
