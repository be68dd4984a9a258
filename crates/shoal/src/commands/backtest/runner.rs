//! Runs labelled files through the pipeline's detection and scores what it says.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use shoal_model::{Alert, Post, Timestamp};
use shoal_stream::{BatchOutcome, Filter, Input, Observer, ObserverError, RunProgress, Source, StageName};

use super::files::write;
use super::labels::Labels;
use super::report::FileRole;
use super::score::{ScoredRun, SourceData, score};
use crate::cli::{self, BacktestArgs, BacktestRequest, BacktestSource};
use crate::job::bare_job;
use crate::pipeline::{Overrides, Pipeline};
use crate::terminal::console;
use crate::terminal::figures::peak_memory;

/// Measures a configuration on labelled files.
pub(crate) fn backtest(args: BacktestArgs) -> Result<()> {
    let request = args.validate()?;
    let overrides = Overrides { set: &request.set, ..Overrides::default() };
    let pipeline = Pipeline::load(&request.config, &overrides)?;
    let labels = Labels::read(&request.labels)?;
    // All labels before the first post: a run may take hours.
    let labelled = request.sources.iter().map(Labelled::read).collect::<Result<Vec<_>>>()?;
    let sources: Vec<&Labelled<'_>> = labelled.iter().collect();
    let runs: Vec<Vec<&Labelled<'_>>> =
        if request.together { vec![sources] } else { sources.into_iter().map(|source| vec![source]).collect() };
    let runs: Result<Vec<ScoredRun>> = runs.into_iter().map(|sources| run(&request, &pipeline, &sources)).collect();
    let scored = score(&runs?, &labels);
    write(&request.out, &scored.report, &scored.flagged)?;
    console::note(&format!("written to {}\n", request.out.display()));
    Ok(())
}

/// Everything that scoring needs of one run.
#[derive(Default)]
struct Collected {
    posts: Vec<BTreeMap<String, u64>>,
    alerts: Vec<Alert>,
}

impl Observer for Collected {
    fn progress(&mut self, _progress: &RunProgress) {}

    fn alert(&mut self, alert: &Alert) {
        self.alerts.push(alert.clone());
    }

    fn keeps_posts(&self) -> bool {
        true
    }

    fn settled(&mut self, settled: BatchOutcome) -> Result<(), ObserverError> {
        let kept = settled.posts.iter().map(|kept| (kept.source, &kept.post.post));
        let duplicates = settled.duplicates.iter().map(|duplicate| (duplicate.source, &duplicate.post));
        for (source, post) in kept.chain(duplicates) {
            let author = post.author.id.as_str();
            let native = Post::split_id(author).map_or(author, |(_, native)| native);
            if let Some(posts) = self.posts.get_mut(source) {
                *posts.entry(native.to_owned()).or_default() += 1;
            }
        }
        Ok(())
    }
}

/// A source with its labels, if it is partly labelled.
struct Labelled<'a> {
    source: &'a BacktestSource,
    role: FileRole,
    labels: Option<Labels>,
}

impl<'a> Labelled<'a> {
    fn read(source: &'a BacktestSource) -> Result<Self> {
        let (role, labels) = match &source.role {
            cli::LabelledAs::Coordinated => (FileRole::Coordinated, None),
            cli::LabelledAs::Ordinary => (FileRole::Ordinary, None),
            cli::LabelledAs::Benign => (FileRole::Benign, None),
            cli::LabelledAs::Mixed(labels) => (FileRole::Mixed, Some(Labels::read(labels)?)),
        };
        Ok(Self { source, role, labels })
    }
}

fn run(request: &BacktestRequest, pipeline: &Pipeline, sources: &[&Labelled<'_>]) -> Result<ScoredRun> {
    let filter = filter(request);
    let name = sources.iter().map(|labelled| labelled.source.name.as_str()).collect::<Vec<_>>().join(" + ");
    console::note(&format!("{name} …\n"));
    let mut job = bare_job(pipeline)?;
    job.sources = sources
        .iter()
        .map(|labelled| Source {
            name: labelled.source.name.clone(),
            input: Input::File(labelled.source.file.clone()),
            format: None,
            filter: Some(Arc::clone(&filter)),
        })
        .collect();
    let mut collected = Collected { posts: vec![BTreeMap::new(); sources.len()], ..Collected::default() };
    let summary = shoal_stream::run(&job, &mut collected).with_context(|| format!("backtest of {name}"))?;
    let data = sources.iter().zip(collected.posts).map(|(labelled, posts_by_account)| SourceData {
        name: labelled.source.name.clone(),
        role: labelled.role,
        labels: labelled.labels.clone(),
        posts_by_account,
    });
    let counts = [
        ("records", summary.sources.records),
        ("left_out", summary.sources.filtered),
        ("ignored", summary.sources.ignored()),
        ("dead_letters", summary.sources.dead()),
        ("late", summary.sources.late),
        ("duplicate", summary.prepare.duplicate),
        ("processed", summary.prepare.processed),
        ("nothing_shared", summary.prepare.filtered),
    ];
    Ok(ScoredRun {
        name,
        sources: data.collect(),
        alerts: collected.alerts,
        posts: summary.consumed.by(StageName::Prepare),
        seconds: summary.elapsed.as_secs_f64(),
        peak_memory_bytes: peak_memory(),
        counts: counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
    })
}

/// Makes sets comparable: the same stretch of time, whole minutes, no repost prefixes.
fn filter(request: &BacktestRequest) -> Filter {
    let (from, to, minutes, strip) = (request.from, request.to, request.minutes, request.strip_rt);
    Arc::new(move |post: &mut Post| {
        let at = post.observed_at;
        if at < from.unwrap_or(Timestamp::MIN) || to.is_some_and(|to| at >= to) {
            return false;
        }
        if minutes {
            post.observed_at = at.floor_minute();
        }
        if strip {
            post.text = shoal_text::strip_repost_prefix(&post.text).to_owned();
        }
        true
    })
}
