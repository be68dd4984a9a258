//! A broker's `server.properties`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use crate::builder::Builder;
use crate::listener::Listener;
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

/// Properties by name.
#[derive(Debug, Default)]
pub(crate) struct Properties(BTreeMap<String, String>);

/// A broker's place in its cluster.
#[derive(Debug)]
pub(crate) struct BrokerNode {
    pub(crate) id: u8,
    pub(crate) controller: u16,
    pub(crate) ports: BTreeMap<Listener, u16>,
}

impl Properties {
    pub(crate) fn set(&mut self, name: impl Into<String>, value: impl Display) {
        self.0.insert(name.into(), value.to_string());
    }

    pub(crate) fn text(&self) -> String {
        let lines: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.join("\n")
    }

    /// The properties of `node`, one of `nodes`, with its data in `data`. Those of the builder come last.
    pub(crate) fn of(
        node: &BrokerNode,
        nodes: &[BrokerNode],
        data: &Path,
        builder: &Builder,
        security: &Security,
    ) -> Self {
        let mut properties = Self::default();
        properties.place(node, nodes, data);
        properties.size(nodes.len());
        for (name, value) in QUICK {
            properties.set(name, value);
        }
        properties.set("auto.create.topics.enable", builder.auto_create_topics);
        properties.set("group.initial.rebalance.delay.ms", builder.rebalance_delay.as_millis());
        if builder.authorizer {
            properties.set("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
            properties.set("allow.everyone.if.no.acl.found", true);
        }
        for listener in node.ports.keys() {
            security.describe(*listener, &mut properties);
        }
        for (name, value) in &builder.properties {
            properties.set(name, value);
        }
        properties
    }

    /// Sets who the broker is and where it listens.
    fn place(&mut self, node: &BrokerNode, nodes: &[BrokerNode], data: &Path) {
        let address = |name: &str, port: u16| format!("{name}://127.0.0.1:{port}");
        let served: Vec<String> = node.ports.iter().map(|(one, port)| address(&one.name(), *port)).collect();
        let served = served.join(",");
        let voters = nodes.iter().map(|each| format!("{}@127.0.0.1:{}", each.id, each.controller));
        let protocols = node.ports.keys().map(|one| format!(",{}:{}", one.name(), one.protocol()));
        self.set("process.roles", "broker,controller");
        self.set("node.id", node.id);
        self.set("controller.quorum.voters", voters.collect::<Vec<_>>().join(","));
        self.set("listeners", format!("{served},{}", address(CONTROLLER, node.controller)));
        self.set("advertised.listeners", served);
        self.set("controller.listener.names", CONTROLLER);
        self.set("inter.broker.listener.name", Listener::Plain.name());
        let protocols: String = protocols.collect();
        self.set("listener.security.protocol.map", format!("{CONTROLLER}:PLAINTEXT{protocols}"));
        self.set("log.dirs", data.display());
    }

    /// As many copies as there are brokers, and as little memory as will do.
    fn size(&mut self, brokers: usize) {
        let in_sync = if brokers > 1 { 2 } else { 1 };
        self.set("default.replication.factor", brokers);
        self.set("offsets.topic.replication.factor", brokers);
        self.set("offsets.topic.num.partitions", 1);
        self.set("transaction.state.log.replication.factor", brokers);
        self.set("transaction.state.log.min.isr", in_sync);
        self.set("transaction.state.log.num.partitions", 1);
        // Takes 128 MB of a broker's memory otherwise.
        self.set("log.cleaner.dedupe.buffer.size", 2 * 1024 * 1024);
    }
}
