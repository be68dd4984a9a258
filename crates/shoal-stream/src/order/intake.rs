//! The intake of one source partition: its order, the posts released, the counts.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use shoal_detect::{OrderConfig, Sequenced, SourceOrder, Timed};
use shoal_formats::{DeadLetter, Reason, Record, RecordKind, Refusal};
use shoal_model::{Deletion, Timestamp};

use crate::order::idle::IdleDecision;
use crate::read::batch::{Batch, HasPost, More, ReadItem, ReadOutcome, ReadPost};
use crate::read::decode::of_part;
use crate::summary::SourceCounts;

/// Puts the posts of one source partition in order. A checkpoint keeps all of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Serialize + HasPost", deserialize = "P: Deserialize<'de> + HasPost"))]
pub(crate) struct Intake<P> {
    pub(crate) order: SourceOrder<Box<ReadPost<P>>>,
    /// Posts in order that have not gone on yet.
    pub(crate) released: VecDeque<Sequenced<Box<ReadPost<P>>>>,
    pub(crate) counts: SourceCounts,
    /// The highest time read, believed or not.
    pub(crate) newest: Option<Timestamp>,
}

impl<P: HasPost> Intake<P> {
    /// The intake of a source of which nothing has been read.
    pub(crate) fn new(config: &OrderConfig) -> Self {
        Self {
            order: SourceOrder::new(config),
            released: VecDeque::new(),
            counts: SourceCounts::default(),
            newest: None,
        }
    }

    /// Takes in a batch of the source called `name`. Dead letters go to `dead`. Gives what was deleted, which waits
    /// for nothing.
    pub(crate) fn take(&mut self, name: &str, batch: Batch<P>, dead: &mut Vec<DeadLetter>) -> Vec<Deletion> {
        let mut deletions = Vec::new();
        for item in batch.items {
            deletions.extend(self.accept(name, item, dead));
        }
        self.release();
        if batch.more == More::No {
            self.finish();
        }
        deletions
    }

    /// Takes in one content of a record of the source called `name`; see [`Intake::take`]. Nothing leaves before
    /// [`Intake::release`].
    pub(crate) fn accept(&mut self, name: &str, item: ReadItem<P>, dead: &mut Vec<DeadLetter>) -> Option<Deletion> {
        if item.begins_record() {
            self.counts.records += 1;
        } else {
            self.counts.further += 1;
        }
        match item.outcome {
            ReadOutcome::Post(mut read) => {
                let at = read.observed_at();
                self.newest = self.newest.max(Some(at));
                if !self.order.is_jump(at) {
                    read.raw = None;
                }
                let mut refused = Vec::new();
                self.order.push(read, &mut refused);
                for read in refused {
                    self.bury(future(name, read), dead);
                }
            }
            ReadOutcome::Filtered => self.counts.filtered += 1,
            ReadOutcome::Deletion(deletion) => {
                self.counts.deletions += 1;
                return Some(deletion);
            }
            ReadOutcome::Ignored(reason) => self.counts.ignore(reason),
            ReadOutcome::Dead(letter) => self.bury(letter, dead),
        }
        None
    }

    /// The end of the input: everything leaves.
    pub(crate) fn finish(&mut self) {
        self.order.finish();
        self.release();
    }

    /// Follows a decision that nothing comes for now: decides held times, of which none can lie after `limit`, lets
    /// what waits leave, and raises the watermark to where the others are.
    pub(crate) fn idle(&mut self, name: &str, idle: IdleDecision, dead: &mut Vec<DeadLetter>) {
        let mut refused = Vec::new();
        self.order.settle(idle.limit, &mut refused);
        for read in refused {
            self.bury(future(name, read), dead);
        }
        self.order.raise(idle.to);
        self.release();
    }

    /// Releases what has its place in the order.
    pub(crate) fn release(&mut self) {
        while let Some(placed) = self.order.pop() {
            self.counts.processed += 1;
            self.counts.late += u64::from(placed.late);
            self.released.push_back(placed);
        }
    }

    fn bury(&mut self, letter: DeadLetter, dead: &mut Vec<DeadLetter>) {
        self.counts.dead_letters[letter.reason.index()] += 1;
        dead.push(letter);
    }
}

fn future<P: HasPost>(source: &str, read: Box<ReadPost<P>>) -> DeadLetter {
    let at = read.observed_at();
    let record = Record { offset: read.offset, number: read.record, kind: RecordKind::Whole };
    let detail = format!("{at} is far ahead of the stream, and the records after it do not agree");
    let refusal = of_part(read.part, Refusal::new(Reason::Future, detail));
    DeadLetter::new(source, &record, refusal, read.raw.unwrap_or_default())
}
