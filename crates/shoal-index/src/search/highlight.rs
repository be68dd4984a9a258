//! Highlighted texts, safe to put into a page.

use std::ops::Range;

use tantivy::tokenizer::{TokenStream, Tokenizer};

use crate::query::HighlightTerms;
use crate::segmenter::Segmenter;

/// Characters of a text that are shown.
const MAX_SHOWN: usize = 500;

/// Characters that are shown before the first mark of a longer text.
const CONTEXT: usize = 150;

/// `text` as HTML: `<mark>` around the highlighted terms, everything else escaped. A text longer than [`MAX_SHOWN`]
/// characters is cut to that many around the first mark, with an ellipsis at each cut.
pub(super) fn highlight(text: &str, highlighted: &HighlightTerms) -> String {
    let marked = marked(text, highlighted);
    let shown = shown(text, marked.first());
    let mut out = String::with_capacity(shown.len() + 64);
    if shown.start > 0 {
        out.push('…');
    }
    let mut at = shown.start;
    for range in marked {
        let range = range.start.max(shown.start)..range.end.min(shown.end);
        if range.is_empty() {
            continue;
        }
        escape(text.get(at..range.start), &mut out);
        out.push_str("<mark>");
        escape(text.get(range.clone()), &mut out);
        out.push_str("</mark>");
        at = range.end;
    }
    escape(text.get(at..shown.end), &mut out);
    if shown.end < text.len() {
        out.push('…');
    }
    out
}

/// Byte ranges of highlighted terms, in order and without touching.
fn marked(text: &str, highlighted: &HighlightTerms) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    if highlighted.is_empty() {
        return out;
    }
    let mut segmenter = Segmenter::default();
    let mut tokens = segmenter.token_stream(text);
    while tokens.advance() {
        let token = tokens.token();
        if !highlighted.has(&token.text) {
            continue;
        }
        let range = token.offset_from..token.offset_to;
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// The part of a text that is shown.
fn shown(text: &str, first: Option<&Range<usize>>) -> Range<usize> {
    if text.chars().nth(MAX_SHOWN).is_none() {
        return 0..text.len();
    }
    let mark = first.map_or(0, |range| range.start);
    let start =
        text.get(..mark).and_then(|before| before.char_indices().rev().nth(CONTEXT - 1)).map_or(0, |(at, _)| at);
    let rest = text.get(start..).unwrap_or_default();
    match rest.char_indices().nth(MAX_SHOWN) {
        Some((length, _)) => start..start + length,
        // Near the end: as much before it as there is room for.
        None => text.char_indices().rev().nth(MAX_SHOWN - 1).map_or(0, |(at, _)| at)..text.len(),
    }
}

fn escape(text: Option<&str>, out: &mut String) {
    for c in text.unwrap_or_default().chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // No page may hold these.
            c if c.is_control() && !matches!(c, '\n' | '\t' | '\r') => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SearchLimits;
    use crate::query::parse;

    fn shown_for(query: &str, text: &str) -> String {
        let tree = parse(query, &SearchLimits::default()).unwrap().unwrap();
        highlight(text, &HighlightTerms::of(&tree))
    }

    #[test]
    fn what_was_looked_for_is_marked() {
        for (query, text, expected) in [
            ("vote", "Vote, vote & VOTE!", "<mark>Vote</mark>, <mark>vote</mark> &amp; <mark>VOTE</mark>!"),
            ("vot* -stop", "stop voting", "stop <mark>voting</mark>"),
            ("\"a b\" OR c", "<a b c>", "&lt;<mark>a</mark> <mark>b</mark> <mark>c</mark>&gt;"),
            ("中国人", "看中国人民", "看<mark>中国人</mark>民"),
            ("中", "看中国", "看<mark>中国</mark>"),
            ("צהל", "צה\"ל צַהַל", "צה&quot;ל <mark>צַהַל</mark>"),
            ("كتاب", "هذا كِتَابٌ", "هذا <mark>كِتَابٌ</mark>"),
            ("ภาษา", "ภาษาไทย", "<mark>ภาษา</mark>ไทย"),
            ("#maga", "#MAGA 🇺🇸 \0", "#<mark>MAGA</mark> 🇺🇸 \u{FFFD}"),
            ("lang:en", "en & <b>", "en &amp; &lt;b&gt;"),
        ] {
            assert_eq!(shown_for(query, text), expected, "{query} in {text}");
        }
    }

    #[test]
    fn long_texts_are_shown_around_the_first_mark() {
        let text = format!("{}needle{}", "hay ".repeat(300), " hay".repeat(300));
        let shown = shown_for("needle", &text);
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.contains("hay <mark>needle</mark> hay"));
        assert_eq!(shown.chars().count(), MAX_SHOWN + 2 + "<mark></mark>".len());
        let end = shown_for("needle", &format!("{}needle", "hay ".repeat(300)));
        assert!(end.starts_with('…') && end.ends_with("<mark>needle</mark>"));
        assert_eq!(end.chars().count(), MAX_SHOWN + 1 + "<mark></mark>".len());
        assert!(shown_for("absent", &text).starts_with("hay"));
    }

    proptest! {
        #[test]
        fn any_text_is_safe(text in "([a-c<>&\"' 中国ไทà\\PC]|\\PC{0,3}){0,700}", query in "[a-c]{1,2}\\*?|中国|[a-c]") {
            let Ok(Some(tree)) = parse(&query, &SearchLimits::default()) else { return Ok(()) };
            let html = highlight(&text, &HighlightTerms::of(&tree));
            let bare = html.replace("<mark>", "").replace("</mark>", "");
            prop_assert!(!bare.contains(['<', '>', '"', '\'']), "{}", html);
            prop_assert_eq!(html.matches("<mark>").count(), html.matches("</mark>").count());
            let plain = bare.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
            if text.chars().count() <= MAX_SHOWN {
                prop_assert_eq!(plain, text);
            } else {
                prop_assert!(plain.chars().count() <= MAX_SHOWN + 2);
            }
        }
    }
}
