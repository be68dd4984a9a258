//! Prepare: posts, their accounts' activity, and the traces they leave.
//!
//! Analysis (folding, hashing, addresses) is a function of the post alone and runs wherever a driver likes; see
//! [`Analyst`]. The stage, keyed by author, drops duplicates and stamps every trace with the account's activity.

mod activity;
mod analyse;
mod page_address;
mod profile;

use serde::{Deserialize, Serialize};
use shoal_model::{Interned, Layer, PostKey, Span, Timestamp, Trace};

use self::activity::{Accounts, Minute};
pub use self::analyse::Analyst;
use crate::key::{Expiry, KeySet};
use crate::lanes::Lanes;
use crate::record::{
    Analysed, CircleIn, DuplicatePost, GroupIn, KeptPost, PairIn, PrepareCounts, PrepareIn, PublishedText, Trigger,
};
use crate::stage::{Emitter, Setup, Stage};
use crate::topology::{Outbox, StageName};
use crate::{Circle, Config, Error, Group, Match, Pair, WEEK};

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

    fn post(&mut self, trigger: &Trigger, post: Analysed, out: &mut Emitter<'_, Prepare>) {
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
        let is_filtered = post.traces.is_empty() && post.text.is_none();
        self.state.counts.filtered += u64::from(is_filtered);
        self.state.counts.processed += u64::from(!is_filtered);
        let Analysed { post, reference, traces, text, entities, number, .. } = post;
        if let Some(observed) = out.observed() {
            observed.posts.push(KeptPost::new(number, post, &traces, text.as_ref(), entities));
        }
        for trace in traces {
            let trace = Trace {
                layer: trace.layer,
                object: trace.object,
                descriptor: trace.descriptor,
                post: Interned::clone(&reference),
                actions: stamps[trace.layer.index()],
                similarity: 1.0,
            };
            out.to::<Pair>().send(trace.object, trigger, PairIn::Trace { trace, skipped: 0 });
        }
        if let Some(text) = text {
            let published = PublishedText { text, post: reference, actions: stamps[Layer::Text.index()] };
            crate::matching::route(trigger, published, out.to::<Match>());
        }
    }
}

impl Stage for Prepare {
    const NAME: StageName = StageName::Prepare;

    type In = PrepareIn;
    type State = PrepareState;

    fn open(setup: &Setup<'_>, partition: u16) -> Result<Self, Error> {
        Ok(Self::new(setup.config, partition))
    }

    fn lane(outbox: &mut Outbox) -> &mut Lanes<PrepareIn> {
        &mut outbox.prepare
    }

    fn process(&mut self, trigger: &Trigger, records: &mut Vec<PrepareIn>, out: &mut Emitter<'_, Self>) {
        // One post may come twice with other words: which one counts must not depend on who brought it.
        if records.len() > 1 {
            records.sort_by(|PrepareIn::Post(a), PrepareIn::Post(b)| a.post.cmp(&b.post));
        }
        for PrepareIn::Post(post) in records.drain(..) {
            if self.is_duplicate(&post, trigger.at) {
                self.state.counts.duplicate += 1;
                if let Some(observed) = out.observed() {
                    observed.duplicates.push(DuplicatePost { number: post.number, post: post.post });
                }
            } else {
                self.post(trigger, *post, out);
            }
        }
    }

    fn next_timer(&self) -> Option<Timestamp> {
        self.state.minute.as_ref().map(Minute::end)
    }

    /// A minute is over: tells circle and group what was counted in it.
    fn timer(&mut self, at: Timestamp, out: &mut Emitter<'_, Self>) {
        let Some(minute) = self.state.minute.take_if(|minute| minute.end() <= at) else { return };
        let totals = minute.totals(self.partition);
        let trigger = Trigger::timer(at);
        out.to::<Circle>().broadcast(&trigger, &CircleIn::Totals(totals));
        out.to::<Group>().broadcast(&trigger, &GroupIn::Totals(totals));
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
