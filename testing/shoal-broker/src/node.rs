//! A broker of a cluster that is to be: its number, its ports, its `server.properties`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::listener::Listener;
use crate::properties::Properties;
use crate::security::Security;

/// Limits and intervals that let a test of a failure end in seconds. Kafka's own are made for networks.
const QUICK: [(&str, &str); 9] = [
    ("broker.session.timeout.ms", "3000"),
    ("broker.heartbeat.interval.ms", "500"),
    ("group.consumer.heartbeat.interval.ms", "500"),
    ("group.consumer.min.heartbeat.interval.ms", "100"),
    ("group.consumer.session.timeout.ms", "6000"),
    ("group.consumer.min.session.timeout.ms", "1000"),
    ("group.min.session.timeout.ms", "1000"),
    ("log.retention.check.interval.ms", "1000"),
    ("log.initial.task.delay.ms", "1000"),
];

/// The name of the listener that only brokers use.
const CONTROLLER: &str = "CONTROLLER";

/// Settings that all brokers of a cluster share.
#[derive(Clone, Debug, Default)]
pub(crate) struct BrokerSettings {
    pub(crate) properties: Vec<(String, String)>,
    pub(crate) rebalance_delay: Duration,
    pub(crate) auto_create_topics: bool,
    pub(crate) authorizer: bool,
}

/// A broker's place in its cluster.
#[derive(Debug)]
pub(crate) struct BrokerNode {
    pub(crate) id: u8,
    pub(crate) controller: u16,
    pub(crate) ports: BTreeMap<Listener, u16>,
}

impl BrokerNode {
    /// The `server.properties` of this node, one of `nodes`, with its data in `data`. Those of the caller come last.
    pub(crate) fn properties(
        &self,
        nodes: &[Self],
        data: &Path,
        settings: &BrokerSettings,
        security: &Security,
    ) -> Properties {
        let mut properties = Properties::default();
        self.place(nodes, data, &mut properties);
        size(nodes.len(), &mut properties);
        for (name, value) in QUICK {
            properties.set(name, value);
        }
        properties.set("auto.create.topics.enable", settings.auto_create_topics);
        properties.set("group.initial.rebalance.delay.ms", settings.rebalance_delay.as_millis());
        if settings.authorizer {
            properties.set("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
            properties.set("allow.everyone.if.no.acl.found", true);
        }
        for listener in self.ports.keys() {
            security.describe(*listener, &mut properties);
        }
        for (name, value) in &settings.properties {
            properties.set(name, value);
        }
        properties
    }

    /// Sets who the broker is and where it listens.
    fn place(&self, nodes: &[Self], data: &Path, properties: &mut Properties) {
        let address = |name: &str, port: u16| format!("{name}://127.0.0.1:{port}");
        let served: Vec<String> = self.ports.iter().map(|(one, port)| address(&one.name(), *port)).collect();
        let served = served.join(",");
        let voters = nodes.iter().map(|each| format!("{}@127.0.0.1:{}", each.id, each.controller));
        let protocols = self.ports.keys().map(|one| format!(",{}:{}", one.name(), one.protocol()));
        properties.set("process.roles", "broker,controller");
        properties.set("node.id", self.id);
        properties.set("controller.quorum.voters", voters.collect::<Vec<_>>().join(","));
        properties.set("listeners", format!("{served},{}", address(CONTROLLER, self.controller)));
        properties.set("advertised.listeners", served);
        properties.set("controller.listener.names", CONTROLLER);
        properties.set("inter.broker.listener.name", Listener::Plain.name());
        let protocols: String = protocols.collect();
        properties.set("listener.security.protocol.map", format!("{CONTROLLER}:PLAINTEXT{protocols}"));
        properties.set("log.dirs", data.display());
    }
}

/// As many copies as there are brokers, and as little memory as will do.
fn size(brokers: usize, properties: &mut Properties) {
    let in_sync = if brokers > 1 { 2 } else { 1 };
    properties.set("default.replication.factor", brokers);
    properties.set("offsets.topic.replication.factor", brokers);
    properties.set("offsets.topic.num.partitions", 1);
    properties.set("transaction.state.log.replication.factor", brokers);
    properties.set("transaction.state.log.min.isr", in_sync);
    properties.set("transaction.state.log.num.partitions", 1);
    // Takes 128 MB of a broker's memory otherwise.
    properties.set("log.cleaner.dedupe.buffer.size", 2 * 1024 * 1024);
}
