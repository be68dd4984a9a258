//! The checkpoint that a partition goes on from.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::shared::SharedRun;
use crate::Error;
use crate::checkpoint::StateDirectory;
use crate::checkpoint::manifest::Manifest;
use crate::checkpoint::marks::TaskMarks;
use crate::staged::topology::PartitionId;

/// The longest that another process may take to let go of a partition's state.
const STATE_LOCK_TIMEOUT: Duration = Duration::from_secs(30);
/// The time between two attempts to lock it.
const STATE_LOCK_POLL: Duration = Duration::from_millis(40);

/// The checkpoint that a partition goes on from.
pub(crate) struct ResumePoint {
    /// The directory of its checkpoints, where state is kept.
    pub(crate) state: Option<StateDirectory>,
    /// The newest valid one.
    pub(crate) manifest: Option<Manifest<TaskMarks>>,
}

impl ResumePoint {
    /// Looks for the newest valid checkpoint of a partition.
    pub(crate) fn of(shared: &SharedRun, id: PartitionId) -> Result<Self, Error> {
        let Some(directory) = directory(shared, id) else { return Ok(Self { state: None, manifest: None }) };
        let state = locked(&directory)?;
        let manifest = state.newest::<TaskMarks>(&shared.epoch)?;
        Ok(Self { state: Some(state), manifest })
    }

    /// The offset to read from, if there is a checkpoint.
    pub(crate) fn offset(&self) -> Option<u64> {
        self.manifest.as_ref().map(|manifest| manifest.marks.offset)
    }
}

/// The directory of one partition's checkpoints.
fn directory(shared: &SharedRun, id: PartitionId) -> Option<PathBuf> {
    let state = shared.job.state.as_ref()?;
    Some(state.directory.join(epoch_folder(&shared.epoch)).join(format!("{}-{}", id.stage, id.partition)))
}

/// The name of the folder that holds the checkpoints of an epoch.
pub(crate) fn epoch_folder(epoch: &str) -> &str {
    epoch.get(..16).unwrap_or(epoch)
}

/// Opens the directory once the process that had the partition before has let go of it.
fn locked(directory: &Path) -> Result<StateDirectory, Error> {
    let started = Instant::now();
    loop {
        match StateDirectory::open(directory) {
            Err(Error::StateInUse(_)) if started.elapsed() < STATE_LOCK_TIMEOUT => thread::sleep(STATE_LOCK_POLL),
            opened => return opened,
        }
    }
}
