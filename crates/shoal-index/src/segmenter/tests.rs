use proptest::prelude::*;
use shoal_text::{Folded, fold};

use super::*;

fn indexed(text: &str) -> Vec<(String, &str)> {
    let mut segmenter = Segmenter::default();
    let mut stream = segmenter.token_stream(text);
    let mut out = Vec::new();
    while stream.advance() {
        let token = stream.token();
        assert_eq!(token.position, out.len());
        out.push((token.text.clone(), text.get(token.offset_from..token.offset_to).unwrap()));
    }
    out
}

fn terms(text: &str) -> Vec<String> {
    indexed(text).into_iter().map(|(term, _)| term).collect()
}

fn asked(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| if word.begins { format!("{}*", word.text) } else { word.text }).collect()
}

#[test]
fn words_are_what_people_look_for() {
    for (text, expected) in [
        ("#Vote, #vote!", vec!["vote", "vote"]),
        ("CAFÉ café cafe\u{301} cafe", vec!["cafe"; 4]),
        ("don't don’t DONT", vec!["dont"; 3]),
        ("Straße STRASSE Łódź Ærø", vec!["strasse", "strasse", "lodz", "aero"]),
        ("İstanbul ISTANBUL ıstanbul", vec!["istanbul"; 3]),
        ("Ёлка елка мой мои", vec!["елка", "елка", "мой", "мои"]),
        ("Σίσυφος ΣΙΣΥΦΟΣ", vec!["σισυφοσ", "σισυφοσ"]),
        ("مُحَمَّد محمد", vec!["محمد", "محمد"]),
        ("שָׁלוֹם שלום", vec!["שלום", "שלום"]),
        ("हिन्दी", vec!["हिन्दी"]),
        ("𝐯𝐨𝐭𝐞 ｖｏｔｅ ⓥⓞⓣⓔ", vec!["vote"; 3]),
        ("3.14 1,000 a_b@c.d x@example", vec!["3", "14", "1", "000", "a", "b", "c", "d", "x", "example"]),
        ("see https://example.org/vote?x=1 now", vec!["see", "now"]),
        ("👍🏽 🇩🇪 ok", vec!["ok"]),
        ("", vec![]),
    ] {
        assert_eq!(terms(text), expected, "{text}");
    }
}

#[test]
fn scripts_without_spaces_give_pairs() {
    let found = indexed("BTS東京都。한국어 ラーメン");
    let expected = [
        ("bts", "BTS"),
        ("東京", "東京"),
        ("京都", "京都"),
        ("都", "都"),
        ("한국", "한국"),
        ("국어", "국어"),
        ("어", "어"),
        ("ラー", "ラー"),
        ("ーメ", "ーメ"),
        ("メン", "メン"),
        ("ン", "ン"),
    ];
    assert_eq!(found.iter().map(|(term, text)| (term.as_str(), *text)).collect::<Vec<_>>(), expected);
    assert_eq!(terms("ｶﾞｽ"), ["ガス", "ス"]);
    assert_eq!(terms("\u{1112}\u{1161}\u{11ab}국"), ["한국", "국"]);
    assert_eq!(terms("ที่นี่"), ["ที่นี่", "นี่"]);
}

#[test]
fn questions_about_such_scripts_are_phrases_of_pairs() {
    assert_eq!(asked("東京都"), ["東京", "京都"]);
    assert_eq!(asked("東"), ["東*"]);
    assert_eq!(asked("東 vote"), ["東", "vote"]);
    assert_eq!(asked("東京 都"), ["東京", "京", "都*"]);
}

#[test]
fn long_words_are_cut_alike() {
    let long = "é".repeat(10_000);
    assert_eq!(terms(&long), ["e".repeat(MAX_WORD)]);
    assert_eq!(asked(&long), terms(&long));
    let zalgo = format!("a{}b", "\u{301}".repeat(5_000));
    assert_eq!(terms(&zalgo), ["a"]);
    let stacked = format!("東{}京", "\u{3099}".repeat(5_000));
    assert!(terms(&stacked).iter().all(|term| term.len() <= MAX_WORD));
}

/// Whatever is repeated a hundred thousand times, it ends.
#[test]
fn hostile_texts_are_linear() {
    for part in [
        "\u{200d}",
        "\u{301}",
        "🇩",
        "👍🏽\u{200d}",
        "a.",
        "a'",
        "a:",
        "1,",
        "_",
        "#",
        "東",
        "東\u{3099}",
        "ก\u{e48}",
        "가a",
        "א\"",
        "\u{1100}",
        "@a",
        "http://",
    ] {
        let text = part.repeat(100_000);
        assert!(indexed(&text).len() <= text.len() && words(&text).len() <= text.len());
    }
}

proptest! {
    #[test]
    fn any_text_gives_words_in_order(text in "\\PC{0,60}|[a-zÉ東京กำ가\u{301}\u{200d}#@:/. ']{0,60}") {
        let mut end = 0;
        let mut segmenter = Segmenter::default();
        let mut stream = segmenter.token_stream(&text);
        while stream.advance() {
            let token = stream.token();
            prop_assert!(token.offset_from < token.offset_to && text.get(token.offset_from..token.offset_to).is_some());
            prop_assert!(token.offset_to >= end && !token.text.is_empty() && token.text.len() <= MAX_WORD);
            end = token.offset_to;
        }
    }

    /// Nothing that is compared is left out, where a script has spaces.
    #[test]
    fn words_are_all_of_the_folded_text(
        words in prop::collection::vec("[a-zA-ZÉéßйЁъЖاسدלמσ0-9]{1,6}|[a-zA-Zй]{1,3}['’_.,!-][a-zA-Zй]{1,3}", 0..12),
    ) {
        let text = words.join(" ");
        let mut folded = Folded::new();
        // Runs of one letter shrink in the folded text, across words too.
        let symbols: Vec<char> = text.chars().flat_map(|c| {
            fold(c.encode_utf8(&mut [0; 4]), &mut folded);
            folded.symbols().to_vec()
        }).collect();
        prop_assume!(!symbols.windows(3).any(|run| run[0] == run[1] && run[1] == run[2]));
        let ours: Vec<char> = indexed(&text).into_iter().flat_map(|(_, word)| {
            fold(word, &mut folded);
            folded.symbols().to_vec()
        }).collect();
        fold(&text, &mut folded);
        prop_assert_eq!(folded.symbols(), ours);
    }

    /// Any part of a text is found by a search for it.
    #[test]
    fn a_part_of_a_text_is_found_in_it(before in "[a-z東 ]{0,8}", part in "[a-zé]{1,6}( [a-zé]{1,6}){0,3}|[東京กำ가]{1,6}", after in "[a-z京 ]{0,8}") {
        let text = format!("{before} {part} {after}");
        let terms = terms(&text);
        let asked = words(&part);
        let matches = |at: usize| asked.iter().enumerate().all(|(offset, word)| {
            terms.get(at + offset).is_some_and(|term| if word.begins { term.starts_with(&word.text) } else { *term == word.text })
        });
        prop_assert!(asked.is_empty() || (0..terms.len()).any(matches), "{:?} in {:?}", asked, terms);
    }
}
