//! A found text with what was looked for marked. The index escapes everything but `<mark>`; it is taken apart and
//! written anew all the same, so that a page never depends on somebody else's escaping.

use maud::{Markup, html};

use super::untrusted;

const ENTITIES: [(&str, char); 7] =
    [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&#39;", '\''), ("&#x27;", '\''), ("&#x2F;", '/')];

/// The text of a post with its marks, or without any when they cannot be read.
pub(super) fn marked(highlight: Option<&str>, text: &str, lang: &str) -> Markup {
    let Some(parts) = highlight.and_then(parts) else { return untrusted::text(text, lang) };
    html! {
        p.said dir="auto" lang=[untrusted::language(lang)] {
            @for (marked, text) in &parts {
                @if *marked { mark { (untrusted::shown(text, usize::MAX)) } } @else { (untrusted::shown(text, usize::MAX)) }
            }
        }
    }
}

/// Pieces of text, and whether they are marked; `None` when there is any other tag.
fn parts(highlight: &str) -> Option<Vec<(bool, String)>> {
    let mut parts = Vec::new();
    let (mut rest, mut marked) = (highlight, false);
    loop {
        let tag = if marked { "</mark>" } else { "<mark>" };
        let (text, after) = match rest.split_once(tag) {
            Some((text, after)) => (text, Some(after)),
            None => (rest, None),
        };
        if text.contains(['<', '>']) || (after.is_none() && marked) {
            return None;
        }
        if !text.is_empty() {
            parts.push((marked, unescaped(text)));
        }
        match after {
            Some(after) => (rest, marked) = (after, !marked),
            None => return Some(parts),
        }
    }
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let whole = rest.get(before.len()..).unwrap_or_default();
        let known = ENTITIES.iter().find_map(|(entity, symbol)| Some((whole.strip_prefix(entity)?, *symbol)));
        let (after, symbol) = known.unwrap_or((after, '&'));
        plain.push(symbol);
        rest = after;
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_are_kept_and_everything_else_is_text() {
        let markup = marked(Some("a &lt;b&gt; <mark>toll &amp; gate</mark> &#39;x&#39; &c"), "", "en").into_string();
        let expected =
            r#"<p class="said" dir="auto" lang="en">a &lt;b&gt; <mark>toll &amp; gate</mark> 'x' &amp;c</p>"#;
        assert_eq!(markup, expected);
    }

    #[test]
    fn what_is_no_highlight_is_not_used() {
        for hostile in
            ["<script>x</script>", "<mark>open", "</mark>", "<mark><mark>x</mark></mark>", "<mark x>y</mark>"]
        {
            let markup = marked(Some(hostile), "the text", "und").into_string();
            assert_eq!(markup, r#"<p class="said" dir="auto">the text</p>"#, "{hostile}");
        }
    }

    proptest! {
        #[test]
        fn no_tag_comes_through(any in "([<>/&;a-z\"'= ]|<mark>|</mark>|&lt;){0,40}") {
            let markup = marked(Some(&any), "", "und").into_string();
            let inner = markup.strip_prefix(r#"<p class="said" dir="auto">"#).unwrap().strip_suffix("</p>").unwrap();
            let left = inner.replace("<mark>", "").replace("</mark>", "");
            prop_assert!(!left.contains(['<', '>', '"']), "{}", left);
        }
    }
}
