//! The activity of accounts: the base rate that the circle test compares with.

use serde::{Deserialize, Serialize};
use shoal_model::{AccountKey, Layer, Span, Timestamp};

use super::ACTIVE_DAYS;
use crate::key::{KeyMap, KeySet};
use crate::record::Totals;

/// Actions on one layer in one UTC day.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Daily {
    day: i64,
    layer: u8,
    count: u32,
}

/// Accounts: those ever seen, and the activity of those active lately. Memory: 9 B per account ever seen, about
/// 100 B more per account active within seven days.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Accounts {
    seen: KeySet<AccountKey>,
    active: KeyMap<AccountKey, Vec<Daily>>,
    day: Option<i64>,
}

impl Accounts {
    /// Tells whether an account is seen for the first time.
    pub(super) fn meet(&mut self, account: AccountKey) -> bool {
        self.seen.insert(account)
    }

    /// Adds actions; gives the account's actions per layer in the UTC days `day` − 6 to `day`.
    pub(super) fn act(&mut self, account: AccountKey, day: i64, actions: &[u32; Layer::COUNT]) -> [u32; Layer::COUNT] {
        if self.day != Some(day) {
            self.forget_idle(day);
            self.day = Some(day);
        }
        let days = self.active.entry(account).or_default();
        days.retain(|daily| daily.day > day - ACTIVE_DAYS);
        for (layer, count) in actions.iter().enumerate().filter(|(_, count)| **count > 0) {
            let layer = layer as u8;
            match days.iter_mut().find(|daily| daily.day == day && daily.layer == layer) {
                Some(daily) => daily.count = daily.count.saturating_add(*count),
                None => days.push(Daily { day, layer, count: *count }),
            }
        }
        let mut sums = [0_u32; Layer::COUNT];
        for daily in days {
            if let Some(sum) = sums.get_mut(usize::from(daily.layer)) {
                *sum = sum.saturating_add(daily.count);
            }
        }
        sums
    }

    #[allow(clippy::disallowed_methods, reason = "what is retained does not depend on the order of visits")]
    fn forget_idle(&mut self, day: i64) {
        self.active.retain(|_, days| days.iter().any(|daily| daily.day > day - ACTIVE_DAYS));
    }
}

/// Counts of the minute that is not over yet.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Minute {
    number: i64,
    actions: [u64; Layer::COUNT],
    accounts: u64,
}

impl Minute {
    /// The minute that `at` lies in.
    pub(super) fn new(at: Timestamp) -> Self {
        Self { number: at.minute(), actions: [0; Layer::COUNT], accounts: 0 }
    }

    /// The moment at which it is over.
    pub(super) fn end(&self) -> Timestamp {
        Timestamp::from_seconds(self.number.saturating_mul(60)).plus(Span::from_seconds(60))
    }

    pub(super) fn add(&mut self, actions: &[u32; Layer::COUNT], is_new: bool) {
        for (sum, count) in self.actions.iter_mut().zip(actions) {
            *sum += u64::from(*count);
        }
        self.accounts += u64::from(is_new);
    }

    pub(super) fn totals(&self, partition: u16) -> Totals {
        Totals { partition, minute: self.number, actions: self.actions, accounts: self.accounts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activity_counts_seven_utc_days() {
        let key = AccountKey::from_raw;
        let mut accounts = Accounts::default();
        let mut one = [0; Layer::COUNT];
        one[Layer::Text.index()] = 1;
        let text = |counts: [u32; Layer::COUNT]| counts[Layer::Text.index()];
        assert_eq!(text(accounts.act(key(7), 100, &one)), 1);
        assert_eq!(text(accounts.act(key(7), 106, &one)), 2);
        assert_eq!(text(accounts.act(key(7), 107, &one)), 2, "day 100 no longer counts");
        assert_eq!(text(accounts.act(key(8), 107, &one)), 1);
        assert!(accounts.meet(key(7)) && !accounts.meet(key(7)));
        accounts.act(key(9), 200, &one);
        assert_eq!(accounts.active.len(), 1, "idle accounts are forgotten");
    }
}
