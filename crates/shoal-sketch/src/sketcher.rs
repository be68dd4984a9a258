//! From shingles to sketches.

use crate::hash::draw;
use crate::kernel::{Detected, HashFunctions, Kernel};
use crate::{SLOTS, Sketch};

/// Computes sketches with 64 hash functions that follow from a seed. Keep the seed secret: who knows it can craft texts
/// that are missed, or that flood a bucket.
#[derive(Debug, Clone)]
pub struct Sketcher {
    lanes: HashFunctions,
    kernel: Detected,
}

impl Sketcher {
    /// A sketcher with the fastest kernel of this processor. Equal seeds give equal sketches everywhere.
    pub fn new(seed: u64) -> Self {
        Self { lanes: lanes(seed), kernel: Detected::best() }
    }

    /// A sketcher with the given kernel; `None` if this processor does not have it. For tests and measurements.
    pub fn with_kernel(seed: u64, kernel: Kernel) -> Option<Self> {
        Detected::of(kernel).map(|kernel| Self { lanes: lanes(seed), kernel })
    }

    /// The kernel in use.
    pub fn kernel(&self) -> Kernel {
        self.kernel.kernel()
    }

    /// The sketch of a set of shingles, which must be well mixed 32-bit hashes: each function sees 16 bits of them.
    /// Order and repetition do not matter. No shingles give [`Sketch::EMPTY`].
    pub fn sketch(&self, shingles: &[u32]) -> Sketch {
        Sketch(self.kernel.minima(&self.lanes, shingles))
    }
}

fn lanes(seed: u64) -> HashFunctions {
    let number = |n: usize| draw(seed, n as u64) as u16;
    HashFunctions {
        multipliers: std::array::from_fn(|slot| number(slot) | 1),
        offsets: std::array::from_fn(|slot| number(SLOTS + slot)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repetition_do_not_matter() {
        let sketcher = Sketcher::new(3);
        assert_eq!(sketcher.sketch(&[1, 2, 3]), sketcher.sketch(&[3, 1, 2, 1]));
        assert_eq!(sketcher.sketch(&[]), Sketch::EMPTY);
        assert_ne!(sketcher.sketch(&[1, 2, 3]), Sketcher::new(4).sketch(&[1, 2, 3]));
    }

    #[test]
    fn the_kernel_asked_for_is_used() {
        assert_eq!(Sketcher::with_kernel(1, Kernel::Portable).map(|s| s.kernel()), Some(Kernel::Portable));
        assert!(Sketcher::new(1).kernel().is_available());
    }

    /// Random sets of 56 shingles at three similarities: the estimate must be unbiased and about as precise as 64
    /// independent fair functions.
    #[test]
    fn estimates_are_unbiased_and_precise() {
        for shared in [20u64, 38, 50] {
            let truth = shared as f64 / (112 - shared) as f64;
            let (mut mean, mut square) = (0.0, 0.0);
            let rounds = 2000;
            for round in 0..rounds {
                let set = |skip: u64| -> Vec<u32> { (skip..skip + 56).map(|n| draw(round, n) as u32).collect() };
                let sketcher = Sketcher::new(draw(99, round));
                let error = f64::from(sketcher.sketch(&set(0)).similarity(&sketcher.sketch(&set(56 - shared)))) - truth;
                mean += error / rounds as f64;
                square += error * error / rounds as f64;
            }
            let ideal = truth * (1.0 - truth) / SLOTS as f64;
            assert!(mean.abs() < 0.01, "bias {mean} at {truth}");
            assert!(square / ideal < 1.25, "variance {} of the ideal at {truth}", square / ideal);
        }
    }
}
