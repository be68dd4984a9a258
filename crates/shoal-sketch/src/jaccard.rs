//! The exact Jaccard similarity of sorted lists.

/// The number of steps of a merge between two looks at whether it can still succeed.
const STRIDE: usize = 16;

/// The Jaccard similarity |A ∩ B| / |A ∪ B| of two sorted lists of distinct numbers, 0 to 1. Two empty lists have 1.
/// Lists that are not sorted or not distinct give a meaningless number, never a panic.
pub fn jaccard(a: &[u32], b: &[u32]) -> f32 {
    jaccard_at_least(a, b, 0.0).unwrap_or(0.0)
}

/// The Jaccard similarity if it is at least `threshold`, else `None`; gives up as soon as that is impossible. The
/// similarity is that of [`jaccard`], bit for bit. A threshold of 0 or less is always reached, one above 1 or NaN never.
pub fn jaccard_at_least(a: &[u32], b: &[u32], threshold: f32) -> Option<f32> {
    merge(a, b, overlap_needed(a.len(), b.len(), threshold)?)
}

/// The Jaccard similarity if at least `needed` numbers are common.
pub(crate) fn merge(a: &[u32], b: &[u32], needed: usize) -> Option<f32> {
    let (mut left, mut right, mut common) = (a, b, 0);
    loop {
        // Even if all that is left of the shorter list were common, it would not be enough.
        if common + left.len().min(right.len()) < needed {
            return None;
        }
        if left.is_empty() || right.is_empty() {
            break;
        }
        let (taken_left, taken_right, equal) = merge_some(left, right);
        left = &left[taken_left..];
        right = &right[taken_right..];
        common += equal;
    }
    Some(ratio(common, a.len() + b.len()))
}

/// Merges up to `STRIDE` steps: how far each list was read, and how many were common.
fn merge_some(left: &[u32], right: &[u32]) -> (usize, usize, usize) {
    let (mut i, mut j, mut common) = (0, 0, 0);
    let mut step = |x: u32, y: u32| {
        common += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
        (i, j)
    };
    let (mut at_left, mut at_right) = (0, 0);
    if let (Some(left), Some(right)) = (left.first_chunk::<STRIDE>(), right.first_chunk::<STRIDE>()) {
        // No list can be read beyond its chunk, which the masks tell the compiler.
        for _ in 0..STRIDE {
            (at_left, at_right) = step(left[at_left & (STRIDE - 1)], right[at_right & (STRIDE - 1)]);
        }
    } else {
        for _ in 0..STRIDE {
            let (Some(&x), Some(&y)) = (left.get(at_left), right.get(at_right)) else { break };
            (at_left, at_right) = step(x, y);
        }
    }
    (at_left, at_right, common)
}

/// The similarity of two lists with `total` elements together, `common` of them in both.
fn ratio(common: usize, total: usize) -> f32 {
    if total == 0 { 1.0 } else { common as f32 / (total - common) as f32 }
}

/// The smallest overlap at which lists of these lengths reach the threshold, as `ratio` rounds; `None` if no overlap
/// that is possible does.
pub(crate) fn overlap_needed(a: usize, b: usize, threshold: f32) -> Option<usize> {
    let (total, most) = (a + b, a.min(b));
    if !reaches(most, total, threshold) {
        return None;
    }
    let wanted = f64::from(threshold.max(0.0));
    // One less than the real number says, against rounding; then up to the first that reaches.
    let below = ((wanted * total as f64 / (1.0 + wanted)) as usize).saturating_sub(1).min(most);
    (below..=most).find(|&common| reaches(common, total, threshold))
}

fn reaches(common: usize, total: usize, threshold: f32) -> bool {
    threshold <= 0.0 || ratio(common, total) >= threshold
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn list(most: usize) -> impl Strategy<Value = Vec<u32>> {
        prop::collection::btree_set(0u32..150, 0..most).prop_map(|set| set.into_iter().collect())
    }

    #[test]
    fn empty_lists() {
        assert_eq!(jaccard(&[], &[]).to_bits(), 1.0f32.to_bits());
        assert_eq!(jaccard(&[], &[1]).to_bits(), 0.0f32.to_bits());
        assert_eq!(jaccard_at_least(&[], &[1], 0.5), None);
        assert_eq!(jaccard_at_least(&[1], &[2], f32::NAN), None);
        assert_eq!(jaccard_at_least(&[1], &[1], 1.1), None);
    }

    #[test]
    fn a_threshold_that_is_met_exactly_counts() {
        // 7 common of 10, and a threshold that is the same quotient.
        let (a, b): (Vec<u32>, Vec<u32>) = ((0..10).collect(), (0..7).collect());
        assert_eq!(jaccard_at_least(&a, &b, 0.7), Some(0.7));
        assert_eq!(jaccard_at_least(&a, &b, f32::from_bits(0.7f32.to_bits() + 1)), None);
    }

    #[test]
    fn unsorted_lists_do_not_panic() {
        assert!(jaccard(&[3, 1, 2, 2], &[2, 2, 9, 1]) >= 0.0);
    }

    proptest! {
        #[test]
        fn equals_the_sets(a in list(80), b in list(80), threshold in 0.0f32..1.0) {
            let (left, right): (BTreeSet<_>, BTreeSet<_>) = (a.iter().collect(), b.iter().collect());
            let common = left.intersection(&right).count();
            let union = left.union(&right).count();
            let expected = if union == 0 { 1.0 } else { common as f32 / union as f32 };
            prop_assert_eq!(jaccard(&a, &b).to_bits(), expected.to_bits());
            prop_assert_eq!(jaccard_at_least(&a, &b, threshold), (expected >= threshold).then_some(expected));
            prop_assert_eq!(jaccard_at_least(&a, &b, expected), Some(expected));
            prop_assert_eq!(jaccard(&a, &b).to_bits(), jaccard(&b, &a).to_bits());
        }
    }
}
