//! Texts of strangers, shown so that they cannot mislead: isolated from their surroundings, with their own
//! direction and language, and where they name something, with everything hidden made visible.

use std::fmt::Write as _;

use maud::{Markup, html};

/// Symbols of a text that are shown in one place: all of what most platforms take.
pub(super) const TEXT: usize = 2_000;
/// Symbols of a name or an address that are shown.
const NAME: usize = 300;

/// Languages that a page may say a text is in: others would be refused by those who read aloud.
const LANGUAGES: &str = " aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da \
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik \
    io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms \
    mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm \
    sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu \
    ckb fil hbs yue ";

/// The language of a text, where it is one.
pub(super) fn language(code: &str) -> Option<String> {
    let primary = code.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let plain = matches!(primary.len(), 2 | 3) && primary.bytes().all(|byte| byte.is_ascii_lowercase());
    (plain && LANGUAGES.contains(&format!(" {primary} "))).then_some(primary)
}

/// The name of a language, where a page says it in words.
pub(super) fn language_name(code: &str) -> &str {
    match code {
        "und" => "not known",
        other => other,
    }
}

/// A text, as its own block.
pub(super) fn text(text: &str, lang: &str) -> Markup {
    html! { p.said dir="auto" lang=[language(lang)] { (shown(text, TEXT)) } }
}

/// A text within a sentence or a row.
pub(super) fn phrase(text: &str, lang: &str, most: usize) -> Markup {
    html! { bdi lang=[language(lang)] { (shown(text, most)) } }
}

/// A name, an id or an address: nothing in it may be hidden.
pub(super) fn name(text: &str) -> Markup {
    html! { bdi.name { (visible(text, NAME)) } }
}

/// A text with everything hidden in it made visible.
pub(super) fn visible(text: &str, most: usize) -> Markup {
    let (text, more) = cut(text, most);
    let mut plain = String::new();
    let mut parts = Vec::new();
    for symbol in text.chars() {
        if is_hidden(symbol) {
            parts.push((std::mem::take(&mut plain), format!("U+{:04X}", u32::from(symbol))));
        } else {
            plain.push(symbol);
        }
    }
    html! {
        @for (before, hidden) in &parts {
            (before) span.hidden-sign title="a character that cannot be seen" { (hidden) }
        }
        (plain)
        @if more { "…" }
    }
}

/// A visible text without markup, for pictures and titles.
pub(super) fn visible_plain(text: &str, most: usize) -> String {
    let (text, more) = cut(text, most);
    let mut plain = String::new();
    for symbol in text.chars() {
        if is_hidden(symbol) {
            push_name(&mut plain, symbol);
        } else {
            plain.push(symbol);
        }
    }
    plain + if more { "…" } else { "" }
}

/// An address that nobody can follow by mistake: `hxxps://news[.]example/story`.
pub(super) fn defanged(address: &str) -> String {
    let scheme = address.get(..4).filter(|start| start.eq_ignore_ascii_case("http"));
    let rest = scheme.and_then(|_| address.get(4..)).unwrap_or(address);
    let host = rest.find("://").map_or(0, |at| at + 3);
    let end = rest.char_indices().find(|(at, symbol)| *at >= host && matches!(symbol, '/' | '?' | '#'));
    let end = end.map_or(rest.len(), |(at, _)| at);
    let (host, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    format!("{}{}{path}", if scheme.is_some() { "hxxp" } else { "" }, host.replace('.', "[.]"))
}

/// Text without the controls that no page may contain, cut to `most` symbols. What writes letters backwards is named:
/// no language needs it, and it makes `exe.txt` of `txt.exe`.
pub(super) fn shown(text: &str, most: usize) -> String {
    let (text, more) = cut(text, most);
    let mut safe = String::with_capacity(text.len());
    for symbol in text.chars() {
        match symbol {
            '\n' | '\t' => safe.push(symbol),
            '\u{202d}' | '\u{202e}' => push_name(&mut safe, symbol),
            _ if symbol.is_control() || ('\u{fdd0}'..='\u{fdef}').contains(&symbol) => safe.push('\u{fffd}'),
            _ => safe.push(symbol),
        }
    }
    if more {
        safe.push('…');
    }
    safe
}

fn push_name(text: &mut String, symbol: char) {
    // Writing to a String cannot fail.
    _ = write!(text, "[U+{:04X}]", u32::from(symbol));
}

/// The first `most` symbols, and whether there are more.
pub(super) fn cut(text: &str, most: usize) -> (&str, bool) {
    match text.char_indices().nth(most) {
        Some((at, _)) => (text.get(..at).unwrap_or_default(), true),
        None => (text, false),
    }
}

/// Recognises a character that leaves no mark of its own or turns others around. The variation selectors U+FE0E and
/// U+FE0F stay: they choose between two pictures of an emoji.
pub(super) fn is_hidden(symbol: char) -> bool {
    symbol.is_control()
        || matches!(symbol,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0d}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_hidden_in_a_name_is_seen() {
        let markup = name("demo:user\u{202e}gpj.<b>").into_string();
        assert!(markup.contains(">U+202E</span>gpj.&lt;b&gt;"), "{markup}");
        assert_eq!(visible_plain("a\u{200b}b\u{7}", 9), "a[U+200B]b[U+0007]");
        assert_eq!(visible_plain("abcd", 3), "abc…");
        assert_eq!(shown("see \u{202e}txt.exe\0", 99), "see [U+202E]txt.exe\u{fffd}");
    }

    #[test]
    fn only_languages_are_languages() {
        assert_eq!(language("en-GB").as_deref(), Some("en"));
        assert_eq!(language("zh").as_deref(), Some("zh"));
        for nonsense in ["und", "", "x y", "en\"", "qme", "  ", "a"] {
            assert_eq!(language(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn addresses_are_defanged() {
        for (address, safe) in [
            ("https://news.example/a.html?x=1.5", "hxxps://news[.]example/a.html?x=1.5"),
            ("HTTP://A.B", "hxxp://A[.]B"),
            ("news.example", "news[.]example"),
            ("", ""),
            ("http://", "hxxp://"),
            ("ünï.cödé/ä.b", "ünï[.]cödé/ä.b"),
        ] {
            assert_eq!(defanged(address), safe);
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_shown(any in any::<String>()) {
            prop_assert!(!visible_plain(&any, NAME).chars().any(is_hidden));
            prop_assert!(shown(&any, TEXT).chars().all(|symbol| !symbol.is_control() || matches!(symbol, '\n' | '\t')));
            _ = defanged(&any);
            _ = language(&any);
        }
    }
}
