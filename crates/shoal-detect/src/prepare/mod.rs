//! Prepare: what a post says, whom it is by, and which traces it leaves.
//!
//! Analysis (folding, hashing, addresses) is a function of the post alone and runs wherever a driver likes; see
//! [`Analyst`]. The stage, keyed by author, drops duplicates and stamps every trace with the account's activity.

mod activity;
mod analyse;

use serde::{Deserialize, Serialize};
use shoal_model::{Descriptor, Interned, Layer, Span, Timestamp, Trace};

pub use self::activity::Counts;
use self::activity::{Accounts, Minute};
pub use self::analyse::Analyst;
use crate::key::{Expiry, KeySet};
use crate::record::{Analysed, CircleIn, GroupIn, PairIn, PrepareIn, Published, Trigger};
use crate::stage::{Outbox, Stage};
use crate::{Config, WEEK};

/// A trace on an explicit object, before it is stamped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The layer.
    pub layer: Layer,
    /// The object.
    pub object: u64,
    /// What it is.
    pub descriptor: Interned<Descriptor>,
}

/// The stage.
#[derive(Debug)]
pub struct Prepare {
    partition: u16,
    duplicates: Span,
    state: PrepareState,
}

/// What prepare remembers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct PrepareState {
    seen: KeySet,
    seen_expiry: Expiry<u64>,
    accounts: Accounts,
    minute: Option<Minute>,
    counts: Counts,
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
        for draft in &post.drafts {
            actions[draft.layer.index()] += 1;
        }
        if post.text.is_some() {
            actions[Layer::Text.index()] += 1;
        }
        let account = post.reference.account_key;
        let minute = self.state.minute.get_or_insert_with(|| Minute::new(trigger.at));
        minute.add(&actions, self.state.accounts.meet(account));
        let stamps = self.state.accounts.act(account, trigger.at.day(), &actions);
        if post.drafts.is_empty() && post.text.is_none() {
            self.state.counts.filtered += 1;
            return;
        }
        self.state.counts.processed += 1;
        for draft in post.drafts {
            let trace = Trace {
                layer: draft.layer,
                object: draft.object,
                descriptor: draft.descriptor,
                post: Interned::clone(&post.reference),
                actions: stamps[draft.layer.index()],
                similarity: 1.0,
            };
            out.pair.send(trace.object, trigger, PairIn::Trace { trace, skipped: 0 });
        }
        if let Some(text) = post.text {
            let published = Published { text, post: post.reference, actions: stamps[Layer::Text.index()] };
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

    fn outcomes(&self) -> Option<Counts> {
        Some(self.state.counts)
    }

    fn state(&self) -> &PrepareState {
        &self.state
    }

    fn restore(&mut self, state: PrepareState) {
        self.state = state;
    }
}

/// How long an idle account's activity is kept: the days that count.
const ACTIVE_DAYS: i64 = WEEK.micros() / 86_400_000_000;
