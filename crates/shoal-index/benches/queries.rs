//! Latency of ten kinds of searches while posts are indexed at full speed, p50 and p99.
//!
//! ```text
//! cargo bench -p shoal-index --bench queries [-- POSTS [ROUNDS]]
//! ```
//!
//! The first POSTS (200,000) of `ira_dev` in the folder named by `SHOAL_DATA` are the base, else made-up posts. A
//! thread goes on to index the same posts under new ids, later, as fast as it can, while the questions are asked in
//! turn, each ROUNDS (200) times. Texts of the base that are equal are text objects.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement may panic and is read in a terminal")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shoal_detect::{Analyst, Config, TextObject};
use shoal_formats::{Decoded, Format, Reader};
use shoal_index::{
    Batch, Index, MAX_PAGE, PostDocument, SearchLimits, SearchRequest, Settings, SimilarRequest, Sort, TopField, Writer,
};
use shoal_model::{Action, Author, ObjectKey, Post, Span, TextKey, Timestamp};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Posts that are handed over at once.
const BATCH: usize = 1_024;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let number: usize = arguments.next().map_or(200_000, |number| number.parse().unwrap());
    let rounds: usize = arguments.next().map_or(200, |rounds| rounds.parse().unwrap());
    let posts = posts(number);
    let directory = tempfile::TempDir::new().unwrap();
    let (index, mut writer) = Index::open(&Settings::of(directory.path())).unwrap();
    let asked = Asked::new(&posts);
    let mut feeder = Feeder { posts, analyst: Analyst::new(&Config::default()), offset: 0 };
    let started = Instant::now();
    feeder.base(&mut writer);
    let status = index.status().unwrap();
    println!(
        "{} posts in {} buckets, {} MB, {:.1?}",
        status.posts,
        status.buckets,
        status.bytes >> 20,
        started.elapsed()
    );
    println!("{:28} {:>9} {:>9} {:>9} {:>9}", "", "p50 ms", "p99 ms", "most ms", "found");
    println!("-- nobody writes");
    measure(&index, &asked, rounds);
    println!("-- while posts are indexed");
    let (over, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let seconds = thread::scope(|scope| {
        scope.spawn(|| feeder.go_on(writer, &over, &written));
        let started = Instant::now();
        measure(&index, &asked, rounds);
        over.store(true, Ordering::Relaxed);
        started.elapsed().as_secs_f64()
    });
    println!("{:.0} posts a second were indexed meanwhile", written.load(Ordering::Relaxed) as f64 / seconds);
}

/// Real posts, or made-up ones.
fn posts(number: usize) -> Vec<Post> {
    let folder = std::env::var("SHOAL_DATA").unwrap_or_else(|_| "../../../shared/data".to_owned());
    let path = PathBuf::from(folder).join("ira_dev.jsonl.zst");
    let limits = shoal_formats::Limits::default();
    let mut posts = Vec::new();
    if path.exists() {
        let mut reader = Reader::open(&path, &limits).unwrap();
        let mut line = Vec::new();
        while let Some(record) = reader.next(&mut line).unwrap() {
            posts.extend(Format::NATIVE.decode_record(&record, &line, &limits).into_iter().flat_map(Decoded::posts));
            if posts.len() == number {
                break;
            }
        }
    } else {
        println!("{} is not there: the posts are made up", path.display());
        posts.extend((0..number).map(made_up));
    }
    posts.sort_by(|a, b| (a.observed_at, &a.id).cmp(&(b.observed_at, &b.id)));
    posts
}

fn made_up(at: usize) -> Post {
    let words = ["river", "vote", "news", "today", "people", "city", "police", "russia", "trump", "music"];
    let text: Vec<&str> = (0..12).map(|word| words[(at / 3 * (word + 7) + word * word) % words.len()]).collect();
    let author = Author { id: format!("test:a{}", at % 997), ..Author::default() };
    Post {
        id: format!("test:{at}"),
        author,
        observed_at: Timestamp::from_seconds(1_400_000_000 + at as i64 * 60),
        created_at: None,
        text: text.join(" "),
        lang: Some("en".to_owned()),
        action: Action::default(),
        urls: Vec::new(),
        url: None,
        client: None,
        media: Vec::new(),
    }
}

/// Hands posts over.
struct Feeder {
    posts: Vec<Post>,
    analyst: Analyst,
    offset: u64,
}

impl Feeder {
    fn documents(&mut self, range: std::ops::Range<usize>, later: Span, round: u64) -> Vec<PostDocument> {
        let source: Arc<str> = "bench".into();
        let mut documents = Vec::with_capacity(range.len());
        for at in range {
            let mut post = self.posts[at].clone();
            post.observed_at = post.observed_at.plus(later);
            if round > 0 {
                post.id = format!("{}-{round}", post.id);
            }
            self.offset += 1;
            let at = post.observed_at;
            documents.push(PostDocument::new(Arc::clone(&source), self.offset, at, self.analyst.analyse(post)));
        }
        documents
    }

    /// The base, with text objects for texts that are there more than once.
    fn base(&mut self, writer: &mut Writer) {
        let mut seen: HashMap<TextKey, u64> = HashMap::new();
        for start in (0..self.posts.len()).step_by(BATCH) {
            let posts = self.documents(start..(start + BATCH).min(self.posts.len()), Span::default(), 0);
            writer.add(Batch { posts, ..Batch::default() }).unwrap();
        }
        let mut texts = Vec::new();
        for post in &self.posts {
            if let Some(text) = self.analyst.analyse(post.clone()).text {
                let times = seen.entry(text.key).or_default();
                *times += 1;
                if *times == 2 {
                    let object = ObjectKey::from_raw(text.key.raw());
                    texts.push(TextObject { text: text.key, object, at: post.observed_at });
                }
            }
        }
        writer.add(Batch { texts, ..Batch::default() }).unwrap();
        writer.commit().unwrap();
    }

    /// Feeds the same posts again, at later times, until the run ends.
    fn go_on(mut self, mut writer: Writer, over: &AtomicBool, written: &AtomicU64) {
        let whole = self.posts[0].observed_at.distance(self.posts[self.posts.len() - 1].observed_at);
        for round in 1.. {
            let later = Span::from_micros(whole.micros() * round as i64);
            for start in (0..self.posts.len()).step_by(BATCH) {
                if over.load(Ordering::Relaxed) {
                    writer.close().unwrap();
                    return;
                }
                let posts = self.documents(start..(start + BATCH).min(self.posts.len()), later, round);
                written.fetch_add(posts.len() as u64, Ordering::Relaxed);
                writer.add(Batch { posts, ..Batch::default() }).unwrap();
            }
        }
    }
}

/// Search terms taken from the posts.
struct Asked {
    author: String,
    middle: (Timestamp, Timestamp),
    post: String,
    cluster: String,
}

impl Asked {
    fn new(posts: &[Post]) -> Self {
        let mut analyst = Analyst::new(&Config::default());
        let mut texts: HashMap<TextKey, (u64, &str)> = HashMap::new();
        let mut authors: HashMap<&str, u64> = HashMap::new();
        for post in posts {
            *authors.entry(&post.author.id).or_default() += 1;
            if let Some(text) = analyst.analyse(post.clone()).text {
                texts.entry(text.key).or_insert((0, &post.id)).0 += 1;
            }
        }
        let (cluster, (_, post)) = texts.into_iter().max_by_key(|(key, (times, _))| (*times, *key)).unwrap();
        let author = authors.into_iter().max_by_key(|(id, times)| (*times, *id)).unwrap().0;
        let at = |share: usize| posts[posts.len() * share / 10].observed_at;
        Self { author: author.to_owned(), middle: (at(4), at(6)), post: post.to_owned(), cluster: cluster.to_string() }
    }
}

fn measure(index: &Index, asked: &Asked, rounds: usize) {
    let query =
        |query: &str| SearchRequest { query: query.to_owned(), limit: 20, highlight: true, ..SearchRequest::default() };
    let everything = SearchRequest {
        histogram: true,
        top: vec![
            TopField::Author,
            TopField::Language,
            TopField::Platform,
            TopField::Kind,
            TopField::Hashtag,
            TopField::Domain,
        ],
        ..query("")
    };
    let range = SearchRequest {
        since: Some(asked.middle.0),
        until: Some(asked.middle.1),
        ..query(&format!("author:{}", asked.author))
    };
    let searches = [
        ("word", query("news")),
        ("rare word", query("zoologist")),
        ("phrase", query("\"black lives matter\"")),
        ("prefix", query("pol*")),
        ("boolean", query("(police OR city) news -trump -\"new york\"")),
        ("field and time range", range),
        ("relevance", SearchRequest { sort: Sort::Relevance, ..query("police shooting OR protest") }),
        ("histogram and top of all", everything),
        ("export page", SearchRequest { limit: MAX_PAGE, highlight: false, ..query("-news") }),
    ];
    let limits = &SearchLimits { time: Duration::from_mins(1), ..SearchLimits::default() };
    let mut questions: Vec<Question> = Vec::new();
    for (name, request) in searches {
        let ask = move || index.search(&request, limits).unwrap().total.count;
        questions.push(Question { name, times: Vec::new(), found: 0, ask: Box::new(ask) });
    }
    let like = SimilarRequest { post: asked.post.clone(), similarity: 0.5, limit: 20 };
    let similar = move || index.similar(&like, limits).unwrap().len() as u64;
    questions.push(Question { name: "similar", times: Vec::new(), found: 0, ask: Box::new(similar) });
    let cluster = || index.cluster(&asked.cluster, limits).unwrap().unwrap().posts.count;
    questions.push(Question { name: "cluster page", times: Vec::new(), found: 0, ask: Box::new(cluster) });
    for _ in 0..rounds {
        questions.iter_mut().for_each(Question::ask);
    }
    questions.iter_mut().for_each(Question::tell);
}

/// A kind of search, and how long each took.
struct Question<'a> {
    name: &'static str,
    times: Vec<f64>,
    found: u64,
    ask: Box<dyn Fn() -> u64 + 'a>,
}

impl Question<'_> {
    fn ask(&mut self) {
        let started = Instant::now();
        self.found = (self.ask)();
        self.times.push(started.elapsed().as_secs_f64() * 1_000.0);
    }

    fn tell(&mut self) {
        self.times.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| self.times[((self.times.len() - 1) as f64 * share) as usize];
        println!("{:28} {:9.2} {:9.2} {:9.2} {:9}", self.name, at(0.5), at(0.99), at(1.0), self.found);
    }
}
