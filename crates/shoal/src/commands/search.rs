//! `shoal search`: posts of an index, for people and for programs.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write as _};

use anyhow::{Context, Result};
use shoal_index::{
    FoundPost, Histogram, Index, SearchLimits, SearchPage, SearchRequest, SimilarRequest, Sort, TopValue,
};
use shoal_share::{PostTable, TableFormat, TableWriter};

use crate::cli::{Order, SearchArgs};
use crate::terminal::console;
use shoal_model::display::{excerpt, printable};

/// Symbols of a text that a person is shown.
const TEXT: usize = 280;
/// Symbols of the longest bar.
const BAR: u64 = 40;

/// Prints what fits.
pub(crate) fn search(args: &SearchArgs) -> Result<()> {
    let index = Index::read(&args.index.directory)?;
    let limits = SearchLimits::default();
    if let Some(post) = &args.similar_to {
        let limit = usize::from(args.limit);
        let request = SimilarRequest { post: post.clone(), similarity: args.similarity, limit };
        return print_all(args, &index.similar(&request, &limits)?);
    }
    let request = request(args);
    if args.all {
        return export(args, &index, &request, &limits);
    }
    let page = index.search(&request, &limits)?;
    if args.table.0.is_some() {
        print_all(args, &page.posts)
    } else if args.json {
        console::print((serde_json::to_string(&page)? + "\n").as_bytes())
    } else {
        console::print(told(&page).as_bytes())
    }
}

fn request(args: &SearchArgs) -> SearchRequest {
    SearchRequest {
        query: args.query.clone(),
        since: args.since,
        until: args.until,
        platform: args.platform.clone(),
        language: args.lang.clone(),
        author: args.author.clone(),
        kind: None,
        layer: args.layer,
        object: args.object.clone(),
        cluster: args.cluster.clone(),
        alert: args.alert.clone(),
        sort: match args.sort {
            Order::Newest => Sort::Newest,
            Order::Oldest => Sort::Oldest,
            Order::Relevance => Sort::Relevance,
        },
        limit: usize::from(args.limit),
        cursor: args.cursor.clone(),
        highlight: false,
        histogram: args.histogram,
        top: args.top.clone(),
    }
}

/// Writes all posts that fit, as they are found.
fn export(args: &SearchArgs, index: &Index, request: &SearchRequest, limits: &SearchLimits) -> Result<()> {
    let (mut rows, mut written) = (Rows::new(args)?, Ok(()));
    index.export(request, u64::MAX, limits, &mut |post| {
        written = rows.write(&post);
        written.is_ok()
    })?;
    finish(written.and_then(|()| rows.flush()))
}

fn print_all(args: &SearchArgs, posts: &[FoundPost]) -> Result<()> {
    let mut rows = Rows::new(args)?;
    finish(posts.iter().try_for_each(|post| rows.write(post)).and_then(|()| rows.flush()))
}

/// A reader that has seen enough, such as `head`, is no failure.
fn finish(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

/// Posts, one after the other.
enum Rows {
    Table(TableWriter<BufWriter<io::Stdout>, PostTable>),
    Text(BufWriter<io::Stdout>),
}

impl Rows {
    fn new(args: &SearchArgs) -> Result<Self> {
        let output = BufWriter::new(io::stdout());
        let format = args.table.0.or(args.json.then_some(TableFormat::Ndjson));
        Ok(match format {
            Some(format) => Self::Table(TableWriter::new(format, output)?),
            None => Self::Text(output),
        })
    }

    fn write(&mut self, post: &FoundPost) -> io::Result<()> {
        match self {
            Self::Table(table) => table.write(post).map_err(plain),
            Self::Text(output) => output.write_all(found(post).as_bytes()),
        }
    }

    fn flush(self) -> io::Result<()> {
        match self {
            Self::Table(table) => table.finish().map_err(plain)?.flush(),
            Self::Text(mut output) => output.flush(),
        }
    }
}

/// The error of a table's sink as it came: a reader may have seen enough.
fn plain(error: shoal_share::Error) -> io::Error {
    match error {
        shoal_share::Error::Table(error) => error,
        error @ shoal_share::Error::Network { .. } => io::Error::other(error),
    }
}

/// A page for people.
fn told(page: &SearchPage) -> String {
    let mut text = String::new();
    let least = if page.total.exact { "" } else { "at least " };
    _ = writeln!(text, "{least}{} posts in {} ms\n", page.total.count, page.took_ms);
    if let Some(histogram) = &page.histogram {
        text += &bars(histogram);
    }
    for (field, values) in &page.top {
        text += &frequent(field, values);
    }
    for post in &page.posts {
        text += &found(post);
    }
    if let Some(next) = &page.next {
        _ = writeln!(text, "more: --cursor {next}");
    }
    text
}

fn found(found: &FoundPost) -> String {
    let post = &found.post;
    let mut line = format!("{}  {}  {}  {}", post.observed_at, printable(&post.author), printable(&post.id), post.lang);
    if let Some(similarity) = found.similarity {
        _ = write!(line, "  {similarity:.2} alike");
    }
    if let Some(cluster) = &found.cluster {
        _ = write!(line, "  cluster:{cluster}");
    }
    format!("{line}\n  {}\n\n", excerpt(&post.text, TEXT))
}

fn bars(histogram: &Histogram) -> String {
    let most = histogram.bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1);
    let mut text = String::new();
    for bin in &histogram.bins {
        let bar = "█".repeat((bin.count * BAR).div_ceil(most) as usize);
        _ = writeln!(text, "{}  {:>8}  {bar}", bin.start, bin.count);
    }
    text + "\n"
}

fn frequent(field: &str, values: &[TopValue]) -> String {
    let mut text = format!("{field}\n");
    for value in values {
        _ = writeln!(text, "{:>10}  {}", value.count, printable(&value.value));
    }
    text + "\n"
}
