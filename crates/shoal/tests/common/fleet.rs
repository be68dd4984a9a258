//! Several processes that share the work of one pipeline.

#![allow(clippy::float_cmp, clippy::expect_used, reason = "gauges count partitions; a test may panic")]

use std::collections::BTreeMap;

use shoal_stream::StageName;

use super::case::{KafkaCase, PARTITIONS};
use super::process::{Metrics, Process, until};

/// The stages that have several partitions.
pub(crate) const SHARDED: [StageName; 6] =
    [StageName::Ingest, StageName::Prepare, StageName::Match, StageName::Pair, StageName::Tie, StageName::Circle];

/// Processes over the topics of a case.
pub(crate) struct Fleet<'a> {
    case: &'a KafkaCase,
    arguments: Arguments,
    processes: BTreeMap<String, Process>,
    /// The last metrics of processes that were killed.
    buried: Vec<(String, Metrics)>,
}

/// The arguments of a process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arguments {
    /// A name of its own that outlives it.
    pub(crate) instance: bool,
    /// A state of its own that outlives it.
    pub(crate) state: bool,
}

impl<'a> Fleet<'a> {
    /// Starts processes of these names.
    pub(crate) fn start(case: &'a KafkaCase, names: &[&str], arguments: Arguments) -> Self {
        let mut fleet = Self { case, arguments, processes: BTreeMap::new(), buried: Vec::new() };
        for name in names {
            fleet.launch(name);
        }
        fleet
    }

    /// Starts a process, for the first time or again.
    pub(crate) fn launch(&mut self, name: &str) {
        let state = format!("state-{name}");
        let mut arguments = Vec::new();
        if self.arguments.instance {
            arguments.extend(["--instance", name]);
        }
        if self.arguments.state {
            arguments.extend(["--state", &state]);
        }
        let lives = self.buried.iter().filter(|(buried, _)| buried == name).count();
        let process = self.case.start(&format!("{name}-{lives}"), &arguments);
        assert!(self.processes.insert(name.to_owned(), process).is_none(), "{name} runs");
    }

    pub(crate) fn process(&mut self, name: &str) -> &mut Process {
        self.processes.get_mut(name).unwrap()
    }

    /// Waits until every process has an equal share of every stage that has several partitions, and somebody each of
    /// the others.
    #[track_caller]
    pub(crate) fn share_equally(&self) {
        let count = self.processes.len() as f64;
        let fair = f64::from(PARTITIONS) / count;
        until(&format!("{count} processes to share equally"), || {
            let Some(all) = self.metrics() else { return false };
            let owned = |stage: StageName| all.iter().map(move |(_, metrics)| assigned(metrics, stage));
            let equal = SHARDED.iter().all(|stage| owned(*stage).all(|owned| owned == fair));
            equal && [StageName::Cluster, StageName::Group].iter().all(|stage| owned(*stage).sum::<f64>() == 1.0)
        });
    }

    fn metrics(&self) -> Option<Vec<(String, Metrics)>> {
        self.processes.iter().map(|(name, process)| Some((name.clone(), process.metrics()?))).collect()
    }

    /// The owner of the only partition of the stage that raises alerts.
    pub(crate) fn owner_of_group(&self) -> String {
        let all = self.metrics().unwrap();
        all.into_iter().find(|(_, metrics)| assigned(metrics, StageName::Group) == 1.0).expect("an owner").0
    }

    /// A process that is none of these.
    pub(crate) fn other_than(&self, names: &[&String]) -> String {
        self.processes.keys().find(|name| !names.contains(name)).expect("another").clone()
    }

    /// Kills a process as a power cut would.
    #[track_caller]
    pub(crate) fn kill(&mut self, name: &str) {
        let process = self.processes.remove(name).unwrap();
        self.buried.push((name.to_owned(), process.metrics().expect("metrics of a living process")));
        process.kill();
    }

    /// Waits until all have ended well. Each must have had records of every stage that has several partitions; prints
    /// who had how many.
    #[track_caller]
    pub(crate) fn end(mut self) -> BTreeMap<StageName, u64> {
        let mut processed: BTreeMap<StageName, BTreeMap<String, u64>> = BTreeMap::new();
        let mut add = |stage, name: &str, records| {
            *processed.entry(stage).or_default().entry(name.to_owned()).or_default() += records;
        };
        for (name, metrics) in &self.buried {
            for stage in SHARDED {
                add(stage, name, records(metrics, stage));
            }
        }
        for (name, process) in std::mem::take(&mut self.processes) {
            let said = process.ended();
            for stage in SHARDED {
                add(stage, &name, told(&said, stage));
            }
        }
        let mut sums = BTreeMap::new();
        for (stage, shares) in processed {
            let sum: u64 = shares.values().sum();
            let parts: Vec<String> =
                shares.iter().map(|(name, own)| format!("{name} {:.0} %", 100.0 * *own as f64 / sum as f64)).collect();
            eprintln!("{}: {stage:<8}{sum:>8} records: {}", self.case.prefix, parts.join(", "));
            assert!(shares.values().all(|own| *own > 0), "somebody did nothing of {stage}: {shares:?}");
            sums.insert(stage, sum);
        }
        sums
    }
}

fn assigned(metrics: &Metrics, stage: StageName) -> f64 {
    metrics.sum("shoal_partitions_assigned", &[("stage", stage.name())])
}

/// The work of a process at a stage, by its metrics.
fn records(metrics: &Metrics, stage: StageName) -> u64 {
    let records = match stage {
        StageName::Ingest => metrics.sum("shoal_source_records_total", &[]),
        _ => metrics.sum("shoal_stage_processed_total", &[("stage", stage.name())]),
    };
    records as u64
}

/// The work of a process at a stage, by its closing words.
fn told(said: &str, stage: StageName) -> u64 {
    let begin = match stage {
        StageName::Ingest => "read ".to_owned(),
        _ => format!("stage {stage} "),
    };
    let line = said.lines().find_map(|line| line.strip_prefix(&begin)).expect("a line of the summary");
    let number = line.trim().split(' ').next().unwrap().replace(',', "");
    number.parse().unwrap()
}
