//! False-discovery control over e-values: e-BH (Wang and Ramdas 2022).

use serde::{Deserialize, Serialize};

use shoal_model::AccountKey;

use crate::key::KeyMap;

/// Candidates by evidence. Only accounts with e ≥ 1/α are here: no others can be significant.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Ranking {
    /// Weakest first.
    sorted: Vec<Ranked>,
    bits: KeyMap<AccountKey, f64>,
}

/// A candidate and its bits.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Ranked {
    bits: f64,
    account: AccountKey,
}

/// The decision of e-BH.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Decision {
    /// Significant accounts, k.
    pub(super) significant: u64,
    /// The bits that an account needs: log2(m / (α k)); infinite when none is significant.
    pub(super) threshold: f64,
}

impl Decision {
    /// Nobody is significant.
    pub(super) const NONE: Self = Self { significant: 0, threshold: f64::INFINITY };
}

impl Ranking {
    /// Sets the bits of an account.
    pub(super) fn set(&mut self, account: AccountKey, bits: f64) {
        if let Some(old) = self.bits.insert(account, bits) {
            let place = self.place(old, account);
            self.sorted.remove(place);
        }
        let place = self.place(bits, account);
        self.sorted.insert(place, Ranked { bits, account });
    }

    /// The bits of an account.
    pub(super) fn bits(&self, account: AccountKey) -> Option<f64> {
        self.bits.get(&account).copied()
    }

    fn place(&self, bits: f64, account: AccountKey) -> usize {
        self.sorted.partition_point(|other| other.bits.total_cmp(&bits).then(other.account.cmp(&account)).is_lt())
    }

    fn at_least(&self, bits: f64) -> usize {
        self.sorted.len() - self.sorted.partition_point(|other| other.bits < bits)
    }

    /// The largest k such that k accounts have e ≥ m / (α k). From above: with at most k significant accounts the
    /// threshold is at least that of k, so counting again can only lower k, down to the largest fixed point.
    pub(super) fn decide(&self, accounts: u64, alpha: f64) -> Decision {
        let mut count = self.sorted.len();
        while count > 0 {
            let threshold = libm::log2(accounts.max(1) as f64 / (alpha * count as f64));
            let passing = self.at_least(threshold);
            if passing >= count {
                return Decision { significant: count as u64, threshold };
            }
            count = passing;
        }
        Decision::NONE
    }

    /// The accounts with bits between two thresholds, in either order: those for whom the decision may differ.
    pub(super) fn between(&self, one: f64, other: f64) -> impl Iterator<Item = AccountKey> + '_ {
        let from = self.sorted.partition_point(|ranked| ranked.bits < one.min(other));
        let to = self.sorted.partition_point(|ranked| ranked.bits < one.max(other));
        self.sorted.get(from..to).unwrap_or_default().iter().map(|ranked| ranked.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(bits: &[f64]) -> Ranking {
        let mut ranking = Ranking::default();
        for (account, bits) in bits.iter().enumerate() {
            ranking.set(AccountKey::from_raw(account as u64), *bits);
        }
        ranking
    }

    #[test]
    fn one_account_needs_all_the_bits() {
        let decision = ranking(&[16.6, 3.0]).decide(1_000, 0.01);
        assert_eq!(decision.significant, 0, "log2(1000 / 0.01) is 16.61");
        let decision = ranking(&[16.7, 3.0]).decide(1_000, 0.01);
        assert_eq!(decision.significant, 1);
    }

    #[test]
    fn many_accounts_need_fewer() {
        let decision = ranking(&[14.0; 8]).decide(1_000, 0.01);
        assert_eq!(decision.significant, 8);
        assert!((decision.threshold - libm::log2(12_500.0)).abs() < 1e-12);
    }

    #[test]
    fn bits_can_change() {
        let mut ranking = ranking(&[20.0, 20.0]);
        let (first, second) = (AccountKey::from_raw(0), AccountKey::from_raw(1));
        ranking.set(first, 1.0);
        assert_eq!(ranking.bits(first), Some(1.0));
        assert_eq!(ranking.decide(1_000, 0.01).significant, 1);
        assert_eq!(ranking.between(10.0, 30.0).collect::<Vec<_>>(), [second]);
    }

    proptest::proptest! {
        #[test]
        fn the_decision_is_the_definition(bits in proptest::collection::vec(0.0_f64..30.0, 0..60), m in 60_u64..5_000) {
            let mut sorted = bits.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            let defined = (1..=sorted.len())
                .filter(|k| sorted[k - 1] >= libm::log2(m as f64 / (0.01 * *k as f64)))
                .max().unwrap_or(0);
            proptest::prop_assert_eq!(ranking(&bits).decide(m, 0.01).significant, defined as u64);
        }
    }
}
