//! The candidates of one query.

/// A place that no candidate has taken; no document has this age.
const FREE: u32 = 0;

/// Counts in how many bands each candidate was met. Reused from query to query, empty in between.
#[derive(Debug, Clone)]
pub(super) struct Gather {
    /// A small hash table of (age, bands met in).
    slots: Vec<(u32, u32)>,
    /// The places in use.
    used: Vec<u32>,
    /// The candidates, best first: bands missed in the upper half, age in the lower.
    ranked: Vec<u64>,
}

impl Gather {
    /// Room for this many meetings per query.
    pub(super) fn new(meetings: usize) -> Self {
        let size = (2 * meetings).next_power_of_two();
        Self { slots: vec![(FREE, 0); size], used: Vec::new(), ranked: Vec::new() }
    }

    /// Counts a meeting with the document of this age.
    pub(super) fn meet(&mut self, age: u32) {
        let last = self.slots.len() - 1;
        // Recent documents have consecutive ages, which spread by themselves.
        let mut place = age as usize & last;
        loop {
            let slot = &mut self.slots[place];
            if slot.0 == FREE {
                *slot = (age, 1);
                self.used.push(place as u32);
                return;
            }
            if slot.0 == age {
                slot.1 += 1;
                return;
            }
            place = (place + 1) & last;
        }
    }

    /// The candidates: those met in most bands first, among equals the newest first. Leaves the counts empty.
    pub(super) fn rank(&mut self) -> &[u64] {
        self.ranked.clear();
        for place in self.used.drain(..) {
            let (age, bands) = std::mem::replace(&mut self.slots[place as usize], (FREE, 0));
            self.ranked.push((u64::from(u32::MAX - bands) << 32) | u64::from(age));
        }
        self.ranked.sort_unstable();
        &self.ranked
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<(u32, u32)>()
            + self.used.capacity() * size_of::<u32>()
            + self.ranked.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_bands_first_then_newest() {
        let mut gather = Gather::new(8);
        for _ in 0..2 {
            // 9 and 25 want the same place of 16.
            for age in [9, 25, 7, 25, 9, 3] {
                gather.meet(age);
            }
            let ages: Vec<u32> = gather.rank().iter().map(|&key| key as u32).collect();
            assert_eq!(ages, [9, 25, 3, 7]);
        }
        assert!(gather.rank().is_empty());
        assert!(gather.bytes() >= 16 * 8);
    }
}
