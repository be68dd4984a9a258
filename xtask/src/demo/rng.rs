//! A small generator of numbers (`SplitMix64`): the same seed gives the same demo everywhere and for ever.

/// The state of the generator.
#[derive(Debug)]
pub(super) struct Rng(u64);

impl Rng {
    /// A generator that starts from `seed`.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which must not be zero.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        (((self.next() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// A number from `low` up to and including `high`.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// Draws whether something happens that does so in `percent` of a hundred cases.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// Draws one of `items`, which must not be empty.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    /// `count` different ones of `items`, in no order; all of them when there are fewer.
    pub(super) fn sample<T: Copy>(&mut self, items: &[T], count: u32) -> Vec<T> {
        let mut items = items.to_vec();
        let count = items.len().min(count as usize);
        for chosen in 0..count {
            let other = chosen + self.below((items.len() - chosen) as u32) as usize;
            items.swap(chosen, other);
        }
        items.truncate(count);
        items
    }

    /// An index into running totals of weights, each as likely as its weight.
    pub(super) fn weighted(&mut self, totals: &[u32]) -> usize {
        let at = self.below(totals.last().copied().unwrap_or(1));
        totals.partition_point(|total| *total <= at)
    }
}

/// Running totals of `weights`, for [`Rng::weighted`].
pub(super) fn totals(weights: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let running = weights.into_iter().scan(0, |sum, weight| {
        *sum += weight;
        Some(*sum)
    });
    running.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut rng = Rng::new(1_234_567);
        assert_eq!([rng.next(), rng.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn weights_are_respected() {
        let mut rng = Rng::new(1);
        let totals = totals([0, 1, 0, 3]);
        let mut seen = [0; 4];
        (0..4000).for_each(|_| seen[rng.weighted(&totals)] += 1);
        assert!(seen[0] == 0 && seen[2] == 0 && (900..1100).contains(&seen[1]));
    }

    #[test]
    fn a_sample_repeats_nothing() {
        let mut sample = Rng::new(2).sample(&[1, 2, 3, 4, 5], 4);
        sample.sort_unstable();
        sample.dedup();
        assert_eq!(sample.len(), 4);
        assert_eq!(Rng::new(2).sample(&[1], 4), [1]);
    }
}
