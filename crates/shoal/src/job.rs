//! From a pipeline to the job that the runtime does.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result};
use shoal_stream::{Input, Job, Metrics, Output, Outputs, Source};

use crate::pipeline::{Pipeline, PipelineSource, SourceInput};

/// A job of the pipeline's sources and outputs, without state.
pub(crate) fn job(pipeline: &Pipeline) -> Result<Job> {
    let outputs = Outputs {
        alerts: Some(pipeline.output.alerts.clone()),
        shadow: pipeline.output.shadow.clone(),
        dead_letters: Some(pipeline.output.dead_letters.clone()),
    };
    let sources: Vec<_> = pipeline.sources.iter().flat_map(partitions).collect();
    // Arguments may have put files in the place of all topics.
    let reads = sources.iter().any(|source| matches!(source.input, Input::Topic { .. }));
    let writes = [&outputs.alerts, &outputs.shadow, &outputs.dead_letters];
    let writes = writes.into_iter().flatten().any(|output| matches!(output, Output::Topic(_)));
    let kafka = pipeline.kafka.as_ref().filter(|_| reads || writes).cloned();
    Ok(Job { sources, outputs, kafka, ..bare_job(pipeline)? })
}

/// A job that detects as the pipeline says, with nothing to read and nowhere to write.
pub(crate) fn bare_job(pipeline: &Pipeline) -> Result<Job> {
    Ok(Job {
        sources: Vec::new(),
        detect: pipeline.detect.clone(),
        limits: pipeline.limits,
        threads: pipeline.threads,
        outputs: Outputs::default(),
        state: None,
        follow: None,
        kafka: None,
        metrics: Metrics::new().context("cannot count")?,
        fingerprint: pipeline.fingerprint()?,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        stop: Arc::new(AtomicBool::new(false)),
    })
}

/// The source partitions of a source.
fn partitions(source: &PipelineSource) -> Vec<Source> {
    let input = |partition| match &source.input {
        SourceInput::Stdin => Input::File("-".into()),
        SourceInput::File(path) => Input::File(path.clone()),
        SourceInput::Topic { topic, .. } => Input::Topic { topic: topic.clone(), partition },
    };
    let one = |(partition, name)| Source { name, input: input(partition), format: source.format, filter: None };
    (0..).zip(source.partitions()).map(one).collect()
}
