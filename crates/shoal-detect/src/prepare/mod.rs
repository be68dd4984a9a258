//! Prepare: posts, their accounts' activity, and the traces they leave.
//!
//! Analysis (folding, hashing, addresses) is a function of the post alone and runs wherever a driver likes; see
//! [`Analyst`]. The stage, keyed by author, drops duplicates and stamps every trace with the account's activity.

mod activity;
mod analyse;

use serde::{Deserialize, Serialize};
use shoal_model::{Interned, Layer, PostKey, Span, Timestamp, Trace};

use self::activity::{Accounts, Minute};
pub use self::analyse::Analyst;
use crate::key::{Expiry, KeySet};
use crate::record::{Analysed, CircleIn, GroupIn, PairIn, PrepareCounts, PrepareIn, PublishedText, Trigger};
use crate::stage::{Outbox, Stage};
use crate::{Config, WEEK};

/// The stage.
#[derive(Debug)]
pub struct Prepare {
    partition: u16,
    duplicates: Span,
    state: PrepareState,
}

/// The state of prepare.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct PrepareState {
    seen: KeySet<PostKey>,
    seen_expiry: Expiry<PostKey>,
    accounts: Accounts,
    minute: Option<Minute>,
    counts: PrepareCounts,
}

impl Prepare {
    /// The partition with this number.
    pub fn new(config: &Config, partition: u16) -> Self {
        Self { partition, duplicates: config.order.duplicates, state: PrepareState::default() }
    }

    fn is_duplicate(&mut self, post: &Analysed, at: Timestamp) -> bool {
        while let Some(keys) = self.state.seen_expiry.take_before(at.minus(self.duplicates)) {
            for key in keys {
                self.state.seen.remove(&key);
            }
        }
        let new = self.state.seen.insert(post.key);
        if new {
            self.state.seen_expiry.touch(post.key, at);
        }
        !new
    }

    fn post(&mut self, trigger: &Trigger, post: Analysed, out: &mut Outbox) {
        let mut actions = [0_u32; Layer::COUNT];
        for trace in &post.traces {
            actions[trace.layer.index()] += 1;
        }
        if post.text.is_some() {
            actions[Layer::Text.index()] += 1;
        }
        let account = post.reference.account_key;
        let minute = self.state.minute.get_or_insert_with(|| Minute::new(trigger.at));
        minute.add(&actions, self.state.accounts.meet(account));
        let stamps = self.state.accounts.act(account, trigger.at.day(), &actions);
        if post.traces.is_empty() && post.text.is_none() {
            self.state.counts.filtered += 1;
            return;
        }
        self.state.counts.processed += 1;
        for trace in post.traces {
            let trace = Trace {
                layer: trace.layer,
                object: trace.object,
                descriptor: trace.descriptor,
                post: Interned::clone(&post.reference),
                actions: stamps[trace.layer.index()],
                similarity: 1.0,
            };
            out.pair.send(trace.object, trigger, PairIn::Trace { trace, skipped: 0 });
        }
        if let Some(text) = post.text {
            let published = PublishedText { text, post: post.reference, actions: stamps[Layer::Text.index()] };
            crate::matching::route(trigger, published, &mut out.matching);
        }
    }
}

impl Stage for Prepare {
    type In = PrepareIn;
    type State = PrepareState;

    fn process(&mut self, trigger: &Trigger, records: &mut Vec<PrepareIn>, out: &mut Outbox) {
        // One post may come twice with other words: which one counts must not depend on who brought it.
        if records.len() > 1 {
            records.sort_by(|PrepareIn::Post(a), PrepareIn::Post(b)| a.post.cmp(&b.post));
        }
        for PrepareIn::Post(post) in records.drain(..) {
            if self.is_duplicate(&post, trigger.at) {
                self.state.counts.duplicate += 1;
                out.duplicates.push(*post);
            } else {
                self.post(trigger, *post, out);
            }
        }
    }

    fn next_timer(&self) -> Option<Timestamp> {
        self.state.minute.as_ref().map(Minute::end)
    }

    /// A minute is over: tells circle and group what was counted in it.
    fn timer(&mut self, at: Timestamp, out: &mut Outbox) {
        let Some(minute) = self.state.minute.take_if(|minute| minute.end() <= at) else { return };
        let totals = minute.totals(self.partition);
        let trigger = Trigger::timer(at);
        out.circle.broadcast(&trigger, &CircleIn::Totals(totals));
        out.group.broadcast(&trigger, &GroupIn::Totals(totals));
    }

    fn outcomes(&self) -> Option<PrepareCounts> {
        Some(self.state.counts)
    }

    fn state(&self) -> &PrepareState {
        &self.state
    }

    fn restore(&mut self, state: PrepareState) {
        self.state = state;
    }
}

/// Days for which an idle account's activity is kept: those that count.
const ACTIVE_DAYS: i64 = WEEK.micros() / 86_400_000_000;
