//! A group at the moment of a judgement, with the evidence of its ties.

use std::collections::{BTreeMap, BTreeSet};

use shoal_model::{
    AccountKey, AlertPost, AlertProfile, AlertTie, Cap, ContextAccount, Layer, LayerCount, ObjectKey, PostRef, Span,
    TiesSummary, Timestamp,
};

use super::caps::Caps;
use super::graph::{Edge, Graph};
use super::life::Life;
use super::ranking::Decision;
use crate::key::{AccountPair, KeyMap, KeySet};
use crate::record::{Act, Candidate, SharedObject};

/// Everything that group knows at a judgement.
pub(super) struct JudgementView<'a> {
    /// Accounts seen so far.
    pub(super) accounts: u64,
    pub(super) decision: Decision,
    pub(super) candidates: &'a KeyMap<AccountKey, Candidate>,
    pub(super) graph: &'a Graph,
    pub(super) allowed: &'a KeySet<AccountKey>,
    pub(super) significant: &'a BTreeSet<AccountKey>,
}

/// A group about which an alert is due.
pub(super) struct AlertCase<'a> {
    pub(super) group: &'a Life,
    pub(super) view: &'a JudgementView<'a>,
    pub(super) evidence: Evidence<'a>,
    /// The time of the judgement.
    pub(super) at: Timestamp,
}

/// The evidence of a group's ties, gathered by what they share.
pub(super) struct Evidence<'a> {
    pub(super) objects: BTreeMap<ObjectKey, CaseObject<'a>>,
    pub(super) edges: Vec<&'a Edge>,
    pub(super) accounts: BTreeMap<AccountKey, Member<'a>>,
}

/// An object that accounts of a group share.
pub(super) struct CaseObject<'a> {
    pub(super) layer: Layer,
    /// An excerpt of the text, an address or an id.
    pub(super) label: &'a str,
    pub(super) accounts: Vec<AccountKey>,
    pub(super) acts: Vec<&'a Act>,
}

/// An account of a group, by the evidence of its ties.
#[derive(Default)]
pub(super) struct Member<'a> {
    pub(super) id: &'a str,
    pub(super) partners: u64,
    pub(super) objects: Vec<ObjectKey>,
    /// The newest post that shows a profile.
    shown: Option<&'a PostRef>,
}

impl<'a> Member<'a> {
    /// Takes notice of a post of this account.
    fn show(&mut self, post: &'a PostRef) {
        let newness = |post: &'a PostRef| (post.at, &post.id);
        if post.profile.is_some() && self.shown.is_none_or(|shown| newness(shown) < newness(post)) {
            self.shown = Some(post);
        }
    }

    /// The account as last seen.
    pub(super) fn profile(&self) -> Option<AlertProfile> {
        AlertProfile::of(self.shown?)
    }
}

impl<'a> AlertCase<'a> {
    pub(super) fn new(group: &'a Life, view: &'a JudgementView<'a>, at: Timestamp) -> Self {
        Self { group, view, evidence: Evidence::gather(group, view.graph), at }
    }

    /// Accounts that share enough with the group and are not significant, or allow-listed.
    pub(super) fn context(&self) -> Vec<ContextAccount> {
        let Self { group, view, .. } = self;
        let mut found: BTreeMap<AccountKey, (&str, u64)> = BTreeMap::new();
        for account in &group.members {
            for (other, edge) in view.graph.edges(*account) {
                if !group.members.contains(&other) && !view.significant.contains(&other) {
                    let id = &edge.ids[usize::from(other > *account)];
                    found.entry(other).or_insert((id, 0)).1 += 1;
                }
            }
        }
        let mut context: Vec<ContextAccount> = found
            .into_iter()
            .map(|(key, (id, partners))| ContextAccount {
                id: id.to_owned(),
                partners,
                allow_listed: view.allowed.contains(&key),
            })
            .collect();
        context.sort_by(|a, b| b.partners.cmp(&a.partners).then_with(|| a.id.cmp(&b.id)));
        context
    }
}

impl<'a> Evidence<'a> {
    pub(super) fn gather(group: &Life, graph: &'a Graph) -> Self {
        let mut evidence = Self { objects: BTreeMap::new(), edges: Vec::new(), accounts: BTreeMap::new() };
        for account in &group.members {
            for (other, edge) in graph.edges(*account).filter(|(other, _)| group.members.contains(other)) {
                if account < &other {
                    evidence.add(AccountPair::new(*account, other), edge);
                }
            }
        }
        evidence.settle();
        evidence
    }

    /// Puts in order what was gathered as it came, each thing once.
    fn settle(&mut self) {
        for object in self.objects.values_mut() {
            object.accounts.sort_unstable();
            object.accounts.dedup();
            object.acts.sort_unstable_by_key(|act| (act.post.at, act.post.key));
            object.acts.dedup_by_key(|act| act.post.key);
        }
        for member in self.accounts.values_mut() {
            member.objects.sort_unstable();
            member.objects.dedup();
        }
    }

    fn add(&mut self, pair: AccountPair, edge: &'a Edge) {
        for item in &edge.objects {
            let object = self.objects.entry(item.object).or_insert_with(|| CaseObject {
                layer: item.layer,
                label: &item.descriptor.label,
                accounts: Vec::new(),
                acts: Vec::new(),
            });
            object.accounts.extend(pair.both());
            object.acts.extend(&item.posts);
        }
        for (account, id) in pair.both().into_iter().zip(&edge.ids) {
            let member = self.accounts.entry(account).or_default();
            member.id = id;
            member.partners += 1;
            member.objects.extend(edge.objects.iter().map(|item| item.object));
            let posts = edge.objects.iter().flat_map(|item| &item.posts).map(|act| &*act.post);
            posts.filter(|post| post.account_key == account).for_each(|post| member.show(post));
        }
        self.edges.push(edge);
    }

    /// Objects, those of most accounts first.
    pub(super) fn ranked(&self) -> Vec<(ObjectKey, &CaseObject<'a>)> {
        let mut objects: Vec<_> = self.objects.iter().map(|(key, object)| (*key, object)).collect();
        objects.sort_by_key(|(key, object)| {
            (!object.layer.is_evidence(), std::cmp::Reverse(object.accounts.len()), object.layer.priority(), *key)
        });
        objects
    }

    pub(super) fn layers(&self) -> Vec<LayerCount> {
        let count = |layer| self.objects.values().filter(|object| object.layer == layer).count() as u64;
        let counts = Layer::BY_PRIORITY.into_iter().map(|layer| LayerCount { layer, objects: count(layer) });
        counts.filter(|count| count.objects > 0).collect()
    }

    pub(super) fn ties(&self, limit: usize) -> TiesSummary {
        let mut edges: Vec<_> = self.edges.iter().collect();
        edges.sort_by_key(|edge| (std::cmp::Reverse(edge.objects.len()), &edge.ids));
        let strongest = edges.into_iter().take(limit).map(|edge| {
            let mut accounts = edge.ids.each_ref().map(ToString::to_string);
            accounts.sort_unstable();
            AlertTie {
                accounts,
                objects: edge.objects.len() as u64,
                pairs: edge.pairs,
                median_seconds: median_apart(edge),
            }
        });
        TiesSummary { count: self.edges.len() as u64, strongest: strongest.collect() }
    }

    /// Posts on the listed objects: of each its first, then of each its second, as far as there is room; oldest first.
    pub(super) fn posts(
        &self,
        objects: &[(ObjectKey, &CaseObject<'a>)],
        listed: usize,
        limit: usize,
        caps: &mut Caps,
    ) -> Vec<AlertPost> {
        let mut rest: Vec<_> =
            objects.iter().take(listed).map(|(key, object)| (*key, object.acts.iter().peekable())).collect();
        let mut posts: Vec<AlertPost> = Vec::new();
        while posts.len() < limit && !rest.is_empty() {
            for (key, of_object) in rest.iter_mut().take(limit - posts.len()) {
                posts.extend(of_object.next().map(|act| AlertPost {
                    id: act.post.id.to_string(),
                    account: act.post.account.to_string(),
                    at: act.post.at,
                    object: key.to_string(),
                    similarity: act.similarity,
                    url: act.post.url.as_deref().map(str::to_owned),
                }));
            }
            rest.retain_mut(|(_, of_object)| of_object.peek().is_some());
        }
        let all: usize = self.objects.values().map(|object| object.acts.len()).sum();
        caps.add(Cap::AlertPosts, (all - posts.len()) as u64);
        posts.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)).then_with(|| a.object.cmp(&b.object)));
        posts
    }
}

fn median_apart(edge: &Edge) -> f64 {
    let mut apart: Vec<Span> = edge.objects.iter().map(SharedObject::apart).collect();
    apart.sort_unstable();
    apart.get(apart.len() / 2).map_or(0.0, |median| median.seconds())
}
