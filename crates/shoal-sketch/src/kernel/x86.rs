//! Kernels for x86-64.

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_add_epi16, _mm256_min_epu16, _mm256_mullo_epi16, _mm256_set1_epi16, _mm256_set1_epi32,
    _mm512_add_epi16, _mm512_min_epu16, _mm512_mullo_epi16, _mm512_set1_epi16, _mm512_set1_epi32,
};
use std::mem::transmute;

use super::HashFunctions;
use crate::SLOTS;

#[target_feature(enable = "avx2")]
pub(super) fn avx2(lanes: &HashFunctions, shingles: &[u32]) -> [u16; SLOTS] {
    // SAFETY: both sides are 128 bytes in which every bit pattern is valid.
    let (multipliers, offsets) = unsafe {
        (
            transmute::<[u16; SLOTS], [__m256i; 4]>(lanes.multipliers),
            transmute::<[u16; SLOTS], [__m256i; 4]>(lanes.offsets),
        )
    };
    let mut minima = [_mm256_set1_epi16(-1); 4];
    for &shingle in shingles {
        let halves = _mm256_set1_epi32(shingle as i32);
        for part in 0..4 {
            let value = _mm256_add_epi16(_mm256_mullo_epi16(halves, multipliers[part]), offsets[part]);
            minima[part] = _mm256_min_epu16(minima[part], value);
        }
    }
    // SAFETY: as above.
    unsafe { transmute::<[__m256i; 4], [u16; SLOTS]>(minima) }
}

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn avx512(lanes: &HashFunctions, shingles: &[u32]) -> [u16; SLOTS] {
    // SAFETY: both sides are 128 bytes in which every bit pattern is valid.
    let (multipliers, offsets) = unsafe {
        (
            transmute::<[u16; SLOTS], [__m512i; 2]>(lanes.multipliers),
            transmute::<[u16; SLOTS], [__m512i; 2]>(lanes.offsets),
        )
    };
    let mut minima = [_mm512_set1_epi16(-1); 2];
    for &shingle in shingles {
        let halves = _mm512_set1_epi32(shingle as i32);
        for part in 0..2 {
            let value = _mm512_add_epi16(_mm512_mullo_epi16(halves, multipliers[part]), offsets[part]);
            minima[part] = _mm512_min_epu16(minima[part], value);
        }
    }
    // SAFETY: as above.
    unsafe { transmute::<[__m512i; 2], [u16; SLOTS]>(minima) }
}
