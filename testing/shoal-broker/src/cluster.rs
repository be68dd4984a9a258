//! A running cluster and what can be done to it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::broker::{Broker, Launcher};
use crate::certificates::Certificates;
use crate::error::Error;
use crate::listener::Listener;
use crate::ports::Ports;
use crate::security::Security;

/// A Kafka cluster. It ends when it is dropped.
///
/// Brokers are numbered from 1. All of this may be called from any thread.
#[derive(Debug)]
pub struct Cluster(ClusterOrigin);

#[derive(Debug)]
enum ClusterOrigin {
    External(String),
    Own(Box<Own>),
}

impl Cluster {
    /// A broker that is already there.
    pub(crate) fn external(address: String) -> Self {
        Self(ClusterOrigin::External(address))
    }

    pub(crate) fn of(own: Own) -> Self {
        Self(ClusterOrigin::Own(Box::new(own)))
    }

    /// The plain addresses of all brokers, for `bootstrap.servers`.
    pub fn bootstrap(&self) -> &str {
        match &self.0 {
            ClusterOrigin::External(address) => address,
            ClusterOrigin::Own(own) => own.bootstraps.get(&Listener::Plain).map_or("", String::as_str),
        }
    }

    /// The addresses of all brokers for one way to connect.
    ///
    /// # Errors
    /// [`Error::NoListener`] if the cluster was started without it.
    pub fn bootstrap_of(&self, listener: Listener) -> Result<&str, Error> {
        match &self.0 {
            ClusterOrigin::External(address) if listener == Listener::Plain => Ok(address),
            ClusterOrigin::External(_) => Err(Error::External),
            ClusterOrigin::Own(own) => {
                own.bootstraps.get(&listener).map(String::as_str).ok_or(Error::NoListener { listener })
            }
        }
    }

    /// The certificates of a cluster with an encrypted listener.
    ///
    /// # Errors
    /// [`Error::NoSecrets`] if it has none.
    pub fn certificates(&self) -> Result<&Certificates, Error> {
        self.own()?.security.certificates.as_ref().ok_or(Error::NoSecrets { what: "certificates" })
    }

    /// A token with which `subject` may log in (principal `User:subject`) from now on, for `lifetime` in whole
    /// seconds; with a lifetime of zero it has run out already.
    ///
    /// # Errors
    /// [`Error::NoSecrets`] if the cluster has no OAUTHBEARER listener.
    pub fn token(&self, subject: &str, lifetime: Duration) -> Result<String, Error> {
        let signer = self.own()?.security.signer.as_ref().ok_or(Error::NoSecrets { what: "tokens" })?;
        signer.token(subject, lifetime)
    }

    /// The number of brokers it was started with, running or not.
    ///
    /// # Errors
    /// [`Error::External`] for a broker that is not ours.
    pub fn brokers(&self) -> Result<u8, Error> {
        Ok(self.own()?.brokers.len() as u8)
    }

    /// Kills a broker (SIGKILL), running or paused.
    ///
    /// # Errors
    /// [`Error::NotRunning`], [`Error::NoBroker`], [`Error::External`].
    pub fn kill(&self, broker: u8) -> Result<(), Error> {
        let own = self.own()?;
        own.broker(broker)?.kill(&own.launcher.watchdog)
    }

    /// Stops a broker in good order (SIGTERM) and waits until it has ended, 30 s at most.
    ///
    /// # Errors
    /// As [`Cluster::kill`], and [`Error::StillRunning`].
    pub fn stop(&self, broker: u8) -> Result<(), Error> {
        let own = self.own()?;
        own.broker(broker)?.stop(&own.launcher.watchdog)
    }

    /// Makes a broker stand still (SIGSTOP): its connections stay open and nothing is answered.
    ///
    /// # Errors
    /// As [`Cluster::kill`].
    pub fn pause(&self, broker: u8) -> Result<(), Error> {
        self.own()?.broker(broker)?.signal(Signal::STOP)
    }

    /// Lets a paused broker go on (SIGCONT).
    ///
    /// # Errors
    /// As [`Cluster::kill`].
    pub fn resume(&self, broker: u8) -> Result<(), Error> {
        self.own()?.broker(broker)?.signal(Signal::CONT)
    }

    /// Starts a broker that was stopped or killed, with its data and ports, and waits until it is ready.
    ///
    /// # Errors
    /// [`Error::Running`], [`Error::Ended`], [`Error::NotReady`], [`Error::NoBroker`], [`Error::External`].
    pub fn start(&self, broker: u8) -> Result<(), Error> {
        self.launch(broker)?;
        self.wait_until_ready(broker)
    }

    /// Starts a broker without waiting: two of three that were killed are only ready together.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn launch(&self, broker: u8) -> Result<(), Error> {
        let own = self.own()?;
        own.broker(broker)?.start(&own.launcher)
    }

    /// Waits until a broker has said, since its last start, that it serves clients; 90 s at most.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn wait_until_ready(&self, broker: u8) -> Result<(), Error> {
        let own = self.own()?;
        own.broker(broker)?.wait_until_ready(&own.launcher.watchdog)
    }

    /// The last 300 lines that a broker wrote since its last start.
    ///
    /// # Errors
    /// [`Error::NoBroker`], [`Error::External`].
    pub fn log(&self, broker: u8) -> Result<String, Error> {
        Ok(self.own()?.broker(broker)?.log())
    }

    /// Runs one of Kafka's own commands, such as `org.apache.kafka.tools.TopicCommand`, and gives what it printed.
    /// It takes a second or two. The address (`--bootstrap-server`) is up to the caller.
    ///
    /// # Errors
    /// [`Error::Command`] with what it said if it failed.
    pub fn command(&self, class: &str, arguments: &[&str]) -> Result<String, Error> {
        let installation = &self.own()?.launcher.installation;
        let mut command = installation.java(128, "error");
        command.arg(class).args(arguments);
        let output = installation.java_tool().run(class, &mut command)?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }

    /// Changes an access list, with arguments of `AclCommand` such as `--add --deny-principal User:shoal --operation
    /// Write --topic posts`. Needs [`Builder::authorizer`](crate::Builder::authorizer). Who comes by the plain listener is `User:ANONYMOUS`, and so
    /// are the brokers among themselves: a list for the cluster itself must let them in.
    ///
    /// # Errors
    /// As [`Cluster::command`].
    pub fn acl(&self, arguments: &[&str]) -> Result<String, Error> {
        let all = [&["--bootstrap-server", self.bootstrap()], arguments].concat();
        self.command("org.apache.kafka.tools.AclCommand", &all)
    }

    pub(crate) fn own(&self) -> Result<&Own, Error> {
        match &self.0 {
            ClusterOrigin::External(_) => Err(Error::External),
            ClusterOrigin::Own(own) => Ok(own),
        }
    }
}

/// A cluster that this process has started.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) brokers: Vec<Mutex<Broker>>,
    pub(crate) bootstraps: BTreeMap<Listener, String>,
    pub(crate) security: Security,
    pub(crate) launcher: Launcher,
    /// Removed after the brokers have ended.
    pub(crate) _folder: TempDir,
    /// Given back last.
    pub(crate) _ports: Ports,
}

impl Own {
    /// Starts all brokers, then waits for all: three are ready only together.
    pub(crate) fn start_all(&self) -> Result<(), Error> {
        for broker in &self.brokers {
            lock(broker).start(&self.launcher)?;
        }
        self.brokers.iter().try_for_each(|broker| lock(broker).wait_until_ready(&self.launcher.watchdog))
    }

    fn broker(&self, number: u8) -> Result<MutexGuard<'_, Broker>, Error> {
        let index = usize::from(number).checked_sub(1);
        let broker = index.and_then(|index| self.brokers.get(index));
        Ok(lock(broker.ok_or(Error::NoBroker { broker: number, brokers: self.brokers.len() })?))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        for broker in &self.brokers {
            match lock(broker).kill(&self.launcher.watchdog) {
                Ok(()) | Err(Error::NotRunning { .. }) => {}
                Err(error) => tracing::warn!(%error, "a broker was left to the watchdog"),
            }
        }
    }
}

fn lock(broker: &Mutex<Broker>) -> MutexGuard<'_, Broker> {
    broker.lock().unwrap_or_else(PoisonError::into_inner)
}
