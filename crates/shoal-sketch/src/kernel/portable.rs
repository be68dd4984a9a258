//! The kernel in plain Rust, which defines what the others must give.

use super::HashFunctions;
use crate::SLOTS;

pub(super) fn portable(lanes: &HashFunctions, shingles: &[u32]) -> [u16; SLOTS] {
    let mut minima = [u16::MAX; SLOTS];
    for &shingle in shingles {
        let halves = [shingle as u16, (shingle >> 16) as u16];
        for (slot, minimum) in minima.iter_mut().enumerate() {
            let value = lanes.multipliers[slot].wrapping_mul(halves[slot & 1]).wrapping_add(lanes.offsets[slot]);
            *minimum = value.min(*minimum);
        }
    }
    minima
}
