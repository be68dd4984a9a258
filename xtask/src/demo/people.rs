//! The invented accounts.

use std::collections::BTreeSet;
use std::ops::Range;

use super::grammar::Grammar;
use super::rng::{self, Rng};

/// The number of accounts.
const ACCOUNTS: usize = 720;
/// The accounts of the campaigns. They stand among the accounts of middling activity, and nothing but what they
/// do together tells them from the others.
const SLOGANS: Range<usize> = 120..134;
const LINKS: Range<usize> = 160..169;

/// The invented accounts: index is identity, and a lower index is a busier account.
#[derive(Debug)]
pub(super) struct People {
    handles: Vec<String>,
    /// Running totals of activity.
    activity: Vec<u32>,
}

impl People {
    pub(super) fn invent(grammar: &Grammar, rng: &mut Rng) -> Self {
        let (mut handles, mut taken) = (Vec::with_capacity(ACCOUNTS), BTreeSet::new());
        while handles.len() < ACCOUNTS {
            let handle = grammar.say(rng, "handle");
            if taken.insert(handle.clone()) {
                handles.push(handle);
            }
        }
        // A few accounts write a lot and most write little, as everywhere.
        let activity = rng::totals((0..ACCOUNTS as u32).map(|rank| 4_000 / (rank + 12) + 8));
        Self { handles, activity }
    }

    pub(super) fn handle(&self, account: usize) -> &str {
        &self.handles[account]
    }

    /// Somebody, the busier the likelier.
    pub(super) fn anybody(&self, rng: &mut Rng) -> usize {
        rng.weighted(&self.activity)
    }

    /// Returns whether an account belongs to no campaign.
    pub(super) fn is_bystander(account: usize) -> bool {
        !SLOGANS.contains(&account) && !LINKS.contains(&account)
    }

    /// Somebody who belongs to no campaign, all equally likely.
    pub(super) fn bystander(rng: &mut Rng) -> usize {
        loop {
            let account = rng.below(ACCOUNTS as u32) as usize;
            if Self::is_bystander(account) {
                return account;
            }
        }
    }

    /// The accounts that post variants of the same slogans.
    pub(super) fn slogan_campaign() -> Vec<usize> {
        SLOGANS.collect()
    }

    /// The accounts that push one site.
    pub(super) fn link_campaign() -> Vec<usize> {
        LINKS.collect()
    }

    /// The truth about these accounts: author and label, separated by a tab.
    pub(super) fn labels(&self, accounts: &BTreeSet<usize>) -> String {
        let mut lines: Vec<String> = accounts
            .iter()
            .copied()
            .map(|account| {
                let label = if Self::is_bystander(account) { "ordinary" } else { "coordinated" };
                format!("{}\t{label}\n", self.handle(account))
            })
            .collect();
        lines.sort();
        format!("author\tlabel\n{}", lines.concat())
    }
}
