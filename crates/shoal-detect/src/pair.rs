//! Pair: accounts that act on the same object, and their times.
//!
//! Keyed by object. For each trace it finds the **meeting** (accounts that first acted on the object within
//! seven days before, the newest hundred) and the **co-actions** (live traces of other accounts within the
//! layer's widest window, the newest 256; fewer once there have been more). Windows are closed; the outcome does not
//! depend on arrival.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use shoal_model::{AccountKey, Descriptor, Interned, Layer, ObjectKey, Span, Timestamp, Trace};

use crate::config::{DAY, WEEK};
use crate::key::{AccountPair, Expiry, KeyMap, KeySet, hour};
use crate::lanes::{Lanes, partition_of};
use crate::record::{Act, CircleIn, CoActions, Company, Meeting, PairIn, TieIn, Trigger};
use crate::stage::{Emitter, Setup, Stage};
use crate::topology::{Outbox, StageName};
use crate::{Circle, Config, Error, Tie};

/// First acts that a meeting looks at, newest first (`NEWEST` of the circle test's specification).
const NEWEST: usize = 100;
/// Accounts that one object remembers. Later ones meet nobody there: a meeting that half a platform attends
/// says nothing.
const ACCOUNTS: usize = 65_536;

/// Live traces that a new one is paired with at least, however viral the object.
const FEWEST_PAIRS: usize = 8;

/// The stage.
#[derive(Debug)]
pub struct Pair {
    widest: [Option<Span>; Layer::COUNT],
    live: usize,
    state: PairState,
}

/// The state of pair: the objects of the last seven days.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct PairState {
    objects: KeyMap<ObjectKey, Object>,
    expiry: Expiry<ObjectKey>,
}

/// An object. About 250 B with one trace, 80 B more per further account.
#[derive(Debug, Serialize, Deserialize)]
struct Object {
    descriptor: Interned<Descriptor>,
    newest: Timestamp,
    /// The newest first acts, oldest first.
    first_acts: VecDeque<Company>,
    accounts: KeySet<AccountKey>,
    /// The acts of live traces, oldest first.
    live: VecDeque<Act>,
    /// First acts and live traces that are no longer held, and accounts beyond those remembered.
    forgotten: Forgotten,
}

/// Counts of what an object no longer holds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Forgotten {
    acts: u32,
    traces: u32,
    accounts: u32,
}

impl Object {
    fn new(trace: &Trace, at: Timestamp) -> Self {
        Self {
            descriptor: Interned::clone(&trace.descriptor),
            newest: at,
            first_acts: VecDeque::with_capacity(1),
            accounts: KeySet::default(),
            live: VecDeque::with_capacity(1),
            forgotten: Forgotten::default(),
        }
    }

    /// Company for an account that acts for the first time.
    fn meeting(&self, trace: &Trace) -> Option<Meeting> {
        let at = trace.post.at;
        let near = |act: &&Company, window: Span| at.distance(act.at) <= window;
        let company: Vec<Company> = self.first_acts.iter().filter(|act| near(act, WEEK)).copied().collect();
        if company.is_empty() {
            return None;
        }
        Some(Meeting {
            account: trace.post.account_key,
            at,
            layer: trace.layer,
            object: trace.object,
            descriptor: Interned::clone(&self.descriptor),
            within_day: company.iter().filter(|act| near(act, DAY)).count() as u32,
            company,
            skipped: self.forgotten.acts,
        })
    }

    fn first_act(&mut self, trace: &Trace) {
        let act = Company { account: trace.post.account_key, at: trace.post.at, actions: trace.actions };
        insert_by_time(&mut self.first_acts, act, |act| act.at);
        if self.first_acts.len() > NEWEST {
            self.first_acts.pop_front();
            self.forgotten.acts = self.forgotten.acts.saturating_add(1);
        }
        self.accounts.insert(act.account);
    }

    /// The number of live traces that a new one is paired with. All there may be, until the object has had more than the
    /// limit; from then on fewer the more it has had, so that the pairs of one object grow with the logarithm of its
    /// traces and not with their number. The newest are the closest: those that move together are among them.
    fn fan_out(&self, limit: usize) -> usize {
        let had = self.live.len().saturating_add(self.forgotten.traces as usize);
        if had <= limit { limit } else { (limit.saturating_mul(limit) / had).max(FEWEST_PAIRS.min(limit)) }
    }

    fn co_actions(&self, trace: &Trace, window: Span, limit: usize) -> CoActions {
        let fan_out = self.fan_out(limit);
        let others = self.live.iter().rev().filter(|act| {
            act.post.account_key != trace.post.account_key && act.post.at.distance(trace.post.at) <= window
        });
        CoActions {
            layer: trace.layer,
            object: trace.object,
            descriptor: Interned::clone(&self.descriptor),
            actor: Act::of(trace),
            others: others.take(fan_out).cloned().collect(),
            skipped: self.forgotten.traces.saturating_add(self.live.len().saturating_sub(fan_out) as u32),
            unmet: self.forgotten.accounts,
        }
    }

    fn live_trace(&mut self, trace: &Trace, at: Timestamp, window: Span, limit: usize) {
        while self.live.front().is_some_and(|act| act.post.at < at.minus(window)) {
            self.live.pop_front();
        }
        insert_by_time(&mut self.live, Act::of(trace), |act| act.post.at);
        if self.live.len() > limit {
            self.live.pop_front();
            self.forgotten.traces = self.forgotten.traces.saturating_add(1);
        }
    }
}

/// Keeps a queue in the order of true times: posts of a text, and late ones, arrive after younger ones.
fn insert_by_time<T>(queue: &mut VecDeque<T>, item: T, time: impl Fn(&T) -> Timestamp) {
    let later = queue.iter().rev().take_while(|other| time(other) > time(&item)).count();
    queue.insert(queue.len() - later, item);
}

impl Pair {
    /// A partition.
    pub fn new(config: &Config) -> Self {
        Self {
            widest: Layer::ALL.map(|layer| config.widest(layer)),
            live: config.live_traces.count(),
            state: PairState::default(),
        }
    }

    fn expire(&mut self, at: Timestamp) {
        let before = at.minus(WEEK);
        while let Some(keys) = self.state.expiry.take_before(before) {
            for key in keys {
                if self.state.objects.get(&key).is_some_and(|object| hour(object.newest) < hour(before)) {
                    self.state.objects.remove(&key);
                }
            }
        }
    }

    /// The object of a trace; one that was quiet for seven days is new again.
    fn object(&mut self, trace: &Trace, at: Timestamp) -> &mut Object {
        let expiry = &mut self.state.expiry;
        let object = self.state.objects.entry(trace.object).or_insert_with(|| {
            expiry.touch(trace.object, at);
            Object::new(trace, at)
        });
        if hour(object.newest) != hour(at) {
            expiry.touch(trace.object, at);
        }
        if at.distance(object.newest) > WEEK {
            *object = Object::new(trace, at);
        }
        object.newest = at;
        object
    }

    fn trace(&mut self, trigger: &Trigger, trace: &Trace, skipped: u32, out: &mut Emitter<'_, Pair>) {
        let Some(window) = self.widest[trace.layer.index()] else { return };
        let live = self.live;
        let acts_now = trigger.is(&trace.post);
        let object = self.object(trace, trigger.at);
        if trace.layer.is_evidence() && !object.accounts.contains(&trace.post.account_key) {
            if object.accounts.len() < ACCOUNTS {
                if let Some(meeting) = object.meeting(trace).filter(|_| acts_now) {
                    send_meeting(trigger, meeting, out.to::<Circle>());
                }
                object.first_act(trace);
            } else {
                object.forgotten.accounts = object.forgotten.accounts.saturating_add(1);
            }
        }
        object.forgotten.traces = object.forgotten.traces.saturating_add(skipped);
        let co_actions = object.co_actions(trace, window, live);
        object.live_trace(trace, trigger.at, window, live);
        if !co_actions.others.is_empty() {
            send_co_actions(trigger, co_actions, out.to::<Tie>());
        }
    }
}

/// To the account's own partition with all of the company; to the others with those whom they hold, so that they
/// know which layer of the post counted.
fn send_meeting(trigger: &Trigger, meeting: Meeting, lanes: &mut Lanes<CircleIn>) {
    let partitions = usize::from(lanes.partitions());
    let own = partition_of(meeting.account, partitions);
    for other in (0..partitions).filter(|other| *other != own) {
        let held = meeting.company.iter().filter(|act| partition_of(act.account, partitions) == other);
        let part = Meeting { company: held.copied().collect(), ..meeting.clone() };
        lanes.to(other, trigger, CircleIn::Meeting(Box::new(part)));
    }
    lanes.to(own, trigger, CircleIn::Meeting(Box::new(meeting)));
}

/// To each partition the pairs that it holds.
fn send_co_actions(trigger: &Trigger, co_actions: CoActions, lanes: &mut Lanes<TieIn>) {
    let partitions = usize::from(lanes.partitions());
    if partitions == 1 {
        lanes.to(0, trigger, TieIn::CoActions(Box::new(co_actions)));
        return;
    }
    let actor = co_actions.actor.post.account_key;
    for partition in 0..partitions {
        let route = |act: &Act| AccountPair::new(actor, act.post.account_key).route();
        let held = co_actions.others.iter().filter(|act| partition_of(route(act), partitions) == partition);
        let others: Vec<Act> = held.cloned().collect();
        if !others.is_empty() {
            let part = CoActions { others, ..co_actions.clone() };
            lanes.to(partition, trigger, TieIn::CoActions(Box::new(part)));
        }
    }
}

impl Stage for Pair {
    const NAME: StageName = StageName::Pair;

    type In = PairIn;
    type State = PairState;

    fn open(setup: &Setup<'_>, _partition: u16) -> Result<Self, Error> {
        Ok(Self::new(setup.config))
    }

    fn lane(outbox: &mut Outbox) -> &mut Lanes<PairIn> {
        &mut outbox.pair
    }

    fn process(&mut self, trigger: &Trigger, records: &mut Vec<PairIn>, out: &mut Emitter<'_, Self>) {
        self.expire(trigger.at);
        for PairIn::Trace { trace, skipped } in records.drain(..) {
            self.trace(trigger, &trace, skipped, out);
        }
    }

    fn state(&self) -> &PairState {
        &self.state
    }

    fn restore(&mut self, state: PairState) {
        self.state = state;
    }
}

#[cfg(test)]
mod tests {
    use shoal_model::{PostKey, PostRef};

    use super::*;
    use crate::Limit;

    fn trace(number: u64) -> Trace {
        let post = PostRef {
            key: PostKey::from_raw(number),
            id: format!("x:{number}").into(),
            account: format!("x:a{number}").into(),
            account_key: AccountKey::from_raw(number),
            at: Timestamp::from_seconds(number as i64),
            url: None,
            profile: None,
        };
        Trace {
            layer: Layer::Repost,
            object: ObjectKey::from_raw(7),
            descriptor: Interned::new(Descriptor { label: "viral".into() }),
            post: Interned::new(post),
            actions: 1,
            similarity: 1.0,
        }
    }

    /// Pairs and told skips of `traces` accounts that act on one object, one a second.
    fn pairs(traces: u64, limit: Limit) -> (usize, u32) {
        let config = Config { live_traces: limit, ..Config::default() };
        let (mut pair, mut out, mut count, mut skipped) = (Pair::new(&config), Outbox::new(&config.partitions), 0, 0);
        for number in 0..traces {
            let trace = trace(number);
            let trigger = Trigger { at: trace.post.at, post: Some(Interned::clone(&trace.post)) };
            pair.process(&trigger, &mut vec![PairIn::Trace { trace, skipped: 0 }], &mut out.emitter());
            out.take::<Circle>(0);
            for (_, record) in out.take::<Tie>(0) {
                if let TieIn::CoActions(co) = record {
                    count += co.others.len();
                    skipped = co.skipped;
                }
            }
        }
        (count, skipped)
    }

    #[test]
    fn few_traces_are_all_paired() {
        assert_eq!(pairs(100, Limit::AtMost(256)), (100 * 99 / 2, 0));
        assert_eq!(pairs(600, Limit::Unlimited), (600 * 599 / 2, 0));
    }

    #[test]
    fn a_viral_object_makes_few_pairs_and_says_what_it_left_out() {
        let (first, _) = pairs(2_000, Limit::AtMost(32));
        let (twice, skipped) = pairs(4_000, Limit::AtMost(32));
        assert!(twice - first <= 2_000 * FEWEST_PAIRS, "{first} pairs of 2,000 and {twice} of 4,000 traces");
        assert!(skipped as usize > 4_000 - 2 * 32);
    }
}
