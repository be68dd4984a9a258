//! Mixing of integers.

/// The step of a splitmix64 generator: an odd constant from the golden ratio.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A bijection on 64 bits whose output bits all depend on all input bits (the finaliser of splitmix64, Steele et al.
/// 2014).
pub(crate) const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// The `n`-th number drawn from a seed.
pub(crate) const fn draw(seed: u64, n: u64) -> u64 {
    mix(seed.wrapping_add(STEP.wrapping_mul(n.wrapping_add(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_those_of_splitmix64() {
        // The reference implementation's first two outputs from seed 0.
        assert_eq!((draw(0, 0), draw(0, 1)), (0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4));
    }

    #[test]
    fn one_bit_changes_half_the_output() {
        for bit in 0..64 {
            let changed = (mix(0x3039) ^ mix(0x3039 ^ (1 << bit))).count_ones();
            assert!((12..=52).contains(&changed), "bit {bit} changes {changed}");
        }
    }
}
