//! The one trait of all stages, and where their output goes.

use serde::Serialize;
use serde::de::DeserializeOwned;
use shoal_model::{Alert, Timestamp};

use crate::record::{Analysed, CircleIn, ClusterIn, GroupIn, MatchIn, PairIn, PrepareCounts, Record, TieIn, Trigger};

/// One logical partition of one stage: a deterministic state machine over records in κ order.
///
/// A driver calls [`Stage::process`] with all records of one trigger, in their order, and [`Stage::timer`] for
/// every due timer before any record of that moment or later. What a stage sends depends on nothing else.
pub trait Stage: Sized {
    /// What it consumes.
    type In: Record;
    /// What a snapshot holds.
    type State: Serialize + DeserializeOwned;

    /// Consumes the records of one trigger.
    fn process(&mut self, trigger: &Trigger, records: &mut Vec<Self::In>, out: &mut Outbox);

    /// The event time of the earliest timer, if there is one.
    fn next_timer(&self) -> Option<Timestamp>;

    /// Fires the timers that are due at `at`.
    fn timer(&mut self, at: Timestamp, out: &mut Outbox);

    /// What became of the records consumed so far, where not all of them are processed.
    fn outcomes(&self) -> Option<PrepareCounts> {
        None
    }

    /// The state, for a snapshot.
    fn state(&self) -> &Self::State;

    /// Goes on from a state that [`Stage::state`] gave under the same configuration.
    fn restore(&mut self, state: Self::State);
}

/// Records on their way to the partitions of one stage, in the order they were sent.
#[derive(Debug)]
pub struct Lanes<T> {
    lanes: Vec<Vec<(Trigger, T)>>,
}

impl<T> Lanes<T> {
    fn new(partitions: u16) -> Self {
        Self { lanes: (0..partitions).map(|_| Vec::new()).collect() }
    }

    /// The number of partitions.
    pub fn partitions(&self) -> u16 {
        self.lanes.len() as u16
    }

    /// Sends to the partition that holds `key`.
    pub fn send(&mut self, key: impl Into<u64>, trigger: &Trigger, record: T) {
        let partition = partition_of(key, self.lanes.len());
        self.to(partition, trigger, record);
    }

    /// Sends to one partition.
    pub fn to(&mut self, partition: usize, trigger: &Trigger, record: T) {
        if let Some(lane) = self.lanes.get_mut(partition) {
            lane.push((trigger.clone(), record));
        }
    }

    /// Sends to every partition.
    pub fn broadcast(&mut self, trigger: &Trigger, record: &T)
    where
        T: Clone,
    {
        for lane in &mut self.lanes {
            lane.push((trigger.clone(), record.clone()));
        }
    }

    /// Takes what was sent to a partition.
    pub fn take(&mut self, partition: usize) -> Vec<(Trigger, T)> {
        self.lanes.get_mut(partition).map(std::mem::take).unwrap_or_default()
    }
}

/// The partition, of `partitions`, that holds `key`.
pub fn partition_of(key: impl Into<u64>, partitions: usize) -> usize {
    // The high half: the low bits of keys order hash tables.
    ((key.into() >> 32) as usize) % partitions.max(1)
}

/// Where the output of one partition goes.
#[derive(Debug)]
pub struct Outbox {
    /// To match.
    pub matching: Lanes<MatchIn>,
    /// To cluster.
    pub cluster: Lanes<ClusterIn>,
    /// To pair.
    pub pair: Lanes<PairIn>,
    /// To tie.
    pub tie: Lanes<TieIn>,
    /// To circle.
    pub circle: Lanes<CircleIn>,
    /// To group.
    pub group: Lanes<GroupIn>,
    /// Alerts, in order.
    pub alerts: Vec<Alert>,
    /// Posts that prepare left out, in order: their accounts have used the ids before.
    pub duplicates: Vec<Analysed>,
}

impl Outbox {
    /// Room for the configured partitions.
    pub fn new(partitions: &crate::Partitions) -> Self {
        Self {
            matching: Lanes::new(partitions.matching),
            cluster: Lanes::new(1),
            pair: Lanes::new(partitions.pair),
            tie: Lanes::new(partitions.tie),
            circle: Lanes::new(partitions.circle),
            group: Lanes::new(1),
            alerts: Vec::new(),
            duplicates: Vec::new(),
        }
    }
}
