//! Totals: actions per layer in the last seven UTC days, up to the last full minute.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use shoal_model::{Layer, Timestamp};

use crate::record::Totals;

/// Days before today that count.
const DAYS_BEFORE: i64 = 6;

/// Actions per layer and UTC day.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct LayerTotals {
    days: VecDeque<(i64, [u64; Layer::COUNT])>,
}

impl LayerTotals {
    /// Adds what one partition counted in one minute. Minutes come in order.
    pub(super) fn add(&mut self, totals: &Totals) {
        let day = Timestamp::from_seconds(totals.minute.saturating_mul(60)).day();
        if self.days.back().is_none_or(|(last, _)| *last < day) {
            self.days.push_back((day, [0; Layer::COUNT]));
        }
        while self.days.front().is_some_and(|(first, _)| *first < day - DAYS_BEFORE) {
            self.days.pop_front();
        }
        if let Some((_, sums)) = self.days.back_mut() {
            for (sum, count) in sums.iter_mut().zip(totals.actions) {
                *sum += count;
            }
        }
    }

    /// Actions on a layer in the days `day` − 6 to `day`.
    pub(super) fn of(&self, layer: Layer, day: i64) -> u64 {
        let counted = self.days.iter().filter(|(of, _)| *of >= day - DAYS_BEFORE);
        counted.map(|(_, sums)| sums[layer.index()]).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_days_count() {
        let mut totals = LayerTotals::default();
        for day in [10_i64, 11, 17] {
            let mut actions = [0; Layer::COUNT];
            actions[Layer::Link.index()] = 5;
            totals.add(&Totals { partition: 0, minute: day * 1_440, actions, accounts: 0 });
        }
        assert_eq!(totals.of(Layer::Link, 17), 10, "day 10 is over");
        assert_eq!(totals.of(Layer::Link, 18), 5);
        assert_eq!(totals.of(Layer::Text, 17), 0);
    }
}
