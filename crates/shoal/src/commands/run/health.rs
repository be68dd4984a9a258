//! The health of a run, for the probes of whatever keeps it running.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use prometheus::Registry;
use prometheus::proto::{LabelPair, Metric, MetricFamily};
use shoal_serve::Health;
use shoal_stream::{Metrics, StageName};

/// Has a value for a stage as soon as its group has given this process partitions, or none.
const ASSIGNED: &str = "shoal_partitions_assigned";

/// The health of a run.
#[derive(Debug)]
pub(crate) struct RunHealth {
    works: AtomicBool,
    failed: AtomicBool,
    registry: Registry,
    stages: BTreeSet<StageName>,
}

impl RunHealth {
    /// The health of a run that has not begun; `stages` are those of a staged one.
    pub(crate) fn new(metrics: &Metrics, stages: Option<&BTreeSet<StageName>>) -> Self {
        Self {
            works: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            registry: metrics.registry().clone(),
            stages: stages.cloned().unwrap_or_default(),
        }
    }

    /// It does its work.
    pub(crate) fn works(&self) {
        self.works.store(true, Ordering::Relaxed);
    }

    /// It has ended, and not well.
    pub(crate) fn failed(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// The stages whose groups have not yet said which partitions are ours.
    fn awaited(&self) -> Vec<&'static str> {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == ASSIGNED);
        let metrics = family.into_iter().flat_map(MetricFamily::get_metric);
        let assigned: BTreeSet<&str> = metrics.flat_map(Metric::get_label).map(LabelPair::value).collect();
        self.stages.iter().map(|stage| stage.name()).filter(|stage| !assigned.contains(stage)).collect()
    }
}

impl Health for RunHealth {
    fn alive(&self) -> Result<(), String> {
        if self.failed.load(Ordering::Relaxed) { Err("the run has failed; see its log".to_owned()) } else { Ok(()) }
    }

    fn ready(&self) -> Result<(), String> {
        self.alive()?;
        if !self.works.load(Ordering::Relaxed) {
            return Err("the run has not begun: it opens its inputs and its state".to_owned());
        }
        match self.awaited() {
            none if none.is_empty() => Ok(()),
            stages => Err(format!("waiting for the partitions of {}", stages.join(", "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_ready_when_it_has_begun_and_alive_until_it_fails() {
        let health = RunHealth::new(&Metrics::new().unwrap(), None);
        assert_eq!(health.alive(), Ok(()));
        assert!(health.ready().unwrap_err().contains("has not begun"));
        health.works();
        assert_eq!((health.alive(), health.ready()), (Ok(()), Ok(())));
        health.failed();
        assert!(health.alive().unwrap_err().contains("has failed"));
        assert_eq!(health.ready(), health.alive());
    }

    #[test]
    fn a_staged_run_waits_for_its_partitions() {
        let stages = BTreeSet::from([StageName::Tie, StageName::Pair]);
        let health = RunHealth::new(&Metrics::new().unwrap(), Some(&stages));
        health.works();
        assert_eq!(health.ready().unwrap_err(), "waiting for the partitions of pair, tie");
    }
}
