//! Workers: threads that partitions are pinned to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::partition_run::{Found, Working};
use super::shared::{Load, Owned, Shared};
use crate::Error;
use crate::staged::topology::Place;

/// How often a worker looks whether something is due.
const LOOKING: Duration = Duration::from_millis(10);

/// What a worker is told.
pub(crate) enum Command {
    /// Take up a partition.
    Open(Box<Opening>),
    /// Records of a partition.
    Records(Place, Vec<Owned>),
    /// The client stands at the end of the partition, at this offset.
    StandAt(Place, u64),
    /// Nothing has come for a partition for a while.
    Idle(Place),
    /// Let go of a partition; the answer is dropped when that is done.
    Close(Place, Sender<()>),
    /// Come to an end: a consumer that cannot be closed may keep a way to tell more.
    Stop,
}

/// A partition to take up.
pub(crate) struct Opening {
    pub(crate) place: Place,
    pub(crate) load: Arc<Load>,
    pub(crate) found: Found,
    /// Where its topic begins.
    pub(crate) first: u64,
    /// Where a bounded run ends.
    pub(crate) end: Option<u64>,
}

/// The workers of a process.
pub(crate) struct Workers {
    senders: Vec<Sender<Command>>,
    threads: Vec<JoinHandle<()>>,
}

/// A way to tell workers something.
#[derive(Clone)]
pub(crate) struct Desk {
    senders: Vec<Sender<Command>>,
}

impl Workers {
    /// Starts so many.
    pub(crate) fn start(count: usize, shared: &Arc<Shared>) -> Result<Self, Error> {
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
    pub(crate) fn desk(&self) -> Desk {
        Desk { senders: self.senders.clone() }
    }

    /// Whether one has died.
    pub(crate) fn has_died(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Lets all come to an end, and waits for it.
    pub(crate) fn join(self, shared: &Shared) {
        for sender in &self.senders {
            // One that has died hears nothing.
            _ = sender.send(Command::Stop);
        }
        for thread in self.threads {
            if thread.join().is_err() {
                shared.fail(Error::Died { what: "worker".to_owned() });
            }
        }
    }
}

impl Desk {
    /// Tells the worker that a partition is pinned to.
    pub(crate) fn tell(&self, place: Place, command: Command) {
        // Every stage begins with another worker, so that stages of one partition are spread too.
        let number = (place.stage as usize + usize::from(place.partition)) % self.senders.len().max(1);
        if let Some(sender) = self.senders.get(number) {
            // A worker that has ended has said why.
            _ = sender.send(command);
        }
    }
}

struct Worker {
    shared: Arc<Shared>,
    commands: Receiver<Command>,
    at_work: BTreeMap<Place, Working>,
}

impl Worker {
    fn run(mut self) {
        let mut looked = Instant::now();
        loop {
            let result = match self.commands.recv_timeout(LOOKING) {
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(command) => self.execute(command),
                Err(RecvTimeoutError::Timeout) => Ok(()),
            };
            let now = Instant::now();
            let result = result.and_then(|()| {
                if now.duration_since(looked) < LOOKING || self.shared.has_failed() {
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

    fn execute(&mut self, command: Command) -> Result<(), Error> {
        match command {
            Command::Open(opening) => self.open(*opening),
            Command::Records(place, records) => self.records(place, &records),
            Command::StandAt(place, offset) => self.with(place, |working| working.stand_at(offset)),
            Command::Idle(place) => self.with(place, Working::grow_idle),
            Command::Close(place, answer) => {
                let closed = self.at_work.remove(&place).map_or(Ok(()), |working| self.close(working));
                drop(answer);
                closed
            }
            Command::Stop => Ok(()),
        }
    }

    fn open(&mut self, opening: Opening) -> Result<(), Error> {
        let Opening { place, load, found, first, end } = opening;
        if load.revoked.load(Ordering::Relaxed) || self.shared.has_failed() {
            return Ok(());
        }
        let working = Working::open(place, &self.shared, load, found, first, end)?;
        self.at_work.insert(place, working);
        Ok(())
    }

    fn records(&mut self, place: Place, records: &[Owned]) -> Result<(), Error> {
        let bytes = records.iter().map(Owned::length).sum();
        self.with(place, |working| {
            let taken = working.take(records);
            working.load.done(records.len(), bytes);
            taken
        })
    }

    /// Of a partition that is to be let go nothing is done any more: with some of its records left out, it stands
    /// nowhere else, and is not silent.
    fn with(&mut self, place: Place, act: impl FnOnce(&mut Working) -> Result<(), Error>) -> Result<(), Error> {
        let stays = |working: &&mut Working| !working.load.revoked.load(Ordering::Relaxed);
        match self.at_work.get_mut(&place).filter(stays) {
            Some(working) if !self.shared.has_failed() => act(working),
            _ => Ok(()),
        }
    }

    /// After a failure nothing is written any more: what was sent may not have arrived.
    fn close(&self, working: Working) -> Result<(), Error> {
        if self.shared.has_failed() { Ok(()) } else { working.close() }
    }
}
