//! Making tasks.

use shoal_detect::{Analyst, Circle, Cluster, Group, Match, Pair, Prepare, Tie};
use shoal_formats::Format;
use shoal_model::Provenance;

use super::Task;
use super::ingest::IngestTask;
use super::stage::{Plain, Setting, StageTask};
use crate::Error;
use crate::read::Decoder;
use crate::staged::process::shared::SharedRun;
use crate::staged::topology::{PartitionId, StageName};

/// A task for a partition that has seen nothing.
pub(crate) fn build(id: PartitionId, shared: &SharedRun) -> Result<Box<dyn Task>, Error> {
    let (job, number) = (&shared.job, id.partition);
    let setting = Setting { topology: &shared.topology, epoch: &shared.epoch, metrics: &job.metrics };
    let config = &job.detect;
    Ok(match id.stage {
        StageName::Ingest => {
            let source = &job.sources[usize::from(number)];
            let decoder = Decoder::new(source, source.format.unwrap_or(Format::DEFAULT), job);
            Box::new(IngestTask::new(number, decoder, config, &setting))
        }
        StageName::Prepare => {
            let stage = Prepare::new(config, number);
            Box::new(StageTask::new(id, stage, Analyst::new(config), config, &setting))
        }
        StageName::Match => Box::new(StageTask::new(id, Match::new(config)?, Plain, config, &setting)),
        StageName::Cluster => Box::new(StageTask::new(id, Cluster::new(config), Plain, config, &setting)),
        StageName::Pair => Box::new(StageTask::new(id, Pair::new(config), Plain, config, &setting)),
        StageName::Tie => Box::new(StageTask::new(id, Tie::new(config), Plain, config, &setting)),
        StageName::Circle => Box::new(StageTask::new(id, Circle::new(config, number), Plain, config, &setting)),
        StageName::Group => {
            let provenance = Provenance {
                configuration: job.fingerprint.clone(),
                version: job.version.clone(),
                inputs: job.sources.iter().map(|source| source.name.clone()).collect(),
            };
            Box::new(StageTask::new(id, Group::new(config, provenance), Plain, config, &setting))
        }
    })
}
