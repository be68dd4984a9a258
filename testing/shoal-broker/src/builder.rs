//! The description of a cluster, and how it is started.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::broker::{self, Broker, Launcher};
use crate::cluster::{Cluster, Own};
use crate::error::{Error, io};
use crate::installation::Installation;
use crate::listener::Listener;
use crate::node::{BrokerNode, BrokerSettings};
use crate::ports::{self, Ports};

use crate::security::Security;
use crate::watchdog::Watchdog;

/// Names the plain address of a broker that is already there.
const EXTERNAL: &str = "KAFKA_BOOTSTRAP";

/// Attempts to start a cluster whose ports somebody else takes between the look and the start.
const ATTEMPTS: usize = 3;

/// The description of a cluster; by default one broker with a plain listener.
#[derive(Clone, Debug)]
#[must_use = "nothing runs until it is started"]
pub struct Builder {
    brokers: u8,
    port: Option<u16>,
    listeners: Vec<Listener>,
    settings: BrokerSettings,
    /// For the broker's Java.
    flags: Vec<String>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            brokers: 1,
            port: None,
            listeners: vec![Listener::Plain],
            settings: BrokerSettings::default(),
            flags: Vec::new(),
        }
    }
}

impl Builder {
    /// Three brokers, each with a vote, instead of one. Topics have three replicas unless they say otherwise.
    pub fn three_brokers(self) -> Self {
        Self { brokers: 3, ..self }
    }

    /// The port of the (first) broker's plain listener, instead of any that is free.
    pub fn port(self, port: u16) -> Self {
        Self { port: Some(port), ..self }
    }

    /// Adds a way to connect.
    pub fn listener(mut self, listener: Listener) -> Self {
        if !self.listeners.contains(&listener) {
            self.listeners.push(listener);
        }
        self
    }

    /// A line of `server.properties`. It overrides whatever is set otherwise.
    pub fn property(mut self, name: &str, value: &str) -> Self {
        self.settings.properties.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets how long a new group waits for more members (`group.initial.rebalance.delay.ms`); 0 by default.
    pub fn rebalance_delay(mut self, delay: Duration) -> Self {
        self.settings.rebalance_delay = delay;
        self
    }

    /// Topics come into being when somebody writes to them.
    pub fn auto_create_topics(mut self) -> Self {
        self.settings.auto_create_topics = true;
        self
    }

    /// Access lists, see [`Cluster::acl`]. Whatever has none is everybody's.
    pub fn authorizer(mut self) -> Self {
        self.settings.authorizer = true;
        self
    }

    /// An argument of the broker's Java.
    pub(crate) fn flag(mut self, flag: String) -> Self {
        self.flags.push(flag);
        self
    }

    /// Starts the cluster and waits until it is ready.
    ///
    /// # Errors
    /// [`Error::is_absence`] tells whether there is no Kafka to be had; otherwise the broker did not start.
    pub fn start(self) -> Result<Cluster, Error> {
        self.start_on(&Installation::find(archive_classes)?)
    }

    /// Starts the cluster, or says `SKIPPED:`; see [`start_or_skip`](crate::start_or_skip).
    ///
    /// # Panics
    /// As [`start_or_skip`](crate::start_or_skip) does.
    pub fn start_or_skip(self) -> Option<Cluster> {
        crate::start_or_skip(|| self.start())
    }

    pub(crate) fn start_on(&self, installation: &Installation) -> Result<Cluster, Error> {
        for _ in 1..ATTEMPTS {
            match self.attempt(installation) {
                Err(Error::AddressTaken { .. }) => {}
                done => return done,
            }
        }
        self.attempt(installation)
    }

    fn attempt(&self, installation: &Installation) -> Result<Cluster, Error> {
        let (ports, nodes) = self.nodes(installation)?;
        let folder =
            tempfile::Builder::new().prefix("shoal-kafka-").tempdir().map_err(io("make a temporary folder"))?;
        // Before anything is in the folder, so that nothing is left of it.
        let watchdog = Watchdog::start(folder.path())?;
        let security = Security::make(&self.listeners, installation.openssl(), folder.path())?;
        let mut brokers = Vec::new();
        for node in &nodes {
            let data = folder.path().join(format!("broker-{}", node.id));
            let path = data.with_extension("properties");
            let properties = node.properties(&nodes, &data, &self.settings, &security);
            fs::write(&path, properties.text()).map_err(io(format!("write {}", path.display())))?;
            brokers.push((node.id, path));
        }
        format_all(installation, &brokers, &security)?;
        let flags = [self.flags.clone(), security.java_flags()].concat();
        let own = Own {
            bootstraps: self.listeners.iter().map(|listener| (*listener, bootstrap(&nodes, *listener))).collect(),
            brokers: brokers.into_iter().map(|(id, path)| Mutex::new(Broker::new(id, path))).collect(),
            launcher: Launcher { installation: installation.clone(), flags, watchdog },
            security,
            _folder: folder,
            _ports: ports,
        };
        own.start_all()?;
        Ok(Cluster::of(own))
    }

    /// The brokers with their ports.
    fn nodes(&self, installation: &Installation) -> Result<(Ports, Vec<BrokerNode>), Error> {
        if let Some(port) = self.port.filter(|port| !ports::is_free(*port)) {
            return Err(Error::PortTaken { port });
        }
        let needed = u16::from(self.brokers) * (1 + self.listeners.len() as u16);
        let mut ports = Ports::reserve(&installation.ports(), needed)?;
        let mut nodes = Vec::new();
        for id in 1..=self.brokers {
            let controller = ports.take();
            let mut own: BTreeMap<_, _> = self.listeners.iter().map(|listener| (*listener, ports.take())).collect();
            if let Some(port) = self.port.filter(|_| id == 1) {
                own.insert(Listener::Plain, port);
            }
            nodes.push(BrokerNode { id, controller, ports: own });
        }
        Ok((ports, nodes))
    }
}

impl Cluster {
    /// Describes a cluster that is to be started.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The broker that `KAFKA_BOOTSTRAP` names, or else one that is started: for tests that need no more than
    /// [`Cluster::bootstrap`]. Others may use the broker too, so give topics and groups names of their own.
    ///
    /// # Errors
    /// As [`Builder::start`].
    pub fn plain_or_external() -> Result<Self, Error> {
        match std::env::var(EXTERNAL) {
            Ok(address) if !address.is_empty() => Ok(Self::external(address)),
            _ => Self::builder().start(),
        }
    }

    /// [`Cluster::plain_or_external`], or says `SKIPPED:`; see [`start_or_skip`](crate::start_or_skip).
    ///
    /// # Panics
    /// As [`start_or_skip`](crate::start_or_skip) does.
    pub fn plain_or_skip() -> Option<Self> {
        crate::start_or_skip(Self::plain_or_external)
    }
}

/// Lets a broker run once to see which classes it loads, and keeps them as Java wants them in memory.
fn archive_classes(installation: &Installation) -> Result<(), Error> {
    let archive = installation.archive();
    // On the same disk, so that the archive appears at once.
    let temporary = archive.with_extension("new");
    let flag = format!("-XX:ArchiveClassesAtExit={}", temporary.display());
    Builder::default().flag(flag).start_on(installation)?.stop(1)?;
    fs::rename(&temporary, &archive).map_err(io(format!("make {}", archive.display())))
}

/// The addresses of all brokers, as clients want them.
fn bootstrap(nodes: &[BrokerNode], listener: Listener) -> String {
    let ports = nodes.iter().filter_map(|node| node.ports.get(&listener));
    ports.map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",")
}

/// Makes all data folders at once: each takes the time of a Java program.
fn format_all(
    installation: &Installation,
    brokers: &[(u8, std::path::PathBuf)],
    security: &Security,
) -> Result<(), Error> {
    let id = cluster_id();
    thread::scope(|scope| {
        let format = |path| broker::format(installation, &id, path, security.credentials());
        let threads: Vec<_> = brokers.iter().map(|(_, path)| scope.spawn(move || format(path))).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// An id that no other cluster has: by it, clients notice that a port belongs to another cluster now.
fn cluster_id() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let mut bytes = now.to_le_bytes();
    // The upper bytes of the time are zero; and an id must not begin like an option.
    let [.., a, b, c, d] = &mut bytes;
    [*a, *b, *c, *d] = std::process::id().to_le_bytes();
    bytes.reverse();
    bytes[0] = 0;
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_java_there_is_no_kafka_to_be_had() {
        let error = Builder::default().start_on(&Installation::without_java()).unwrap_err();
        assert!(matches!(&error, Error::Missing { program, .. } if program == "no-such-java"), "{error}");
        assert!(error.is_absence());
        let said = error.to_string();
        assert!(said.starts_with("no-such-java is not installed: install a JDK"), "{said}");
    }

    #[test]
    fn a_port_that_is_taken_is_said_to_be() {
        let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = Builder::default().port(port).start_on(&Installation::without_java()).unwrap_err();
        assert!(matches!(error, Error::PortTaken { port: said } if said == port), "{error}");
        assert!(!error.is_absence());
    }

    #[test]
    fn no_two_clusters_have_a_port_in_common() {
        let installation = Installation::without_java();
        let all = Builder::default().three_brokers().listener(Listener::Tls);
        let (first, second) = (all.nodes(&installation).unwrap(), all.nodes(&installation).unwrap());
        let of = |nodes: &[BrokerNode]| -> Vec<u16> {
            nodes.iter().flat_map(|node| node.ports.values().copied().chain([node.controller])).collect()
        };
        let mut ports = [of(&first.1), of(&second.1)].concat();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 2 * 3 * 3);
    }

    #[test]
    fn an_id_of_a_cluster_is_16_bytes_and_no_option() {
        let id = cluster_id();
        assert_eq!(id.len(), 22);
        assert!(id.starts_with('A'), "{id}");
    }
}
