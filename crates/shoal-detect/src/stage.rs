//! The trait of all stages, and the way they send.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shoal_model::{Alert, Provenance, Timestamp};

use crate::lanes::Lanes;
use crate::record::{Observed, Order, PrepareCounts, Record, Trigger};
use crate::topology::{Outbox, RaisedAlert, StageName};
use crate::{Config, Error};

/// A logical partition of one stage: a deterministic state machine over records in κ order.
///
/// A driver calls [`Stage::process`] with all records of one trigger, in their order, and [`Stage::timer`] for
/// every due timer before any record of that moment or later. What a stage sends depends on nothing else.
pub trait Stage: Sized + Send + 'static {
    /// The row of the table of stages.
    const NAME: StageName;

    /// The records it consumes.
    type In: Record;
    /// The content of a snapshot.
    type State: Serialize + DeserializeOwned;

    /// Partition `partition` of the stage, which has seen nothing.
    fn open(setup: &Setup<'_>, partition: u16) -> Result<Self, Error>;

    /// The lanes of an outbox that lead to this stage.
    fn lane(outbox: &mut Outbox) -> &mut Lanes<Self::In>;

    /// Consumes the records of one trigger.
    fn process(&mut self, trigger: &Trigger, records: &mut Vec<Self::In>, out: &mut Emitter<'_, Self>);

    /// The event time of the earliest timer, if there is one.
    fn next_timer(&self) -> Option<Timestamp> {
        None
    }

    /// Fires the timers that are due at `at`.
    fn timer(&mut self, _at: Timestamp, _out: &mut Emitter<'_, Self>) {}

    /// The outcomes of the records consumed so far, where not all of them are processed.
    fn outcomes(&self) -> Option<PrepareCounts> {
        None
    }

    /// The state, for a snapshot.
    fn state(&self) -> &Self::State;

    /// Goes on from a state that [`Stage::state`] gave under the same configuration.
    fn restore(&mut self, state: Self::State);
}

/// The settings that all partitions of a pipeline are made from.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The provenance that goes into every alert.
    pub provenance: &'a Provenance,
}

/// Something that is done with a stage known by its name: see [`StageName::visit`].
pub trait StageVisitor {
    /// The result.
    type Output;

    /// For ingest, which is the driver's own.
    fn ingest(self) -> Self::Output;

    /// For a stage of detection.
    fn stage<S: Stage>(self) -> Self::Output;
}

/// The outbox of a partition as its stage `S` sees it: it takes what the table of stages declares for `S`, and nothing
/// else compiles.
///
/// ```compile_fail,E0080
/// # use shoal_detect::{Match, Outbox, Partitions, Tie};
/// Outbox::new(&Partitions::default()).emitter::<Tie>().to::<Match>();
/// ```
///
/// ```compile_fail,E0080
/// # use shoal_detect::{Emitter, Order, Outbox, Partitions, Tie, Trigger};
/// # use shoal_model::{Alert, Timestamp};
/// fn raise(mut out: Emitter<'_, Tie>, alert: Alert) {
///     out.alert(Trigger::timer(Timestamp::MIN), Order::new(0, 0_u64), alert);
/// }
/// # let mut outbox = Outbox::new(&Partitions::default());
/// # if let Some(alert) = std::hint::black_box(None) { raise(outbox.emitter(), alert) }
/// ```
#[derive(Debug)]
pub struct Emitter<'a, S> {
    outbox: &'a mut Outbox,
    stage: PhantomData<fn(S)>,
}

impl Outbox {
    /// The outbox as the stage `S` sees it.
    pub fn emitter<S: Stage>(&mut self) -> Emitter<'_, S> {
        Emitter { outbox: self, stage: PhantomData }
    }

    /// Takes what was sent to partition `partition` of the stage `S`.
    pub fn take<S: Stage>(&mut self, partition: usize) -> Vec<(Trigger, S::In)> {
        S::lane(self).take(partition)
    }
}

impl<S: Stage> Emitter<'_, S> {
    /// The lanes to another stage.
    pub fn to<T: Stage>(&mut self) -> &mut Lanes<T::In> {
        const { assert!(S::NAME.sends_to(T::NAME), "the table of stages does not declare this edge") };
        T::lane(self.outbox)
    }

    /// Raises an alert. `order` is its place among the alerts of the same trigger and stage, over all partitions.
    pub fn alert(&mut self, trigger: Trigger, order: Order, alert: Alert) {
        const { assert!(S::NAME.raises_alerts(), "by the table of stages this one raises no alerts") };
        self.outbox.raise(RaisedAlert { trigger, stage: S::NAME, order, alert });
    }

    /// The place for what an observer is told; `None` when there is no observer.
    pub(crate) fn observed(&mut self) -> Option<&mut Observed> {
        self.outbox.observed()
    }
}
