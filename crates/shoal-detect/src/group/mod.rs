//! Group: the accounts that are significant, those of them that move together, and the alerts about them.
//!
//! A single partition. Every few seconds of event time it judges: e-BH over the accounts whose e-value is at least
//! 1/α, groups as components of significant accounts under binding ties, and an alert for each group that has
//! formed, grown, fallen quiet, merged or ended.

mod benign;
mod caps;
mod case;
mod components;
mod graph;
mod life;
mod ranking;
mod report;
mod summary;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shoal_model::{AccountKey, Alert, AlertState, Provenance, Span, Timestamp};

use self::case::{AlertCase, JudgementView};
use self::components::{Changes, Components};
use self::graph::{Binding, Graph};
use self::life::{Life, RevisionReason};
use self::ranking::{Decision, Ranking};
use self::report::Reporter;
use crate::config::{JudgeConfig, Method, Mute};
use crate::key::{KeyMap, KeySet, Keyer};
use crate::lanes::Lanes;
use crate::record::{Candidate, GroupIn, Order, StrongTie, Trigger};
use crate::stage::{Emitter, Setup, Stage};
use crate::topology::{Outbox, StageName};
use crate::{Config, Error};

/// The stage.
#[derive(Debug)]
pub struct Group {
    judge: JudgeConfig,
    tie_memory: Span,
    binding: Binding,
    keyer: Keyer,
    allowed: KeySet<AccountKey>,
    mutes: Vec<Mute>,
    reporter: Reporter,
    state: GroupState,
}

/// The state of group.
#[derive(Debug, Serialize, Deserialize)]
pub struct GroupState {
    /// Accounts seen up to the last full minute.
    accounts: u64,
    candidates: KeyMap<AccountKey, Candidate>,
    ranking: Ranking,
    decision: Decision,
    /// Accounts whose bits changed since the last judgement.
    changed: BTreeSet<AccountKey>,
    significant: BTreeSet<AccountKey>,
    graph: Graph,
    /// Changes since the last judgement.
    changes: Changes,
    components: Components,
    groups: BTreeMap<u32, Life>,
    judge_at: Option<Timestamp>,
    /// Times at which groups have to be looked at again though nothing happens to them.
    wake: BTreeSet<(Timestamp, u32)>,
}

impl Group {
    /// The one partition. `provenance` goes into every alert.
    pub fn new(config: &Config, provenance: Provenance) -> Self {
        let keyer = Keyer::new(config.seed);
        Self {
            judge: config.judge.clone(),
            tie_memory: config.tie_memory,
            binding: Binding::new(&config.judge),
            keyer,
            allowed: config.allow.accounts.iter().map(|id| keyer.account(id)).collect(),
            mutes: config.mute.clone(),
            reporter: Reporter::new(config, provenance),
            state: GroupState {
                accounts: 0,
                candidates: KeyMap::default(),
                ranking: Ranking::default(),
                decision: Decision::NONE,
                changed: BTreeSet::new(),
                significant: BTreeSet::new(),
                graph: Graph::default(),
                changes: Changes::default(),
                components: Components::default(),
                groups: BTreeMap::new(),
                judge_at: None,
                wake: BTreeSet::new(),
            },
        }
    }

    fn candidate(&mut self, candidate: Candidate) {
        self.state.ranking.set(candidate.account, candidate.arithmetic.bits);
        self.state.changed.insert(candidate.account);
        self.state.candidates.insert(candidate.account, candidate);
    }

    fn tie(&mut self, tie: StrongTie, at: Timestamp) {
        let pair = tie.accounts;
        let [a, b] = pair.both();
        let group = self.state.components.group_of(a).filter(|own| self.state.components.group_of(b) == Some(*own));
        let shows = tie.objects.iter().any(|item| item.layer.is_evidence());
        if let Some(number) = group.filter(|_| shows)
            && let Some(group) = self.state.groups.get_mut(&number)
            && group.moves(at)
        {
            self.state.wake.insert((self.next_judgement(at), number));
        }
        if !self.state.graph.add(tie, at, self.binding) {
            return;
        }
        if self.judge.method == Method::Rules {
            let named = [a, b].into_iter().filter(|account| !self.allowed.contains(account));
            let gained: Vec<AccountKey> = named.filter(|account| self.state.significant.insert(*account)).collect();
            self.state.changes.gained.extend(gained);
        }
        if group.is_none() {
            self.state.changes.bound.insert(pair);
        }
    }

    fn next_judgement(&self, at: Timestamp) -> Timestamp {
        at.floor(self.judge.every).plus(self.judge.every)
    }

    /// Decides anew who is significant.
    fn decide(&mut self) {
        if self.judge.method == Method::Rules {
            return;
        }
        let decision = self.state.ranking.decide(self.state.accounts, self.judge.alpha);
        let between = self.state.ranking.between(self.state.decision.threshold, decision.threshold);
        self.state.changed.extend(between);
        self.state.decision = decision;
        for account in std::mem::take(&mut self.state.changed) {
            let bits = self.state.ranking.bits(account).unwrap_or(f64::NEG_INFINITY);
            let significant = bits >= decision.threshold && !self.allowed.contains(&account);
            if significant && self.state.significant.insert(account) {
                self.state.changes.gained.insert(account);
            } else if !significant && self.state.significant.remove(&account) {
                self.state.changes.lost.insert(account);
            }
        }
    }

    fn judge(&mut self, at: Timestamp, said: &mut Vec<Alert>) {
        let forgotten = self.state.graph.expire(at.minus(self.tie_memory));
        self.state.changes.loosened.extend(forgotten);
        self.decide();
        let mut numbers = self.take_woken(at);
        if !self.state.changes.is_empty() {
            numbers.extend(self.regroup(at, said));
        }
        for number in numbers {
            self.consider(number, at, said);
        }
    }

    fn take_woken(&mut self, at: Timestamp) -> BTreeSet<u32> {
        let mut woken = BTreeSet::new();
        while let Some((when, number)) = self.state.wake.first().copied().filter(|(when, _)| *when <= at) {
            self.state.wake.remove(&(when, number));
            woken.insert(number);
        }
        woken
    }

    /// Keeps the groups up with what has changed. Gives those that may have something to say.
    fn regroup(&mut self, at: Timestamp, said: &mut Vec<Alert>) -> BTreeSet<u32> {
        let changes = std::mem::take(&mut self.state.changes);
        let succession = self.state.components.update(changes, &self.state.significant, &self.state.graph);
        for number in &succession.ended {
            self.end(*number, at, said);
        }
        for (number, split_from) in &succession.born {
            self.born(*number, *split_from, at);
        }
        for (oldest, younger) in &succession.merged {
            self.merge(*oldest, *younger, at, said);
        }
        for number in &succession.touched {
            let members = self.state.components.members(*number).cloned().unwrap_or_default();
            if let Some(group) = self.state.groups.get_mut(number) {
                group.set_members(members, at);
            }
        }
        succession.touched
    }

    fn born(&mut self, number: u32, split_from: Option<u32>, at: Timestamp) {
        let Some(members) = self.state.components.members(number) else { return };
        let first = members
            .iter()
            .flat_map(|account| self.state.graph.edges(*account).filter(|(other, _)| members.contains(other)))
            .map(|(_, edge)| (edge.since, edge.ids.each_ref().map(|id| &**id)))
            .min();
        let ids = first.map_or([""; 2], |(_, ids)| ids);
        let alert_id = self.keyer.group(ids, at);
        let origin = split_from.and_then(|number| self.state.groups.get(&number)).map(|group| group.alert_id.clone());
        self.state.groups.insert(number, Life::new(alert_id, origin, at));
    }

    fn merge(&mut self, oldest: u32, younger: u32, at: Timestamp, said: &mut Vec<Alert>) {
        let Some(survivor) = self.state.groups.get(&oldest).map(|group| group.alert_id.clone()) else { return };
        let Some(mut group) = self.state.groups.remove(&younger) else { return };
        group.merged_into(survivor, at);
        if let Some(survivor) = self.state.groups.get_mut(&oldest) {
            survivor.took_in(&group, at);
        }
        self.close(group, at, said);
    }

    fn end(&mut self, number: u32, at: Timestamp, said: &mut Vec<Alert>) {
        if let Some(mut group) = self.state.groups.remove(&number) {
            group.ended(at);
            self.close(group, at, said);
        }
    }

    /// The last word about a group that is no more.
    fn close(&mut self, mut group: Life, at: Timestamp, said: &mut Vec<Alert>) {
        if group.is_open() {
            self.say(&mut group, RevisionReason::Resolved, at, said);
        }
    }

    /// Says what there is to say about a group, and when to look at it again.
    fn consider(&mut self, number: u32, at: Timestamp, said: &mut Vec<Alert>) {
        let Some(mut group) = self.state.groups.remove(&number) else { return };
        if let Some(reason) = group.due(at, &self.judge) {
            self.say(&mut group, reason, at, said);
        }
        group.armed.take_if(|armed| *armed <= at);
        let earlier = |wake: &Timestamp| *wake > at && group.armed.is_none_or(|armed| *wake < armed);
        if let Some(wake) = group.wake(&self.judge).filter(earlier) {
            group.armed = Some(wake);
            self.state.wake.insert((wake, number));
        }
        self.state.groups.insert(number, group);
    }

    fn say(&self, group: &mut Life, reason: RevisionReason, at: Timestamp, said: &mut Vec<Alert>) {
        let view = JudgementView {
            accounts: self.state.accounts,
            decision: self.state.decision,
            candidates: &self.state.candidates,
            graph: &self.state.graph,
            allowed: &self.allowed,
            significant: &self.state.significant,
        };
        let mut alert = self.reporter.report(&AlertCase::new(group, &view, at), reason);
        if self.is_muted(&alert, at) {
            alert.state = AlertState::Suppressed;
        }
        group.said(reason, at);
        said.push(alert);
    }

    fn is_muted(&self, alert: &Alert, at: Timestamp) -> bool {
        let live = || self.mutes.iter().filter(|mute| at < mute.until);
        let by_alert = live().any(|mute| mute.alert.as_ref() == Some(&alert.alert_id));
        let muted = |id: &String| live().any(|mute| mute.account.as_ref() == Some(id));
        let accounts = &alert.observed.accounts;
        by_alert || (!accounts.is_empty() && accounts.iter().all(|account| muted(&account.id)))
    }
}

impl Stage for Group {
    const NAME: StageName = StageName::Group;

    type In = GroupIn;
    type State = GroupState;

    fn open(setup: &Setup<'_>, _partition: u16) -> Result<Self, Error> {
        Ok(Self::new(setup.config, setup.provenance.clone()))
    }

    fn lane(outbox: &mut Outbox) -> &mut Lanes<GroupIn> {
        &mut outbox.group
    }

    fn process(&mut self, trigger: &Trigger, records: &mut Vec<GroupIn>, _out: &mut Emitter<'_, Self>) {
        for record in records.drain(..) {
            match record {
                GroupIn::Totals(totals) => {
                    self.state.accounts += totals.accounts;
                    continue;
                }
                GroupIn::Merge(merge) => {
                    let loosened = self.state.graph.merge(merge, trigger.at, self.binding);
                    self.state.changes.loosened.extend(loosened);
                }
                GroupIn::Candidate(candidate) => self.candidate(*candidate),
                GroupIn::Tie(tie) => self.tie(*tie, trigger.at),
            }
            let next = self.next_judgement(trigger.at);
            self.state.judge_at.get_or_insert(next);
        }
    }

    fn next_timer(&self) -> Option<Timestamp> {
        let wake = self.state.wake.first().map(|(at, _)| *at);
        self.state.judge_at.into_iter().chain(wake).min()
    }

    fn timer(&mut self, at: Timestamp, out: &mut Emitter<'_, Self>) {
        self.state.judge_at.take_if(|judge_at| *judge_at <= at);
        let mut said = Vec::new();
        self.judge(at, &mut said);
        for (place, alert) in (0_u64..).zip(said) {
            out.alert(Trigger::timer(at), Order::new(0, place), alert);
        }
    }

    fn state(&self) -> &GroupState {
        &self.state
    }

    fn restore(&mut self, state: GroupState) {
        self.state = state;
    }
}
