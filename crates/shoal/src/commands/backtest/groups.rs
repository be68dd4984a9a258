//! A digest of the sent alerts of one run: which accounts they flag, as which groups, and how soon.

use std::collections::{BTreeMap, BTreeSet};

use shoal_model::{Alert, AlertState, Cap, LineageEvent, Post};

/// The bits of an account whose alert states none: the configuration judges by rules.
const BITS_BY_RULE: f64 = 1.0;

/// The sent alerts of one run, by account and by group.
#[derive(Debug, Default)]
pub(super) struct Digest<'a> {
    /// Every flagged account, by its native id.
    pub(super) accounts: BTreeMap<&'a str, Flagged<'a>>,
    /// Every group, by the id of its alert.
    pub(super) groups: BTreeMap<&'a str, FlaggedGroup<'a>>,
    /// Revisions that were sent.
    pub(super) revisions: u64,
    /// Revisions that were not: muted or on trial.
    pub(super) revisions_not_sent: u64,
}

/// A flagged account.
#[derive(Debug)]
pub(super) struct Flagged<'a> {
    /// The largest bits in any sent revision.
    pub(super) bits: f64,
    /// The alerts that name it.
    pub(super) alerts: BTreeSet<&'a str>,
}

/// A group, as all sent revisions of its alert show it.
#[derive(Debug)]
pub(super) struct FlaggedGroup<'a> {
    /// Every account that any revision names. An account that left, or went into another group with the rest, still
    /// belongs: a group that was ever mixed is mixed.
    pub(super) members: BTreeSet<&'a str>,
    /// The limits that cut any revision.
    pub(super) caps: BTreeSet<Cap>,
    /// `true` once its newest revision says that it went into another group.
    pub(super) absorbed: bool,
    /// Seconds from its third co-action to the first sent revision, where the evidence shows three.
    pub(super) delay: Option<f64>,
}

impl<'a> Digest<'a> {
    /// Reads the revisions of a run, which come in the order in which they were raised.
    pub(super) fn of(alerts: &'a [Alert]) -> Self {
        let mut digest = Self::default();
        for alert in alerts {
            if alert.shadow || alert.state == AlertState::Suppressed {
                digest.revisions_not_sent += 1;
            } else {
                digest.revisions += 1;
                digest.add(alert);
            }
        }
        digest
    }

    fn add(&mut self, alert: &'a Alert) {
        let id = alert.alert_id.as_str();
        let group = self.groups.entry(id).or_insert_with(|| FlaggedGroup {
            members: BTreeSet::new(),
            caps: BTreeSet::new(),
            absorbed: false,
            delay: delay_from_third_coaction(alert),
        });
        group.absorbed = alert.lineage.last().is_some_and(|last| last.event == LineageEvent::MergedInto);
        group.caps.extend(alert.caps_hit.iter().map(|hit| hit.cap));
        for account in &alert.observed.accounts {
            let native = native(&account.id);
            let own_bits = account.arithmetic.as_ref().map(|arithmetic| arithmetic.bits);
            let bits = own_bits.or(alert.strength.bits).unwrap_or(BITS_BY_RULE);
            group.members.insert(native);
            let flagged = self.accounts.entry(native).or_insert_with(|| Flagged { bits, alerts: BTreeSet::new() });
            flagged.bits = flagged.bits.max(bits);
            flagged.alerts.insert(id);
        }
    }

    /// The number of flagged accounts that stand only in groups wholly of one kind. A group is when there is a kind
    /// that all its members have: an account that posts in several sources has several, one that posts in none has
    /// none. Standing in one mixed group is enough not to be counted.
    pub(super) fn pure_accounts<K: Ord + Clone>(&self, kinds: &BTreeMap<&str, BTreeSet<K>>) -> u64 {
        let pure: BTreeSet<&str> =
            self.groups.iter().filter(|(_, group)| is_pure(&group.members, kinds)).map(|(id, _)| *id).collect();
        self.accounts.values().filter(|flagged| flagged.alerts.is_subset(&pure)).count() as u64
    }

    /// The number of groups that each limit has cut.
    pub(super) fn caps(&self) -> BTreeMap<Cap, u64> {
        let mut counts = BTreeMap::new();
        for cap in self.groups.values().flat_map(|group| &group.caps) {
            *counts.entry(*cap).or_insert(0) += 1;
        }
        counts
    }
}

/// Says whether there is a kind that all members have.
fn is_pure<K: Ord + Clone>(members: &BTreeSet<&str>, kinds: &BTreeMap<&str, BTreeSet<K>>) -> bool {
    let mut shared: Option<BTreeSet<K>> = None;
    for member in members {
        let own = kinds.get(member).cloned().unwrap_or_default();
        shared = Some(shared.map_or_else(|| own.clone(), |shared| &shared & &own));
    }
    shared.is_some_and(|kinds| !kinds.is_empty())
}

/// Seconds of observed time from the third co-action of a group to the judgement that raised `alert`, its first sent
/// revision. The third co-action is the moment at which, for the third object of the evidence, a second account of
/// the group has acted on it. `None` when the evidence listed shows fewer than three such objects.
fn delay_from_third_coaction(alert: &Alert) -> Option<f64> {
    let members: BTreeSet<&str> = alert.observed.accounts.iter().map(|account| account.id.as_str()).collect();
    let mut posts: Vec<_> =
        alert.observed.posts.iter().filter(|post| members.contains(post.account.as_str())).collect();
    posts.sort_by_key(|post| (post.at, &post.id));
    let mut actors: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut shared = 0;
    for post in posts {
        let actors = actors.entry(&post.object).or_default();
        if actors.insert(&post.account) && actors.len() == 2 {
            shared += 1;
            if shared == 3 {
                let delay = alert.raised_at.micros().saturating_sub(post.at.micros());
                return Some(delay as f64 / 1e6);
            }
        }
    }
    None
}

/// The author's id as the platform gave it. An id that has no platform stands for itself: it is a flaw in the alert,
/// and the account will be counted as one that stands in no source.
fn native(id: &str) -> &str {
    Post::split_id(id).map_or(id, |(_, native)| native)
}

#[cfg(test)]
mod tests {
    use shoal_model::{CapHit, Lineage, Timestamp};

    use super::super::testing::{alert, arithmetic, post};
    use super::*;

    fn kinds<'a>(of: &[(&'a str, &[u8])]) -> BTreeMap<&'a str, BTreeSet<u8>> {
        of.iter().map(|(account, kinds)| (*account, kinds.iter().copied().collect())).collect()
    }

    #[test]
    fn an_account_is_flagged_by_any_sent_revision() {
        let mut grown = alert("a1", 2, &["x:u2", "x:u:3"]);
        grown.state = AlertState::Updated;
        let mut muted = alert("a2", 1, &["x:muted"]);
        muted.state = AlertState::Suppressed;
        let mut trial = alert("a3", 1, &["x:trial"]);
        trial.shadow = true;
        let alerts = [alert("a1", 1, &["x:u1", "x:u2"]), muted, trial, grown];
        let digest = Digest::of(&alerts);
        assert_eq!(digest.accounts.keys().copied().collect::<Vec<_>>(), ["u1", "u2", "u:3"]);
        assert_eq!(digest.groups["a1"].members.len(), 3);
        assert_eq!((digest.revisions, digest.revisions_not_sent), (2, 2));
    }

    #[test]
    fn bits_are_the_accounts_own_then_the_alerts_then_one() {
        let mut first = alert("a1", 1, &["x:own", "x:none"]);
        first.observed.accounts[0].arithmetic = Some(arithmetic(20.5));
        first.strength.bits = Some(31.0);
        let mut second = alert("a1", 2, &["x:own", "x:none"]);
        second.observed.accounts[0].arithmetic = Some(arithmetic(18.0));
        let alerts = [first, second, alert("a2", 1, &["x:rule"])];
        let digest = Digest::of(&alerts);
        let bits: Vec<(&str, f64)> = digest.accounts.iter().map(|(id, flagged)| (*id, flagged.bits)).collect();
        assert_eq!(bits, [("none", 31.0), ("own", 20.5), ("rule", 1.0)]);
    }

    #[test]
    fn purity_counts_accounts_all_of_whose_groups_are_of_one_kind() {
        let alerts = [
            alert("one kind", 1, &["x:a", "x:b"]),
            alert("mixed", 1, &["x:b", "x:c"]),
            alert("shared kind", 1, &["x:d", "x:e"]),
            alert("unknown", 1, &["x:f"]),
        ];
        let digest = Digest::of(&alerts);
        let kinds = kinds(&[("a", &[1]), ("b", &[1]), ("c", &[2]), ("d", &[1, 2]), ("e", &[2, 3])]);
        // a, d and e; b stands in a mixed group too, c in it alone, f in no source.
        assert_eq!(digest.pure_accounts(&kinds), 3);
    }

    #[test]
    fn a_group_that_was_ever_mixed_is_mixed() {
        let alerts = [alert("a1", 1, &["x:a", "x:b"]), alert("a1", 2, &["x:a"])];
        let digest = Digest::of(&alerts);
        assert_eq!(digest.pure_accounts(&kinds(&[("a", &[1]), ("b", &[2])])), 0);
        assert_eq!(digest.pure_accounts(&kinds(&[("a", &[1]), ("b", &[1])])), 2);
    }

    #[test]
    fn the_third_coaction_starts_the_clock() {
        let mut first = alert("a1", 1, &["x:a", "x:b", "x:c"]);
        first.raised_at = Timestamp::from_seconds(100);
        first.observed.posts = vec![
            // Unsorted on purpose. o1 is shared at 20, o2 at 35, o3 at 60, o4 at 90.
            post("p9", "x:c", 90, "o4"),
            post("p1", "x:a", 10, "o1"),
            post("p2", "x:b", 20, "o1"),
            // A third account on o1 is no new object, nor is the same account again on o2.
            post("p3", "x:c", 21, "o1"),
            post("p4", "x:a", 30, "o2"),
            post("p5", "x:a", 31, "o2"),
            post("p6", "x:b", 35, "o2"),
            // Not of the group.
            post("p7", "x:z", 40, "o3"),
            post("p8", "x:b", 50, "o3"),
            post("p10", "x:c", 60, "o3"),
            post("p11", "x:a", 61, "o4"),
        ];
        let mut second = first.clone();
        second.raised_at = Timestamp::from_seconds(1_000);
        let alerts = [first, second];
        assert_eq!(Digest::of(&alerts).groups["a1"].delay, Some(40.0));
    }

    #[test]
    fn two_shared_objects_start_no_clock() {
        let mut only = alert("a1", 1, &["x:a", "x:b"]);
        only.observed.posts =
            ["o1", "o2"].iter().flat_map(|object| [post("p", "x:a", 1, object), post("q", "x:b", 2, object)]).collect();
        assert_eq!(delay_from_third_coaction(&only), None);
    }

    #[test]
    fn caps_and_absorption_are_counted_by_group() {
        let event = |event| Lineage { event, at: Timestamp::from_seconds(0), other: None };
        let mut first = alert("a1", 1, &["x:a"]);
        first.caps_hit = vec![CapHit { cap: Cap::AlertPosts, count: 7 }];
        first.lineage = vec![event(LineageEvent::Born)];
        let mut second = alert("a1", 2, &["x:a"]);
        second.caps_hit = vec![CapHit { cap: Cap::AlertPosts, count: 9 }, CapHit { cap: Cap::Company, count: 1 }];
        second.lineage = vec![event(LineageEvent::Born), event(LineageEvent::MergedInto)];
        let alerts = [first, second, alert("a2", 1, &["x:b"])];
        let digest = Digest::of(&alerts);
        assert_eq!(digest.caps(), BTreeMap::from([(Cap::Company, 1), (Cap::AlertPosts, 1)]));
        assert!(digest.groups["a1"].absorbed && !digest.groups["a2"].absorbed);
    }
}
