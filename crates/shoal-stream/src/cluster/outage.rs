//! Outages: connections that have been failing for a while.

use std::time::{Duration, Instant};

use rdkafka::statistics::Statistics;

/// Follows what a client's statistics say of its connections. Its complaints come too seldom: the same one only every
/// half a minute.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    since: Option<Instant>,
}

impl Outage {
    /// Hears how connections are now; gives the time since one began to fail, 0 when none does.
    pub(crate) fn learn(&mut self, statistics: &Statistics) -> Duration {
        // Addresses to ask first have negative numbers. Who is not needed is INIT, also between two attempts.
        let known = || statistics.brokers.values().filter(|broker| broker.nodeid >= 0);
        if known().any(|broker| broker.state != "UP" && broker.state != "INIT") {
            self.since.get_or_insert_with(Instant::now);
        } else if known().any(|broker| broker.state == "UP") {
            self.since = None;
        }
        self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::statistics::Broker;

    use super::*;

    fn statistics(states: &[(i32, &str)]) -> Statistics {
        let broker = |(nodeid, state): &(i32, &str)| {
            (nodeid.to_string(), Broker { nodeid: *nodeid, state: (*state).to_owned(), ..Broker::default() })
        };
        Statistics { brokers: states.iter().map(broker).collect(), ..Statistics::default() }
    }

    #[test]
    fn an_outage_lasts_until_those_that_are_needed_are_up() {
        let mut outage = Outage::default();
        assert_eq!(outage.learn(&statistics(&[(-1, "CONNECT")])), Duration::ZERO);
        assert_eq!(outage.learn(&statistics(&[(1, "UP"), (2, "INIT")])), Duration::ZERO);
        for state in ["DOWN", "TRY_CONNECT", "CONNECT", "APIVERSION_QUERY", "AUTH_REQ"] {
            assert!(outage.learn(&statistics(&[(1, "UP"), (2, state)])) > Duration::ZERO, "{state}");
        }
        assert!(outage.learn(&statistics(&[(1, "INIT"), (2, "INIT")])) > Duration::ZERO);
        assert_eq!(outage.learn(&statistics(&[(1, "UP"), (2, "INIT")])), Duration::ZERO);
    }
}
