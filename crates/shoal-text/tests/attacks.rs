//! Sixteen disguises of a post, in several scripts: how much of it the matching view still recognises.

use shoal_text::{Folded, fold, shingles};

const SENTENCES: [(&str, &str); 8] = [
    (
        "English",
        "Polling stations in the old harbour district stay open until nine tonight, bring a document and a friend",
    ),
    (
        "German",
        "Die Wahllokale im alten Hafenviertel sind heute bis neun Uhr geöffnet, bringt einen Ausweis und Freunde mit",
    ),
    (
        "Russian",
        "Избирательные участки в старом портовом районе открыты до девяти вечера, возьмите паспорт и своих друзей",
    ),
    (
        "Arabic",
        "مراكز الاقتراع في حي الميناء القديم مفتوحة حتى الساعة التاسعة مساء، أحضروا وثائقكم وأصدقاءكم معكم اليوم",
    ),
    ("Hindi", "पुराने बंदरगाह इलाके के मतदान केंद्र आज रात नौ बजे तक खुले रहेंगे, अपना पहचान पत्र और दोस्तों को साथ लाएं"),
    ("Thai", "หน่วยเลือกตั้งในย่านท่าเรือเก่าเปิดจนถึงสามทุ่มคืนนี้อย่าลืมนำบัตรประจำตัวและเพื่อนของคุณมาด้วย"),
    (
        "Chinese",
        "老港区的投票站今晚一直开放到九点钟，请大家带上身份证件，也叫上你的朋友和邻居一起过来，不要错过这次难得的机会，每一票都很重要",
    ),
    ("Korean", "오래된 항구 지역의 투표소는 오늘 밤 아홉 시까지 열려 있으니 신분증을 챙겨 친구와 함께 오시기 바랍니다"),
];

const OTHERS: [&str; 8] = [
    "I never thought I would say this, but the new bus line is the best thing that happened to our street in years",
    "Der Fluss ist über die Ufer getreten und hat zwei Straßen sowie den Keller der Bibliothek unter Wasser gesetzt",
    "Вчера вечером наша команда снова проиграла, тренер обещает перемены, но болельщики уже давно ему не верят",
    "ارتفعت أسعار الخبز مرة أخرى هذا الأسبوع بينما يطالب التجار بتخفيض الضرائب على الدقيق والوقود والنقل",
    "कल की बारिश के बाद नदी का पानी गांव तक पहुंच गया और स्कूल तीन दिनों के लिए बंद कर दिए गए हैं",
    "เมื่อวานฝนตกหนักมากจนน้ำท่วมตลาดและโรงเรียนสองแห่งต้องปิดชั่วคราวตลอดทั้งสัปดาห์นี้",
    "昨天夜里下了一场大雨，河水漫过了堤岸，两所学校只好停课三天，村民们正在清理街道上的泥沙和垃圾",
    "어제 저녁 경기에서 우리 팀이 또 졌는데 감독은 변화를 약속했지만 팬들은 더 이상 믿지 않는 분위기다",
];

fn folded(text: &str) -> Folded {
    let mut out = Folded::new();
    fold(text, &mut out);
    out
}

/// The Jaccard similarity of two sets in ascending order.
fn jaccard(one: &[u32], other: &[u32]) -> f64 {
    let shared = one.iter().filter(|hash| other.binary_search(hash).is_ok()).count();
    shared as f64 / (one.len() + other.len() - shared).max(1) as f64
}

fn similarity(one: &str, other: &str) -> f64 {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    shingles(folded(one).symbols(), 4, 7, &mut left);
    shingles(folded(other).symbols(), 4, 7, &mut right);
    jaccard(&left, &right)
}

/// `text` with every `step`-th character that `change` knows changed.
fn every(text: &str, step: usize, change: impl Fn(char) -> Option<String>) -> String {
    let mut seen = 0;
    let mut one = |c: char| match change(c) {
        Some(changed) => {
            seen += 1;
            if seen % step == 0 { changed } else { c.to_string() }
        }
        None => c.to_string(),
    };
    text.chars().map(&mut one).collect()
}

/// The character that stands at the place of `c` in `from`, taken from `to`.
fn swapped(c: char, from: &str, to: &str) -> Option<String> {
    to.chars().nth(from.chars().position(|other| other == c)?).map(String::from)
}

fn homoglyph(c: char) -> Option<String> {
    swapped(c, "aceijopsxyABCEHIKMOPTXаеорсухіАВЕКМНОРСТХ", "асеіјорѕхуАВСЕНІКМОРТХaeopcyxiABEKMHOPCTX")
        .or_else(|| swapped(c, "يكه力口二", "یکہカロニ"))
}

fn leet(c: char) -> Option<String> {
    swapped(c, "oieastOIEASTl", "01345701345$1")
}

fn math_bold(c: char) -> Option<String> {
    let offset = match c {
        'A'..='Z' => u32::from(c) - 0x41,
        'a'..='z' => u32::from(c) - 0x61 + 26,
        _ => return None,
    };
    char::from_u32(0x1_D400 + offset).map(String::from)
}

fn words_from(text: &str, change: impl Fn(usize, &str) -> String) -> String {
    text.split(' ').enumerate().map(|(at, word)| change(at, word)).collect::<Vec<_>>().join(" ")
}

#[test]
fn disguises_of_characters_change_nothing() {
    for (name, text) in SENTENCES {
        let letter = |c: char| c.is_alphabetic().then_some(c);
        for (attack, disguised) in [
            ("homoglyphs, a third", every(text, 3, homoglyph)),
            ("homoglyphs, all", every(text, 1, homoglyph)),
            ("invisible characters", every(text, 2, |c| letter(c).map(|c| format!("{c}\u{200B}\u{2060}")))),
            ("leet", every(text, 1, leet)),
            ("mathematical bold", every(text, 1, math_bold)),
            ("diacritics", every(text, 2, |c| letter(c).map(|c| format!("{c}\u{301}\u{323}")))),
            ("struck through", every(text, 1, |c| letter(c).map(|c| format!("{c}\u{336}")))),
            ("capitals", text.to_uppercase()),
            ("bidi controls", format!("\u{202E}{text}\u{202C}\u{2066}\u{2069}")),
            (
                "emoji and punctuation",
                words_from(text, |at, word| format!("{word}{}", if at % 2 == 0 { "!!" } else { " 🔥" })),
            ),
            ("an address", format!("{text} https://example.org/a?b=c")),
            ("mentions", format!("@one @two.example.org {text} @three")),
        ] {
            assert_eq!(folded(&disguised).symbols(), folded(text).symbols(), "{name}: {attack}: {disguised}");
        }
    }
}

#[test]
fn swapped_addresses_and_mentions_change_nothing() {
    for (name, text) in SENTENCES {
        let one = format!("@anna {text} https://t.co/AbC123 #now");
        let other = format!("@bernd_77 {text} www.example.org/other/page?x=1 #now");
        assert_eq!(folded(&one), folded(&other), "{name}");
    }
}

#[test]
fn edits_leave_most_of_a_text() {
    for (name, text) in SENTENCES {
        let chars: Vec<char> = text.chars().collect();
        let (front, back) = chars.split_at(chars.len() / 2);
        let typed =
            |at: usize| chars.iter().enumerate().map(|(i, c)| if i % 40 == at { 'q' } else { *c }).collect::<String>();
        let spaced: String =
            chars.iter().enumerate().map(|(i, c)| if i < 12 { format!("{c} ") } else { c.to_string() }).collect();
        let cut: String = chars.iter().take(chars.len() * 85 / 100).collect();
        for (attack, edited, least) in [
            ("two hashtags more", format!("{text} #now #here"), 0.7),
            ("three words more", format!("{text} and look here"), 0.7),
            ("a typo every forty characters", typed(17), 0.5),
            ("words spaced out", spaced, 0.95),
            ("a seventh cut off", cut, 0.7),
            ("halves swapped", back.iter().chain(front).collect(), 0.7),
        ] {
            let similarity = similarity(text, &edited);
            assert!(similarity >= least, "{name}: {attack}: {similarity:.2}");
        }
    }
}

#[test]
fn unrelated_texts_stay_apart() {
    let all: Vec<&str> = SENTENCES.iter().map(|(_, text)| *text).chain(OTHERS).collect();
    for (at, one) in all.iter().enumerate() {
        for other in all.iter().skip(at + 1) {
            let similarity = similarity(one, other);
            assert!(similarity < 0.1, "{similarity:.2} between {one} and {other}");
        }
    }
}
