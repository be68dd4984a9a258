//! The life of a group: the revisions of its alert so far, and the one that is due.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shoal_model::{AccountKey, AlertState, Lineage, LineageEvent, Timestamp};

use crate::config::JudgeConfig;

/// Events of a lineage that are kept; of more, the first and the newest.
const LINEAGE: usize = 64;

/// The reason for a revision of a group's alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RevisionReason {
    /// It has formed.
    Opened,
    /// It has grown.
    Updated,
    /// It is quiet, or no more.
    Resolved,
    /// It moves again.
    Reopened,
}

impl RevisionReason {
    pub(super) fn state(self) -> AlertState {
        match self {
            Self::Opened => AlertState::Opened,
            Self::Updated => AlertState::Updated,
            Self::Resolved => AlertState::Resolved,
            Self::Reopened => AlertState::Reopened,
        }
    }
}

/// A group, from the judgement it forms at to the one it ends at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Life {
    pub(super) alert_id: String,
    pub(super) members: BTreeSet<AccountKey>,
    pub(super) lineage: Vec<Lineage>,
    /// The last revision that was said; 0 before the first.
    pub(super) revision: u32,
    /// The accounts in it.
    reported: BTreeSet<AccountKey>,
    resolved: Option<Timestamp>,
    /// Split off another group, whose alert named its accounts, and has shared nothing new since.
    dormant: bool,
    /// The time at which the group last shared something new.
    moved: Timestamp,
    /// The time since which its accounts are not those that were reported.
    waiting: Option<Timestamp>,
    /// The time at which it will be looked at though nothing happens.
    pub(super) armed: Option<Timestamp>,
}

impl Life {
    pub(super) fn new(alert_id: String, split_from: Option<String>, at: Timestamp) -> Self {
        let dormant = split_from.is_some();
        let event = if dormant { LineageEvent::SplitFrom } else { LineageEvent::Born };
        Self {
            alert_id,
            members: BTreeSet::new(),
            lineage: vec![Lineage { event, at, other: split_from }],
            revision: 0,
            reported: BTreeSet::new(),
            resolved: None,
            dormant,
            moved: at,
            waiting: None,
            armed: None,
        }
    }

    /// Tells whether people have heard of it and not heard that it is over.
    pub(super) fn is_open(&self) -> bool {
        self.revision > 0 && self.resolved.is_none()
    }

    /// It has shared something new. Gives whether that is news: nothing was to be said of it.
    pub(super) fn moves(&mut self, at: Timestamp) -> bool {
        self.moved = self.moved.max(at);
        std::mem::take(&mut self.dormant) || self.resolved.is_some()
    }

    pub(super) fn set_members(&mut self, members: BTreeSet<AccountKey>, at: Timestamp) {
        if !members.is_subset(&self.members) {
            self.dormant &= self.members.is_empty();
            self.moved = self.moved.max(at);
        }
        self.members = members;
        self.waiting = if self.members == self.reported { None } else { self.waiting.or(Some(at)) };
    }

    pub(super) fn took_in(&mut self, other: &Self, at: Timestamp) {
        self.remember(LineageEvent::Merged, at, Some(other.alert_id.clone()));
        self.moved = self.moved.max(at);
    }

    pub(super) fn merged_into(&mut self, survivor: String, at: Timestamp) {
        self.remember(LineageEvent::MergedInto, at, Some(survivor));
    }

    pub(super) fn ended(&mut self, at: Timestamp) {
        // Nobody is named for the first time by the end of a group.
        self.members.clone_from(&self.reported);
        self.remember(LineageEvent::Ended, at, None);
    }

    fn remember(&mut self, event: LineageEvent, at: Timestamp, other: Option<String>) {
        if self.lineage.len() == LINEAGE {
            self.lineage.remove(1);
        }
        self.lineage.push(Lineage { event, at, other });
    }

    /// The reason for a revision that is due at `at`.
    pub(super) fn due(&self, at: Timestamp, judge: &JudgeConfig) -> Option<RevisionReason> {
        if self.revision == 0 {
            return (!self.dormant).then_some(RevisionReason::Opened);
        }
        if let Some(resolved) = self.resolved {
            return (self.moved > resolved).then_some(RevisionReason::Reopened);
        }
        let grown = self.members.len() as f64 >= self.reported.len() as f64 * judge.growth
            && self.members.len() > self.reported.len();
        let waited = self.waiting.is_some_and(|since| at >= since.plus(judge.update_after));
        if grown || waited {
            return Some(RevisionReason::Updated);
        }
        (at >= self.moved.plus(judge.quiet_after)).then_some(RevisionReason::Resolved)
    }

    /// The time at which a revision may be due though nothing happens.
    pub(super) fn wake(&self, judge: &JudgeConfig) -> Option<Timestamp> {
        let update = self.waiting.filter(|_| !self.dormant).map(|since| since.plus(judge.update_after));
        let quiet = (self.resolved.is_none() && !self.dormant).then(|| self.moved.plus(judge.quiet_after));
        update.into_iter().chain(quiet).min()
    }

    pub(super) fn said(&mut self, reason: RevisionReason, at: Timestamp) {
        self.revision += 1;
        self.resolved = (reason == RevisionReason::Resolved).then_some(at);
        self.reported.clone_from(&self.members);
        self.waiting = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_seconds(hours * 3_600)
    }

    fn accounts(number: u64) -> BTreeSet<AccountKey> {
        (0..number).map(AccountKey::from_raw).collect()
    }

    fn group(members: u64) -> Life {
        let mut group = Life::new("id".to_owned(), None, at(0));
        group.set_members(accounts(members), at(0));
        group
    }

    #[test]
    fn a_group_is_opened_updated_by_growth_and_by_waiting() {
        let judge = JudgeConfig::default();
        let mut group = group(8);
        assert_eq!(group.due(at(0), &judge), Some(RevisionReason::Opened));
        group.said(RevisionReason::Opened, at(0));
        group.set_members(accounts(9), at(1));
        assert_eq!(group.due(at(1), &judge), None, "nine are not a quarter more than eight");
        assert_eq!(group.wake(&judge), Some(at(7)));
        assert_eq!(group.due(at(7), &judge), Some(RevisionReason::Updated));
        group.set_members(accounts(10), at(2));
        assert_eq!(group.due(at(2), &judge), Some(RevisionReason::Updated));
        group.said(RevisionReason::Updated, at(2));
        assert_eq!((group.revision, group.due(at(2), &judge)), (2, None));
    }

    #[test]
    fn a_quiet_group_is_resolved_and_may_move_again() {
        let judge = JudgeConfig::default();
        let mut group = group(3);
        group.said(RevisionReason::Opened, at(0));
        let quiet = group.wake(&judge).unwrap();
        assert_eq!(quiet, at(7 * 24));
        assert_eq!(group.due(quiet, &judge), Some(RevisionReason::Resolved));
        group.said(RevisionReason::Resolved, quiet);
        assert!(!group.is_open() && group.wake(&judge).is_none());
        assert_eq!(group.due(at(500), &judge), None);
        assert!(group.moves(at(501)));
        assert_eq!(group.due(at(501), &judge), Some(RevisionReason::Reopened));
    }

    #[test]
    fn a_part_that_splits_off_speaks_when_it_moves() {
        let judge = JudgeConfig::default();
        let mut part = Life::new("part".to_owned(), Some("whole".to_owned()), at(0));
        part.set_members(accounts(3), at(0));
        assert_eq!(part.due(at(1), &judge), None, "its accounts were named before");
        assert!(part.moves(at(2)));
        assert_eq!(part.due(at(2), &judge), Some(RevisionReason::Opened));
    }

    #[test]
    fn a_long_lineage_keeps_its_first_event() {
        let mut group = group(2);
        for hour in 0..200 {
            let other = Life::new(format!("{hour}"), None, at(hour));
            group.took_in(&other, at(hour));
        }
        assert_eq!(group.lineage.len(), LINEAGE);
        assert_eq!(group.lineage.first().map(|first| first.event), Some(LineageEvent::Born));
    }
}
