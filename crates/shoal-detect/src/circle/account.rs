//! The circle of an account and the evidence that it gives.

use libm::{exp, log};
use serde::{Deserialize, Serialize};
use shoal_model::{AccountKey, Arithmetic, PostRef};

use crate::key::KeyMap;
use crate::record::{CircleCaps, Meeting};

/// Variants: window of 24 hours; of seven days; of 24 hours where the company remembers too.
pub const VARIANTS: usize = 3;
/// Prior strengths.
pub const KAPPAS: [f64; 3] = [1.0, 10.0, 100.0];
/// The prior strength by which single meetings are shown.
const SHOWN: usize = 1;
/// Meetings of an account that are kept to be shown.
const STRONGEST: usize = 5;
/// Characters of an object's label that such a meeting shows.
const LABEL: usize = 100;

const LOG_2: f64 = std::f64::consts::LN_2;

/// An account. About 250 B, 40 B more per partner.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Account {
    /// Weight of each partner in each variant.
    weights: KeyMap<AccountKey, [f64; VARIANTS]>,
    /// Total weight per variant, forgotten partners included.
    totals: [f64; VARIANTS],
    /// Natural logarithm of the evidence, per variant and prior strength.
    evidence: [[f64; KAPPAS.len()]; VARIANTS],
    exposures: u64,
    strongest: Vec<shoal_model::Meeting>,
    caps: CircleCaps,
    candidate: bool,
}

/// An account of the company and its share of the layer's actions, at most 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) account: AccountKey,
    pub(super) share: f64,
}

/// The outcome of one meeting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judged {
    known: u64,
    bits: f64,
}

impl Account {
    pub(super) fn exposures(&self) -> u64 {
        self.exposures
    }

    /// Judges a meeting by one variant, then adds the company to the circle.
    pub(super) fn meet(&mut self, variant: usize, company: &[Share], limit: usize) -> Judged {
        let size = company.len() as f64;
        let (mut ratio, mut known) = (0.0, 0);
        for Share { account: partner, share } in company {
            if let Some(weights) = self.weights.get(partner)
                && weights[variant] > 0.0
            {
                ratio += weights[variant] / share;
                known += 1;
            }
        }
        let mut shown = 0.0;
        for (number, kappa) in KAPPAS.into_iter().enumerate() {
            // The mean over the company of (c(b) + κ w(b)) / ((n + κ) w(b)).
            let gain = log((ratio + kappa * size) / ((self.totals[variant] + kappa) * size));
            self.evidence[variant][number] += gain;
            if number == SHOWN {
                shown = gain / LOG_2;
            }
        }
        for Share { account: partner, .. } in company {
            self.weights.entry(*partner).or_default()[variant] += 1.0 / size;
        }
        self.totals[variant] += 1.0;
        self.exposures += u64::from(variant == 0);
        self.bound(limit);
        Judged { known, bits: shown }
    }

    /// Adds an account that met this one.
    pub(super) fn remember(&mut self, variant: usize, partner: AccountKey, weight: f64, limit: usize) {
        self.weights.entry(partner).or_default()[variant] += weight;
        self.totals[variant] += weight;
        self.bound(limit);
    }

    /// Beyond the limit forgets the lightest half. Totals keep their weight, so that what is predicted for all
    /// accounts together never exceeds 1 and the evidence stays valid.
    #[allow(clippy::disallowed_methods, reason = "the partners are sorted before any is chosen")]
    fn bound(&mut self, limit: usize) {
        if self.weights.len() <= limit {
            return;
        }
        let mut by_weight: Vec<(f64, AccountKey)> =
            self.weights.iter().map(|(partner, weights)| (weights.iter().sum(), *partner)).collect();
        by_weight.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let forgotten = by_weight.len() / 2;
        for (_, partner) in by_weight.into_iter().take(forgotten) {
            self.weights.remove(&partner);
        }
        self.caps.partners += forgotten as u64;
    }

    /// Keeps a meeting among the strongest.
    pub(super) fn note(&mut self, meeting: &Meeting, post: &PostRef, judged: Judged) {
        self.caps.company += u64::from(meeting.skipped > 0);
        if judged.bits < 1.0 || self.strongest.last().is_some_and(|last| self.is_full() && last.bits >= judged.bits) {
            return;
        }
        let place = self.strongest.partition_point(|other| other.bits >= judged.bits);
        let shown = shoal_model::Meeting {
            post: post.id.to_string(),
            at: meeting.at,
            layer: meeting.layer,
            object: meeting.object.to_string(),
            label: meeting.descriptor.label.chars().take(LABEL).collect(),
            company: u64::from(meeting.within_day),
            known: judged.known,
            bits: round(judged.bits),
        };
        self.strongest.insert(place, shown);
        self.strongest.truncate(STRONGEST);
    }

    fn is_full(&self) -> bool {
        self.strongest.len() == STRONGEST
    }

    /// Tells whether the evidence is, or was, at least `bits`.
    pub(super) fn is_candidate(&mut self, bits: f64) -> bool {
        self.candidate = self.candidate || self.bits() >= bits;
        self.candidate
    }

    /// log2 of the e-value: the mean over variants and prior strengths.
    pub(super) fn bits(&self) -> f64 {
        let logs = self.evidence.as_flattened();
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|value| exp(value - top)).sum();
        (top + log(sum / logs.len() as f64)) / LOG_2
    }

    pub(super) fn arithmetic(&self) -> Arithmetic {
        Arithmetic {
            bits: round(self.bits()),
            exposures: self.exposures,
            variants: self.evidence.map(|logs| logs.map(|value| round(value / LOG_2))),
            strongest: self.strongest.clone(),
        }
    }

    pub(super) fn caps(&self) -> CircleCaps {
        self.caps
    }
}

/// Six decimals: what an alert shows and what decides are the same number.
fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> AccountKey {
        AccountKey::from_raw(number)
    }

    fn share(number: u64, share: f64) -> Share {
        Share { account: key(number), share }
    }

    #[test]
    fn a_stranger_met_again_is_evidence() {
        let mut account = Account::default();
        for _ in 0..10 {
            for variant in 0..VARIANTS {
                account.meet(variant, &[share(7, 0.001)], 100);
            }
        }
        assert!(account.bits() > 40.0, "{}", account.bits());
        let mut busy = Account::default();
        for _ in 0..10 {
            busy.meet(0, &[share(7, 1.0)], 100);
        }
        assert!(busy.bits() <= 1e-9, "an account that is all there is cannot be avoided");
    }

    #[test]
    fn the_first_meeting_is_no_evidence() {
        let mut account = Account::default();
        account.meet(0, &[share(1, 0.5), share(2, 0.01)], 100);
        assert!(account.bits().abs() < 1e-12);
    }

    #[test]
    fn a_circle_is_bounded_and_forgets_the_lightest() {
        let mut account = Account::default();
        for partner in 0..200 {
            account.meet(0, &[share(partner, 0.01)], 128);
            account.meet(0, &[share(5, 0.01)], 128);
        }
        assert!(account.weights.len() <= 128 && account.weights.contains_key(&key(5)));
        assert!(account.caps.partners >= 64);
        let held: f64 =
            (0..200).filter_map(|partner| account.weights.get(&key(partner))).map(|weights| weights[0]).sum();
        assert!(held < account.totals[0]);
    }

    proptest::proptest! {
        #[test]
        fn the_evidence_is_a_fair_bet(weights in proptest::collection::vec(0.01_f64..1.0, 2..8), steps in 0_usize..6) {
            // Company of one, drawn by activity: whatever was met before, the expected gain is at most 1.
            let sum: f64 = weights.iter().sum();
            let shares: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
            let mut account = Account::default();
            for step in 0..steps {
                let partner = step % shares.len();
                account.meet(0, &[share(partner as u64, shares[partner])], 1_000);
            }
            let before = account.evidence[0];
            for (number, _) in KAPPAS.iter().enumerate() {
                let mut expected = 0.0;
                for (partner, weight) in shares.iter().enumerate() {
                    let mut next = Account { weights: account.weights.clone(), totals: account.totals,
                        evidence: account.evidence, ..Account::default() };
                    next.meet(0, &[share(partner as u64, *weight)], 1_000);
                    expected += weight * exp(next.evidence[0][number] - before[number]);
                }
                proptest::prop_assert!((expected - 1.0).abs() < 1e-9);
            }
        }
    }
}
