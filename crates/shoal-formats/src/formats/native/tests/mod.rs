mod encode;

use proptest::prelude::*;
use shoal_model::Timestamp;

use self::encode::to_native_line;
use super::*;
use crate::{Content, Reason};

const RECORD: &str = r#"{"id":"1","platform":"x","author":"a","ts":"2015-01-31T08:00:00Z","text":"hello","lang":"en"}"#;

fn decoded(line: &str) -> Result<Post, Refusal> {
    decode(line.as_bytes(), &Limits::default()).map(|decoded| decoded.posts().next().unwrap())
}

/// The record with its last brace replaced by more fields.
fn with(fields: &str) -> String {
    format!("{},{fields}}}", RECORD.strip_suffix('}').unwrap())
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_minimal_record() {
    let post = decoded(RECORD).unwrap();
    assert_eq!(
        post,
        Post {
            id: "x:1".into(),
            author: Author { id: "x:a".into(), ..Author::default() },
            observed_at: time("2015-01-31T08:00:00Z"),
            created_at: Some(time("2015-01-31T08:00:00Z")),
            text: "hello".into(),
            lang: Some("en".into()),
            action: Action::default(),
            urls: Vec::new(),
            url: None,
            client: None,
            media: Vec::new(),
        }
    );
}

#[test]
fn a_full_record() {
    let post = decoded(
        r#" {"id":18446744073709551615,"platform":"bluesky","author":7,"ts":"2024-11-07T21:48:17+01:00",
            "created_at":"1970-01-01T00:00:00.5Z","observed_at":"9998-01-01T00:00:00Z","text":"a\u0000\ud83d\ude00",
            "lang":"und","repost":false,"repost_of":12,"reply_to":"at://b","quote_of":"c:d","repost_from":"e",
            "urls":["https://a.example/\u00e9","b"],"url":"https://c.example","author_handle":"h",
            "author_created_at":"2001-01-01T00:00:00Z","display_name":"H. \u00c4.","profile_url":"https://d.example",
            "client":"App 5","automated":false,"verified":true,"affiliation":"E.V.","media":["pdq:ff00","md5:0"],"unknown":{"a":[null,{"id":1,"id":"\ud83d"}]},"unknown":1e999} "#,
    )
    .unwrap();
    assert_eq!(
        post,
        Post {
            id: "bluesky:18446744073709551615".into(),
            author: Author {
                id: "bluesky:7".into(),
                handle: Some("h".into()),
                created_at: Some(time("2001-01-01T00:00:00Z")),
                display_name: Some("H. Ä.".into()),
                profile_url: Some("https://d.example".into()),
                automated: Some(false),
                verified: Some(true),
                affiliation: Some("E.V.".into()),
            },
            observed_at: time("9998-01-01T00:00:00Z"),
            created_at: Some(time("1970-01-01T00:00:00.5Z")),
            text: "a\0😀".into(),
            lang: None,
            action: Action {
                repost: false,
                repost_of: Some("bluesky:12".into()),
                repost_from: Some("bluesky:e".into()),
                reply_to: Some("bluesky:at://b".into()),
                quote_of: Some("bluesky:c:d".into()),
            },
            urls: vec!["https://a.example/é".into(), "b".into()],
            url: Some("https://c.example".into()),
            client: Some("App 5".into()),
            media: vec!["pdq:ff00".into(), "md5:0".into()],
        }
    );
}

#[test]
fn null_and_empty_stand_for_absent() {
    let nothing = with(
        r#""repost":null,"repost_of":"","reply_to":null,"quote_of":"","repost_from":"","urls":null,"url":"",
           "handle":"","author_created_at":null,"observed_at":null,"created_at":null,"display_name":"",
           "profile_url":null,"client":"","automated":null,"verified":null,"affiliation":"","media":null"#,
    );
    assert_eq!(decoded(&nothing).unwrap(), decoded(RECORD).unwrap());
    let language = |lang: &str| decoded(&RECORD.replace(r#""en""#, lang)).unwrap().lang;
    assert_eq!((language(r#""""#), language(r#""und""#), language("null")), (None, None, None));
}

#[test]
fn a_record_that_names_what_it_repeats_is_a_repost_unless_it_says_otherwise() {
    assert!(decoded(&with(r#""repost_of":"9""#)).unwrap().action.repost);
    assert!(decoded(&with(r#""repost_from":"9""#)).unwrap().action.repost);
    assert!(!decoded(&with(r#""repost_of":"9","repost":false"#)).unwrap().action.repost);
}

#[test]
fn observed_at_alone_leaves_the_authors_claim_open() {
    let post = decoded(&RECORD.replace("\"ts\"", "\"observed_at\"")).unwrap();
    assert_eq!((post.observed_at, post.created_at), (time("2015-01-31T08:00:00Z"), None));
}

/// Checks that each line is refused for its reason and with its detail.
fn refused(faults: &[(String, Reason, &str)]) {
    for (line, reason, detail) in faults {
        let start: String = line.chars().take(120).collect();
        let refusal = decoded(line).expect_err(&start);
        assert_eq!(refusal.reason, *reason, "{refusal}: {start}");
        assert!(refusal.detail.contains(detail), "{refusal}: {start}");
    }
}

#[test]
fn what_is_not_json_has_its_reason_and_place() {
    use Reason::{InvalidJson, InvalidUtf8, LoneSurrogate, TooDeep, TooLarge, TrailingGarbage, Truncated};
    let deep = format!("\"x\":{}", "[".repeat(100_000));
    refused(&[
        (with(&deep), TooDeep, "column 129: nests deeper than 32 levels"),
        (RECORD.replace('}', ""), Truncated, "column 92: EOF while parsing an object"),
        (r#"{"id":"1","text":"hel"#.into(), Truncated, "column 21, field `text`: EOF while parsing a string"),
        (r#"{"id":"\ud8"#.into(), Truncated, "field `id`"),
        (format!("{RECORD}{RECORD}"), TrailingGarbage, "column 94: something follows"),
        (format!("{RECORD} ,"), TrailingGarbage, "column 95"),
        (RECORD.replace("hello", r"\ud83d"), LoneSurrogate, "field `text`"),
        (RECORD.replace("hello", r"\ud83d\u0041"), LoneSurrogate, "field `text`"),
        (RECORD.replace("hello", r"\ude00 "), LoneSurrogate, "field `text`"),
        (RECORD.replace("\"id\"", r#""\ud83d""#), LoneSurrogate, "column"),
        (RECORD.replace("hello", "\0"), InvalidJson, "field `text`: control character"),
        (RECORD.replace("hello", r"\xNN"), InvalidJson, "field `text`: invalid escape"),
        (RECORD.replace("\"a\"", "'a'"), InvalidJson, "field `author`"),
        (RECORD.replace("\"a\"", "NaN"), InvalidJson, "field `author`"),
        ("id,author,ts".into(), InvalidJson, "column 1: expected value"),
        (RECORD.replace("hello", &"a".repeat(1 << 20)), TooLarge, "at most 1048576 are read"),
    ]);
    let refusal = decode(b"{\"id\":\"\xff\"}", &Limits::default()).unwrap_err();
    assert_eq!((refusal.reason, refusal.detail.as_str()), (InvalidUtf8, "column 8: the bytes are not UTF-8"));
}

#[test]
fn what_is_of_another_shape_has_its_reason_and_place() {
    use Reason::{DuplicateKey, MissingField, WrongType};
    refused(&[
        ("[1]".into(), WrongType, "column 0: invalid type: sequence, expected a JSON object"),
        ("\"id\"".into(), WrongType, "expected a JSON object"),
        ("null".into(), WrongType, "expected a JSON object"),
        (
            RECORD.replace("\"1\"", "1.0"),
            WrongType,
            "field `id`: invalid type: floating point `1.0`, expected a string or",
        ),
        (RECORD.replace("\"1\"", "-1"), WrongType, "field `id`: invalid type: integer `-1`"),
        (RECORD.replace("\"1\"", "18446744073709551616"), WrongType, "field `id`: invalid type: floating point"),
        (RECORD.replace("\"a\"", "{}"), WrongType, "field `author`: invalid type: map"),
        (RECORD.replace("\"hello\"", "5"), WrongType, "field `text`: invalid type: integer `5`, expected a string"),
        (RECORD.replace("\"2015-01-31T08:00:00Z\"", "1422691200"), WrongType, "field `ts`"),
        (with(r#""repost":"yes""#), WrongType, "field `repost`: invalid type: string \"yes\", expected a boolean"),
        (with(r#""urls":"u""#), WrongType, "field `urls`: invalid type: string \"u\", expected an array of strings"),
        (with(r#""urls":[null]"#), WrongType, "field `urls`"),
        (with(r#""media":["a:b",5]"#), WrongType, "field `media`"),
        (with(r#""display_name":5"#), WrongType, "field `display_name`"),
        (with(r#""verified":"yes""#), WrongType, "field `verified`"),
        ("{}".into(), MissingField, "`platform`"),
        (RECORD.replace("\"1\"", "null"), MissingField, "`id`"),
        (RECORD.replace("\"author\"", "\"author_id\""), MissingField, "`author`"),
        (RECORD.replace("\"ts\"", "\"created_at\""), MissingField, "`ts`"),
        (RECORD.replace("\"text\"", "\"body\""), MissingField, "`text`"),
        (with(r#""id":"1""#), DuplicateKey, "field `id`: occurs twice"),
        (with(r#""\u0069d":null"#), DuplicateKey, "field `id`"),
        (with(r#""handle":"h","author_handle":"h""#), DuplicateKey, "field `handle`"),
        (
            with(&format!("\"urls\":{}", "[".repeat(30))),
            WrongType,
            "field `urls`: invalid type: sequence, expected a string",
        ),
    ]);
}

#[test]
fn what_has_a_bad_value_has_its_reason_and_place() {
    use Reason::{BadId, BadMedia, BadTime, IdTooLong, TextTooLong, TooManyUrls};
    let long = format!("\"{}\"", "i".repeat(513));
    let urls = format!("\"urls\":[{}\"\"]", "\"\",".repeat(256));
    refused(&[
        (RECORD.replace("\"1\"", "\"\""), BadId, "field `id`: empty"),
        (RECORD.replace("\"a\"", "\"\""), BadId, "field `author`: empty"),
        (RECORD.replace("\"x\"", "\"\""), BadId, "field `platform`"),
        (RECORD.replace("\"x\"", "\"x:y\""), BadId, "field `platform`: `x:y` is empty or contains a colon"),
        (RECORD.replace("\"1\"", &long), IdTooLong, "field `id`: 513 bytes; at most 512 are read"),
        (with(&format!("\"reply_to\":{long}")), IdTooLong, "field `reply_to`"),
        (RECORD.replace("\"x\"", &long), IdTooLong, "field `platform`"),
        (RECORD.replace("2015-01-31", "2015-02-31"), BadTime, "field `ts`: `2015-02-31T08:00:00Z` is not a time"),
        (with(r#""author_created_at":"then""#), BadTime, "field `author_created_at`: `then`"),
        (with(r#""observed_at":"2015-01-31T08:00:00Z","created_at":"""#), BadTime, "field `created_at`"),
        (RECORD.replace("hello", &"ж".repeat(100_001)), TextTooLong, "field `text`: more than 100000 characters"),
        (with(&urls), TooManyUrls, "field `urls`: more than 256 addresses"),
        (with(&urls.replace("urls", "media")), BadMedia, "field `media`: more than 256 media hashes"),
        (with(r#""media":["pdq:0","ff"]"#), BadMedia, "field `media`: `ff` is not algorithm:value"),
        (with(r#""media":["pdq:"]"#), BadMedia, "field `media`: `pdq:` is not"),
        (with(&format!("\"media\":[{long}]")), IdTooLong, "field `media`: 513 bytes"),
        (with(&format!("\"client\":\"{}\"", "ж".repeat(100_001))), TextTooLong, "field `client`: more than 100000"),
    ]);
}

#[test]
fn what_is_at_a_limit_is_read() {
    let urls = format!("\"urls\":[{}\"\"]", "\"\",".repeat(255));
    for line in [
        RECORD.replace("\"1\"", &format!("\"{}\"", "i".repeat(512))),
        RECORD.replace("hello", &"ж".repeat(100_000)),
        RECORD.replace("2015-01-31", "1970-01-01"),
        RECORD.replace("2015-01-31", "9999-12-30").replace("08:", "00:"),
        RECORD.replace("hello", &"a".repeat(90_000)),
        with(&urls),
        with(&format!("\"x\":{}{}", "[".repeat(31), "]".repeat(31))),
        with(&format!("\"x\":\"{}\"", "[".repeat(1_000))),
        with(&format!("\"x\":[{}1]", "[],".repeat(1_000))),
    ] {
        decoded(&line).unwrap();
    }
}

fn posts() -> impl Strategy<Value = Post> {
    let moment = || (-62_167_219_200_000_000_i64..253_402_207_200_000_000).prop_map(Timestamp::from_micros);
    let native = || "\\PC{1,20}|[0-9]{1,20}|[\\x00-\\x20:]{1,4}";
    let reference = || prop::option::of(native().prop_map(|id| format!("x:{id}")));
    let name = || prop::option::of("[^:]{1,10}");
    let lang = prop::option::of("[a-z]{2}(-[A-Z]{2})?");
    let head = (native(), native(), moment(), prop::option::of(moment()), any::<String>(), lang);
    let action = (any::<bool>(), reference(), reference(), reference(), reference());
    let rest = (prop::collection::vec(any::<String>(), 0..4), name(), name(), any::<bool>());
    let media = prop::collection::vec("[a-z]{1,4}:\\PC{1,9}", 0..3);
    let truth = || prop::option::of(any::<bool>());
    let account = (name(), name(), prop::option::of(moment()), name(), name(), truth(), truth());
    (head, action, rest, account, media).prop_map(|(head, action, rest, account, media)| {
        let (id, author, observed_at, created_at, text, lang) = head;
        let (repost, repost_of, repost_from, reply_to, quote_of) = action;
        let (urls, url, client, one_time) = rest;
        let (handle, display_name, account_created_at, profile_url, affiliation, automated, verified) = account;
        Post {
            id: format!("x:{id}"),
            author: Author {
                id: format!("x:{author}"),
                handle,
                created_at: account_created_at,
                display_name,
                profile_url,
                automated,
                verified,
                affiliation,
            },
            observed_at,
            created_at: if one_time { Some(observed_at) } else { created_at },
            text,
            lang,
            action: Action { repost, repost_of, repost_from, reply_to, quote_of },
            urls,
            url,
            client,
            media,
        }
    })
}

proptest! {
    #[test]
    fn a_post_survives_being_written(post in posts()) {
        let line = to_native_line(&post);
        prop_assert!(!line.contains('\n'));
        prop_assert!(resembles(line.as_bytes()));
        prop_assert_eq!(decoded(&line).unwrap(), post);
    }

    #[test]
    fn a_cut_record_is_truncated(post in posts(), cut in 0.0..1.0_f64) {
        let line = to_native_line(&post);
        let length = 1 + (cut * (line.len() - 1) as f64) as usize;
        if let Some(part) = line.get(..length) {
            prop_assert_eq!(decoded(part).unwrap_err().reason, Reason::Truncated, "{}", part);
        }
    }

    #[test]
    fn a_damaged_record_never_panics(post in posts(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut line = to_native_line(&post).into_bytes();
        let at = at.index(line.len());
        line[at] = byte;
        let _ = decode(&line, &Limits::default());
    }
}

#[test]
fn a_record_can_say_that_something_is_gone() {
    let deletion = |line: &str| match decode(line.as_bytes(), &Limits::default()) {
        Ok(Decoded::Contents(contents)) => match contents.into_iter().next() {
            Some(Content::Deletion(deletion)) => deletion,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let post = deletion(&with(r#""deleted":true"#));
    assert_eq!((post.account.as_str(), post.post.as_deref()), ("x:a", Some("x:1")));
    assert_eq!(post.observed_at, time("2015-01-31T08:00:00Z"));
    let account = r#"{"platform":"x","author":7,"observed_at":"2015-02-03T09:30:00Z","deleted":true}"#;
    assert_eq!(deletion(account).post, None);
    assert_eq!(deletion(account).account, "x:7");
    assert!(decoded(&with(r#""deleted":false"#)).is_ok());
    let refusal = decode(br#"{"platform":"x","ts":"2015-02-03T09:30:00Z","deleted":true}"#, &Limits::default());
    assert_eq!(refusal.unwrap_err().reason, Reason::MissingField);
}
