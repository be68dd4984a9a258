//! Leaders of partitions, as a client's statistics show them.

use rdkafka::statistics::Statistics;

/// The interval of a client's statistics, in milliseconds.
pub(crate) const STATISTICS_INTERVAL_MS: &str = "1000";

/// Says whether the client is connected to the leader of a partition: only then does silence mean that there is
/// nothing.
pub(crate) fn is_led(statistics: &Statistics, topic: &str, partition: i32) -> bool {
    let known = statistics.topics.get(topic).and_then(|topic| topic.partitions.get(&partition));
    known.is_some_and(|partition| {
        let leads = |node| node == partition.leader && partition.leader >= 0;
        statistics.brokers.values().any(|broker| leads(broker.nodeid) && broker.state == "UP")
    })
}

/// The number of records of a partition at or after `position`.
pub(crate) fn lag(statistics: &Statistics, topic: &str, partition: i32, position: u64) -> Option<i64> {
    let known = statistics.topics.get(topic)?.partitions.get(&partition)?;
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    (known.hi_offset >= 0).then(|| (known.hi_offset - position).max(0))
}

#[cfg(test)]
mod tests {
    use rdkafka::statistics::{Broker, Partition, Topic};

    use super::*;

    #[test]
    fn only_a_partition_with_a_connected_leader_is_led() {
        let partition = |leader, hi_offset| Partition { leader, hi_offset, ..Partition::default() };
        let topic = Topic {
            partitions: [(0, partition(1, 9)), (1, partition(2, 9)), (2, partition(-1, -1))].into(),
            ..Topic::default()
        };
        let broker = |nodeid, state: &str| Broker { nodeid, state: state.to_owned(), ..Broker::default() };
        let brokers = [("a", broker(1, "UP")), ("b", broker(2, "CONNECT")), ("c", broker(-1, "UP"))];
        let statistics = Statistics {
            topics: [("posts".to_owned(), topic)].into(),
            brokers: brokers.map(|(name, broker)| (name.to_owned(), broker)).into(),
            ..Statistics::default()
        };
        assert_eq!([0, 1, 2, 3].map(|partition| is_led(&statistics, "posts", partition)), [true, false, false, false]);
        assert_eq!(lag(&statistics, "posts", 0, 4), Some(5));
        assert_eq!(lag(&statistics, "posts", 2, 0), None);
    }
}
