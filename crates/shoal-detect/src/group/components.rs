//! The groups of accounts, kept up as accounts become significant and cease to be, and as ties come and go.
//!
//! Groups are the connected components of the significant accounts under binding edges, of two accounts or more.
//! Only what a change touches is looked at: first what falls apart, then what comes together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shoal_model::AccountKey;

use crate::group::graph::Graph;
use crate::key::{AccountPair, KeyMap, KeySet};

/// The group of every account. Groups are numbered by age.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Components {
    members: BTreeMap<u32, BTreeSet<AccountKey>>,
    group_of: KeyMap<AccountKey, u32>,
    next: u32,
}

/// Changes since the last time.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Changes {
    /// Accounts that have become significant.
    pub(super) gained: BTreeSet<AccountKey>,
    /// Accounts that have ceased to be.
    pub(super) lost: BTreeSet<AccountKey>,
    /// Edges between significant accounts that bind now.
    pub(super) bound: BTreeSet<AccountPair>,
    /// Edges that no longer bind.
    pub(super) loosened: BTreeSet<AccountPair>,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty() && self.bound.is_empty() && self.loosened.is_empty()
    }
}

/// The fate of the groups, in the order in which it happened.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Succession {
    /// Groups that are no more.
    pub(super) ended: Vec<u32>,
    /// Groups that are new, and the group that they split off.
    pub(super) born: Vec<(u32, Option<u32>)>,
    /// Groups that went into an older one: (older, younger).
    pub(super) merged: Vec<(u32, u32)>,
    /// Groups that are there and whose accounts may have changed.
    pub(super) touched: BTreeSet<u32>,
}

impl Components {
    /// The group of an account.
    pub(super) fn group_of(&self, account: AccountKey) -> Option<u32> {
        self.group_of.get(&account).copied()
    }

    /// The accounts of a group.
    pub(super) fn members(&self, group: u32) -> Option<&BTreeSet<AccountKey>> {
        self.members.get(&group)
    }

    /// Takes in what has changed.
    pub(super) fn update(&mut self, changes: Changes, significant: &BTreeSet<AccountKey>, graph: &Graph) -> Succession {
        let mut succession = Succession::default();
        let mut doubtful: BTreeSet<u32> = BTreeSet::new();
        for account in &changes.lost {
            if let Some(group) = self.group_of.remove(account) {
                self.members.entry(group).or_default().remove(account);
                doubtful.insert(group);
            }
        }
        let ends = changes.loosened.iter().flat_map(|pair| pair.both());
        doubtful.extend(ends.filter_map(|account| self.group_of(account)));
        for group in doubtful {
            self.fall_apart(group, graph, &mut succession);
        }
        let mut edges: BTreeSet<AccountPair> = BTreeSet::new();
        for account in &changes.gained {
            let others = graph.edges(*account).map(|(other, _)| other);
            let others = others.filter(|other| significant.contains(other));
            edges.extend(others.map(|other| AccountPair::new(*account, other)));
        }
        let still = |pair: &AccountPair| pair.both().iter().all(|end| significant.contains(end)) && graph.binds(*pair);
        edges.extend(changes.bound.into_iter().filter(still));
        self.come_together(&edges, &mut succession);
        succession.touched.retain(|group| self.members.contains_key(group));
        succession
    }

    /// Splits a group that may no longer hang together. The largest part goes on, of equal ones the first; accounts
    /// that are left alone are in no group.
    fn fall_apart(&mut self, group: u32, graph: &Graph, succession: &mut Succession) {
        let Some(members) = self.members.remove(&group) else { return };
        let mut parts = connected(&members, graph);
        for alone in parts.iter().filter(|part| part.len() == 1).flatten() {
            self.group_of.remove(alone);
        }
        parts.retain(|part| part.len() > 1);
        // The first of the largest: sorting is stable and parts are in the order of their first accounts.
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        let mut parts = parts.into_iter();
        match parts.next() {
            None => succession.ended.push(group),
            Some(largest) => {
                self.members.insert(group, largest);
                succession.touched.insert(group);
            }
        }
        for part in parts {
            let number = self.add_group(part);
            succession.born.push((number, Some(group)));
            succession.touched.insert(number);
        }
    }

    fn add_group(&mut self, members: BTreeSet<AccountKey>) -> u32 {
        let number = self.next;
        self.next += 1;
        for account in &members {
            self.group_of.insert(*account, number);
        }
        self.members.insert(number, members);
        number
    }

    /// Joins what new edges connect. The oldest group goes on.
    fn come_together(&mut self, edges: &BTreeSet<AccountPair>, succession: &mut Succession) {
        let mut classes = Classes::default();
        for pair in edges {
            let [one, two] = pair.both().map(|account| self.node(account));
            classes.join(one, two);
        }
        for class in classes.all() {
            let groups: Vec<u32> = class.iter().filter_map(GroupOrAccount::group).collect();
            let alone = class.iter().filter_map(GroupOrAccount::account);
            let Some((oldest, younger)) = groups.split_first() else {
                let number = self.add_group(alone.collect());
                succession.born.push((number, None));
                succession.touched.insert(number);
                continue;
            };
            let mut joining: Vec<AccountKey> = alone.collect();
            for group in younger {
                joining.extend(self.members.remove(group).unwrap_or_default());
                succession.merged.push((*oldest, *group));
            }
            for account in joining {
                self.group_of.insert(account, *oldest);
                self.members.entry(*oldest).or_default().insert(account);
            }
            succession.touched.insert(*oldest);
        }
    }

    fn node(&self, account: AccountKey) -> GroupOrAccount {
        self.group_of(account).map_or(GroupOrAccount::Account(account), GroupOrAccount::Group)
    }
}

/// The connected parts of some accounts, in the order of their first accounts. Stops looking at edges as soon as all
/// accounts are reached: in a dense group that is long before all edges are seen.
fn connected(members: &BTreeSet<AccountKey>, graph: &Graph) -> Vec<BTreeSet<AccountKey>> {
    let mut unreached: KeySet<AccountKey> = members.iter().copied().collect();
    let mut parts = Vec::new();
    for start in members {
        if !unreached.remove(start) {
            continue;
        }
        let (mut part, mut next) = (BTreeSet::from([*start]), vec![*start]);
        while let Some(account) = next.pop() {
            if unreached.is_empty() {
                break;
            }
            for (other, _) in graph.edges(account) {
                if unreached.remove(&other) {
                    part.insert(other);
                    next.push(other);
                }
            }
        }
        parts.push(part);
    }
    parts
}

/// A group, or an account without one. Groups come first, by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum GroupOrAccount {
    Group(u32),
    Account(AccountKey),
}

impl GroupOrAccount {
    fn group(&self) -> Option<u32> {
        if let Self::Group(number) = self { Some(*number) } else { None }
    }

    fn account(&self) -> Option<AccountKey> {
        if let Self::Account(account) = self { Some(*account) } else { None }
    }
}

/// Disjoint sets of nodes (union-find with path halving); a class is named by its first node.
#[derive(Default)]
struct Classes {
    parent: BTreeMap<GroupOrAccount, GroupOrAccount>,
}

impl Classes {
    fn root(&mut self, node: GroupOrAccount) -> GroupOrAccount {
        let mut node = node;
        loop {
            let parent = *self.parent.entry(node).or_insert(node);
            if parent == node {
                return node;
            }
            let grandparent = *self.parent.get(&parent).unwrap_or(&parent);
            self.parent.insert(node, grandparent);
            node = grandparent;
        }
    }

    fn join(&mut self, one: GroupOrAccount, two: GroupOrAccount) {
        let (one, two) = (self.root(one), self.root(two));
        let (first, second) = (one.min(two), one.max(two));
        self.parent.insert(second, first);
    }

    /// The classes of two nodes or more, in the order of their first nodes; their nodes in order.
    fn all(mut self) -> Vec<Vec<GroupOrAccount>> {
        let nodes: Vec<GroupOrAccount> = self.parent.keys().copied().collect();
        let mut classes: BTreeMap<GroupOrAccount, Vec<GroupOrAccount>> = BTreeMap::new();
        for node in nodes {
            classes.entry(self.root(node)).or_default().push(node);
        }
        classes.into_values().filter(|class| class.len() > 1).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shoal_model::Timestamp;

    use super::*;
    use crate::config::JudgeConfig;
    use crate::group::graph::Binding;
    use crate::record::{StrongTie, TieCaps};

    const AT: Timestamp = Timestamp::from_seconds(0);

    fn key(number: u64) -> AccountKey {
        AccountKey::from_raw(number)
    }

    /// A graph of edges that all bind.
    fn graph(edges: &BTreeSet<(u64, u64)>) -> Graph {
        let judge = JudgeConfig { method: crate::Method::Rules, ..JudgeConfig::default() };
        let mut graph = Graph::default();
        for (a, b) in edges {
            let tie = StrongTie {
                accounts: AccountPair::new(key(*a), key(*b)),
                ids: ["x:a".into(), "x:b".into()],
                objects: Vec::new(),
                pairs: 1,
                skipped: TieCaps::default(),
            };
            graph.add(tie, AT, Binding::new(&judge));
        }
        graph
    }

    fn set<const N: usize>(accounts: [u64; N]) -> BTreeSet<AccountKey> {
        accounts.into_iter().map(key).collect()
    }

    #[test]
    fn groups_form_grow_merge_split_and_end() {
        let edges = BTreeSet::from([(1, 2), (2, 3), (3, 4), (4, 5), (8, 9)]);
        let graph = graph(&edges);
        let mut components = Components::default();
        let mut significant = set([1, 2, 4, 5]);
        let gained = significant.clone();
        let found = components.update(Changes { gained, ..Changes::default() }, &significant, &graph);
        assert_eq!(found.born, [(0, None), (1, None)]);
        significant.insert(key(3));
        let found = components.update(Changes { gained: set([3]), ..Changes::default() }, &significant, &graph);
        assert_eq!((found.merged, found.touched), (vec![(0, 1)], BTreeSet::from([0])));
        assert_eq!(components.members(0), Some(&set([1, 2, 3, 4, 5])));
        significant.remove(&key(3));
        let found = components.update(Changes { lost: set([3]), ..Changes::default() }, &significant, &graph);
        assert_eq!(found.born, [(2, Some(0))], "the first of two equal parts goes on");
        assert_eq!((components.group_of(key(1)), components.group_of(key(5))), (Some(0), Some(2)));
        significant.remove(&key(1));
        let found = components.update(Changes { lost: set([1]), ..Changes::default() }, &significant, &graph);
        assert_eq!((found.ended, components.group_of(key(2))), (vec![0], None));
    }

    proptest! {
        #[test]
        fn kept_up_or_found_anew_the_groups_are_the_same(
            edges in proptest::collection::btree_set((0_u64..12, 0_u64..12), 0..30),
            steps in proptest::collection::vec(proptest::collection::btree_set(0_u64..12, 0..12), 1..8),
        ) {
            let edges: BTreeSet<_> = edges.into_iter().filter(|(a, b)| a < b).collect();
            let graph = graph(&edges);
            let (mut components, mut before) = (Components::default(), BTreeSet::new());
            for significant in steps {
                let significant: BTreeSet<AccountKey> = significant.into_iter().map(key).collect();
                let changes = Changes {
                    gained: significant.difference(&before).copied().collect(),
                    lost: before.difference(&significant).copied().collect(),
                    ..Changes::default()
                };
                components.update(changes, &significant, &graph);
                let anew: Vec<_> =
                    connected(&significant, &graph).into_iter().filter(|part| part.len() > 1).collect();
                let mut kept: Vec<_> = components.members.values().cloned().collect();
                kept.sort();
                prop_assert_eq!(kept, anew);
                before = significant;
            }
        }
    }
}
