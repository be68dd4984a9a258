//! Posts indexed per second, beside bare tantivy with the same fields and documents that are built
//! already, with as many threads; all in one run. And what a post takes on disk, and what closing a bucket takes.
//!
//! ```text
//! cargo bench -p shoal-index --bench writing [-- POSTS [ROUNDS]]
//! ```
//!
//! Reads the first POSTS (200,000) of `ira_dev` from the folder named by `SHOAL_DATA`, else makes them up. Both sides
//! are measured until everything is on disk and can be found: ours with the building of documents, commits every two
//! seconds, buckets of thirty days and the check of what is there; the engine's with one commit at the end. Reading and
//! analysing posts is outside.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement may panic and is read in a terminal")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use shoal_detect::{Analyst, Config};
use shoal_formats::{Decoded, Format, Reader};
use shoal_index::testing::{Bare, bare, count_words};
use shoal_index::{Batch, Index, PostDocument, Settings};
use shoal_model::{Action, Author, Post, Span, Timestamp};
use tempfile::TempDir;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Posts that are handed over at once.
const BATCH: usize = 1_024;

/// Bytes that posts may take before they are written, for every thread.
const MEMORY: usize = 64 << 20;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let number: usize = arguments.next().map_or(200_000, |number| number.parse().unwrap());
    let rounds: usize = arguments.next().map_or(2, |rounds| rounds.parse().unwrap());
    let posts = documents(posts(number));
    let number = posts.len() as f64;
    segmenting(number as usize);
    for threads in [1, 2] {
        for round in 1..=rounds {
            let before = processor();
            let (seconds, built) = tantivy_error(&posts, threads);
            let engine = number / seconds;
            let between = processor();
            let (ours, closing) = writer(&posts, threads, Span::from_seconds(30 * 86_400), true);
            let used = (processor() - between) / (between - before);
            println!(
                "{threads} threads, {round}: engine {engine:.0} posts/s, ours {:.0} posts/s, ratio {:.2}; processor time \
                 ours / engine with building {used:.2}; building {built:.1} µs; {closing}",
                number / ours,
                number / ours / engine
            );
        }
    }
    let (again, _) = writer(&posts, 1, Span::from_seconds(30 * 86_400), false);
    let (days, closing) = writer(&posts, 1, Span::from_seconds(86_400), true);
    println!("1 thread, everything again: {:.0} posts/s are known to be there", number / again);
    println!("1 thread, buckets of a day: {:.0} posts/s; {closing}", number / days);
}

/// Seconds that this process has used a processor; the kernel counts in hundredths.
fn processor() -> f64 {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return 0.0 };
    let after = stat.rsplit_once(") ").unwrap().1;
    let ticks = |field: usize| after.split(' ').nth(field).unwrap().parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

/// Words alone.
fn segmenting(number: usize) {
    let texts: Vec<String> = posts(number.min(50_000)).into_iter().map(|post| post.text).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let started = Instant::now();
    let words: usize = texts.iter().map(|text| count_words(text)).sum();
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "words: {:.0} MB/s, {:.1} µs a post of {} words",
        bytes as f64 / 1e6 / seconds,
        seconds * 1e6 / texts.len() as f64,
        words / texts.len().max(1)
    );
}

/// Seconds that the bare engine takes; and microseconds that building a document takes, which do not count.
fn tantivy_error(posts: &[PostDocument], threads: usize) -> (f64, f64) {
    let directory = TempDir::new().unwrap();
    let cloned = posts.to_vec();
    let started = Instant::now();
    let Bare { index, documents } = bare(directory.path(), cloned).unwrap();
    let built = started.elapsed().as_secs_f64() * 1e6 / documents.len() as f64;
    let started = Instant::now();
    let mut writer = index.writer_with_num_threads(threads, threads * MEMORY).unwrap();
    for document in documents {
        writer.add_document(document).unwrap();
    }
    writer.commit().unwrap();
    let found = index.reader().unwrap().searcher().num_docs();
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(found, posts.len() as u64);
    writer.wait_merging_threads().unwrap();
    (seconds, built)
}

/// Seconds that we take, and the rest in words: for posts that are new, or that are there already.
fn writer(posts: &[PostDocument], threads: usize, bucket: Span, are_new: bool) -> (f64, String) {
    let directory = TempDir::new().unwrap();
    let settings = settings(directory.path(), threads, bucket);
    if !are_new {
        write(&settings, posts);
    }
    write(&settings, posts)
}

fn settings(directory: &Path, threads: usize, bucket: Span) -> Settings {
    Settings {
        bucket,
        commit: Span::from_seconds(2),
        memory_bytes: threads * MEMORY,
        threads,
        purge: Span::from_seconds(86_400),
        ..Settings::of(directory)
    }
}

fn write(settings: &Settings, posts: &[PostDocument]) -> (f64, String) {
    let batches: Vec<Batch> =
        posts.chunks(BATCH).map(|posts| Batch { posts: posts.to_vec(), ..Batch::default() }).collect();
    let (index, mut writer) = Index::open(settings).unwrap();
    let started = Instant::now();
    for batch in batches {
        writer.add(batch).unwrap();
    }
    writer.commit().unwrap();
    let seconds = started.elapsed().as_secs_f64();
    let closing = Instant::now();
    writer.close().unwrap();
    let status = index.status().unwrap();
    assert_eq!(status.posts, posts.len() as u64);
    let counts = index.counts();
    let closed = closing.elapsed().as_secs_f64();
    let opening = Instant::now();
    let read = Index::read(&settings.path).unwrap();
    let opened = opening.elapsed().as_secs_f64();
    let looking = Instant::now();
    assert_eq!(read.status().unwrap().posts, status.posts);
    let words = format!(
        "{} commits of {:.0} ms, {} buckets, closed in {closed:.1} s, opened to read in {:.0} ms, looked through in \
         {:.1} ms, {} bytes a post",
        counts.commits,
        counts.commit_seconds * 1e3 / counts.commits.max(1) as f64,
        status.buckets,
        opened * 1e3,
        looking.elapsed().as_secs_f64() * 1e3,
        status.bytes / status.posts.max(1)
    );
    (seconds, words)
}

/// Posts as they are handed over, in order of time.
fn documents(mut posts: Vec<Post>) -> Vec<PostDocument> {
    posts.sort_by(|a, b| (a.observed_at, &a.id).cmp(&(b.observed_at, &b.id)));
    let (mut analyst, source) = (Analyst::new(&Config::default()), Arc::from("bench"));
    let document = |(offset, post): (u64, Post)| {
        let at = post.observed_at;
        PostDocument::new(Arc::clone(&source), offset, at, analyst.analyse(post))
    };
    (0..).zip(posts).map(document).collect()
}

/// Real posts, or made-up ones.
fn posts(number: usize) -> Vec<Post> {
    let folder = std::env::var("SHOAL_DATA").unwrap_or_else(|_| "../../../shared/data".to_owned());
    let path = PathBuf::from(folder).join("ira_dev.jsonl.zst");
    if !path.exists() {
        println!("{} is not there: the posts are made up", path.display());
        return (0..number).map(made_up).collect();
    }
    let limits = shoal_formats::Limits::default();
    let mut reader = Reader::open(&path, &limits).unwrap();
    let (mut line, mut posts) = (Vec::new(), Vec::new());
    while let Some(record) = reader.next(&mut line).unwrap() {
        posts.extend(Format::NATIVE.decode_record(&record, &line, &limits).into_iter().flat_map(Decoded::posts));
        if posts.len() == number {
            break;
        }
    }
    posts
}

fn made_up(at: usize) -> Post {
    let word = |place: usize| format!("word{}", (at * 7 + place * place * 31) % (50 + 200 * place));
    Post {
        id: format!("test:{at}"),
        author: Author { id: format!("test:a{}", at % 997), ..Author::default() },
        observed_at: Timestamp::from_seconds(1_400_000_000 + at as i64 * 60),
        created_at: None,
        text: (0..15).map(word).collect::<Vec<_>>().join(" "),
        lang: Some("en".to_owned()),
        action: Action::default(),
        urls: Vec::new(),
        url: None,
        client: None,
        media: Vec::new(),
    }
}
