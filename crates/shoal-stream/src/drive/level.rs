//! All partitions of one stage in one process.

use std::io::Write;

use serde::de::DeserializeOwned;
use shoal_detect::{Outbox, PrepareCounts, Setup, Stage, StageName, StageVisitor};
use shoal_model::Timestamp;

use crate::drive::partition::Partition;
use crate::metrics::stage::StageTotals;

/// All partitions of one stage, whichever stage it is.
pub(crate) trait StageLevel {
    /// The stage.
    fn name(&self) -> StageName;

    /// The outboxes of its partitions.
    fn outboxes(&mut self) -> Vec<&mut Outbox>;

    /// Consumes what lies in the outboxes upstream and fires timers up to `watermark`.
    fn run(&mut self, upstream: Vec<&mut Outbox>, watermark: Timestamp);

    /// The records consumed, and what became of them.
    fn totals(&self) -> StageTotals;

    /// Goes on counting after `consumed` records.
    fn resume(&mut self, consumed: u64);

    /// Writes the state of its partitions.
    fn write(&self, to: &mut dyn Write) -> Result<(), postcard::Error>;

    /// Goes on from a state that [`StageLevel::write`] wrote under the same configuration. Gives the bytes after it.
    fn read<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], postcard::Error>;
}

/// All partitions of the stage `S`.
struct Level<S: Stage> {
    partitions: Vec<Partition<S>>,
    consumed: u64,
}

/// Opens the level of a stage; `None` for ingest, which is the driver's own.
pub(crate) fn open(
    stage: StageName,
    setup: &Setup<'_>,
    observed: bool,
) -> Result<Option<Box<dyn StageLevel>>, shoal_detect::Error> {
    struct Open<'a>(&'a Setup<'a>, bool);
    impl StageVisitor for Open<'_> {
        type Output = Result<Option<Box<dyn StageLevel>>, shoal_detect::Error>;

        fn ingest(self) -> Self::Output {
            Ok(None)
        }

        fn stage<S: Stage>(self) -> Self::Output {
            let Self(setup, observed) = self;
            let count = S::NAME.partitions(&setup.config.partitions, 0);
            level::<S>(setup, count, observed).map(Some)
        }
    }
    stage.visit(Open(setup, observed))
}

/// The level of the stage `S` with so many partitions.
pub(crate) fn level<S: Stage>(
    setup: &Setup<'_>,
    count: u16,
    observed: bool,
) -> Result<Box<dyn StageLevel>, shoal_detect::Error> {
    let partition = |number| {
        let mut partition = Partition::new(setup.config, S::open(setup, number)?);
        if observed {
            partition.out.observe();
        }
        Ok(partition)
    };
    let partitions: Result<Vec<Partition<S>>, shoal_detect::Error> = (0..count).map(partition).collect();
    Ok(Box::new(Level { partitions: partitions?, consumed: 0 }))
}

impl<S: Stage> StageLevel for Level<S> {
    fn name(&self) -> StageName {
        S::NAME
    }

    fn outboxes(&mut self) -> Vec<&mut Outbox> {
        self.partitions.iter_mut().map(|partition| &mut partition.out).collect()
    }

    fn run(&mut self, mut upstream: Vec<&mut Outbox>, watermark: Timestamp) {
        for (number, partition) in self.partitions.iter_mut().enumerate() {
            let inputs = upstream.iter_mut().map(|outbox| outbox.take::<S>(number));
            partition.run(inputs, watermark, &mut self.consumed);
        }
    }

    fn totals(&self) -> StageTotals {
        let mut outcomes = PrepareCounts::default();
        for counts in self.partitions.iter().filter_map(|partition| partition.stage.outcomes()) {
            outcomes.processed += counts.processed;
            outcomes.filtered += counts.filtered;
            outcomes.duplicate += counts.duplicate;
        }
        StageTotals { received: self.consumed, processed: self.consumed, seen: 0, outcomes }
    }

    fn resume(&mut self, consumed: u64) {
        self.consumed = consumed;
    }

    fn write(&self, to: &mut dyn Write) -> Result<(), postcard::Error> {
        let states = || self.partitions.iter().map(|partition| partition.stage.state());
        if S::NAME.is_sharded() {
            postcard::to_io(&states().collect::<Vec<_>>(), to)?;
        } else {
            states().try_for_each(|state| postcard::to_io(state, &mut *to).map(drop))?;
        }
        Ok(())
    }

    fn read<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], postcard::Error> {
        let (states, rest) = if S::NAME.is_sharded() {
            postcard::take_from_bytes::<Vec<S::State>>(bytes)?
        } else {
            let (state, rest) = postcard::take_from_bytes(bytes)?;
            (vec![state], rest)
        };
        if states.len() != self.partitions.len() {
            return Err(postcard::Error::DeserializeBadEncoding);
        }
        for (partition, state) in self.partitions.iter_mut().zip(states) {
            partition.stage.restore(state);
        }
        Ok(rest)
    }
}

/// Reads one value from the beginning of `bytes`, and leaves what follows.
pub(crate) fn take<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T, postcard::Error> {
    let (value, rest) = postcard::take_from_bytes(bytes)?;
    *bytes = rest;
    Ok(value)
}
