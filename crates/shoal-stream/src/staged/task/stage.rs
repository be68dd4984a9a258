//! A partition of a stage of detection as a task.

use prometheus::{IntCounter, IntGauge};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shoal_detect::{Analyst, Config, Outbox, PrepareCounts, PrepareIn, Record, Stage, Trigger};
use shoal_model::{Interned, Post, Timestamp};

use super::{Accepted, Outgoing, Task, read, write};
use crate::cluster::record::Incoming;
use crate::drive::partition::Partition;
use crate::staged::frame::{FrameHead, Mark, Unreadable, head, records};
use crate::staged::inbound::{Channel, ChannelError, Inbound};
use crate::staged::outbound::{OutgoingFrame, Senders};
use crate::staged::topology::{PartitionId, StageName, Topology};
use crate::{Error, Metrics};

/// Makes records of a stage from what is written in frames.
pub(crate) trait Opener<T>: Send {
    /// What is written.
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
    counters: StageCounters,
}

/// What a partition counts.
struct StageCounters {
    received: IntCounter,
    processed: IntCounter,
    seen: IntCounter,
    waiting: IntGauge,
    /// What was counted when it was last looked at.
    counted: PrepareCounts,
    outcomes: [IntCounter; 3],
}

impl StageCounters {
    /// Counts what became of records since.
    fn outcomes(&mut self, now: &PrepareCounts) {
        let before = std::mem::replace(&mut self.counted, *now);
        let since =
            [now.processed - before.processed, now.filtered - before.filtered, now.duplicate - before.duplicate];
        for (counter, since) in self.outcomes.iter().zip(since) {
            counter.inc_by(since);
        }
    }

    fn new(id: PartitionId, metrics: &Metrics) -> Self {
        let stage = &[id.stage.name()];
        Self {
            received: metrics.stage_received.with_label_values(stage),
            processed: metrics.stage_processed.with_label_values(stage),
            seen: metrics.stage_seen.with_label_values(stage),
            counted: PrepareCounts::default(),
            outcomes: ["processed", "filtered", "duplicate"]
                .map(|name| metrics.prepare_outcomes.with_label_values(&[name])),
            waiting: metrics.stage_buffered.with_label_values(&[id.stage.name(), &id.partition.to_string()]),
        }
    }
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
            counters: StageCounters::new(id, setting.metrics),
        }
    }
}

/// What all tasks of a run share.
pub(crate) struct Setting<'a> {
    pub(crate) topology: &'a Topology,
    pub(crate) epoch: &'a str,
    pub(crate) metrics: &'a Metrics,
}

impl<S, O> StageTask<S, O>
where
    S: Stage + Send,
    S::In: Record + Serialize + DeserializeOwned + Send,
    O: Opener<S::In>,
{
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
        self.counters.received.inc_by(u64::from(head.records));
        self.counters.seen.inc_by(u64::from(known));
        let opener = &mut self.opener;
        let fresh = wires.into_iter().skip(known as usize).map(|wire| opener.open(wire));
        self.inbound.take(head, fresh).map_err(broken)?;
        Ok(Accepted::Taken(u64::from(head.records)))
    }
}

impl<S, O> Task for StageTask<S, O>
where
    S: Stage + Send,
    S::In: Record + Serialize + DeserializeOwned + Send,
    S::State: Serialize + DeserializeOwned,
    O: Opener<S::In>,
{
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
        if mark == self.mark {
            return;
        }
        let ready = self.inbound.below(mark.watermark);
        let mut processed = 0;
        self.partition.run(ready, mark.timers(), &mut processed);
        if let Some(outcomes) = self.partition.stage.outcomes() {
            self.counters.outcomes(&outcomes);
        }
        self.counters.processed.inc_by(processed);
        self.counters.waiting.set(self.inbound.waiting() as i64);
        self.mark = mark;
    }

    fn send(&mut self, out: &mut Outgoing) -> Result<(), Error> {
        let (outbox, senders) = (&mut self.partition.out, &mut self.senders);
        for to in &self.to {
            send_lane(outbox, senders, *to, self.mark, &mut out.frames)?;
        }
        out.alerts.append(&mut outbox.alerts);
        outbox.duplicates.clear();
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
        self.counters.counted = self.partition.stage.outcomes().unwrap_or_default();
        self.senders = state.senders;
        self.mark = state.mark;
        // They arrived before; they are processed here.
        self.counters.received.inc_by(self.inbound.waiting() as u64);
        Ok(())
    }
}

/// Sends what lies in the outbox for one partition.
fn send_lane(
    outbox: &mut Outbox,
    senders: &mut Senders,
    to: PartitionId,
    mark: Mark,
    frames: &mut Vec<OutgoingFrame>,
) -> Result<(), Error> {
    let number = usize::from(to.partition);
    match to.stage {
        StageName::Match => senders.send(to, &outbox.matching.take(number), mark, frames),
        StageName::Cluster => senders.send(to, &outbox.cluster.take(number), mark, frames),
        StageName::Pair => senders.send(to, &outbox.pair.take(number), mark, frames),
        StageName::Tie => senders.send(to, &outbox.tie.take(number), mark, frames),
        StageName::Circle => senders.send(to, &outbox.circle.take(number), mark, frames),
        StageName::Group => senders.send(to, &outbox.group.take(number), mark, frames),
        // Nobody in detection sends to these.
        StageName::Ingest | StageName::Prepare => Ok(()),
    }
}
