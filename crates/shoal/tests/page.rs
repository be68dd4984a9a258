//! The page in a real browser: a journey through it among posts that mean harm, its looks for everybody, signing in.
//!
//! With `SHOAL_PICTURES` set to a folder, pictures of the demo stream are kept there: those of the README.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::process::{Process, until};
use common::{PostLine, lines, pipeline, shoal, write};
use serde_json::{Value, json};
use shoal_tools::{debian, npm, or_skip};

/// The first moment of the posts that come while somebody looks, and the end of all.
const LATER: &str = "2026-03-05T00:00:00Z";
const END: &str = "2027";
/// Accounts that mean harm: their ids and the names they show.
const HARM: [(&str, &str); 6] = [
    ("harm0", "<img src=x onerror=alert(1)>"),
    ("<script>alert(1)</script>", "\"><svg onload=alert(1)>"),
    ("x\" onmouseover=\"alert(1)", "' autofocus onfocus='alert(1)"),
    ("user\u{202e}gpj.exe", "\u{2066}\u{200b}admin"),
    ("a/../b?c=d#e%2Ff", "javascript:alert(1)"),
    ("תיםتيم", "🐟🐟"),
];
/// The texts that they publish.
const TEXTS: [&str; 7] = [
    "<script>alert(document.domain)</script> read this alert before they delete it, everybody",
    "Look at this alert: <img src=//evil.example/x.png onerror=alert(1)> <iframe src=//evil.example></iframe> wow",
    "[an alert](javascript:alert(1)) <a href=\"javascript:alert(1)\" onclick=\"alert(1)\">press here, everybody</a>",
    "alert \u{202e}txt.exe\u{202c} and <b>bold</b> \"quotes\" 'marks' &lt;mark&gt; </textarea></title><!-- <mark>x</mark>",
    "هذا تنبيه للجميع alert: صوّتوا ضد الرسوم يوم التاسع، الجسر لنا جميعا <script>alert(1)</script>",
    "זוהי התראה לכולם alert: הצביעו נגד האגרה בתשיעי, הגשר שייך לכולנו 🌉🌉🌉 <script>alert(1)</script>",
    "警报 alert：九号请投反对票，海港大桥属于所有人，不要收费。🌉🌉 <script>alert(1)</script>",
];

/// A browser and a folder of packages, which these tests need. `None`, and said, where they are not to be had.
fn tools(what: &str) -> Option<(PathBuf, PathBuf)> {
    let chromium = or_skip(what, debian("chromium", "chromium"))?;
    let packages = or_skip(what, npm(&scripts()))?;
    Some((chromium, packages))
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page")
}

/// A run that goes on, in a folder of its own.
struct Served {
    directory: tempfile::TempDir,
    process: Process,
    posts: usize,
}

impl Served {
    /// A pipeline of these posts; those from `later` on are held back in `rest.ndjson`.
    fn new(posts: &[PostLine], later: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (now, rest): (Vec<&PostLine>, Vec<&PostLine>) = posts.iter().partition(|post| post.ts.as_str() < later);
        write(&directory.path().join("posts.ndjson"), now.iter().copied());
        write(&directory.path().join("rest.ndjson"), rest);
        configure(directory.path(), "");
        let process = Process::start(directory.path(), "run", &["run", "page.toml", "--follow"]);
        Self { directory, process, posts: now.len() }
    }

    /// Drives the browser by one of the scripts.
    #[track_caller]
    fn drive(&self, script: &str, (chromium, packages): &(PathBuf, PathBuf), more: &Value) {
        let mut given = json!({
            "base": address(&self.process),
            "chromium": chromium,
            "modules": packages,
            "posts": self.posts,
            "file": self.directory.path().join("posts.ndjson"),
            "rest": self.directory.path().join("rest.ndjson"),
        });
        given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let output = Command::new("node").arg(scripts().join(script)).arg(given.to_string()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&said), self.process.said());
    }
}

/// Writes the pipeline.
fn configure(directory: &Path, more: &str) {
    let file = format!(
        "name = \"demo\"\n[[source]]\npath = \"posts.ndjson\"\nformat = \"native\"\n[output]\nalerts = \
         \"alerts.ndjson\"\n[index]\npath = \"index\"\n{more}"
    );
    fs::write(directory.join("page.toml"), file).unwrap();
}

/// The address of the page, once it is there.
fn address(process: &Process) -> String {
    let mut found = None;
    until("the page's address", || {
        assert!(process.lives(), "{}", process.said());
        let said = process.said();
        found = said.split_once("page at ").and_then(|(_, rest)| rest.split_once("/\n")).map(|(it, _)| it.to_owned());
        found.is_some()
    });
    found.unwrap()
}

fn demo() -> Vec<PostLine> {
    lines(Path::new(&pipeline("demo.ndjson")))
}

/// Posts of accounts that act together and mean harm, from the demo's first day on.
fn harm() -> Vec<PostLine> {
    let mut posts = Vec::new();
    for round in 0..14 {
        for (place, (author, handle)) in HARM.iter().enumerate() {
            let ts = format!("2026-03-0{}T{:02}:{:02}:30Z", 2 + round / 7, 6 + 2 * (round % 7), 3 * place);
            let text = format!("{} {}", TEXTS[round % TEXTS.len()], ["once", "again"][round / 7].repeat(1 + round / 7));
            let post = json!({
                "id": format!("harm-{round}-{place}"), "platform": "demo", "author": author, "handle": handle,
                "ts": ts, "text": text, "repost": false, "url": format!("https://social.example/<x>\"/{round}"),
                "urls": ["javascript:alert(1)", "http://user:password@ev\u{456}l.example:81/\u{202e}?<script>"],
            });
            posts.push(PostLine { ts, author: (*author).to_owned(), text: serde_json::to_vec(&post).unwrap() });
        }
    }
    posts
}

#[test]
fn a_journey_among_posts_that_mean_harm() {
    let Some(tools) = tools("a journey through the page") else { return };
    let mut posts = [demo(), harm()].concat();
    posts.sort_by(|one, other| one.ts.cmp(&other.ts));
    Served::new(&posts, LATER).drive("journey.mjs", &tools, &json!({"alerts": 3}));
}

#[test]
fn every_page_is_right_for_everybody() {
    let Some(tools) = tools("the looks of the page") else { return };
    let pictures = std::env::var("SHOAL_PICTURES").ok();
    Served::new(&demo(), END).drive("looks.mjs", &tools, &json!({"alerts": 2, "pictures": pictures}));
}

#[test]
fn people_sign_in_and_out() {
    let Some(tools) = tools("signing in") else { return };
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join("posts.ndjson"), &demo());
    let made = shoal(directory.path(), &["token", "reader", "--role", "read"]).well();
    let token = made.stderr.lines().find(|line| line.starts_with("shoal_")).unwrap().to_owned();
    configure(directory.path(), &made.stdout);
    let process = Process::start(directory.path(), "run", &["run", "page.toml", "--follow"]);
    let served = Served { directory, process, posts: 0 };
    served.drive("sign_in.mjs", &tools, &json!({"token": token}));
}
