//! The strong ties that group has been told of.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shoal_model::{AccountKey, Layer, ObjectKey, Span, Timestamp};

use crate::config::{JudgeConfig, Method};
use crate::key::{AccountPair, Expiry, KeyMap, hour};
use crate::record::{Merge, SharedObject, StrongTie, TieCaps};
use crate::tie::{OBJECTS, resolve};

/// Strong ties by pair and by account.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Graph {
    ties: KeyMap<AccountPair, Edge>,
    neighbours: KeyMap<AccountKey, BTreeSet<AccountKey>>,
    by_text: KeyMap<ObjectKey, BTreeSet<AccountPair>>,
    aliases: KeyMap<ObjectKey, ObjectKey>,
    alias_expiry: Expiry<ObjectKey>,
    expiry: Expiry<AccountPair>,
}

/// A strong tie.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Edge {
    pub(super) ids: [Box<str>; 2],
    /// The time at which it became strong.
    pub(super) since: Timestamp,
    pub(super) newest: Timestamp,
    pub(super) objects: Vec<SharedObject>,
    pub(super) pairs: u64,
    pub(super) skipped: TieCaps,
    /// Set when it holds a group together: it shares enough, merged objects counted once.
    pub(super) binds: bool,
}

/// The condition for an edge to bind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding {
    objects: usize,
    window: Span,
    by_rules: bool,
}

impl Binding {
    pub(super) fn new(judge: &JudgeConfig) -> Self {
        Self { objects: judge.objects as usize, window: judge.window, by_rules: judge.method == Method::Rules }
    }
}

impl Graph {
    /// Adds what was told. Gives whether the edge binds now and did not before.
    pub(super) fn add(&mut self, mut tie: StrongTie, at: Timestamp, binding: Binding) -> bool {
        let pair = tie.accounts;
        for item in tie.objects.iter_mut().filter(|item| item.layer == Layer::Text) {
            item.object = resolve(&self.aliases, item.object);
            self.by_text.entry(item.object).or_default().insert(pair);
        }
        if !self.ties.contains_key(&pair) {
            self.neighbours.entry(pair.first).or_default().insert(pair.second);
            self.neighbours.entry(pair.second).or_default().insert(pair.first);
            self.expiry.touch(pair, at);
        }
        let edge = self.ties.entry(pair).or_insert_with(|| Edge {
            ids: tie.ids.clone(),
            since: at,
            newest: at,
            objects: Vec::new(),
            pairs: 0,
            skipped: TieCaps::default(),
            binds: false,
        });
        if hour(edge.newest) != hour(at) {
            self.expiry.touch(pair, at);
        }
        edge.newest = at;
        for item in tie.objects {
            edge.remember(item);
        }
        edge.pairs = tie.pairs;
        edge.skipped = tie.skipped;
        let before = edge.binds;
        edge.binds = before || edge.is_bound(binding);
        edge.binds && !before
    }

    /// Two texts are one from now on. Gives the edges that no longer bind.
    pub(super) fn merge(&mut self, merge: Merge, at: Timestamp, binding: Binding) -> Vec<AccountPair> {
        self.aliases.remove(&merge.new);
        self.aliases.insert(merge.old, merge.new);
        self.alias_expiry.touch(merge.old, at);
        let Some(pairs) = self.by_text.remove(&merge.old) else { return Vec::new() };
        let mut loosened = Vec::new();
        for pair in &pairs {
            if let Some(edge) = self.ties.get_mut(pair) {
                for item in edge.objects.iter_mut().filter(|item| item.object == merge.old) {
                    item.object = merge.new;
                }
                let bound = edge.is_bound(binding);
                if edge.binds && !bound {
                    loosened.push(*pair);
                }
                edge.binds = bound;
            }
        }
        self.by_text.entry(merge.new).or_default().extend(pairs);
        loosened
    }

    /// Forgets ties that have gained nothing since `before`. Gives those that bound.
    pub(super) fn expire(&mut self, before: Timestamp) -> Vec<AccountPair> {
        let mut loosened = Vec::new();
        while let Some(objects) = self.alias_expiry.take_before(before) {
            for object in objects {
                self.aliases.remove(&object);
            }
        }
        while let Some(pairs) = self.expiry.take_before(before) {
            for pair in pairs {
                let idle = self.ties.get(&pair).is_some_and(|edge| hour(edge.newest) < hour(before));
                if idle && self.remove(pair) {
                    loosened.push(pair);
                }
            }
        }
        loosened
    }

    fn remove(&mut self, pair: AccountPair) -> bool {
        for (account, other) in [(pair.first, pair.second), (pair.second, pair.first)] {
            if let Some(others) = self.neighbours.get_mut(&account) {
                others.remove(&other);
                if others.is_empty() {
                    self.neighbours.remove(&account);
                }
            }
        }
        let Some(edge) = self.ties.remove(&pair) else { return false };
        for item in &edge.objects {
            let object = item.object;
            if let Some(pairs) = self.by_text.get_mut(&object) {
                pairs.remove(&pair);
                if pairs.is_empty() {
                    self.by_text.remove(&object);
                }
            }
        }
        edge.binds
    }

    /// Tells whether two accounts are tied by an edge that binds.
    pub(super) fn binds(&self, pair: AccountPair) -> bool {
        self.ties.get(&pair).is_some_and(|edge| edge.binds)
    }

    /// The binding edges of an account: the other account and the edge, in the order of keys.
    pub(super) fn edges(&self, account: AccountKey) -> impl Iterator<Item = (AccountKey, &Edge)> {
        self.neighbours.get(&account).into_iter().flatten().filter_map(move |other| {
            let edge = self.ties.get(&AccountPair::new(account, *other))?;
            edge.binds.then_some((*other, edge))
        })
    }
}

impl Edge {
    /// Keeps the newest objects of each layer, as ties do. One that is told again is not doubled.
    fn remember(&mut self, item: SharedObject) {
        let of_layer = |known: &SharedObject| known.layer == item.layer;
        if let Some(known) = self.objects.iter_mut().find(|known| of_layer(known) && known.object == item.object) {
            *known = item;
            return;
        }
        if self.objects.iter().filter(|known| of_layer(known)).count() == OBJECTS
            && let Some(oldest) = self.objects.iter().position(of_layer)
        {
            self.objects.remove(oldest);
        }
        self.objects.push(item);
    }

    fn is_bound(&self, binding: Binding) -> bool {
        if binding.by_rules {
            return true;
        }
        let mut distinct: Vec<(Layer, ObjectKey)> = self
            .objects
            .iter()
            .filter(|item| item.layer.is_evidence() && item.is_within(binding.window))
            .map(|item| (item.layer, item.object))
            .collect();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.len() >= binding.objects
    }
}

impl SharedObject {
    /// Tells whether the two accounts acted within `window` of each other.
    pub(super) fn is_within(&self, window: Span) -> bool {
        self.apart() <= window
    }

    /// The distance between the two closest posts.
    pub(super) fn apart(&self) -> Span {
        let [a, b] = &self.posts;
        a.post.at.distance(b.post.at)
    }
}
