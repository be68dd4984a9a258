//! A limit on the requests of each caller.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use crate::problem::{Problem, ProblemKind};

/// Requests a second, for ever.
const REQUESTS_PER_SECOND: u32 = 50;
/// Requests at once, after a rest.
const MAX_BURST: u32 = 500;
/// Callers that are remembered.
const MAX_CALLERS: usize = 10_000;

/// A caller who is counted as one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum CallerKey {
    /// The name of a token.
    Name(String),
    /// An address, for callers without a token.
    Place(IpAddr),
}

/// The requests of each caller, limited: a token bucket each, kept as the time at which it is full again.
#[derive(Debug)]
pub(super) struct RequestRate {
    /// Time in which a bucket gains a token.
    interval: Duration,
    /// Time in which an empty bucket becomes full.
    burst: Duration,
    full_at: HashMap<CallerKey, Instant>,
}

impl Default for RequestRate {
    fn default() -> Self {
        Self::new(REQUESTS_PER_SECOND, MAX_BURST)
    }
}

impl RequestRate {
    fn new(per_second: u32, at_once: u32) -> Self {
        let interval = Duration::from_secs(1) / per_second;
        Self { interval, burst: interval * at_once, full_at: HashMap::new() }
    }

    /// Limits nobody.
    #[cfg(test)]
    pub(super) fn unlimited() -> Self {
        Self { interval: Duration::ZERO, burst: Duration::ZERO, full_at: HashMap::new() }
    }

    /// Counts a request, or refuses it.
    pub(super) fn check(&mut self, caller: CallerKey, now: Instant) -> Result<(), Problem> {
        if self.full_at.len() >= MAX_CALLERS && !self.full_at.contains_key(&caller) {
            self.make_room(now);
        }
        let full_at = self.full_at.entry(caller).or_insert(now);
        let next = now.max(*full_at) + self.interval;
        let missing = next.duration_since(now).saturating_sub(self.burst);
        if missing.is_zero() {
            *full_at = next;
            return Ok(());
        }
        let wait = missing.as_micros().div_ceil(1_000_000) as u64;
        let detail = format!(
            "these are too many requests; ask again in {wait} s, and not faster than {REQUESTS_PER_SECOND} a second"
        );
        Err(Problem::new(ProblemKind::Rate, detail).after(wait))
    }

    /// Forgets callers who have rested, or else the one who is nearest to it.
    fn make_room(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() >= MAX_CALLERS {
            let nearest = self.full_at.iter().min_by_key(|(_, full_at)| **full_at).map(|(caller, _)| caller.clone());
            nearest.map(|caller| self.full_at.remove(&caller));
        }
    }
}

/// The address that an address counts as: of IPv6 a household has 2^64.
pub(super) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        IpAddr::V4(address) => address.into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(name: &str) -> CallerKey {
        CallerKey::Name(name.to_owned())
    }

    #[test]
    fn each_caller_has_a_limit_of_its_own() {
        let (mut rate, start) = (RequestRate::new(1, 3), Instant::now());
        for _ in 0..3 {
            assert_eq!(rate.check(name("a"), start), Ok(()));
        }
        let refused = rate.check(name("a"), start).unwrap_err();
        assert_eq!((refused.kind, refused.retry_after), (ProblemKind::Rate, Some(1)));
        assert_eq!(rate.check(name("b"), start), Ok(()));
        assert_eq!(rate.check(CallerKey::Place("192.0.2.1".parse().unwrap()), start), Ok(()));
        // A refusal costs nothing: after a second there is a token again, and one alone.
        let later = start + Duration::from_secs(1);
        assert_eq!(rate.check(name("a"), later), Ok(()));
        assert!(rate.check(name("a"), later).is_err());
    }

    #[test]
    fn memory_is_bounded_and_whoever_asks_most_is_remembered() {
        let (mut rate, start) = (RequestRate::new(1, 3), Instant::now());
        let greedy = || name("greedy");
        while rate.check(greedy(), start).is_ok() {}
        for number in 0..MAX_CALLERS as u32 + 5 {
            assert_eq!(rate.check(CallerKey::Place(IpAddr::from(number.to_be_bytes())), start), Ok(()));
        }
        assert_eq!(rate.full_at.len(), MAX_CALLERS);
        assert!(rate.check(greedy(), start).is_err());
        // Whoever has rested is forgotten.
        let later = start + Duration::from_secs(2);
        assert_eq!(rate.check(name("new"), later), Ok(()));
        assert_eq!(rate.full_at.len(), 2);
    }

    proptest! {
        #[test]
        fn no_time_sees_more_than_a_burst_and_the_steady_rate(gaps in proptest::collection::vec(0..2_000_u64, 1..200)) {
            let (mut rate, start) = (RequestRate::new(4, 5), Instant::now());
            let mut passed = Duration::ZERO;
            let times: Vec<Duration> = gaps
                .into_iter()
                .filter_map(|gap| {
                    passed += Duration::from_millis(gap / 8);
                    rate.check(name("a"), start + passed).is_ok().then_some(passed)
                })
                .collect();
            for (at, from) in times.iter().enumerate() {
                for (number, to) in times[at..].iter().enumerate() {
                    let within = to.as_secs_f64() - from.as_secs_f64();
                    prop_assert!((number + 1) as f64 <= 5.0 + within * 4.0 + 1e-6, "{} within {within}", number + 1);
                }
            }
        }
    }

    #[test]
    fn neighbours_count_as_one() {
        let of = |address: &str| neighbourhood(address.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
    }
}
