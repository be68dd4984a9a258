//! The loops that are worth vector instructions, each behind a safe function.
//!
//! A kernel computes, for every slot `i`, the minimum over all shingles `x` of `a[i] * h(x, i) + b[i]` modulo 2^16,
//! where `h(x, i)` is the lower half of `x` for even slots and the upper half for odd ones. A vector register that
//! holds `x` in every 32-bit lane holds just that in its 16-bit lanes, so the halves cost nothing.
#![allow(unsafe_code, reason = "vector intrinsics need it; every use is behind a safe function of this module")]

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::SLOTS;

/// The instructions that a sketch is computed with. All give the same bits; they differ in speed alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Plain Rust.
    Portable,
    /// 256-bit vectors (x86-64).
    Avx2,
    /// 512-bit vectors of 16-bit lanes (x86-64 with AVX-512BW).
    Avx512,
    /// 128-bit vectors (little-endian `AArch64`).
    Neon,
}

impl Kernel {
    /// All kernels, the fastest last.
    pub const ALL: [Self; 4] = [Self::Portable, Self::Neon, Self::Avx2, Self::Avx512];

    /// Tells whether this processor can run the kernel.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("avx512bw")
            }
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            #[allow(unreachable_patterns, reason = "which kernels are left depends on the target")]
            _ => false,
        }
    }
}

/// The multipliers and offsets of the hash functions.
#[derive(Debug, Clone)]
pub(crate) struct HashFunctions {
    /// Odd, so that each function is a bijection on 16 bits.
    pub(crate) multipliers: [u16; SLOTS],
    pub(crate) offsets: [u16; SLOTS],
}

/// A kernel that this processor was found to have: the proof that running it is safe.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Detected(Kernel);

impl Detected {
    /// The fastest kernel of this processor.
    pub(crate) fn best() -> Self {
        Self(Kernel::ALL.into_iter().rfind(|kernel| kernel.is_available()).unwrap_or(Kernel::Portable))
    }

    /// `kernel`, if this processor has it.
    pub(crate) fn of(kernel: Kernel) -> Option<Self> {
        kernel.is_available().then_some(Self(kernel))
    }

    pub(crate) fn kernel(self) -> Kernel {
        self.0
    }

    /// The 64 minima; `u16::MAX` everywhere for no shingles.
    pub(crate) fn minima(self, lanes: &HashFunctions, shingles: &[u32]) -> [u16; SLOTS] {
        match self.0 {
            // SAFETY: a `Detected` exists only for kernels whose instructions the processor has.
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => unsafe { x86::avx2(lanes, shingles) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => unsafe { x86::avx512(lanes, shingles) },
            // SAFETY: as above.
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Kernel::Neon => unsafe { neon::neon(lanes, shingles) },
            _ => portable::portable(lanes, shingles),
        }
    }
}

/// Asks for `items[index]` to be in the cache soon. Changes nothing but speed; an index out of range is ignored.
pub(crate) fn prefetch<T>(items: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(item) = items.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of x86-64, and a prefetch of a valid address reads and writes nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (items, index);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lanes(seed: u64) -> HashFunctions {
        let draw = |n: usize| crate::hash::draw(seed, n as u64) as u16;
        HashFunctions {
            multipliers: std::array::from_fn(|slot| draw(slot) | 1),
            offsets: std::array::from_fn(|slot| draw(slot + SLOTS)),
        }
    }

    #[test]
    fn the_portable_kernel_is_always_there() {
        assert!(Kernel::Portable.is_available());
        assert!(Detected::best().kernel().is_available());
    }

    #[test]
    fn prefetching_ignores_what_is_not_there() {
        prefetch(&[1, 2, 3], 1);
        prefetch::<u8>(&[], 9);
    }

    proptest! {
        #[test]
        fn kernels_agree_bit_for_bit(seed: u64, shingles in prop::collection::vec(any::<u32>(), 0..200)) {
            let lanes = lanes(seed);
            let expected = portable::portable(&lanes, &shingles);
            for kernel in Kernel::ALL.into_iter().filter_map(Detected::of) {
                prop_assert_eq!(kernel.minima(&lanes, &shingles), expected, "{:?}", kernel);
            }
        }
    }
}
