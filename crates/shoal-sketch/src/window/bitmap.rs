//! A cheap bound on how much two sets have in common.

const WORDS: usize = 8;

/// A bit for each of 512 ranges of shingles: set when a set touches it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bitmap([u64; WORDS]);

impl Bitmap {
    pub(super) fn of(shingles: &[u32]) -> Self {
        let mut words = [0; WORDS];
        for &shingle in shingles {
            let bit = shingle >> 23;
            words[(bit / 64) as usize] |= 1 << (bit % 64);
        }
        Self(words)
    }

    /// The most elements that the two sets can have in common, if they have `total` together: each range that only one
    /// of them touches holds an element that the other lacks.
    pub(super) fn most_common(&self, other: &Self, total: usize) -> usize {
        let differ: u32 = self.0.iter().zip(&other.0).map(|(a, b)| (a ^ b).count_ones()).sum();
        total.saturating_sub(differ as usize) / 2
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_says_less_than_the_truth(
            shared in prop::collection::btree_set(any::<u32>(), 0..80),
            left in prop::collection::btree_set(any::<u32>(), 0..80),
            right in prop::collection::btree_set(any::<u32>(), 0..80),
        ) {
            let a: Vec<u32> = shared.union(&left).copied().collect();
            let b: Vec<u32> = shared.union(&right).copied().collect();
            let common = a.iter().collect::<BTreeSet<_>>().intersection(&b.iter().collect()).count();
            let most = Bitmap::of(&a).most_common(&Bitmap::of(&b), a.len() + b.len());
            prop_assert!(most >= common);
            prop_assert!(most <= usize::midpoint(a.len(), b.len()));
        }
    }

    #[test]
    fn tells_different_sets_apart() {
        let random = |seed: u64| -> Vec<u32> { (0..56).map(|n| crate::hash::draw(seed, n) as u32).collect() };
        let most = Bitmap::of(&random(0)).most_common(&Bitmap::of(&random(1)), 112);
        assert!(most < 20, "{most}");
    }
}
