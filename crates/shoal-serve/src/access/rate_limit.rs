//! A limit on the requests of each caller.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::problem::{Problem, ProblemKind};

/// Requests a second, for ever.
const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// Requests at once, after a rest.
const MAX_BURST: NonZeroU32 = NonZeroU32::new(500).unwrap();
/// Callers that are remembered before those who rested are forgotten.
const MAX_CALLERS: usize = 10_000;

/// A caller who is counted as one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum CallerKey {
    /// The name of a token.
    Name(String),
    /// An address, for callers without a token.
    Place(IpAddr),
}

/// The requests of each caller, limited.
#[derive(Debug)]
pub(super) struct RequestRate(DefaultKeyedRateLimiter<CallerKey>);

impl Default for RequestRate {
    fn default() -> Self {
        Self::new(REQUESTS_PER_SECOND, MAX_BURST)
    }
}

impl RequestRate {
    /// Requests a second, and at once.
    pub(super) fn new(steady: NonZeroU32, burst: NonZeroU32) -> Self {
        Self(RateLimiter::keyed(Quota::per_second(steady).allow_burst(burst)))
    }

    /// Counts a request, or refuses it.
    pub(super) fn check(&self, key: &CallerKey) -> Result<(), Problem> {
        if self.0.len() > MAX_CALLERS {
            self.0.retain_recent();
        }
        let Err(until) = self.0.check_key(key) else { return Ok(()) };
        let wait = until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
        let detail = format!(
            "these are too many requests; ask again in {wait} s, and not faster than {REQUESTS_PER_SECOND} a second"
        );
        Err(Problem::new(ProblemKind::Rate, detail).after(wait))
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
    use super::*;

    #[test]
    fn each_caller_has_a_limit_of_its_own() {
        let rate = RequestRate::new(NonZeroU32::MIN, NonZeroU32::new(3).unwrap());
        let name = |name: &str| CallerKey::Name(name.to_owned());
        for _ in 0..3 {
            assert_eq!(rate.check(&name("a")), Ok(()));
        }
        let refused = rate.check(&name("a")).unwrap_err();
        assert_eq!((refused.kind, refused.retry_after), (ProblemKind::Rate, Some(1)));
        assert_eq!(rate.check(&name("b")), Ok(()));
        assert_eq!(rate.check(&CallerKey::Place("192.0.2.1".parse().unwrap())), Ok(()));
    }

    #[test]
    fn neighbours_count_as_one() {
        let of = |address: &str| neighbourhood(address.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
    }
}
