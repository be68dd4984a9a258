//! Random queries over random posts: the index finds what a scan of everything finds.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use shoal_detect::{Analyst, Config};
use shoal_model::{Action, ObjectKey, Post, TextKey, Timestamp};

use super::naive::{Known, World};
use super::{request, search};
use crate::query::parse;
use crate::search::{SearchRequest, Sort, TopField};
use crate::testing::{documents, index, merge, post, text};
use crate::{Batch, Error, SearchLimits};

const WORDS: [&str; 30] = [
    "vote",
    "Voting",
    "votes",
    "stop",
    "the",
    "steal",
    "e-mail",
    "don't",
    "中国人",
    "中国",
    "人民",
    "中",
    "ภาษาไทย",
    "ไทย",
    "שלום",
    "צה\"ל",
    "مرحبا",
    "كِتَاب",
    "ユーザー",
    "한국어는",
    "🇺🇸",
    "#maga",
    "#Türkei",
    "#中国人",
    "@alice",
    "10:30",
    "https://example.org/a?utm_source=x",
    "http://t.co/ab",
    "Straße",
    "ab12",
];

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned)
}

fn random_post() -> impl Strategy<Value = Post> {
    let text = prop::collection::vec((word(), prop::sample::select(vec![" ", "", ", ", "\n"])), 0..12)
        .prop_map(|parts| parts.into_iter().map(|(word, gap)| word + gap).collect::<String>());
    // Few moments, so that some are equal, over some days.
    let seconds = (0_i64..4, 0_i64..6).prop_map(|(day, step)| day * 86_400 + step * 10_000);
    let lang = prop::sample::select(vec!["en", "pt-BR", "ZH", "ar"]);
    (text, seconds, 0_u8..4, 0_u8..5, lang, any::<bool>()).prop_map(|(text, seconds, author, kind, lang, linked)| {
        let mut post = post("", &format!("a{author}"), seconds, &text);
        post.lang = Some(lang.to_owned());
        let target = Some(format!("test:{author}"));
        post.action = match kind {
            0 => Action { repost: true, repost_of: target, ..Action::default() },
            1 => Action { reply_to: target, ..Action::default() },
            2 => Action { quote_of: target, ..Action::default() },
            _ => Action::default(),
        };
        if author % 2 == 1 {
            post.author.display_name = Some(format!("The A{author}"));
            post.client = Some("App".to_owned());
            post.media = vec![format!("pdq:{author}"), "md5:0".to_owned()];
        }
        if linked {
            post.urls.push("https://www.bbc.co.uk/news".to_owned());
        }
        post
    })
}

fn clause() -> impl Strategy<Value = String> {
    let fields = [
        "author:test:a1",
        "handle:a1*",
        "handle:A2",
        "name:\"The A1\"",
        "name:the*",
        "client:app",
        "media:pdq:1",
        "platform:test",
        "platform:other",
        "lang:pt",
        "lang:EN",
        "kind:repost",
        "kind:post",
        "hashtag:maga",
        "hashtag:tü*",
        "#中国人",
        "domain:bbc.co.uk",
        "domain:ex*",
        "link:example.org/a",
        "https://example.org/a",
        "to:test:1",
        "layer:link",
        "layer:text",
        "layer:hashtags",
        "since:1970-01-02",
        "until:1970-01-03",
        "since:1970-01-02T05:00:00Z",
        "id:test:3",
        "cluster:1",
        "cluster:2",
        "object:3",
        "🇺🇸",
    ];
    let prefix = ["vo*", "st*", "中国*", "ภา*", "من*", "sto* ", "e-ma*", "ab1*"];
    prop_oneof![
        6 => word(),
        3 => prop::collection::vec(word(), 1..4).prop_map(|words| format!("\"{}\"", words.join(" ").replace('"', "\\\""))),
        2 => prop::sample::select(prefix.to_vec()).prop_map(str::to_owned),
        6 => prop::sample::select(fields.to_vec()).prop_map(str::to_owned),
    ]
}

fn query() -> impl Strategy<Value = String> {
    clause().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| parts.join(" ")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            inner.prop_map(|part| format!("-({part})")),
        ]
    })
}

/// Posts with ids of their own, in the order of time.
fn arranged(mut posts: Vec<Post>) -> Vec<Post> {
    posts.sort_by_key(|post| post.observed_at);
    for (at, post) in posts.iter_mut().enumerate() {
        post.id = format!("test:{at}");
    }
    posts
}

/// Facts about posts, and text objects: 1 has half of the texts, its own and those of 3 and 4, which were merged
/// into it, in a ring; 2 was merged into 1 too.
fn known(posts: &[Post]) -> (Vec<Known>, World, Batch) {
    let mut analyst = Analyst::new(&Config::default());
    let known: Vec<Known> = posts
        .iter()
        .map(|post| {
            let analysed = analyst.analyse(post.clone());
            let objects = analysed.traces.iter().map(|trace| (trace.layer, trace.object)).collect();
            Known { post: post.clone(), text_key: analysed.text.map(|text| text.key), objects }
        })
        .collect();
    let keys: BTreeSet<TextKey> =
        known.iter().filter_map(|known| known.text_key).filter(|key| key.raw() % 2 == 0).collect();
    let texts = keys.iter().map(|key| key.raw()).map(|key| text(key, [1, 3, 4][(key / 2 % 3) as usize], 1)).collect();
    let merges = vec![merge(2, 1, 1), merge(3, 4, 1), merge(4, 1, 1)];
    let clusters = [1, 2, 3, 4].map(|object| (ObjectKey::from_raw(object), keys.clone())).into();
    let batch = Batch { posts: documents(0, posts.iter().cloned()), texts, merges, ..Batch::default() };
    (known, World { clusters }, batch)
}

/// The ten most frequent values.
fn counted(values: impl IntoIterator<Item = String>) -> Vec<(String, u64)> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut all: Vec<(String, u64)> = counts.into_iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all.truncate(10);
    all
}

fn check(case: &str, expected: &[&Known], found: &super::SearchPage) -> Result<(), TestCaseError> {
    let ids: BTreeSet<&str> = found.posts.iter().map(|found| found.post.id.as_str()).collect();
    let naive: BTreeSet<&str> = expected.iter().map(|known| known.post.id.as_str()).collect();
    prop_assert_eq!(&ids, &naive, "{}", case);
    prop_assert_eq!(found.posts.len(), ids.len());
    prop_assert!(found.total.exact && found.total.count == ids.len() as u64);
    let histogram = found.histogram.as_ref().unwrap();
    let mut bins = BTreeMap::<i64, u64>::new();
    for known in expected {
        let start = histogram.bins.iter().rev().find(|bin| bin.start <= known.post.observed_at).unwrap().start;
        prop_assert!(known.post.observed_at.distance(start).micros() < histogram.seconds as i64 * 1_000_000);
        *bins.entry(start.micros()).or_default() += 1;
    }
    let told = histogram.bins.iter().filter(|bin| bin.count > 0).map(|bin| (bin.start.micros(), bin.count));
    prop_assert_eq!(told.collect::<BTreeMap<_, _>>(), bins);
    let authors = counted(expected.iter().map(|known| known.post.author.id.clone()));
    let tags = counted(expected.iter().flat_map(|known| known.tags()));
    let kinds = counted(expected.iter().map(|known| known.kind().name().to_owned()));
    for (name, naive) in [("author", authors), ("hashtag", tags), ("kind", kinds)] {
        let told = found.top[name].iter().map(|top| (top.value.clone(), top.count)).collect::<Vec<_>>();
        prop_assert_eq!(told, naive, "{} of {}", name, case);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_index_finds_what_a_scan_finds(
        posts in prop::collection::vec(random_post(), 1..60),
        queries in prop::collection::vec(query(), 60),
        sort in prop::sample::select(vec![Sort::Newest, Sort::Oldest, Sort::Relevance]),
    ) {
        let posts = arranged(posts);
        let (known, world, batch) = known(&posts);
        let (_directory, index) = index(batch);
        for query in queries {
            let tree = parse(&query, &SearchLimits::default()).unwrap().unwrap();
            let full = SearchRequest {
                sort,
                histogram: true,
                highlight: true,
                top: vec![TopField::Author, TopField::Hashtag, TopField::Kind],
                ..request(&query)
            };
            let fits: Vec<Option<bool>> = known.iter().map(|known| known.fits(&tree, &world)).collect();
            if fits.contains(&None) {
                let told = index.search(&full, &SearchLimits::default());
                prop_assert!(matches!(told, Err(Error::InvalidRequest { field: "query", .. })), "{}", query);
                continue;
            }
            let expected: Vec<&Known> = known.iter().zip(&fits).filter(|(_, fits)| **fits == Some(true)).map(|(known, _)| known).collect();
            let found = search(&index, &full);
            check(&format!("{query} in {posts:?}"), &expected, &found)?;
            let times: Vec<Timestamp> = found.posts.iter().map(|found| found.post.observed_at).collect();
            match sort {
                Sort::Newest => prop_assert!(times.is_sorted_by(|a, b| a >= b)),
                Sort::Oldest => prop_assert!(times.is_sorted()),
                Sort::Relevance => {
                    let scores: Vec<f32> = found.posts.iter().map(|found| found.score.unwrap()).collect();
                    prop_assert!(scores.is_sorted_by(|a, b| a >= b), "{:?}", scores);
                }
            }
            if sort != Sort::Relevance {
                let mut paged = Vec::new();
                let mut part = SearchRequest { sort, limit: 3, ..request(&query) };
                loop {
                    let page = search(&index, &part);
                    prop_assert_eq!(page.total, found.total);
                    paged.extend(page.posts.into_iter().map(|found| found.post));
                    let Some(next) = page.next else { break };
                    part.cursor = Some(next);
                }
                let whole: Vec<_> = found.posts.into_iter().map(|found| found.post).collect();
                prop_assert_eq!(&paged, &whole, "{}", query);
                let mut exported = Vec::new();
                let number = index.export(&SearchRequest { sort, ..request(&query) }, 1_000, &SearchLimits::default(), &mut |found| {
                    exported.push(found.post);
                    true
                }).unwrap();
                prop_assert_eq!(&exported, &whole);
                prop_assert_eq!(number, whole.len() as u64);
            }
        }
    }
}
