//! Workers: threads that partitions are pinned to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::partition_run::{PartitionRun, ResumePoint};
use super::shared::{OwnedRecord, PartitionLoad, SharedRun};
use crate::Error;
use crate::staged::topology::PartitionId;

/// How often a worker looks whether something is due.
const TICK_INTERVAL: Duration = Duration::from_millis(10);

/// What a worker is told.
pub(crate) enum WorkerCommand {
    /// Take up a partition.
    Open(Box<OpenPartition>),
    /// Records of a partition.
    Records(PartitionId, Vec<OwnedRecord>),
    /// The client stands at the end of the partition, at this offset.
    StandAt(PartitionId, u64),
    /// Nothing has come for a partition for a while.
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
    pub(crate) found: ResumePoint,
    /// Where its topic begins.
    pub(crate) first: u64,
    /// Where a bounded run ends.
    pub(crate) end: Option<u64>,
}

/// The workers of a process.
pub(crate) struct Workers {
    senders: Vec<Sender<WorkerCommand>>,
    threads: Vec<JoinHandle<()>>,
}

/// A way to tell workers something.
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

    /// A way to tell them something.
    pub(crate) fn workers(&self) -> WorkerHandles {
        WorkerHandles { senders: self.senders.clone() }
    }

    /// Whether one has died.
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
                self.at_work.values_mut().try_for_each(|working| working.tick(now))
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
            WorkerCommand::StandAt(id, offset) => self.with(id, |working| working.stand_at(offset)),
            WorkerCommand::Idle(id) => self.with(id, PartitionRun::grow_idle),
            WorkerCommand::Close(id, answer) => {
                let closed = self.at_work.remove(&id).map_or(Ok(()), |working| self.close(working));
                drop(answer);
                closed
            }
            WorkerCommand::Stop => Ok(()),
        }
    }

    fn open(&mut self, opening: OpenPartition) -> Result<(), Error> {
        let OpenPartition { id, load, found, first, end } = opening;
        if load.revoked.load(Ordering::Relaxed) || self.shared.has_failed() {
            return Ok(());
        }
        let working = PartitionRun::open(id, &self.shared, load, found, first, end)?;
        self.at_work.insert(id, working);
        Ok(())
    }

    fn records(&mut self, id: PartitionId, records: &[OwnedRecord]) -> Result<(), Error> {
        let bytes = records.iter().map(OwnedRecord::length).sum();
        self.with(id, |working| {
            let taken = working.take(records);
            working.load.done(records.len(), bytes);
            taken
        })
    }

    /// Of a partition that is to be let go nothing is done any more: with some of its records left out, it stands
    /// nowhere else, and is not silent.
    fn with(&mut self, id: PartitionId, act: impl FnOnce(&mut PartitionRun) -> Result<(), Error>) -> Result<(), Error> {
        let stays = |working: &&mut PartitionRun| !working.load.revoked.load(Ordering::Relaxed);
        match self.at_work.get_mut(&id).filter(stays) {
            Some(working) if !self.shared.has_failed() => act(working),
            _ => Ok(()),
        }
    }

    /// After a failure nothing is written any more: what was sent may not have arrived.
    fn close(&self, working: PartitionRun) -> Result<(), Error> {
        if self.shared.has_failed() { Ok(()) } else { working.close() }
    }
}
