//! A partition of a stage at work.

use shoal_detect::{Config, Outbox, Stage, Trigger};
use shoal_model::Timestamp;

use crate::drive::merge::Merge;

/// A partition and what it has sent.
#[derive(Debug)]
pub(crate) struct Partition<S> {
    pub(crate) stage: S,
    pub(crate) out: Outbox,
}

impl<S: Stage> Partition<S> {
    /// A partition of this stage that has sent nothing.
    pub(crate) fn new(config: &Config, stage: S) -> Self {
        Self { stage, out: Outbox::new(&config.partitions) }
    }

    /// Consumes what upstream partitions have sent and fires timers up to `watermark`, all in κ order.
    pub(crate) fn run(
        &mut self,
        inputs: impl IntoIterator<Item = Vec<(Trigger, S::In)>>,
        watermark: Timestamp,
        consumed: &mut u64,
    ) {
        let mut merge = Merge::new(inputs);
        let mut records = Vec::new();
        loop {
            let limit = merge.peek().map_or(watermark, |trigger| trigger.at);
            if let Some(due) = self.stage.next_timer().filter(|due| *due <= limit) {
                self.stage.timer(due, &mut self.out.emitter());
                continue;
            }
            let Some(trigger) = merge.pop(&mut records) else { return };
            *consumed += records.len() as u64;
            self.stage.process(&trigger, &mut records, &mut self.out.emitter());
        }
    }
}
