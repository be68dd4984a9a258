//! Workers: threads that partitions are pinned to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::handover::{OwnedRecord, PartitionLoad};
use super::partition_run::PartitionRun;
use super::resume_point::ResumePoint;
use super::shared::SharedRun;
use crate::Error;
use crate::staged::topology::PartitionId;

/// The time after which a worker looks again whether something is due.
const TICK_INTERVAL: Duration = Duration::from_millis(10);

/// A command to a worker.
pub(crate) enum WorkerCommand {
    /// Take up a partition.
    Open(Box<OpenPartition>),
    /// Take in records of a partition.
    Records(PartitionId, Vec<OwnedRecord>),
    /// Note that the client stands at the end of the partition, at this offset.
    StandAt(PartitionId, u64),
    /// Let others pass a partition for which nothing has come for a while.
    Idle(PartitionId),
    /// Let go of a partition; the answer is dropped when that is done.
    Close(PartitionId, Sender<()>),
    /// Come to an end: a consumer that cannot be closed may keep a way to tell more.
    Stop,
}

/// A partition to take up.
pub(crate) struct OpenPartition {
    pub(crate) id: PartitionId,
    pub(crate) load: Arc<PartitionLoad>,
    pub(crate) resume_point: ResumePoint,
    /// The offset to begin at without a checkpoint.
    pub(crate) first: u64,
    /// The offset at which a bounded run ends.
    pub(crate) end: Option<u64>,
}

/// The workers of a process.
pub(crate) struct Workers {
    senders: Vec<Sender<WorkerCommand>>,
    threads: Vec<JoinHandle<()>>,
}

/// Handles by which workers are given commands.
#[derive(Clone)]
pub(crate) struct WorkerHandles {
    senders: Vec<Sender<WorkerCommand>>,
}

impl Workers {
    /// Starts so many.
    pub(crate) fn start(count: usize, shared: &Arc<SharedRun>) -> Result<Self, Error> {
        let mut workers = Self { senders: Vec::new(), threads: Vec::new() };
        for number in 0..count.max(1) {
            let (sender, receiver) = channel();
            let shared = Arc::clone(shared);
            let work = move || Worker { shared, commands: receiver, at_work: BTreeMap::new() }.run();
            let thread = thread::Builder::new().name(format!("worker-{number}")).spawn(work).map_err(Error::Thread)?;
            workers.senders.push(sender);
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    /// Handles by which they are given commands.
    pub(crate) fn handles(&self) -> WorkerHandles {
        WorkerHandles { senders: self.senders.clone() }
    }

    /// Says whether one has died.
    pub(crate) fn has_died(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Lets all come to an end, and waits for it.
    pub(crate) fn join(self, shared: &SharedRun) {
        for sender in &self.senders {
            // One that has died hears nothing.
            _ = sender.send(WorkerCommand::Stop);
        }
        for thread in self.threads {
            if thread.join().is_err() {
                shared.fail(Error::Died { what: "worker".to_owned() });
            }
        }
    }
}

impl WorkerHandles {
    /// Tells the worker that a partition is pinned to.
    pub(crate) fn tell(&self, id: PartitionId, command: WorkerCommand) {
        // Every stage begins with another worker, so that stages of one partition are spread too.
        let number = (id.stage as usize + usize::from(id.partition)) % self.senders.len().max(1);
        if let Some(sender) = self.senders.get(number) {
            // A worker that has ended has said why.
            _ = sender.send(command);
        }
    }
}

struct Worker {
    shared: Arc<SharedRun>,
    commands: Receiver<WorkerCommand>,
    at_work: BTreeMap<PartitionId, PartitionRun>,
}

impl Worker {
    fn run(mut self) {
        let mut looked = Instant::now();
        loop {
            let result = match self.commands.recv_timeout(TICK_INTERVAL) {
                Ok(WorkerCommand::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(command) => self.execute(command),
                Err(RecvTimeoutError::Timeout) => Ok(()),
            };
            let now = Instant::now();
            let result = result.and_then(|()| {
                if now.duration_since(looked) < TICK_INTERVAL || self.shared.has_failed() {
                    return Ok(());
                }
                looked = now;
                self.at_work.values_mut().try_for_each(|run| run.tick(now))
            });
            if let Err(error) = result {
                self.shared.fail(error);
            }
        }
    }

    fn execute(&mut self, command: WorkerCommand) -> Result<(), Error> {
        match command {
            WorkerCommand::Open(opening) => self.open(*opening),
            WorkerCommand::Records(id, records) => self.records(id, &records),
            WorkerCommand::StandAt(id, offset) => self.with(id, |run| run.stand_at(offset)),
            WorkerCommand::Idle(id) => self.with(id, PartitionRun::grow_idle),
            WorkerCommand::Close(id, answer) => {
                let closed = self.at_work.remove(&id).map_or(Ok(()), |run| self.close(run));
                drop(answer);
                closed
            }
            WorkerCommand::Stop => Ok(()),
        }
    }

    fn open(&mut self, opening: OpenPartition) -> Result<(), Error> {
        let OpenPartition { id, load, resume_point, first, end } = opening;
        if load.revoked.load(Ordering::Relaxed) || self.shared.has_failed() {
            return Ok(());
        }
        let run = PartitionRun::open(id, &self.shared, load, resume_point, first, end)?;
        self.at_work.insert(id, run);
        Ok(())
    }

    fn records(&mut self, id: PartitionId, records: &[OwnedRecord]) -> Result<(), Error> {
        self.with(id, |run| run.take(records))
    }

    /// Acts on a partition, unless it was revoked: then its position is incomplete, so it must not be advanced or
    /// declared idle.
    fn with(&mut self, id: PartitionId, act: impl FnOnce(&mut PartitionRun) -> Result<(), Error>) -> Result<(), Error> {
        match self.at_work.get_mut(&id).filter(|run| !run.is_revoked()) {
            Some(run) if !self.shared.has_failed() => act(run),
            _ => Ok(()),
        }
    }

    /// Closes a partition. After a failure nothing is written any more: what was sent may not have arrived.
    fn close(&self, run: PartitionRun) -> Result<(), Error> {
        if self.shared.has_failed() { Ok(()) } else { run.close() }
    }
}
