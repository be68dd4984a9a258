//! A partition of a stage of detection as a task.

use prometheus::IntGauge;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shoal_detect::{Analyst, Config, Outbox, PrepareIn, RaisedAlert, Stage, StageVisitor, Trigger};
use shoal_model::{Interned, Post, Timestamp};

use super::{Accepted, Outgoing, Task, read, write};
use crate::cluster::record::Incoming;
use crate::drive::partition::Partition;
use crate::metrics::stage::{StageMetrics, StageTotals};
use crate::staged::frame::{FrameHead, Mark, Unreadable, head, records};
use crate::staged::inbound::{Channel, ChannelError, Inbound};
use crate::staged::outbound::{OutgoingFrame, Senders};
use crate::staged::topology::{PartitionId, Topology};
use crate::{Error, Metrics};

/// Makes records of a stage from what is written in frames.
pub(crate) trait Opener<T>: Send {
    /// The record as it is written.
    type Wire: DeserializeOwned;
    /// The record.
    fn open(&mut self, wire: Self::Wire) -> (Trigger, T);
}

/// Records are written as they are.
pub(crate) struct Plain;

impl<T: DeserializeOwned> Opener<T> for Plain {
    type Wire = (Trigger, T);

    fn open(&mut self, wire: (Trigger, T)) -> (Trigger, T) {
        wire
    }
}

/// A post in its place, as ingest sends it.
pub(crate) type PlacedPost = (Timestamp, Post);

impl Opener<PrepareIn> for Analyst {
    type Wire = PlacedPost;

    fn open(&mut self, (at, post): PlacedPost) -> (Trigger, PrepareIn) {
        let analysed = self.analyse(post);
        let trigger = Trigger { at, post: Some(Interned::clone(&analysed.reference)) };
        (trigger, PrepareIn::Post(Box::new(analysed)))
    }
}

/// A partition of a stage.
pub(crate) struct StageTask<S: Stage, O> {
    id: PartitionId,
    epoch: Vec<u8>,
    topic: String,
    opener: O,
    inbound: Inbound<S::In>,
    partition: Partition<S>,
    senders: Senders,
    to: Vec<PartitionId>,
    mark: Mark,
    totals: StageTotals,
    metrics: StageMetrics,
    waiting: IntGauge,
}

#[derive(Serialize)]
#[serde(bound(serialize = "S: Serialize, T: Serialize"))]
struct StageTaskStateRef<'a, S, T> {
    stage: &'a S,
    channels: &'a [Channel<T>],
    senders: &'a Senders,
    mark: Mark,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "S: DeserializeOwned, T: DeserializeOwned"))]
pub(crate) struct StageTaskState<S, T> {
    stage: S,
    channels: Vec<Channel<T>>,
    senders: Senders,
    mark: Mark,
}

impl<S: Stage, O> StageTask<S, O> {
    /// A partition that has heard nothing.
    pub(crate) fn new(id: PartitionId, stage: S, opener: O, config: &Config, setting: &Setting<'_>) -> Self {
        let to = setting.topology.downstream(id.stage);
        Self {
            id,
            epoch: setting.epoch.as_bytes().to_vec(),
            topic: setting.topology.topic(id.stage),
            opener,
            inbound: Inbound::new(&setting.topology.channels(id.stage)),
            partition: Partition::new(config, stage),
            senders: Senders::new(id, &to),
            to,
            mark: Mark::START,
            totals: StageTotals::default(),
            metrics: StageMetrics::new(setting.metrics, id.stage),
            waiting: setting.metrics.stage_buffered.with_label_values(&[id.stage.name(), &id.partition.to_string()]),
        }
    }
}

/// The setting that all tasks of a run share.
pub(crate) struct Setting<'a> {
    pub(crate) topology: &'a Topology,
    pub(crate) epoch: &'a str,
    pub(crate) metrics: &'a Metrics,
}

impl<S: Stage, O: Opener<S::In>> StageTask<S, O> {
    fn take(&mut self, offset: u64, head: &FrameHead, rest: &[u8]) -> Result<Accepted, Error> {
        let (topic, partition) = (self.topic.clone(), self.id.partition);
        let broken = |broken: ChannelError| Error::Broken { topic, partition, offset, why: broken.to_string() };
        let known = match self.inbound.known(head) {
            Ok(known) => known,
            Err(gap) => return Err(broken(gap)),
        };
        // What has been seen whole need not be read.
        let wires: Vec<O::Wire> = if known < head.records {
            match records(head, rest) {
                Ok(wires) => wires,
                Err(_) => return Ok(Accepted::Ignored("garbage")),
            }
        } else {
            Vec::new()
        };
        self.totals.received += u64::from(head.records);
        self.totals.seen += u64::from(known);
        let opener = &mut self.opener;
        let fresh = wires.into_iter().skip(known as usize).map(|wire| opener.open(wire));
        self.inbound.take(head, fresh).map_err(broken)?;
        Ok(Accepted::Taken(u64::from(head.records)))
    }
}

impl<S: Stage, O: Opener<S::In>> Task for StageTask<S, O> {
    fn id(&self) -> PartitionId {
        self.id
    }

    fn accept(&mut self, record: &Incoming<'_>) -> Result<Accepted, Error> {
        let (Some(payload), Some(epoch)) = (record.payload, record.epoch) else {
            return Ok(Accepted::Ignored("stranger"));
        };
        if epoch != self.epoch {
            return Ok(Accepted::Ignored("other_epoch"));
        }
        match head(payload) {
            Ok((head, rest)) => self.take(record.offset, &head, rest),
            Err(Unreadable::Garbage) => Ok(Accepted::Ignored("garbage")),
            Err(Unreadable::Version(found)) => Err(Error::FrameVersion { topic: self.topic.clone(), found }),
        }
    }

    fn advance(&mut self) {
        let mark = self.inbound.mark();
        if mark != self.mark {
            let ready = self.inbound.below(mark.watermark);
            self.partition.run(ready, mark.timers(), &mut self.totals.processed);
            self.totals.outcomes = self.partition.stage.outcomes().unwrap_or_default();
            self.waiting.set(self.inbound.waiting() as i64);
            self.mark = mark;
        }
        self.metrics.observe(self.totals);
    }

    fn send(&mut self, out: &mut Outgoing) -> Result<(), Error> {
        let (outbox, senders) = (&mut self.partition.out, &mut self.senders);
        for to in &self.to {
            to.stage.visit(SendLane { outbox, senders, to: *to, mark: self.mark, frames: &mut out.frames })?;
        }
        let mut alerts = outbox.take_alerts();
        RaisedAlert::sort(&mut alerts);
        out.alerts.extend(alerts.into_iter().map(|raised| raised.alert));
        Ok(())
    }

    fn mark(&self) -> Mark {
        self.mark
    }

    fn waiting(&self) -> usize {
        self.inbound.waiting()
    }

    fn snapshot(&self) -> Result<Vec<u8>, Error> {
        let (stage, channels) = (self.partition.stage.state(), self.inbound.state());
        write(&StageTaskStateRef { stage, channels, senders: &self.senders, mark: self.mark })
    }

    fn restore(&mut self, snapshot: &[u8]) -> Result<(), Error> {
        let state: StageTaskState<S::State, S::In> = read(snapshot)?;
        if !self.inbound.restore(state.channels) {
            return Err(Error::Snapshot(postcard::Error::DeserializeBadEncoding));
        }
        self.partition.stage.restore(state.stage);
        self.totals.outcomes = self.partition.stage.outcomes().unwrap_or_default();
        self.metrics.resume(self.totals);
        self.senders = state.senders;
        self.mark = state.mark;
        // They arrived before; they are processed here.
        self.totals.received += self.inbound.waiting() as u64;
        Ok(())
    }
}

/// Sends what lies in the outbox for one partition.
struct SendLane<'a> {
    outbox: &'a mut Outbox,
    senders: &'a mut Senders,
    to: PartitionId,
    mark: Mark,
    frames: &'a mut Vec<OutgoingFrame>,
}

impl StageVisitor for SendLane<'_> {
    type Output = Result<(), Error>;

    fn ingest(self) -> Self::Output {
        // No stage sends to it: it reads what others write.
        Ok(())
    }

    fn stage<T: Stage>(self) -> Self::Output {
        let records = self.outbox.take::<T>(usize::from(self.to.partition));
        self.senders.send(self.to, &records, self.mark, self.frames)
    }
}
