//! A source partition as the driver sees it: its order, what is released, what was counted.

use std::collections::VecDeque;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use shoal_detect::{OrderConfig, Placed, SourceOrder, Timed};
use shoal_formats::{DeadLetter, Identity, Position, Reason, Record, RecordKind, Refusal};
use shoal_model::{Span, Timestamp};

use crate::checkpoint::SourceMark;
use crate::source::{Batch, Feed, Item, More, Read};
use crate::summary::SourceCounts;

/// How far the clocks of a live source and of this machine may be apart.
const CLOCKS_APART: Span = Span::from_seconds(300);

/// What a checkpoint keeps of a source partition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PartitionState {
    pub(crate) order: SourceOrder<Read>,
    pub(crate) released: VecDeque<Placed<Read>>,
    pub(crate) counts: SourceCounts,
    pub(crate) newest: Option<Timestamp>,
}

/// A source partition.
pub(crate) struct SourcePartition {
    pub(crate) name: String,
    pub(crate) feed: Feed,
    pub(crate) identity: Identity,
    pub(crate) position: Position,
    pub(crate) ended: bool,
    /// When something last came, and whether it is thought idle since. Only while following.
    pub(crate) heard: Instant,
    pub(crate) idle: bool,
    pub(crate) state: PartitionState,
}

impl PartitionState {
    pub(crate) fn new(config: &OrderConfig) -> Self {
        Self {
            order: SourceOrder::new(config),
            released: VecDeque::new(),
            counts: SourceCounts::default(),
            newest: None,
        }
    }
}

impl SourcePartition {
    /// How far this source lets event time come; `None` holds it back.
    pub(crate) fn watermark(&self) -> Option<Timestamp> {
        if self.idle { Some(Timestamp::MAX) } else { self.state.order.watermark() }
    }

    /// What a checkpoint says of it.
    pub(crate) fn mark(&self) -> SourceMark {
        SourceMark { identity: self.identity.clone(), position: self.position, ended: self.ended }
    }

    /// Takes in a batch. Dead letters go to `dead`.
    pub(crate) fn take(&mut self, batch: Batch, dead: &mut Vec<DeadLetter>) {
        let mut refused = Vec::new();
        for item in batch.items {
            self.state.counts.records += 1;
            match item {
                Item::Post(mut read, range) => {
                    let at = read.observed_at();
                    self.state.newest = self.state.newest.max(Some(at));
                    if self.state.order.is_jump(at) {
                        read.raw = batch.raw.get(range).map(Into::into);
                    }
                    self.state.order.push(*read, &mut refused);
                }
                Item::Filtered => self.state.counts.filtered += 1,
                Item::Dead(letter) => self.bury(letter, dead),
            }
            for read in refused.drain(..) {
                let letter = future(&self.name, read);
                self.bury(letter, dead);
            }
        }
        self.position = batch.position;
        if batch.more == More::No {
            self.ended = true;
            self.state.order.finish();
        }
        self.release();
    }

    /// After a wall-clock time without data: decides held times, of which none can lie after the present moment by
    /// more than clocks differ, and lets others pass.
    pub(crate) fn grow_idle(&mut self, now: Timestamp, dead: &mut Vec<DeadLetter>) {
        self.idle = true;
        self.state.counts.idle += 1;
        let mut refused = Vec::new();
        self.state.order.settle(now.plus(CLOCKS_APART), &mut refused);
        for read in refused {
            let letter = future(&self.name, read);
            self.bury(letter, dead);
        }
        self.release();
    }

    fn release(&mut self) {
        while let Some(placed) = self.state.order.pop() {
            self.state.counts.processed += 1;
            self.state.counts.late += u64::from(placed.late);
            self.state.released.push_back(placed);
        }
    }

    fn bury(&mut self, letter: DeadLetter, dead: &mut Vec<DeadLetter>) {
        self.state.counts.dead_letters[letter.reason.index()] += 1;
        dead.push(letter);
    }
}

fn future(source: &str, read: Read) -> DeadLetter {
    let at = read.observed_at();
    let record = Record { offset: read.offset, number: read.record, kind: RecordKind::Whole };
    let detail = format!("{at} is far ahead of the stream, and the records after it do not agree");
    DeadLetter::new(source, &record, Refusal::new(Reason::Future, detail), read.raw.unwrap_or_default())
}
