//! From a pipeline to the job that the runtime does.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result};
use shoal_stream::{Job, Metrics, Output, Outputs};

use crate::pipeline::{Input, Kafka, Pipeline, Source};

/// A job of the pipeline's sources and outputs, without state.
pub(crate) fn job(pipeline: &Pipeline) -> Result<Job> {
    let outputs = Outputs {
        alerts: Some(pipeline.output.alerts.clone()),
        shadow: pipeline.output.shadow.clone(),
        dead_letters: Some(pipeline.output.dead_letters.clone()),
    };
    let sources: Vec<_> = pipeline.sources.iter().flat_map(partitions).collect();
    // Arguments may have put files in the place of all topics.
    let reads = sources.iter().any(|source| matches!(source.input, shoal_stream::Input::Topic { .. }));
    let writes = [&outputs.alerts, &outputs.shadow, &outputs.dead_letters];
    let writes = writes.into_iter().flatten().any(|output| matches!(output, Output::Topic(_)));
    let kafka = pipeline.kafka.as_ref().filter(|_| reads || writes).map(cluster);
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

/// Every source partition of a source.
fn partitions(source: &Source) -> Vec<shoal_stream::Source> {
    let input = |partition| match &source.input {
        Input::Stdin => shoal_stream::Input::File("-".into()),
        Input::File(path) => shoal_stream::Input::File(path.clone()),
        Input::Topic { topic, .. } => shoal_stream::Input::Topic { topic: topic.clone(), partition },
    };
    let one =
        |(partition, name)| shoal_stream::Source { name, input: input(partition), format: source.format, filter: None };
    (0..).zip(source.partitions()).map(one).collect()
}

fn cluster(kafka: &Kafka) -> shoal_stream::Kafka {
    shoal_stream::Kafka {
        connection: kafka.connection(),
        prefix: kafka.prefix.clone(),
        instance: kafka.instance.clone(),
        protocol: kafka.group_protocol,
        epoch: kafka.epoch,
        ahead: kafka.ahead,
    }
}
