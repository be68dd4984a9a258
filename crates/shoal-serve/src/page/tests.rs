use proptest::prelude::*;
use shoal_index::{FoundPost, StoredPost};
use shoal_share::{FileFormat, FormatFacts, TableFormat};

use super::*;
use crate::Role;
use crate::params::{AlertFilter, PostFilter};

/// Elements that pages consist of.
const TAGS: [&str; 65] = [
    "a",
    "article",
    "b",
    "bdi",
    "blockquote",
    "body",
    "button",
    "caption",
    "circle",
    "code",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "g",
    "h1",
    "h2",
    "h3",
    "head",
    "header",
    "html",
    "i",
    "input",
    "ins",
    "label",
    "legend",
    "li",
    "line",
    "link",
    "main",
    "mark",
    "meta",
    "nav",
    "ol",
    "option",
    "p",
    "path",
    "polyline",
    "rect",
    "script",
    "section",
    "select",
    "span",
    "strong",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "textarea",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "ul",
];

/// Attributes that elements have: none that acts, none that loads but from here.
const ATTRIBUTES: [&str; 59] = [
    "action",
    "aria-current",
    "aria-describedby",
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "autocomplete",
    "autofocus",
    "charset",
    "checked",
    "class",
    "content",
    "cx",
    "cy",
    "d",
    "data-refresh",
    "data-show",
    "data-stream",
    "datetime",
    "defer",
    "dir",
    "height",
    "hidden",
    "href",
    "id",
    "lang",
    "maxlength",
    "method",
    "min",
    "name",
    "open",
    "placeholder",
    "points",
    "preserveAspectRatio",
    "r",
    "rel",
    "required",
    "role",
    "rows",
    "rx",
    "scope",
    "selected",
    "spellcheck",
    "src",
    "step",
    "stroke-width",
    "tabindex",
    "text-anchor",
    "title",
    "type",
    "value",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
];

/// Texts that mean harm.
const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "https://a.example/\"><svg onload=alert(1)>",
    "</title></textarea></style><iframe src=//a.example>",
    "\u{202e}gpj.exe\u{2066}\0\u{1b}[2J]]>--><!--",
    "<mark><script>x</script></mark>",
];

fn caller() -> Caller {
    Caller { name: "ann".to_owned(), role: Role::Feedback, signed_in: true }
}

/// Every page, with `text` wherever a stranger's text can stand.
fn pages(text: &str) -> Vec<(&'static str, String)> {
    // What stands in an address is short: longer ones are refused before they come here.
    let short: String = text.chars().take(1_000).collect();
    let poison = |_: &str| Some(short.clone());
    let alerts =
        AlertFilter { q: short.clone(), account: poison(text), platform: poison(text), ..AlertFilter::default() };
    let posts = PostFilter { q: short.clone(), author: poison(text), alert: poison(text), ..PostFilter::default() };
    let search = fixtures::poisoned(&fixtures::search(), text);
    let post: StoredPost = search.posts[0].post.clone();
    let mut other: FoundPost = search.posts[1].clone();
    other.post.text.push('x');
    let problem = Problem { field: poison(text), ..Problem::new(ProblemKind::Question, text) };
    let url = format!("https://a.example/?{short}");
    let account = fixtures::poisoned(&fixtures::account(), text);
    let contents = [
        ("alerts", alerts::content(&alerts, Some(&short), &fixtures::poisoned(&fixtures::alerts(), text))),
        ("alert", alert::tests::poisoned(text)),
        ("search", search::content(&posts, Some(&short), &search)),
        ("cluster", cluster::content(text, &fixtures::poisoned(&fixtures::cluster(), text))),
        ("account", account::content(&account)),
        ("similar", similar::content(&post, &[other], 0.5)),
        (
            "leave",
            external_link::content(
                &url,
                &external_link::destination(&url).unwrap_or_else(|_| "https://a.example/x".parse().unwrap()),
            ),
        ),
        ("problem", problem_content(&problem)),
        ("login", login_content(&short, Some(&problem))),
    ];
    let name = text.to_owned();
    contents.map(|(page, content)| (page, shell(&name, &content))).into()
}

fn shell(text: &str, content: &Markup) -> String {
    let caller = Caller { name: text.to_owned(), ..caller() };
    let shell = Layout { pipeline: text, part: SitePart::Alerts, title: text, caller: Some(&caller) };
    shell.around(content).into_string()
}

/// Looks at every tag of a page. Written by `html!`: a `<` is a tag, values stand in double quotes.
fn check(page: &str, html: &str) {
    for tag in html.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap_or_else(|| panic!("{page}: a tag without an end: {tag}"));
        let tag = tag.strip_prefix('/').unwrap_or(tag);
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name == "!DOCTYPE" || TAGS.contains(&name), "{page}: <{name}>");
        while name != "!DOCTYPE" && !rest.is_empty() {
            let end = rest.find([' ', '=']).unwrap_or(rest.len());
            let (attribute, after) = rest.split_at(end);
            assert!(ATTRIBUTES.contains(&attribute), "{page}: <{name} {attribute}>");
            let value = after.strip_prefix("=\"").and_then(|after| after.split_once('"'));
            let (value, after) = value.unwrap_or(("", after));
            address(page, attribute, value);
            rest = after.trim_start_matches(' ');
        }
    }
}

/// Checks that an address that is loaded, followed or sent to lies here, but for the one way out.
fn address(page: &str, attribute: &str, value: &str) {
    if ["href", "src", "action", "data-show", "data-stream"].contains(&attribute) {
        let here = value.starts_with('#') || (value.starts_with('/') && !value.starts_with("//"));
        assert!(here || (page == "leave" && value.starts_with("https://a.example/")), "{page}: {attribute}={value}");
    }
}

#[test]
fn hostile_texts_stay_texts() {
    for text in HOSTILE {
        for (page, html) in pages(text) {
            check(page, &html);
        }
    }
}

#[test]
fn pages_stay_small() {
    // Ids are no longer than that: longer ones could not stand in an address.
    let long = "Wall of text, with <tags> & signs. ".repeat(58);
    for (page, html) in pages(&long) {
        assert!(html.len() < 300_000, "{page}: {} bytes", html.len());
    }
}

#[test]
fn texts_have_their_own_direction_and_language() {
    let page = search::content(&PostFilter::default(), None, &fixtures::search()).into_string();
    assert!(page.contains(r#"<p class="said" dir="auto" lang="ar"><mark>2</mark> وعدونا"#), "{page}");
    assert!(page.contains(r#"<bdi class="name">demo:تيم</bdi>"#), "{page}");
}

#[test]
fn lists_can_be_had_in_every_format_of_tables() {
    let alerts = alerts::content(&AlertFilter::default(), None, &fixtures::alerts()).into_string();
    let posts = search::content(&PostFilter::default(), None, &fixtures::search()).into_string();
    for FormatFacts { name, title, .. } in TableFormat::ALL.iter().map(|format| format.facts()) {
        for (page, path) in [(&alerts, "alerts"), (&posts, "search")] {
            let link = format!("/api/v1/export/{path}?format={name}\">{title}</a>");
            assert!(page.contains(&link), "{link}: {page}");
        }
    }
}

#[test]
fn nothing_judges() {
    for (page, html) in pages("neutral") {
        let text = html.to_lowercase();
        for word in ["fake", "liar", "malicious", "suspicious", "troll", "bot "] {
            assert!(!text.contains(word), "{page}: {word}");
        }
    }
}

#[test]
fn every_address_of_the_assets_is_answered() {
    for asset in [&*assets::STYLE, &*assets::SCRIPT, &*assets::ICON] {
        assert!(asset.address().starts_with("/assets/shoal-"), "{}", asset.address());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_text_stays_text(text in any::<String>(), start in prop::sample::select(&HOSTILE[..])) {
        for (page, html) in pages(&format!("{start}{text}")) {
            check(page, &html);
        }
    }
}
