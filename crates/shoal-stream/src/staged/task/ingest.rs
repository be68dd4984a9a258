//! A source partition as a task: decodes what others write, keeps its order, keys it by author.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use shoal_detect::{Config, Keyer, StageName, partition_of};
use shoal_formats::DeadLetter;
use shoal_model::{Post, Timestamp};

use super::stage::{PlacedPost, Setting};
use super::{Accepted, Outgoing, SourceTask, Task, read, write};
use crate::Error;
use crate::cluster::record::Incoming;
use crate::metrics::source::SourceMetrics;
use crate::order::idle::IdleDecision;
use crate::order::intake::Intake;
use crate::read::batch::ReadItem;
use crate::read::decode::Decoder;
use crate::staged::frame::Mark;
use crate::staged::outbound::Senders;
use crate::staged::topology::PartitionId;

/// A source partition.
pub(crate) struct IngestTask {
    id: PartitionId,
    decoder: Decoder,
    keyer: Keyer,
    intake: Intake<Post>,
    /// Posts on their way, by partition of prepare.
    lanes: Vec<Vec<PlacedPost>>,
    dead_letters: Vec<DeadLetter>,
    senders: Senders,
    highest: Timestamp,
    /// Batches sent that the slowest stage may not have passed.
    sent: VecDeque<SentBatch>,
    ahead: usize,
    metrics: SourceMetrics,
}

/// Posts that were sent together.
struct SentBatch {
    /// Their last time.
    highest: Timestamp,
    posts: usize,
}

#[derive(Serialize)]
struct IngestStateRef<'a> {
    intake: &'a Intake<Post>,
    senders: &'a Senders,
    highest: Timestamp,
}

#[derive(Deserialize)]
pub(crate) struct IngestState {
    intake: Intake<Post>,
    senders: Senders,
    highest: Timestamp,
}

impl IngestTask {
    /// A source partition of which nothing has been read.
    pub(crate) fn new(partition: u16, decoder: Decoder, config: &Config, setting: &Setting<'_>) -> Self {
        let id = PartitionId { stage: StageName::Ingest, partition };
        let to = setting.topology.downstream(StageName::Ingest);
        Self {
            id,
            metrics: SourceMetrics::new(setting.metrics, &decoder.name),
            decoder,
            keyer: Keyer::new(config.seed),
            intake: Intake::new(&config.order),
            lanes: to.iter().map(|_| Vec::new()).collect(),
            dead_letters: Vec::new(),
            senders: Senders::new(id, &to),
            highest: Timestamp::MIN,
            sent: VecDeque::new(),
            ahead: 0,
        }
    }

    /// Brings the counters up to date.
    fn observe(&mut self) {
        self.metrics.observe(&self.intake.counts, self.intake.order.buffered(), self.intake.newest);
    }
}

impl Task for IngestTask {
    fn id(&self) -> PartitionId {
        self.id
    }

    fn accept(&mut self, incoming: &Incoming<'_>) -> Result<Accepted, Error> {
        let (record, bytes) = (incoming.record(), incoming.bytes());
        let Self { decoder, intake, dead_letters, .. } = self;
        decoder.decode_incoming(incoming, |decoded| {
            let order = &intake.order;
            let item = ReadItem::new(&record, bytes, decoded, |post| post, |at| order.is_jump(at));
            // A deletion changes no alert, and there is no index here.
            drop(intake.accept(&decoder.name, item, dead_letters));
        });
        self.intake.release();
        Ok(Accepted::Taken(1))
    }

    fn advance(&mut self) {
        let partitions = self.lanes.len();
        while let Some(placed) = self.intake.released.pop_front() {
            let post = placed.item.post;
            let home = partition_of(self.keyer.account(&post.author.id), partitions);
            self.highest = self.highest.max(placed.at);
            self.lanes[home].push((placed.at, post));
        }
        self.observe();
    }

    fn send(&mut self, out: &mut Outgoing) -> Result<(), Error> {
        // No mark may overtake posts that it has released.
        self.advance();
        out.dead_letters.append(&mut self.dead_letters);
        let mark = self.mark();
        let posts: usize = self.lanes.iter().map(Vec::len).sum();
        if posts > 0 {
            self.sent.push_back(SentBatch { highest: self.highest, posts });
            self.ahead += posts;
        }
        for (partition, lane) in self.lanes.iter_mut().enumerate() {
            let to = PartitionId { stage: StageName::Prepare, partition: partition as u16 };
            self.senders.send(to, lane, mark, &mut out.frames)?;
            lane.clear();
        }
        Ok(())
    }

    fn mark(&self) -> Mark {
        Mark { watermark: self.intake.order.watermark().unwrap_or(Timestamp::MIN), highest: self.highest }
    }

    fn waiting(&self) -> usize {
        self.intake.order.buffered()
    }

    fn snapshot(&self) -> Result<Vec<u8>, Error> {
        write(&IngestStateRef { intake: &self.intake, senders: &self.senders, highest: self.highest })
    }

    fn restore(&mut self, snapshot: &[u8]) -> Result<(), Error> {
        let state: IngestState = read(snapshot)?;
        self.intake = state.intake;
        self.senders = state.senders;
        self.highest = state.highest;
        self.metrics.resume(&self.intake.counts, self.intake.order.buffered());
        self.observe();
        Ok(())
    }

    fn as_source(&mut self) -> Option<&mut dyn SourceTask> {
        Some(self)
    }
}

impl SourceTask for IngestTask {
    fn name(&self) -> &str {
        &self.decoder.name
    }

    fn finish(&mut self) {
        self.intake.finish();
        self.observe();
    }

    fn idle(&mut self, idle: IdleDecision) {
        self.intake.idle(&self.decoder.name, idle, &mut self.dead_letters);
        self.observe();
    }

    fn fell_silent(&mut self) {
        self.intake.counts.idle += 1;
        self.observe();
    }

    fn newest(&self) -> Option<Timestamp> {
        self.intake.newest
    }

    fn ahead(&mut self, slowest: Timestamp) -> usize {
        while let Some(batch) = self.sent.pop_front_if(|batch| batch.highest < slowest) {
            self.ahead -= batch.posts;
        }
        self.ahead
    }
}
