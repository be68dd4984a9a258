//! Records on their way from one stage to another.

use crate::record::Trigger;

/// Records on their way to the partitions of one stage, in the order they were sent.
#[derive(Debug)]
pub struct Lanes<T> {
    lanes: Vec<Vec<(Trigger, T)>>,
}

impl<T> Lanes<T> {
    pub(crate) fn new(partitions: u16) -> Self {
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
