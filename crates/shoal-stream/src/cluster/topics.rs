//! The topics of a pipeline, as they are to be created.

use std::collections::BTreeMap;

use shoal_detect::StageName;
use shoal_kafka::topics::TopicSpec;
use shoal_model::Span;

use crate::job::{Input, Job, Output};
use crate::staged::frame::RECORD_BYTES;
use crate::staged::topology::Topology;

/// The most that an alert may have: what the producer sends at most.
const ALERT_BYTES: usize = 64 << 20;

/// The topics that a pipeline reads and writes: those of others, its outputs, and its own. Its own keep records for
/// `retention`; a process without its state can only be exact as far back as they go.
pub fn topics(job: &Job, staged: bool, replication: i32, retention: Span) -> Vec<TopicSpec> {
    let Some(kafka) = &job.kafka else { return Vec::new() };
    let topology = Topology::new(&kafka.prefix, job.sources.len(), &job.detect.partitions);
    let kept = ("retention.ms", (retention.micros() / 1_000).to_string());
    let large = ("max.message.bytes", RECORD_BYTES.to_string());
    // An alert may name ten thousand accounts, each with its arithmetic.
    let alerts = ("max.message.bytes", ALERT_BYTES.to_string());
    let compacted = ("cleanup.policy", "compact".to_owned());
    // Everybody reads it from its beginning: what is old news is to go soon.
    let small = [
        ("segment.bytes", (8 << 20).to_string()),
        ("segment.ms", "600000".to_owned()),
        ("min.cleanable.dirty.ratio", "0.1".to_owned()),
    ];
    // With fewer copies than two in step, what was acknowledged can be lost with one broker.
    let safe = (replication >= 3).then(|| ("min.insync.replicas", "2".to_owned()));
    let spec = |name: String, partitions: i32, settings: &[(&str, String)], purpose: &str| TopicSpec {
        name,
        partitions,
        replication,
        settings: settings.iter().chain(&safe).map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
        purpose: purpose.to_owned(),
    };
    let mut specs = Vec::new();
    for (topic, partitions) in sources(job) {
        specs.push(spec(topic, partitions, std::slice::from_ref(&kept), "posts"));
    }
    let outputs = [
        (&job.outputs.alerts, "alerts", vec![compacted.clone(), alerts.clone()]),
        (&job.outputs.shadow, "alerts in shadow or muted", vec![compacted.clone(), alerts]),
        (&job.outputs.dead_letters, "records that are no posts", vec![kept.clone(), large.clone()]),
    ];
    for (output, purpose, settings) in outputs {
        if let Some(Output::Topic(topic)) = output {
            specs.push(spec(topic.clone(), 1, &settings, purpose));
        }
    }
    let progress = [&[compacted][..], &small].concat();
    specs.push(spec(topology.progress_log_topic(), 1, &progress, "how far every partition has come"));
    if staged {
        for stage in StageName::ALL.into_iter().filter(|stage| *stage != StageName::Ingest) {
            let partitions = i32::from(topology.partitions(stage));
            let purpose = format!("what the stage {stage} reads");
            specs.push(spec(topology.topic(stage), partitions, &[kept.clone(), large.clone()], &purpose));
        }
    }
    specs
}

/// The source topics with their partitions.
fn sources(job: &Job) -> BTreeMap<String, i32> {
    let mut topics = BTreeMap::new();
    for source in &job.sources {
        if let Input::Topic { topic, partition } = &source.input {
            let count: &mut i32 = topics.entry(topic.clone()).or_default();
            *count = (*count).max(partition + 1);
        }
    }
    topics
}
