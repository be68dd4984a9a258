//! Hostile queries, made systematically. They need not be refused: they must not make anything fall, hang or swell.
//! Used by tests of the index and of the HTTP interface.

#![allow(unreachable_pub, reason = "it is included by its path")]

/// Every field of the query language.
const FIELDS: [&str; 17] = [
    "alert", "author", "cluster", "domain", "handle", "hashtag", "id", "kind", "lang", "layer", "link", "object",
    "platform", "since", "text", "to", "until",
];

/// Values of fields.
const VALUES: &[&str] = &[
    "",
    "\"",
    "\"\"",
    ":",
    "::",
    "*",
    "**",
    "a*",
    "ab*",
    "-1",
    "0",
    "00000000000000000",
    "ffffffffffffffff",
    "99999999999999999999999999999999",
    "1e999",
    "NaN",
    "0x10",
    "../../etc/passwd",
    "a:b",
    "a:b:c",
    ":a",
    "a:",
    "x:*",
    "[1 TO 2]",
    "[* TO *]",
    "{a TO z}",
    "/.*/",
    "/(a+)+$/",
    "a~2",
    "a^1e30",
    "2020-01-01",
    "2020-13-45",
    "0000-00-00",
    "9999-12-31",
    "10000-01-01",
    "-9999-01-01",
    "2020-01-01T25:61:61Z",
    "2020-01-01T00:00:00+99:99",
    "2020-01-01T00:00:00.9999999999999Z",
    "http://",
    "https://example.org/a)b(c",
    "http://[::1]:99999/",
    "javascript:1",
    "http://xn--a",
    "file:///etc/passwd",
    "repost",
    "true",
    "null",
    "%00",
    "%s%n",
    "\u{0}",
    "\u{202E}x:y",
    "日本:語",
];

/// At least 2,000 different queries. The same ones in every call.
pub fn hostile() -> Vec<String> {
    let mut all = Vec::new();
    nesting(&mut all);
    characters(&mut all);
    quotes(&mut all);
    fields(&mut all);
    sizes(&mut all);
    signs(&mut all);
    injections(&mut all);
    all.sort_unstable();
    all.dedup();
    all
}

fn nesting(all: &mut Vec<String>) {
    for depth in [1, 2, 31, 32, 33, 100, 127, 128, 129, 500, 1_000, 5_000, 10_000, 500_000] {
        for open in ["(", "-(", "NOT (", "a (", "(a OR ", "(a AND -", "\"(", "((", ":("] {
            all.push(open.repeat(depth));
            all.push(format!("{}a{}", open.repeat(depth), ")".repeat(depth)));
            all.push(format!("{}a{}", open.repeat(depth), ")".repeat(depth + 1)));
        }
        all.push(")".repeat(depth));
        all.push("()".repeat(depth));
        all.push("NOT ".repeat(depth) + "a");
        all.push("-".repeat(depth) + "a");
        all.push("a OR ".repeat(depth));
        all.push("a AND ".repeat(depth) + "a");
    }
}

/// Characters of all planes, alone and where words, phrases, prefixes and values are.
fn characters(all: &mut Vec<String>) {
    let planes = (0..=0x10_u32).flat_map(|plane| {
        [0x0000, 0x0001, 0x0300, 0x0590, 0x0640, 0x0E31, 0x200D, 0x4E00, 0xABCD, 0xD7A3, 0xF8FF, 0xFFFD, 0xFFFE, 0xFFFF]
            .map(|low| plane << 16 | low)
    });
    let marked = [
        0x00, 0x07, 0x08, 0x0A, 0x0D, 0x1B, 0x7F, 0x85, 0xA0, 0xAD, 0x130, 0x131, 0x17F, 0x1E9E, 0x3A3, 0x61C, 0x115F,
        0x180E, 0x200B, 0x200C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2060, 0x2066,
        0x2067, 0x2068, 0x2069, 0x3000, 0xFB03, 0xFDFA, 0xFEFF, 0xFF02, 0xFF08, 0xFF1A, 0xFF2A, 0x1F1FA, 0x1F468,
        0x1F600, 0xE0001, 0xE0041, 0xE0100,
    ];
    for c in planes.chain(marked).filter_map(char::from_u32) {
        all.push(c.to_string());
        all.push(format!("a{c}b {c}OR{c} b{c}"));
        all.push(format!("\"{c}\" {c}\"a{c}b\"{c}"));
        all.push(format!("ab{c}* -{c} #{c} #a{c}b @{c}"));
        all.push(format!("author:{c} hashtag:{c}a handle:\"{c}\" domain:a{c}b.org id:x:{c}"));
        all.push(c.to_string().repeat(500));
    }
    for text in ["🏴\u{E0067}\u{E0062}\u{E007F}", "👩\u{200D}👩\u{200D}👧", "e\u{301}\u{301}", "ก็็็็", "ﷺ", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞"]
    {
        for times in [1, 40, 400] {
            all.push(text.repeat(times));
            all.push(format!("\"{}\"", text.repeat(times)));
        }
    }
}

fn quotes(all: &mut Vec<String>) {
    for number in [1, 2, 3, 4, 5, 33, 1_000, 1_001] {
        for quote in ["\"", "'", "“", "”", "`", "\\\"", "\\", "\"\"", "\"a", "a\"", "\" ", "\"a\"b", "-\"", "author:\""]
        {
            all.push(quote.repeat(number));
            all.push(format!("a {} b", quote.repeat(number)));
        }
    }
}

fn fields(all: &mut Vec<String>) {
    for field in
        FIELDS.iter().copied().chain(["unknown", "_", "stored", "origin", "min_hash", "a.b", "AUTHOR", "Since"])
    {
        for value in VALUES {
            all.push(format!("{field}:{value}"));
            all.push(format!("-{field}:\"{value}\""));
        }
        all.push(format!("{field}:{}", "9".repeat(1_500)));
        all.push(format!("{field}:\"{}\"", "é".repeat(900)));
        all.push(format!("{field}:{field}:{field}: {field}::"));
        all.push(format!("{field}:a ").repeat(100));
        all.push(format!("{field}:x:y OR ").repeat(60) + "a");
    }
}

fn sizes(all: &mut Vec<String>) {
    for number in [63, 64, 65, 300, 2_000, 10_000, 100_000] {
        all.push("x".repeat(number));
        all.push(format!("{}*", "x".repeat(number)));
        all.push("a ".repeat(number));
        all.push("ab* ".repeat(number));
        all.push("the* OR ".repeat(number) + "a");
        all.push("-a ".repeat(number));
        all.push(format!("\"{}\"", "a ".repeat(number)));
        all.push("中".repeat(number));
        all.push("中国* ".repeat(number));
        all.push(format!("\"{}\"", "中国 ".repeat(number)));
        all.push("#a".repeat(number));
        all.push("since:2020-01-01 until:2019-01-01 ".repeat(number));
        all.push("a-b".repeat(number));
        all.push("https://example.org/".repeat(number));
        let numbered = |each: fn(usize) -> String| (0..number).map(each).collect::<Vec<_>>().concat();
        all.push(numbered(|at| format!("w{at} OR ")) + "w");
        all.push(numbered(|at| format!("-w{at} ")));
        all.push(numbered(|at| format!("{at}:{at} ")));
    }
}

fn signs(all: &mut Vec<String>) {
    let signs =
        ["AND", "OR", "NOT", "-", "(", ")", "\"", "*", ":", "#", "a", "+", "&&", "||", "!", "~", "^", "\\", "/", "@"];
    for a in signs {
        for b in signs {
            all.push(format!("{a} {b}"));
            all.push(format!("{a}{b}a"));
        }
    }
    for a in ["AND", "OR", "NOT", "-", "(", ")", "a", "\"b\"", "vo*"] {
        for b in ["AND", "OR", "NOT", "-(", ")", "a"] {
            for c in ["AND", "OR", "NOT", ")", "a"] {
                all.push(format!("{a} {b} {c}"));
            }
        }
    }
}

fn injections(all: &mut Vec<String>) {
    let texts = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</mark><mark>",
        "' OR '1'='1",
        "; DROP TABLE posts",
        "${jndi:ldap://x}",
        "{{7*7}}",
        "<%= 1 %>",
        "&#x3C;",
        "%3Cscript%3E",
        "\r\nSet-Cookie: a=b",
        "=1+1",
        "@SUM(1)",
        "\u{0}a",
        "*:*",
        "_exists_:text",
        "text:/a.*/",
        "\\u0000",
        "a\\",
        "a\\\"",
        "||",
        "`id`",
        "$(id)",
    ];
    for text in texts {
        for around in
            [["", ""], ["\"", "\""], ["(", ")"], ["-", ""], ["a OR ", " OR b"], ["hashtag:\"", "\""], ["vot* ", "*"]]
        {
            all.push(format!("{}{text}{}", around[0], around[1]));
        }
    }
}
