//! Sets of hashes that stand for a text.
//!
//! Hashes are keyed with a secret seed: who does not know it cannot craft texts that meet or miss each other. They
//! depend on nothing but the symbols and the seed, and are equal on every machine.

/// The longest shingle, in symbols.
pub const MAX_SHINGLE: usize = 8;

/// Hashes every run of `k` symbols in a row, and puts the distinct hashes into `out`, ascending. `k` is held within
/// 1 and [`MAX_SHINGLE`]. A text shorter than `k` gives one hash, of all of it; an empty text gives none.
///
/// The hash is multilinear (Lemire and Kaser, 2014), so two different shingles meet with a probability of 2⁻³² over
/// the seeds.
pub fn shingles(symbols: &[char], k: usize, seed: u64, out: &mut Vec<u32>) {
    out.clear();
    let keys = keys(seed);
    let k = k.clamp(1, MAX_SHINGLE);
    if symbols.len() < k {
        if !symbols.is_empty() {
            out.push(multilinear(symbols, &keys));
        }
        return;
    }
    out.reserve(symbols.len());
    match k {
        // A length known to the compiler makes the common case several times faster.
        4 => out.extend(symbols.array_windows::<4>().map(|shingle| multilinear(shingle, &keys))),
        _ => out.extend(symbols.windows(k).map(|shingle| multilinear(shingle, &keys))),
    }
    sort_hashes(out);
    out.dedup();
}

/// Sorts hashes, which are spread evenly: those of a post fall into buckets by their upper bits, and what is left to
/// do is little. Twice as fast as a sort that knows nothing of its input.
fn sort_hashes(hashes: &mut [u32]) {
    const BUCKETS: usize = 128;
    let bucket = |hash: u32| (hash >> 25) as usize;
    let number = hashes.len();
    // Few hashes need no buckets, and more than fit the copy below are rare.
    if !(16..=256).contains(&number) {
        hashes.sort_unstable();
        return;
    }
    let mut places = [0_u16; BUCKETS];
    for hash in hashes.iter() {
        places[bucket(*hash)] += 1;
    }
    let mut next = 0;
    for place in &mut places {
        next += std::mem::replace(place, next);
    }
    let mut sorted = [0; 256];
    for hash in hashes.iter() {
        let place = &mut places[bucket(*hash)];
        sorted[*place as usize & 0xFF] = *hash;
        *place += 1;
    }
    let sorted = &mut sorted[..number];
    for at in 1..number {
        let hash = sorted[at];
        let mut place = at;
        while place > 0 && sorted[place - 1] > hash {
            sorted[place] = sorted[place - 1];
            place -= 1;
        }
        sorted[place] = hash;
    }
    hashes.copy_from_slice(sorted);
}

/// Keys for the length and for each symbol of a shingle.
type Keys = [u64; MAX_SHINGLE + 1];

/// Keys from a seed by `SplitMix64` (Steele, Lea and Flood, 2014).
fn keys(seed: u64) -> Keys {
    let mut state = seed;
    std::array::from_fn(|_| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    })
}

#[inline]
fn multilinear(shingle: &[char], keys: &Keys) -> u32 {
    // A key of its own for the length keeps a short text apart from a shingle that begins with it.
    let start = keys[0].wrapping_mul(shingle.len() as u64 | 1 << 32);
    let sum = shingle
        .iter()
        .zip(&keys[1..])
        .fold(start, |sum, (symbol, key)| sum.wrapping_add(key.wrapping_mul(u64::from(*symbol))));
    (sum >> 32) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fold::{Folded, fold};

    fn folded(text: &str) -> Folded {
        let mut out = Folded::new();
        fold(text, &mut out);
        out
    }

    fn set(text: &str, k: usize, seed: u64) -> Vec<u32> {
        let mut out = vec![7];
        shingles(folded(text).symbols(), k, seed, &mut out);
        out
    }

    #[test]
    fn short_texts_give_one_shingle_and_empty_texts_none() {
        assert_eq!(set("", 4, 1), []);
        assert_eq!(set("abc", 4, 1).len(), 1);
        assert_ne!(set("abc", 4, 1), set("abcd", 4, 1));
        assert_ne!(set("ab", 4, 1), set("abc", 4, 1));
        assert_eq!(set("abcde", 4, 1).len(), 2);
    }

    #[test]
    fn the_seed_decides_every_hash() {
        let (one, other) = (set("the quick brown fox", 4, 1), set("the quick brown fox", 4, 2));
        assert_eq!(one.len(), other.len());
        assert!(one.iter().all(|hash| other.binary_search(hash).is_err()));
    }

    #[test]
    fn hashes_never_change_without_a_new_version() {
        assert_eq!(set("abcdef", 4, 42), [2_091_765_690, 2_861_714_134, 3_631_662_578]);
    }

    proptest! {
        #[test]
        fn hashes_are_sorted_however_they_fall(hashes in prop::collection::vec(any::<u32>(), 0..300), shift in 0_u32..32) {
            let mut ours: Vec<u32> = hashes.iter().map(|hash| hash >> shift).collect();
            let mut expected = ours.clone();
            sort_hashes(&mut ours);
            expected.sort_unstable();
            prop_assert_eq!(ours, expected);
        }

        #[test]
        fn sets_are_sorted_and_no_larger_than_the_text(text in ".{0,60}", k in 0_usize..12, seed: u64) {
            let folded = folded(&text);
            let mut out = Vec::new();
            shingles(folded.symbols(), k, seed, &mut out);
            prop_assert!(out.is_sorted_by(|a, b| a < b) && out.len() <= folded.len());
            prop_assert_eq!(out.is_empty(), folded.is_empty());
        }

        #[test]
        fn every_shingle_of_a_part_is_in_the_whole(text in "[a-z ]{8,60}", from in 0_usize..4, seed: u64) {
            let folded = folded(&text);
            let (mut part, mut whole) = (Vec::new(), Vec::new());
            shingles(folded.symbols().get(from..).unwrap_or_default(), 4, seed, &mut part);
            shingles(folded.symbols(), 4, seed, &mut whole);
            prop_assume!(folded.len() >= from + 4);
            prop_assert!(part.iter().all(|hash| whole.binary_search(hash).is_ok()));
        }
    }
}
