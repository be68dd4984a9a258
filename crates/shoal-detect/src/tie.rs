//! Tie: everything that two accounts share.
//!
//! Keyed by pair of accounts. Adds up co-actions: distinct objects and pairs of posts, per layer and window. A pair
//! of posts counts once, on its best layer, even when the posts share several objects. A tie that shares enough
//! goes on to group, and so does every object it gains after that.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shoal_model::{Descriptor, Interned, Layer, ObjectKey, PostRef, Span, Timestamp};

use crate::config::{Method, Rule, WINDOWS};
use crate::key::{AccountPair, Expiry, KeyMap, KeyPair, KeySet, hour};
use crate::lanes::Lanes;
use crate::record::{Act, CoActions, GroupIn, Merge, SharedObject, StrongTie, TieCaps, TieIn, Trigger};
use crate::stage::{Emitter, Setup, Stage};
use crate::topology::{Outbox, StageName};
use crate::{Config, Error, Group};

/// Distinct objects of one layer that one tie remembers with their evidence, the newest.
pub(crate) const OBJECTS: usize = 64;

/// The stage.
#[derive(Debug)]
pub struct Tie {
    memory: Span,
    windows: [Vec<Span>; Layer::COUNT],
    enough: Enough,
    state: TieState,
}

/// The state of tie.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TieState {
    ties: KeyMap<AccountPair, TieMemory>,
    expiry: Expiry<AccountPair>,
    aliases: KeyMap<ObjectKey, ObjectKey>,
    alias_expiry: Expiry<ObjectKey>,
}

/// The condition for a tie to go on to group.
#[derive(Debug)]
enum Enough {
    /// So many distinct objects of evidence layers within the window each.
    Objects(usize, Span),
    /// Any of the rules.
    Rules(Vec<Rule>),
}

/// Everything that two accounts share. About 150 B with one object, 60 B more per further object.
#[derive(Debug, Serialize, Deserialize)]
struct TieMemory {
    newest: Timestamp,
    objects: Vec<TiedObject>,
    skipped: TieCaps,
    /// The time at which group was last told of it; `None` until it is strong.
    told: Option<Timestamp>,
    /// The number of the last objects that group was not told of.
    untold: u16,
}

/// A shared object, with the closest pair of posts, in the order of the accounts.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct TiedObject {
    object: ObjectKey,
    descriptor: Interned<Descriptor>,
    posts: [Interned<PostRef>; 2],
    similarity: [f32; 2],
    /// Pairs of posts whose narrowest window is the one with this number.
    pairs: [u16; WINDOWS],
    layer: Layer,
    /// The narrowest window of all, by number.
    window: u8,
}

/// A co-action, its posts in the order of their accounts.
struct CoAction<'a> {
    source: &'a CoActions,
    window: u8,
    acts: [&'a Act; 2],
}

impl Tie {
    /// A partition.
    pub fn new(config: &Config) -> Self {
        let judge = &config.judge;
        Self {
            memory: config.tie_memory,
            windows: Layer::ALL.map(|layer| config.windows.get(&layer).cloned().unwrap_or_default()),
            enough: match judge.method {
                Method::Circle => Enough::Objects(judge.objects as usize, judge.window),
                Method::Rules => Enough::Rules(judge.rules.clone()),
            },
            state: TieState::default(),
        }
    }

    fn expire(&mut self, at: Timestamp) {
        let before = at.minus(self.memory);
        while let Some(keys) = self.state.expiry.take_before(before) {
            for key in keys {
                if self.state.ties.get(&key).is_some_and(|tie| hour(tie.newest) < hour(before)) {
                    self.state.ties.remove(&key);
                }
            }
        }
        while let Some(keys) = self.state.alias_expiry.take_before(before) {
            for key in keys {
                self.state.aliases.remove(&key);
            }
        }
    }

    fn merge(&mut self, merge: Merge, at: Timestamp) {
        // What stands for others stands for itself, also if it was forgotten and has come back: chains cannot loop.
        self.state.aliases.remove(&merge.new);
        self.state.aliases.insert(merge.old, merge.new);
        self.state.alias_expiry.touch(merge.old, at);
    }

    /// All co-actions of one post. Per earlier post only the one on the best layer counts; `records` are in the
    /// order of layers.
    fn co_actions(&mut self, trigger: &Trigger, records: &[Box<CoActions>], out: &mut Emitter<'_, Tie>) {
        let mut counted = KeySet::default();
        let mut grown: BTreeSet<AccountPair> = BTreeSet::new();
        for source in records {
            for other in &source.others {
                // Of posts at the same moment either may be the actor.
                let posts = KeyPair::new(source.actor.post.key, other.post.key);
                if records.len() > 1 && !counted.insert(posts) {
                    continue;
                }
                grown.extend(self.add(trigger, source, other));
            }
        }
        for key in grown {
            self.tell(trigger, key, out);
        }
    }

    /// Adds one co-action. Gives the pair when it has gained an object or (by rules, which count pairs of posts) is
    /// not strong yet.
    fn add(&mut self, trigger: &Trigger, source: &CoActions, other: &Act) -> Option<AccountPair> {
        let mut acts = [&source.actor, other];
        acts.sort_by_key(|act| act.post.account_key);
        let key = AccountPair::new(acts[0].post.account_key, acts[1].post.account_key);
        let apart = acts[0].post.at.distance(acts[1].post.at);
        let window = self.windows[source.layer.index()].iter().position(|window| apart <= *window)? as u8;
        let TieState { ties, expiry, aliases, .. } = &mut self.state;
        let memory = trigger.at.minus(self.memory);
        let tie = ties.entry(key).or_insert_with(|| {
            expiry.touch(key, trigger.at);
            TieMemory::new(trigger.at)
        });
        if hour(tie.newest) != hour(trigger.at) {
            expiry.touch(key, trigger.at);
        }
        if tie.newest < memory {
            *tie = TieMemory::new(trigger.at);
        }
        tie.newest = trigger.at;
        tie.skipped.traces = tie.skipped.traces.max(source.skipped);
        tie.skipped.accounts = tie.skipped.accounts.max(source.unmet);
        let gained = tie.add(&CoAction { source, window, acts }, aliases);
        (gained || (tie.told.is_none() && matches!(self.enough, Enough::Rules(_)))).then_some(key)
    }

    /// Tells group of a tie that has become strong, or of what a strong one has gained. Group forgets a tie of which
    /// it hears nothing for the memory of ties; then it is told everything again.
    fn tell(&mut self, trigger: &Trigger, accounts: AccountPair, out: &mut Emitter<'_, Tie>) {
        let Some(tie) = self.state.ties.get_mut(&accounts) else { return };
        let is_known = tie.told.is_some_and(|told| told >= trigger.at.minus(self.memory));
        if tie.told.is_none() && !self.enough.is_met(tie, &self.windows, &self.state.aliases) {
            return;
        }
        let known = if is_known { tie.objects.len() - usize::from(tie.untold).min(tie.objects.len()) } else { 0 };
        let objects: Vec<SharedObject> = tie.objects.iter().skip(known).map(TiedObject::shared).collect();
        if objects.is_empty() {
            return;
        }
        tie.told = Some(trigger.at);
        tie.untold = 0;
        let Some([a, b]) = tie.objects.first().map(|item| item.posts.each_ref().map(|post| post.account.clone()))
        else {
            return;
        };
        let record = StrongTie {
            accounts,
            ids: [a, b],
            objects,
            pairs: tie.objects.iter().map(|item| item.pairs_up_to(WINDOWS - 1)).sum(),
            skipped: tie.skipped,
        };
        out.to::<Group>().to(0, trigger, GroupIn::Tie(Box::new(record)));
    }
}

/// The object that stands for `object` after all merges.
pub(crate) fn resolve(aliases: &KeyMap<ObjectKey, ObjectKey>, object: ObjectKey) -> ObjectKey {
    let mut object = object;
    // A chain is as long as the merges within the memory of ties.
    while let Some(newer) = aliases.get(&object) {
        object = *newer;
    }
    object
}

impl TieMemory {
    fn new(at: Timestamp) -> Self {
        Self { newest: at, objects: Vec::with_capacity(1), skipped: TieCaps::default(), told: None, untold: 0 }
    }

    /// Adds a co-action; whether it brought a new object, or a known one for the first time into a narrower window.
    fn add(&mut self, action: &CoAction<'_>, aliases: &KeyMap<ObjectKey, ObjectKey>) -> bool {
        let layer = action.source.layer;
        let object = resolve(aliases, action.source.object);
        let same = |item: &&mut TiedObject| item.layer == layer && resolve(aliases, item.object) == object;
        if let Some(item) = self.objects.iter_mut().find(same) {
            return item.add(action);
        }
        // Per layer: what is common on one must not crowd out what is rare on another. The oldest goes.
        if self.objects.iter().filter(|item| item.layer == layer).count() == OBJECTS
            && let Some(oldest) = self.objects.iter().position(|item| item.layer == layer)
        {
            self.objects.remove(oldest);
            self.skipped.objects = self.skipped.objects.saturating_add(1);
        }
        self.objects.push(TiedObject::new(action));
        self.untold = self.untold.saturating_add(1);
        true
    }

    /// Distinct objects within a window, by layer.
    fn objects_within(&self, aliases: &KeyMap<ObjectKey, ObjectKey>, counts: impl Fn(&TiedObject) -> bool) -> usize {
        let mut distinct: Vec<(Layer, ObjectKey)> = self
            .objects
            .iter()
            .filter(|item| counts(item))
            .map(|item| (item.layer, resolve(aliases, item.object)))
            .collect();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.len()
    }
}

impl TiedObject {
    fn new(action: &CoAction<'_>) -> Self {
        let mut pairs = [0; WINDOWS];
        pairs[usize::from(action.window)] = 1;
        Self {
            object: action.source.object,
            descriptor: Interned::clone(&action.source.descriptor),
            posts: action.acts.map(|act| Interned::clone(&act.post)),
            similarity: action.acts.map(|act| act.similarity),
            pairs,
            layer: action.source.layer,
            window: action.window,
        }
    }

    /// Counts one more pair of posts and keeps the closest; of equally close ones, the earliest. Gives whether it is
    /// the first in its window.
    fn add(&mut self, action: &CoAction<'_>) -> bool {
        let rank = |[a, b]: [&PostRef; 2]| (a.at.distance(b.at), a.at.max(b.at), a.key, b.key);
        let pairs = &mut self.pairs[usize::from(action.window)];
        *pairs = pairs.saturating_add(1);
        let narrower = action.window < self.window;
        if rank(action.acts.map(|act| &*act.post)) < rank(self.posts.each_ref().map(|post| &**post)) {
            self.posts = action.acts.map(|act| Interned::clone(&act.post));
            self.similarity = action.acts.map(|act| act.similarity);
            self.window = action.window;
        }
        narrower
    }

    /// Pairs of posts within the window with this number.
    fn pairs_up_to(&self, window: usize) -> u64 {
        self.pairs.iter().take(window + 1).map(|pairs| u64::from(*pairs)).sum()
    }

    fn shared(&self) -> SharedObject {
        let [a, b] = &self.posts;
        let [of_a, of_b] = self.similarity;
        SharedObject {
            layer: self.layer,
            object: self.object,
            descriptor: Interned::clone(&self.descriptor),
            posts: [(a, of_a), (b, of_b)].map(|(post, similarity)| Act { post: Interned::clone(post), similarity }),
        }
    }
}

impl Enough {
    fn is_met(
        &self,
        tie: &TieMemory,
        windows: &[Vec<Span>; Layer::COUNT],
        aliases: &KeyMap<ObjectKey, ObjectKey>,
    ) -> bool {
        let within = |layer: Layer, number: u8, limit: Span| {
            windows[layer.index()].get(usize::from(number)).is_some_and(|window| *window <= limit)
        };
        match self {
            Self::Objects(least, limit) => {
                tie.objects.len() >= *least
                    && tie.objects_within(aliases, |item| {
                        item.layer.is_evidence() && within(item.layer, item.window, *limit)
                    }) >= *least
            }
            Self::Rules(rules) => rules.iter().any(|rule| {
                let widest = windows[rule.layer.index()].iter().rposition(|window| *window <= rule.window);
                let Some(widest) = widest else { return false };
                let of_layer = tie.objects.iter().filter(|item| item.layer == rule.layer);
                let pairs: u64 = of_layer.map(|item| item.pairs_up_to(widest)).sum();
                let objects = tie.objects_within(aliases, |item| {
                    item.layer == rule.layer && within(item.layer, item.window, rule.window)
                });
                pairs >= u64::from(rule.pairs) && objects >= rule.objects as usize
            }),
        }
    }
}

impl Stage for Tie {
    const NAME: StageName = StageName::Tie;

    type In = TieIn;
    type State = TieState;

    fn open(setup: &Setup<'_>, _partition: u16) -> Result<Self, Error> {
        Ok(Self::new(setup.config))
    }

    fn lane(outbox: &mut Outbox) -> &mut Lanes<TieIn> {
        &mut outbox.tie
    }

    fn process(&mut self, trigger: &Trigger, records: &mut Vec<TieIn>, out: &mut Emitter<'_, Self>) {
        self.expire(trigger.at);
        let mut co_actions = Vec::new();
        for record in records.drain(..) {
            match record {
                TieIn::Merge(merge) => self.merge(merge, trigger.at),
                TieIn::CoActions(co) => co_actions.push(co),
            }
        }
        self.co_actions(trigger, &co_actions, out);
    }

    fn state(&self) -> &TieState {
        &self.state
    }

    fn restore(&mut self, state: TieState) {
        self.state = state;
    }
}
