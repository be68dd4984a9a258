//! The kernel for little-endian `AArch64`.

use std::arch::aarch64::{uint16x8_t, vdupq_n_u16, vdupq_n_u32, vminq_u16, vmlaq_u16, vreinterpretq_u16_u32};
use std::mem::transmute;

use super::HashFunctions;
use crate::SLOTS;

#[target_feature(enable = "neon")]
pub(super) fn neon(lanes: &HashFunctions, shingles: &[u32]) -> [u16; SLOTS] {
    // SAFETY: both sides are 128 bytes in which every bit pattern is valid.
    let (multipliers, offsets) = unsafe {
        (
            transmute::<[u16; SLOTS], [uint16x8_t; 8]>(lanes.multipliers),
            transmute::<[u16; SLOTS], [uint16x8_t; 8]>(lanes.offsets),
        )
    };
    let mut minima = [vdupq_n_u16(u16::MAX); 8];
    for &shingle in shingles {
        let halves = vreinterpretq_u16_u32(vdupq_n_u32(shingle));
        for part in 0..8 {
            let value = vmlaq_u16(offsets[part], halves, multipliers[part]);
            minima[part] = vminq_u16(minima[part], value);
        }
    }
    // SAFETY: as above.
    unsafe { transmute::<[uint16x8_t; 8], [u16; SLOTS]>(minima) }
}
