//! The committed fold table is what the Unicode data and the rules of [`rules`] say, character for character.
//!
//! After a change of the rules or of the Unicode version, run the test with `SHOAL_WRITE_FOLD_TABLE=1` to write
//! the table anew, and raise the version of states, which hold keys of folded texts.

mod looks;
mod rules;

use std::fmt::Write as _;

use rules::{Rule, rule};

/// The table as text: one line per run of characters with the same rule; characters without a line stand for
/// themselves. A run whose single-symbol targets count up with the characters is one line too.
fn table() -> String {
    let mut out = String::from(HEADER);
    let mut run: Option<(u32, u32, Rule)> = None;
    for c in (0..=0x0010_FFFF).filter_map(char::from_u32) {
        let next = rule(c);
        let code = u32::from(c);
        if let Some((_, last, kind)) = &mut run
            && *last + 1 == code
            && *kind == next
            && !matches!(kind, Rule::Text(_) | Rule::Digit(_))
        {
            *last = code;
            continue;
        }
        write_run(&mut out, run.as_ref());
        run = Some((code, code, next));
    }
    write_run(&mut out, run.as_ref());
    out
}

const HEADER: &str = "\
# What each character folds to. Written by tests/fold_table; do not edit.
# code or range; then: wide (itself and a joiner), skip, break, hangul, digit VALUE, or the code points of its symbols.
# Characters without a line stand for themselves.
";

fn write_run(out: &mut String, run: Option<&(u32, u32, Rule)>) {
    let Some((first, last, rule)) = run else { return };
    let what = match rule {
        Rule::Itself => return,
        Rule::Wide => "wide".to_owned(),
        Rule::Skip => "skip".to_owned(),
        Rule::Break => "break".to_owned(),
        Rule::Hangul => "hangul".to_owned(),
        Rule::Digit(value) => format!("digit {value}"),
        Rule::Text(text) => text.chars().map(|c| format!("{:X}", u32::from(c))).collect::<Vec<_>>().join(" "),
    };
    let range = if first == last { format!("{first:X}") } else { format!("{first:X}..{last:X}") };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{range};{what}");
}

#[test]
fn the_committed_table_is_what_the_rules_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fold/table.txt");
    let expected = table();
    if std::env::var_os("SHOAL_WRITE_FOLD_TABLE").is_some() {
        std::fs::write(path, &expected).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    let differs = committed.lines().zip(expected.lines()).find(|(a, b)| a != b);
    assert!(committed == expected, "the table is out of date, first at {differs:?}");
}

/// Letters of one living alphabet must not fall together, or unrelated texts would: only the listed pairs may.
#[test]
fn letters_of_one_alphabet_stay_apart() {
    let alphabets = [
        ("Latin", "abcdefghijklmnopqrstuvwxyz", "il"),
        ("Russian", "абвгдежзийклмнопрстуфхцчшщъыьэюя", "ий"),
        ("Ukrainian", "абвгґдеєжзиійклмнопрстуфхцчшщьюя", "ийгґ"),
        ("Serbian", "абвгдђежзијклљмнњопрстћуфхцчџш", ""),
        ("Greek", "αβγδεζηθικλμνξοπρστυφχψω", ""),
        ("Armenian", "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև", ""),
        ("Georgian", "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ", ""),
        ("Hebrew", "אבגדהוזחטיכלמנסעפצקרשת", ""),
        ("Arabic", "ابتثجحخدذرزسشصضطظعغفقكلمنهوي", ""),
        ("Devanagari", "अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसहािीुूेैोौ्", ""),
        ("Thai", "กขคฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮะาิีึืุูเโใไ", ""),
        (
            "Hiragana",
            "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
            "",
        ),
        (
            "Katakana",
            "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
            "",
        ),
    ];
    let mut fallen = Vec::new();
    for (name, letters, together) in alphabets {
        for (at, one) in letters.chars().enumerate() {
            for other in letters.chars().skip(at + 1) {
                let allowed = together.contains(one) && together.contains(other);
                let equal = rules::text(one) == rules::text(other);
                if equal && !allowed {
                    fallen.push(format!("{name}: {one} and {other} both fold to {:?}", rules::text(one)));
                }
            }
        }
    }
    assert!(fallen.is_empty(), "{}", fallen.join("\n"));
}
