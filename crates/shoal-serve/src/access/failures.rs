//! A limit on wrong tokens.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::rate_limit::neighbourhood;

/// Wrong tokens from one place before it must wait.
const MAX_FAILURES: u32 = 20;
/// Time that they are remembered, from the first one on.
const FAILURE_MEMORY: Duration = Duration::from_mins(1);
/// Places that are remembered.
const MAX_PLACES: usize = 10_000;

/// Wrong tokens by the address they came from.
#[derive(Debug, Default)]
pub(super) struct Failures(HashMap<IpAddr, (u32, Instant)>);

impl Failures {
    /// Seconds that a place must wait, if it must.
    pub(super) fn wait(&self, address: IpAddr, now: Instant) -> Option<u64> {
        let &(count, first) = self.0.get(&neighbourhood(address))?;
        let left = FAILURE_MEMORY.checked_sub(now.duration_since(first))?;
        (count >= MAX_FAILURES && !left.is_zero()).then(|| left.as_secs() + 1)
    }

    /// Counts a wrong token.
    pub(super) fn add(&mut self, address: IpAddr, now: Instant) {
        if self.0.len() >= MAX_PLACES {
            self.0.retain(|_, (_, first)| now.duration_since(*first) < FAILURE_MEMORY);
        }
        if self.0.len() >= MAX_PLACES {
            let oldest = self.0.iter().min_by_key(|(_, (_, first))| *first).map(|(&address, _)| address);
            oldest.map(|address| self.0.remove(&address));
        }
        let (count, first) = self.0.entry(neighbourhood(address)).or_insert((0, now));
        if now.duration_since(*first) >= FAILURE_MEMORY {
            (*count, *first) = (0, now);
        }
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_tokens_make_one_place_wait() {
        let (mut failures, start) = (Failures::default(), Instant::now());
        let [here, there] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse::<IpAddr>().unwrap());
        for _ in 0..MAX_FAILURES {
            assert_eq!(failures.wait(here, start), None);
            failures.add(here, start);
        }
        assert_eq!(failures.wait(here, start), Some(61));
        assert_eq!(failures.wait(there, start), None);
        let later = start + FAILURE_MEMORY;
        assert_eq!(failures.wait(here, later), None);
        failures.add(here, later);
        assert_eq!(failures.wait(here, later), None);
    }

    #[test]
    fn memory_is_bounded_and_the_newest_stay() {
        let (mut failures, start) = (Failures::default(), Instant::now());
        let address = |number: u32| IpAddr::from(number.to_be_bytes());
        for number in 0..MAX_PLACES as u32 + 5 {
            failures.add(address(number), start + Duration::from_micros(u64::from(number)));
        }
        assert_eq!(failures.0.len(), MAX_PLACES);
        assert!(!failures.0.contains_key(&address(4)) && failures.0.contains_key(&address(5)));
    }
}
