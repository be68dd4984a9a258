//! `shoal topics` and `shoal check --online`: a pipeline and the cluster that it needs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Result, bail};
use shoal_kafka::online::{self, Wanted, WantedTopic};
use shoal_kafka::topics::{self, Fate, TopicOutcome, TopicSpec};
use shoal_kafka::{CheckReport, Finding, Grade, Reader};
use shoal_model::{Layer, Span};
use shoal_stream::{Input, KafkaSettings, Output};

use crate::cli::{TopicsArgs, TopicsCommand};
use crate::job::job;
use crate::pipeline::{Error, Overrides, Pipeline};
use crate::terminal::console;
use shoal_model::display::printable_lines;

/// The setting of a topic for the time that it keeps its records.
const RETENTION: &str = "retention.ms";
/// Time that a cluster may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Creates or compares the topics of a pipeline.
pub(crate) fn topics(command: &TopicsCommand) -> Result<()> {
    match command {
        TopicsCommand::Create(args) => create(args),
        TopicsCommand::Check(args) => check(args),
    }
}

fn load(args: &TopicsArgs) -> Result<Pipeline> {
    let overrides = Overrides { set: &args.set.set, ..Overrides::default() };
    Ok(Pipeline::load(&args.pipeline, &overrides)?)
}

/// Creates what is missing, then says what became of every topic and what differs in those that were there.
fn create(args: &TopicsArgs) -> Result<()> {
    let pipeline = load(args)?;
    let (kafka, needed) = (pipeline.require_kafka()?, Needed::of(&pipeline)?);
    let outcomes = topics::create(&kafka.connection(), &needed.topics, PATIENCE)?;
    let mut text = String::new();
    for (outcome, spec) in outcomes.iter().zip(&needed.topics) {
        text.push_str(&row(outcome, spec));
    }
    console::print(printable_lines(&text).as_bytes())?;
    let there = |topic: &&TopicOutcome| topic.fate == Fate::Existed;
    let there: BTreeSet<&str> = outcomes.iter().filter(there).map(|outcome| outcome.topic.as_str()).collect();
    let mut findings = needed.only(&there).compare(kafka)?;
    findings.retain(|finding| finding.grade != Grade::Ok);
    let refused = outcomes.iter().filter(|outcome| matches!(outcome.fate, Fate::Refused(_))).count();
    tell(findings, refused)
}

/// Says what differs, and what to do.
fn check(args: &TopicsArgs) -> Result<()> {
    let pipeline = load(args)?;
    tell(Needed::of(&pipeline)?.compare(pipeline.require_kafka()?)?, 0)
}

/// Says what the cluster of a pipeline answers.
pub(crate) fn online(pipeline: &Pipeline) -> Result<()> {
    let kafka = pipeline.require_kafka()?;
    let needed = Needed::of(pipeline)?;
    let group = format!("{}.online", kafka.prefix);
    let groups = if kafka.staged { vec![group.clone()] } else { Vec::new() };
    let wanted = Wanted { topics: needed.wanted(), groups };
    let mut findings = online::check(&kafka.connection(), &wanted, PATIENCE).findings;
    // The names of groups tell epochs apart, so rights are given to what they begin with.
    for finding in &mut findings {
        finding.about = finding.about.replace(&group, &format!("{}.*", kafka.prefix));
        let prefixed = format!("--resource-pattern-type prefixed --group {}.", kafka.prefix);
        finding.remedy = finding.remedy.replace(&format!("--group {group}"), &prefixed);
    }
    tell(findings, 0)
}

/// Prints findings, and fails where something will not work. `before` counts what failed before.
fn tell(findings: Vec<Finding>, before: usize) -> Result<()> {
    let wrong = findings.iter().filter(|finding| finding.grade == Grade::Error).count() + before;
    if !findings.is_empty() {
        console::print(printable_lines(&format!("{}\n", CheckReport { findings })).as_bytes())?;
    }
    match wrong {
        0 => Ok(()),
        1 => bail!("1 thing is wrong; what to do stands with it"),
        _ => bail!("{wrong} things are wrong; what to do stands with each"),
    }
}

fn row(outcome: &TopicOutcome, spec: &TopicSpec) -> String {
    let TopicSpec { name, partitions, replication, purpose, .. } = spec;
    let mut row = match &outcome.fate {
        Fate::Created => {
            let s = if *partitions == 1 { "" } else { "s" };
            format!("created  topic `{name}`: {partitions} partition{s}, replication {replication}")
        }
        Fate::Existed => format!("exists   topic `{name}`"),
        Fate::Refused(diagnosis) => {
            return format!("refused  topic `{name}`: {}\n           {}\n", diagnosis.what, diagnosis.remedy);
        }
    };
    // Writing to a String cannot fail.
    _ = writeln!(row, "; {purpose}");
    row
}

/// The topics that a pipeline needs of a cluster.
struct Needed {
    topics: Vec<TopicSpec>,
    /// The topics that others write.
    read: BTreeSet<String>,
    /// The topics that are written for others.
    written: BTreeSet<String>,
    /// The time within which posts are judged together.
    window: Span,
}

impl Needed {
    fn of(pipeline: &Pipeline) -> Result<Self> {
        let (kafka, job) = (pipeline.require_kafka()?, job(pipeline)?);
        let topics = shoal_stream::topics(&job, kafka.staged, kafka.replication, kafka.retention);
        if topics.is_empty() {
            return Err(Error::NoTopic { file: pipeline.file.clone() }.into());
        }
        let read = job.sources.iter().filter_map(|source| match &source.input {
            Input::Topic { topic, .. } => Some(topic.clone()),
            Input::File(_) => None,
        });
        let outputs = [&job.outputs.alerts, &job.outputs.shadow, &job.outputs.dead_letters];
        let written = outputs.into_iter().flatten().filter_map(|output| match output {
            Output::Topic(topic) => Some(topic.clone()),
            Output::File(_) => None,
        });
        let widest = Layer::ALL.into_iter().filter_map(|layer| job.detect.widest(layer)).max().unwrap_or_default();
        let window = widest.max(job.detect.order.lateness);
        Ok(Self { read: read.collect(), written: written.collect(), window, topics })
    }

    fn only(mut self, names: &BTreeSet<&str>) -> Self {
        self.topics.retain(|spec| names.contains(spec.name.as_str()));
        self
    }

    /// Compares the topics with those of the cluster.
    fn compare(&self, kafka: &KafkaSettings) -> Result<Vec<Finding>> {
        let connection = kafka.connection();
        let (mut topics, mut sources) = (self.topics.clone(), Vec::new());
        let reader = Reader::open(&connection)?;
        for spec in &mut topics {
            let (read, written) = (self.read.contains(&spec.name), self.written.contains(&spec.name));
            // How long others keep what is theirs is up to them.
            if read || written {
                spec.settings.remove(RETENTION);
            }
            if read {
                let window = (self.window.micros() / 1_000).to_string();
                sources.push(TopicSpec { settings: [(RETENTION.to_owned(), window)].into(), ..spec.clone() });
            }
            // So is how many partitions they read.
            if written {
                let found = reader.partition_count(&spec.name, PATIENCE)?;
                spec.partitions = found.unwrap_or(spec.partitions);
            }
        }
        // A run that never has to begin again misses nothing of what is gone, so this is no error.
        let mut findings = topics::check(&connection, &sources, PATIENCE)?;
        findings.retain(|finding| finding.what.starts_with(RETENTION));
        for finding in &mut findings {
            finding.grade = Grade::Warning;
        }
        let short: BTreeSet<String> = findings.iter().map(|finding| finding.about.clone()).collect();
        let mut others = topics::check(&connection, &topics, PATIENCE)?;
        others.retain(|finding| finding.grade != Grade::Ok || !short.contains(&finding.about));
        findings.append(&mut others);
        Ok(findings)
    }

    fn wanted(&self) -> Vec<WantedTopic> {
        let wanted = |spec: &TopicSpec| {
            let (read, written) = (self.read.contains(&spec.name), self.written.contains(&spec.name));
            WantedTopic {
                name: spec.name.clone(),
                partitions: (!written).then_some(spec.partitions),
                // What is neither read from others nor written for them stands between stages.
                read: !written,
                write: !read,
            }
        };
        self.topics.iter().map(wanted).collect()
    }
}
