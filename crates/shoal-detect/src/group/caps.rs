//! Limits that cut the evidence of an alert.

use std::collections::BTreeMap;

use shoal_model::{Cap, CapHit};

/// Counts of what limits left out of one alert.
#[derive(Default)]
pub(super) struct Caps(BTreeMap<Cap, u64>);

impl Caps {
    pub(super) fn add(&mut self, cap: Cap, count: u64) {
        if count > 0 {
            *self.0.entry(cap).or_default() += count;
        }
    }

    /// For what many edges tell of the same object: the most of any.
    pub(super) fn most(&mut self, cap: Cap, count: u64) {
        if count > 0 {
            let most = self.0.entry(cap).or_default();
            *most = count.max(*most);
        }
    }

    pub(super) fn cut<T>(&mut self, cap: Cap, list: &mut Vec<T>, limit: usize) {
        self.add(cap, list.len().saturating_sub(limit) as u64);
        list.truncate(limit);
    }

    pub(super) fn hits(self) -> Vec<CapHit> {
        self.0.into_iter().map(|(cap, count)| CapHit { cap, count }).collect()
    }
}
