//! Tie: what two accounts share.
//!
//! Keyed by pair of accounts. Adds up co-actions: distinct objects and pairs of posts, per layer and window. A pair
//! of posts counts once, on its best layer, even when the posts share several objects. A tie that shares enough
//! goes on to group, and so does every object it gains after that.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shoal_model::{Descriptor, Interned, Layer, PostRef, Span, Timestamp};

use crate::Config;
use crate::config::{Method, Rule, WINDOWS};
use crate::key::{Expiry, KeyMap, PairMap, hour};
use crate::record::{CoActions, GroupIn, Merge, SharedObject, StrongTie, TieCaps, TieIn, Trigger};
use crate::stage::{Outbox, Stage};

/// Distinct objects of one layer that one tie remembers with their evidence, the newest.
pub(crate) const OBJECTS: usize = 64;

/// The key that decides which partition holds a pair.
pub(crate) fn pair_key(a: u64, b: u64) -> u64 {
    a.min(b).rotate_left(17) ^ a.max(b)
}

/// The stage.
#[derive(Debug)]
pub struct Tie {
    memory: Span,
    windows: [Vec<Span>; Layer::COUNT],
    enough: Enough,
    state: TieState,
}

/// What ties remember.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TieState {
    ties: PairMap<Shared>,
    expiry: Expiry<(u64, u64)>,
    aliases: KeyMap<u64>,
    alias_expiry: Expiry<u64>,
}

/// What makes a tie go on to group.
#[derive(Debug)]
enum Enough {
    /// So many distinct objects of evidence layers within the window each.
    Objects(usize, Span),
    /// Any of the rules.
    Rules(Vec<Rule>),
}

/// What two accounts share. About 150 B with one object, 60 B more per further object.
#[derive(Debug, Serialize, Deserialize)]
struct Shared {
    newest: Timestamp,
    objects: Vec<Item>,
    skipped: TieCaps,
    /// When group was last told of it; `None` until it is strong.
    told: Option<Timestamp>,
    /// How many of the last objects group was not told of.
    untold: u16,
}

/// A shared object, with the closest pair of posts, in the order of the accounts.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Item {
    object: u64,
    descriptor: Interned<Descriptor>,
    posts: [Interned<PostRef>; 2],
    similarity: [f32; 2],
    /// Pairs of posts whose narrowest window is the one with this number.
    pairs: [u16; WINDOWS],
    layer: Layer,
    /// The narrowest window of all, by number.
    window: u8,
}

/// One co-action, its posts in the order of their accounts.
struct CoAction<'a> {
    source: &'a CoActions,
    window: u8,
    posts: [&'a (Interned<PostRef>, f32); 2],
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
    fn co_actions(&mut self, trigger: &Trigger, records: &[Box<CoActions>], out: &mut Outbox) {
        let mut counted: PairMap<()> = PairMap::default();
        let mut grown: BTreeSet<(u64, u64)> = BTreeSet::new();
        for source in records {
            for other in &source.others {
                // Of posts at the same moment either may be the actor.
                let (one, two) = (source.actor.0.key, other.0.key);
                let posts = (one.min(two), one.max(two));
                if records.len() > 1 && counted.insert(posts, ()).is_some() {
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
    fn add(&mut self, trigger: &Trigger, source: &CoActions, other: &(Interned<PostRef>, f32)) -> Option<(u64, u64)> {
        let mut posts = [&source.actor, other];
        posts.sort_by_key(|(post, _)| post.account_key);
        let key = (posts[0].0.account_key, posts[1].0.account_key);
        let apart = posts[0].0.at.distance(posts[1].0.at);
        let window = self.windows[source.layer.index()].iter().position(|window| apart <= *window)? as u8;
        let TieState { ties, expiry, aliases, .. } = &mut self.state;
        let memory = trigger.at.minus(self.memory);
        let tie = ties.entry(key).or_insert_with(|| {
            expiry.touch(key, trigger.at);
            Shared::new(trigger.at)
        });
        if hour(tie.newest) != hour(trigger.at) {
            expiry.touch(key, trigger.at);
        }
        if tie.newest < memory {
            *tie = Shared::new(trigger.at);
        }
        tie.newest = trigger.at;
        tie.skipped.traces = tie.skipped.traces.max(source.skipped);
        tie.skipped.accounts = tie.skipped.accounts.max(source.unmet);
        let gained = tie.add(&CoAction { source, window, posts }, aliases);
        (gained || (tie.told.is_none() && matches!(self.enough, Enough::Rules(_)))).then_some(key)
    }

    /// Tells group of a tie that has become strong, or of what a strong one has gained. Group forgets a tie of which
    /// it hears nothing for the memory of ties; then it is told everything again.
    fn tell(&mut self, trigger: &Trigger, key: (u64, u64), out: &mut Outbox) {
        let Some(tie) = self.state.ties.get_mut(&key) else { return };
        let is_known = tie.told.is_some_and(|told| told >= trigger.at.minus(self.memory));
        if tie.told.is_none() && !self.enough.is_met(tie, &self.windows, &self.state.aliases) {
            return;
        }
        let known = if is_known { tie.objects.len() - usize::from(tie.untold).min(tie.objects.len()) } else { 0 };
        let objects: Vec<SharedObject> = tie.objects.iter().skip(known).map(Item::shared).collect();
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
            accounts: [key.0, key.1],
            ids: [a, b],
            objects,
            pairs: tie.objects.iter().map(|item| item.pairs_up_to(WINDOWS - 1)).sum(),
            skipped: tie.skipped,
        };
        out.group.to(0, trigger, GroupIn::Tie(Box::new(record)));
    }
}

/// The object that stands for `object` after all merges.
pub(crate) fn resolve(aliases: &KeyMap<u64>, object: u64) -> u64 {
    let mut object = object;
    // A chain is as long as the merges within the memory of ties.
    while let Some(newer) = aliases.get(&object) {
        object = *newer;
    }
    object
}

impl Shared {
    fn new(at: Timestamp) -> Self {
        Self { newest: at, objects: Vec::with_capacity(1), skipped: TieCaps::default(), told: None, untold: 0 }
    }

    /// Adds a co-action; whether it brought a new object, or a known one for the first time into a narrower window.
    fn add(&mut self, action: &CoAction<'_>, aliases: &KeyMap<u64>) -> bool {
        let layer = action.source.layer;
        let object = resolve(aliases, action.source.object);
        let same = |item: &&mut Item| item.layer == layer && resolve(aliases, item.object) == object;
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
        self.objects.push(Item::new(action));
        self.untold = self.untold.saturating_add(1);
        true
    }

    /// Distinct objects within a window, by layer.
    fn objects_within<'a>(&'a self, aliases: &'a KeyMap<u64>, counts: impl Fn(&Item) -> bool + 'a) -> usize {
        let mut distinct: Vec<(Layer, u64)> = self
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

impl Item {
    fn new(action: &CoAction<'_>) -> Self {
        let [(a, of_a), (b, of_b)] = action.posts;
        let mut pairs = [0; WINDOWS];
        pairs[usize::from(action.window)] = 1;
        Self {
            object: action.source.object,
            descriptor: Interned::clone(&action.source.descriptor),
            posts: [Interned::clone(a), Interned::clone(b)],
            similarity: [*of_a, *of_b],
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
        let [(a, of_a), (b, of_b)] = action.posts;
        if rank([a, b]) < rank(self.posts.each_ref().map(|post| &**post)) {
            self.posts = [Interned::clone(a), Interned::clone(b)];
            self.similarity = [*of_a, *of_b];
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
        SharedObject {
            layer: self.layer,
            object: self.object,
            descriptor: Interned::clone(&self.descriptor),
            posts: [(Interned::clone(a), self.similarity[0]), (Interned::clone(b), self.similarity[1])],
        }
    }
}

impl Enough {
    fn is_met(&self, tie: &Shared, windows: &[Vec<Span>; Layer::COUNT], aliases: &KeyMap<u64>) -> bool {
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
    type In = TieIn;
    type State = TieState;

    fn process(&mut self, trigger: &Trigger, records: &mut Vec<TieIn>, out: &mut Outbox) {
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

    fn next_timer(&self) -> Option<Timestamp> {
        None
    }

    fn timer(&mut self, _at: Timestamp, _out: &mut Outbox) {}

    fn state(&self) -> &TieState {
        &self.state
    }

    fn restore(&mut self, state: TieState) {
        self.state = state;
    }
}
