//! Tests of the query language: what is understood, what is refused and how, and that nothing makes it fall.

use proptest::prelude::*;

use super::*;

fn wide() -> SearchLimits {
    SearchLimits { query_bytes: 1 << 20, clauses: 100_000, depth: 100, ..SearchLimits::default() }
}

/// The tree as it is printed, which is one of the ways to write it.
fn read(query: &str) -> String {
    let tree = parse(query, &SearchLimits::default()).unwrap_or_else(|error| panic!("{query}: {error}"));
    tree.map_or_else(String::new, |tree| tree.to_string())
}

fn refused(query: &str) -> String {
    parse(query, &SearchLimits::default()).expect_err(query).to_string()
}

#[test]
fn words_and_signs() {
    for (query, expected) in [
        ("", ""),
        (" \u{200F}\t- -- \0", ""),
        ("a b", "a b"),
        ("a AND b", "a b"),
        ("a b OR c d", "a b OR c d"),
        ("(a b) OR (c OR d)", "a b OR c OR d"),
        ("a (b OR c)", "a (b OR c)"),
        ("((a)) ((b c))", "a b c"),
        ("NOT a", "-a"),
        ("NOT -a --b NOT NOT NOT c", "a b -c"),
        ("-(a b) -(-(c OR d))", "-(a b) (c OR d)"),
        ("-\"a b\"", "-\"a b\""),
        ("a - b -", "a b"),
        ("\u{200F}-كلمة \u{202B}\"جملة كاملة\"\u{202C}", "-كلمة \"جملة كاملة\""),
        ("vot* e-mail* don't f*ck **bold**", "vot* e-mail* don't f*ck **bold**"),
        ("中国* 投票", "中国* 投票"),
        (r#""a \"b\" \\ \c""#, r#""a \"b\" \\ \\c""#),
        ("and or not", "and or not"),
        ("צה\"ל \"צה\"ל כאן\"", "צה\"ל \"צה\\\"ל כאן\""),
        ("foo\"bar baz\"qux", "foo \"bar baz\" qux"),
    ] {
        assert_eq!(read(query), expected, "{query}");
    }
}

#[test]
fn colons_that_make_no_field() {
    for query in [
        "10:30",
        "https://example.org/a:b",
        "at://did:plc:abc/app.bsky.feed.post/1",
        ":smile:",
        ":)",
        ":-(",
        "a :) b",
        ";-))",
        "RT:hello",
        "std::vec",
        "привет:мир",
        "note:",
        "x:y",
        "http://example.org/A_(b)",
        "5:4",
        "3️⃣:",
        "“hello”:",
    ] {
        assert_eq!(read(query), query);
    }
}

#[test]
fn fields() {
    for (query, expected) in [
        ("author:bluesky:did:plc:a", "author:\"bluesky:did:plc:a\""),
        ("AUTHOR:\"x:a b\"", "author:\"x:a b\""),
        ("handle:@Alice handle:al*", "handle:\"alice\" handle:al*"),
        (
            "platform:twitter lang:en kind:repost layer:hashtags",
            "platform:\"twitter\" lang:\"en\" kind:repost layer:hashtags",
        ),
        ("#MAGA ＃Türkei #vote* -#a1", "hashtag:\"maga\" hashtag:\"türkei\" hashtag:vote* -hashtag:\"a1\""),
        ("#6 # #!", "#6 # #!"),
        ("hashtag:#Tag,x", "hashtag:\"tag,x\""),
        (
            "domain:www.BBC.co.uk domain:https://news.bbc.co.uk/1 domain:bb*",
            "domain:\"bbc.co.uk\" domain:\"bbc.co.uk\" domain:bb*",
        ),
        ("link:http://www.example.org/a_(b)?utm_source=x", "link:\"https://example.org/a_(b)\""),
        ("to:x:1 id:\"x:2\" alert:g1", "to:\"x:1\" id:\"x:2\" alert:\"g1\""),
        (
            "object:FF cluster:0 text:0123456789abcdef",
            "object:00000000000000ff cluster:0000000000000000 text:0123456789abcdef",
        ),
        ("since:2020-01-02 until:2020-01-02T03:04:05+01:00", "since:2020-01-02T00:00:00Z until:2020-01-02T02:04:05Z"),
    ] {
        assert_eq!(read(query), expected, "{query}");
    }
}

#[test]
fn refusals_say_where_and_what_to_do() {
    let queries = [
        "a (b",
        "a) b",
        "()",
        "a (  ) b",
        "\"a",
        "á OR",
        "OR a",
        "a AND OR b",
        "a NOT",
        "v*",
        "*vote",
        "e-m*",
        "authr:x",
        "twitter:123",
        "author:alice",
        "author:",
        "lang: en",
        "kind:story",
        "layer:x",
        "object:xyz",
        "object:00112233445566778899",
        "since:yesterday",
        "until:2020-13-01",
        "link:ftp://example.org",
        "id:a*",
        "hashtag:a*",
        "author:\"x",
        &format!("since:{}", "9".repeat(100)),
        &"(".repeat(33),
        &"a ".repeat(65),
        &"x".repeat(2_049),
    ];
    let told: Vec<String> = queries.into_iter().map(refused).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn nested_brackets_are_refused_without_fuss() {
    let limits =
        SearchLimits { query_bytes: 2 << 20, depth: usize::MAX, clauses: usize::MAX, ..SearchLimits::default() };
    for size in [10_000, 1_000_000] {
        for query in
            ["(".repeat(size), format!("{}a{}", "(".repeat(size / 2), ")".repeat(size / 2)), "-(".repeat(size / 2)]
        {
            assert!(parse(&query, &SearchLimits::default()).is_err());
            assert!(parse(&query, &limits).is_err());
        }
        let many = "NOT ".repeat(size / 4) + "a";
        assert!(parse(&many, &limits).unwrap().is_some());
        assert!(parse(&"-".repeat(size), &limits).unwrap().is_none());
    }
}

/// Pieces that queries are made of, whole and broken.
fn piece() -> impl Strategy<Value = String> {
    let signs =
        ["(", ")", "\"", "-", "NOT ", " AND ", " OR ", ":", "*", "#", "\\", " ", "\u{200F}", "\0"].map(str::to_owned);
    prop_oneof![
        3 => prop::sample::select(signs.to_vec()),
        2 => "\\PC{0,6}",
        3 => "[a-cé中]{1,3}",
        2 => "(author|handle|hashtag|domain|link|to|id|since|until|text|kind|lang|alert|other):[a-z0-9:/#*.-]{0,12}",
        1 => "(since|until):20[0-9]{2}-0[1-9]-1[0-9]",
        1 => "[אב\"]{1,5}",
        1 => "#[a-zİßΣ]{1,4}[*]{0,1}",
        1 => "(author|to|link|hashtag|domain|handle|alert):\"[a-zA-Z:. İ\\\\)(]{1,10}\"",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn anything_is_parsed_or_refused(query in any::<String>()) {
        let _ = parse(&query, &wide());
    }

    #[test]
    fn what_is_printed_is_the_same_query(pieces in prop::collection::vec(piece(), 0..12)) {
        let query = pieces.concat();
        if let Ok(Some(tree)) = parse(&query, &wide()) {
            let printed = tree.to_string();
            let again = parse(&printed, &wide());
            prop_assert_eq!(again.unwrap(), Some(tree), "{} printed as {}", query, printed);
        }
    }
}
