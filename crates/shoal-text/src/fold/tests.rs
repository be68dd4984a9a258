use proptest::prelude::*;

use super::*;

fn folded(text: &str) -> Folded {
    let mut out = Folded::new();
    fold(text, &mut out);
    out
}

fn symbols(text: &str) -> String {
    folded(text).symbols().iter().filter(|c| **c != JOINER).collect()
}

#[test]
fn disguises_fall_away() {
    for disguised in [
        "Vote Now, people!",
        "V0TE N0W P30PLE",
        "\u{1D415}\u{1D428}\u{1D42D}\u{1D41E} \u{1D427}\u{1D428}\u{1D430} \u{1D429}\u{1D41E}\u{1D428}\u{1D429}\u{1D425}\u{1D41E}",
        "Ｖｏｔｅ　ｎｏｗ　ｐｅｏｐｌｅ",
        "ⓥⓞⓣⓔ 🅝🅞🅦 🄿🄴🄾🄿🄻🄴",
        "ᴠᴏᴛᴇ ɴᴏᴡ ᴘᴇᴏᴘʟᴇ",
        "Vоtе nоw реорlе",
        "Vοte nοw ρeορIe",
        "v\u{200B}o\u{200D}t\u{00AD}e n\u{2060}ow p\u{FEFF}eople",
        "\u{202E}vote now people\u{202C}",
        "v\u{336}o\u{336}t\u{336}e\u{336} n\u{20DD}ów pëöplẽ",
        "v o t e  n-o-w  p.e.o.p.l.e",
        "vooooote now peeeeeople",
        "vote now people https://example.org/a 🚀🚀",
        "@somebody vote now people bit.ly/x1",
        "#vote #now \"people\"",
    ] {
        assert_eq!(symbols(disguised), "votenowpeopie", "{disguised}");
    }
}

#[test]
fn one_text_in_two_encodings_is_one_text() {
    for (one, other) in [
        ("각국의 투표소", "각국의 투표소"),
        ("각", "ㄱㅏㄱ"),
        ("ガラス", "ｶﾞﾗｽ"),
        ("力", "カ"),
        ("⼝口", "口⼝"),
        ("п'ять", "пʼять"),
        ("ЁЛКА", "елка"),
        ("مدرســـة", "مَدْرَسَة"),
        ("کتاب", "كتاب"),
        ("١٢٣", "123"),
        ("แม่", "เเม่"),
        ("STRASSE", "straße"),
        ("İstanbul", "ıstanbul"),
        ("ΟΔΟΣ", "οδός"),
    ] {
        assert_eq!(symbols(one), symbols(other), "{one} and {other}");
    }
}

#[test]
fn marks_that_are_letters_stay() {
    for (one, other) in [("की", "कु"), ("ปี", "ปู"), ("ป่า", "ป้า"), ("か", "が"), ("क्या", "कया"), ("й", "ы"), ("в", "ь")]
    {
        assert_ne!(symbols(one), symbols(other), "{one} and {other}");
    }
}

#[test]
fn numbers_stay_apart() {
    let numbers = ["2016", "2017", "2000", "20000", "100", "1000", "$5", "$15", "3.5", "35%", "1111", "11111", "1"];
    for (at, one) in numbers.iter().enumerate() {
        for other in numbers.iter().skip(at + 1) {
            let same_digits = matches!((*one, *other), ("3.5", "35%"));
            assert_eq!(symbols(one) == symbols(other), same_digits, "{one} and {other}");
        }
    }
    assert_eq!(symbols("$AAPL at $100"), symbols("AAPL at 100"));
    assert_eq!(symbols("tr@mp ca$h $ave"), "trampcashsave");
    assert_eq!(symbols("lunch @ noon @"), "iunchnoon");
    // A run that shrinks takes the ends of words within it along.
    assert_eq!(symbols("too o@k, b b b@k"), "toakbk");
}

#[test]
fn ideographs_count_twice() {
    assert_eq!(folded("投票").symbols(), ['投', JOINER, '票', JOINER]);
    assert_eq!(symbols("哈哈哈哈"), "哈");
    assert_eq!(symbols("哈哈"), "哈哈");
}

#[test]
fn a_buffer_keeps_nothing_of_the_text_before() {
    let mut out = folded("a long text of many words");
    fold("b", &mut out);
    assert_eq!(out, folded("b"));
    fold("", &mut out);
    assert!(out.is_empty());
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,60}",
        "[a-dA-D0-9lI@$#.:/ 哈가각й\u{301}\u{200B}\u{2060}]{0,60}",
        prop::collection::vec(any::<char>(), 0..60).prop_map(String::from_iter),
    ]
}

proptest! {
    #[test]
    fn folding_is_bounded(text in any_text()) {
        prop_assert!(folded(&text).len() <= MAX_SYMBOLS_PER_BYTE * text.len());
    }

    #[test]
    fn folding_again_changes_nothing(text in any_text()) {
        let plain: String = text.chars().filter(|c| TABLE.entry(*c).kind() != FoldKind::Digit).collect();
        let once = folded(&plain);
        let again: String = once.symbols().iter().collect();
        prop_assert_eq!(folded(&again), once);
    }

    #[test]
    fn spaces_change_nothing(text in "[a-zа-я0-9 \\-,é哈가]{0,40}") {
        let spaced: String = text.chars().flat_map(|c| [c, ' ']).collect();
        prop_assert_eq!(symbols(&spaced), symbols(&text));
    }

    #[test]
    fn addresses_and_mentions_change_nothing(text in "[a-zа-я ]{0,40}", name in "[a-z0-9]{1,15}", path in "[a-zA-Z0-9]{0,10}") {
        let with = format!("@{name} {text} https://t.co/{path} {text} www.{name}.org/{path}");
        prop_assert_eq!(symbols(&with), symbols(&format!("{text} {text}")));
    }
}
