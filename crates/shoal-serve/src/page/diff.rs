//! Differences between two texts, word by word.

use maud::{Markup, html};
use unicode_segmentation::UnicodeSegmentation;

use super::untrusted;

/// Words and gaps of a text that are compared; what comes after is shown and not compared.
const WORDS: usize = 600;

/// A part of two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
enum DiffPart {
    Same(String),
    Added(String),
    Removed(String),
}

/// The text `new`, with what distinguishes it from `old` marked.
pub(super) fn marked(old: &str, new: &str, lang: &str) -> Markup {
    let (old, _) = untrusted::cut(old, untrusted::TEXT);
    let (new, more) = untrusted::cut(new, untrusted::TEXT);
    html! {
        p.said.diff dir="auto" lang=[untrusted::language(lang)] {
            @for part in parts(old, new) {
                @match part {
                    DiffPart::Same(text) => (untrusted::shown(&text, usize::MAX)),
                    DiffPart::Added(text) => ins { (changed(&text)) },
                    DiffPart::Removed(text) => del { (changed(&text)) },
                }
            }
            @if more { "…" }
        }
    }
}

/// The meaning of the marks.
pub(super) fn legend() -> Markup {
    html! {
        p.legend {
            "Compared with the first text: " ins { "added words" } ", " del { "words left out" }
            "; everything else is equal."
        }
    }
}

/// A part that differs: it may differ in nothing but what cannot be seen.
fn changed(text: &str) -> Markup {
    let hides = text.chars().any(|symbol| untrusted::is_hidden(symbol) && !symbol.is_whitespace());
    html! { @if hides { (untrusted::visible(text, untrusted::TEXT)) } @else { (untrusted::shown(text, usize::MAX)) } }
}

fn parts(old: &str, new: &str) -> Vec<DiffPart> {
    let (old, _) = words(old);
    let (new, rest) = words(new);
    let start = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let room = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(room).take_while(|(one, other)| one == other).count();
    let mut parts = DiffBuilder::default();
    new.iter().take(start).for_each(|word| parts.same(word));
    let (old, new_middle) = (middle(&old, start, end), middle(&new, start, end));
    walk(old, new_middle, &mut parts);
    new.iter().skip(new.len() - end).for_each(|word| parts.same(word));
    parts.same(rest);
    parts.finish()
}

fn middle<'a, 'b>(words: &'a [&'b str], start: usize, end: usize) -> &'a [&'b str] {
    words.get(start..words.len() - end).unwrap_or_default()
}

/// The first words with the gaps between them, and the rest in one piece.
fn words(text: &str) -> (Vec<&str>, &str) {
    let words: Vec<&str> = text.split_word_bounds().take(WORDS).collect();
    let length = words.iter().map(|word| word.len()).sum();
    (words, text.get(length..).unwrap_or_default())
}

/// Walks along a longest common subsequence.
fn walk(old: &[&str], new: &[&str], parts: &mut DiffBuilder) {
    let lengths = lengths(old, new);
    let (mut at_old, mut at_new) = (0, 0);
    while let (Some(one), Some(other)) = (old.get(at_old), new.get(at_new)) {
        if one == other {
            parts.same(other);
            (at_old, at_new) = (at_old + 1, at_new + 1);
        } else if lengths[at_old + 1][at_new] >= lengths[at_old][at_new + 1] {
            parts.removed(one);
            at_old += 1;
        } else {
            parts.added(other);
            at_new += 1;
        }
    }
    old.iter().skip(at_old).for_each(|word| parts.removed(word));
    new.iter().skip(at_new).for_each(|word| parts.added(word));
}

/// Lengths of the longest common subsequences of all rests.
fn lengths(old: &[&str], new: &[&str]) -> Vec<Vec<u16>> {
    let mut lengths = vec![vec![0_u16; new.len() + 1]; old.len() + 1];
    for at_old in (0..old.len()).rev() {
        for at_new in (0..new.len()).rev() {
            lengths[at_old][at_new] = if old[at_old] == new[at_new] {
                lengths[at_old + 1][at_new + 1] + 1
            } else {
                lengths[at_old + 1][at_new].max(lengths[at_old][at_new + 1])
            };
        }
    }
    lengths
}

/// Builds a diff: a gap between two changes belongs to them, so that a changed phrase is one mark and not five.
#[derive(Debug, Default)]
struct DiffBuilder {
    done: Vec<DiffPart>,
    removed: String,
    added: String,
    /// A gap after a change that may be within one.
    gap: String,
}

impl DiffBuilder {
    fn same(&mut self, text: &str) {
        let changing = !self.removed.is_empty() || !self.added.is_empty();
        if changing && !text.is_empty() && text.chars().all(char::is_whitespace) {
            self.gap.push_str(text);
            return;
        }
        self.flush();
        match self.done.last_mut() {
            Some(DiffPart::Same(before)) => before.push_str(text),
            _ if text.is_empty() => {}
            _ => self.done.push(DiffPart::Same(text.to_owned())),
        }
    }

    fn removed(&mut self, text: &str) {
        self.bridge();
        self.removed.push_str(text);
    }

    fn added(&mut self, text: &str) {
        self.bridge();
        self.added.push_str(text);
    }

    fn bridge(&mut self) {
        let gap = std::mem::take(&mut self.gap);
        for side in [&mut self.removed, &mut self.added] {
            side.push_str(&gap);
        }
    }

    fn flush(&mut self) {
        for (text, part) in [
            (std::mem::take(&mut self.removed), DiffPart::Removed as fn(String) -> DiffPart),
            (std::mem::take(&mut self.added), DiffPart::Added),
            (std::mem::take(&mut self.gap), DiffPart::Same),
        ] {
            if !text.is_empty() {
                self.done.push(part(text));
            }
        }
    }

    fn finish(mut self) -> Vec<DiffPart> {
        self.flush();
        self.done
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(old: &str, new: &str) -> String {
        let write = |part| match part {
            DiffPart::Same(text) => text,
            DiffPart::Added(text) => format!("[+{text}]"),
            DiffPart::Removed(text) => format!("[-{text}]"),
        };
        parts(old, new).into_iter().map(write).collect()
    }

    #[test]
    fn differences_are_found() {
        for (old, new, expected) in [
            ("", "", ""),
            ("same words", "same words", "same words"),
            ("vote on the ninth", "vote no on the ninth!", "vote [+no ]on the ninth[+!]"),
            ("a big red house", "a small blue house", "a [-big red][+small blue] house"),
            ("the toll is bad", "", "[-the toll is bad]"),
            ("صوّتوا غدا", "صوّتوا اليوم", "صوّتوا [-غدا][+اليوم]"),
            ("桥梁收费是税", "桥梁收费不是税", "桥梁收费[+不]是税"),
        ] {
            assert_eq!(written(old, new), expected);
        }
    }

    #[test]
    fn what_cannot_be_seen_is_marked() {
        let markup = marked("free vote", "fr\u{200b}ee vote <i>", "en").into_string();
        assert!(markup.contains("U+200B") && markup.contains("&lt;i&gt;"), "{markup}");
    }

    #[test]
    fn long_texts_are_bounded() {
        let (old, new) = ("a ".repeat(50_000), "b ".repeat(50_000));
        let parts = parts(&old, &new);
        assert!(parts.len() < 10, "{}", parts.len());
        assert!(matches!(parts.last(), Some(DiffPart::Same(rest)) if rest.len() > 90_000));
    }

    proptest! {
        #[test]
        fn both_texts_are_there(old in "[ab ]{0,40}|\\PC{0,20}", new in "[ab ]{0,40}|\\PC{0,20}") {
            let (mut before, mut after) = (String::new(), String::new());
            for part in parts(&old, &new) {
                match part {
                    DiffPart::Same(text) => { before.push_str(&text); after.push_str(&text); }
                    DiffPart::Added(text) => after.push_str(&text),
                    DiffPart::Removed(text) => before.push_str(&text),
                }
            }
            // A gap within a change stands on both sides of it, as it does in both texts.
            prop_assert_eq!((before, after), (old, new));
        }
    }
}
