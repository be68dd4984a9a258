//! Texts that were made to hurt: nothing panics, nothing takes more than linear time or space.

use shoal_text::{
    Folded, LanguageDetector, MAX_SYMBOLS_PER_BYTE, canonical_url, entities, fold, hashtag_sequence, shingles,
    strip_repost_prefix,
};

/// At this length linear time is milliseconds and quadratic time is hours, so the test ends or it does not.
const MEBIBYTE: usize = 1 << 20;

fn work(text: &str) {
    let mut folded = Folded::new();
    let mut set = Vec::new();
    fold(text, &mut folded);
    assert!(folded.len() <= MAX_SYMBOLS_PER_BYTE * text.len());
    shingles(folded.symbols(), 4, 1, &mut set);
    let found = entities(text);
    hashtag_sequence(&found.hashtags);
    found.urls.iter().filter_map(|url| canonical_url(url)).count();
    canonical_url(text);
    strip_repost_prefix(text);
    LanguageDetector::new(1).detect(text);
}

#[test]
fn a_mebibyte_of_anything_takes_linear_time() {
    for part in [
        "a",
        " ",
        "a.",
        "a.b/",
        "a-",
        "@",
        "@a",
        "@a-",
        "@a.",
        "@a@b",
        "#",
        "#a",
        "#a ",
        "##",
        "http://",
        "://",
        "www.",
        "www.a",
        "http://a)",
        "http://a.com/((",
        ")",
        "...",
        "…",
        "RT @a: ",
        "\0",
        "\u{301}",
        "\u{202E}",
        "\u{200B}",
        "哈",
        "각",
        "ﷺ",
        "1",
        "l",
        "$",
        "a$",
        "a@b",
        "\u{10FFFF}",
        "&#",
        "＃",
        "🇺🇸",
        "com/",
        ".com/a",
        "a\u{301}",
    ] {
        work(&part.repeat(MEBIBYTE / part.len()));
    }
}

#[test]
fn nothing_visible_folds_to_nothing() {
    let mut folded = Folded::new();
    for text in
        ["", "\0\0", "\u{301}\u{302}", "\u{202A}\u{202C}", "\u{FEFF}", "\r\n\t", "!?…", "😀👍🏽", "@one", "http://"]
    {
        fold(text, &mut folded);
        assert!(folded.is_empty(), "{text:?} folds to {folded:?}");
    }
}
