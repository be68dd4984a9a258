//! Building the task of a partition.

use shoal_detect::{Analyst, Prepare, Setup, Stage, StageName, StageVisitor};
use shoal_formats::Format;

use super::Task;
use super::ingest::IngestTask;
use super::stage::{Opener, Plain, Setting, StageTask};
use crate::Error;
use crate::read::decode::Decoder;
use crate::staged::process::shared::SharedRun;
use crate::staged::topology::PartitionId;

/// Builds the task of a partition that has seen nothing.
pub(crate) fn build(id: PartitionId, shared: &SharedRun) -> Result<Box<dyn Task>, Error> {
    match id.stage {
        // Ingest sends it posts that are not analysed yet: that is less to write, and more partitions share the work.
        StageName::Prepare => Build { id, shared }.task::<Prepare>(Analyst::new(&shared.job.detect)),
        stage => stage.visit(Build { id, shared }),
    }
}

struct Build<'a> {
    id: PartitionId,
    shared: &'a SharedRun,
}

impl Build<'_> {
    fn setting(&self) -> Setting<'_> {
        let Self { shared, .. } = self;
        Setting { topology: &shared.topology, epoch: &shared.epoch, metrics: &shared.job.metrics }
    }

    fn task<S: Stage>(&self, opener: impl Opener<S::In> + 'static) -> Result<Box<dyn Task>, Error> {
        let (config, provenance) = (&self.shared.job.detect, self.shared.job.provenance());
        let stage = S::open(&Setup { config, provenance: &provenance }, self.id.partition)?;
        Ok(Box::new(StageTask::new(self.id, stage, opener, config, &self.setting())))
    }
}

impl StageVisitor for Build<'_> {
    type Output = Result<Box<dyn Task>, Error>;

    fn ingest(self) -> Self::Output {
        let (job, number) = (&self.shared.job, self.id.partition);
        let source = &job.sources[usize::from(number)];
        let decoder = Decoder::new(source, source.format.unwrap_or(Format::DEFAULT), job);
        Ok(Box::new(IngestTask::new(number, decoder, &job.detect, &self.setting())))
    }

    fn stage<S: Stage>(self) -> Self::Output {
        self.task::<S>(Plain)
    }
}
