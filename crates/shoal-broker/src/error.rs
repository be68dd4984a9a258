//! What can go wrong.

use std::io;

use crate::Listener;

/// Why there is no broker, or why it did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is not installed.
    #[error("{program} is not installed: {remedy}")]
    Missing {
        /// Its name.
        program: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Maven did not bring the jars.
    #[error("Maven could not bring Kafka's jars (is there a network, and Maven Central?): {output}")]
    Jars {
        /// What Maven said.
        output: String,
    },
    /// A command ended with a failure.
    #[error("{command} failed: {output}")]
    Command {
        /// The program or Java class.
        command: String,
        /// What it said.
        output: String,
    },
    /// A file, a pipe or a process could not be had.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried.
        action: String,
        /// Why not.
        source: io::Error,
    },
    /// A broker ended before it was ready.
    #[error("broker {broker} ended before it was ready; the end of its log:\n{log}")]
    Ended {
        /// Its number.
        broker: u8,
        /// The last lines that it wrote.
        log: String,
    },
    /// A broker took too long to start.
    #[error("broker {broker} was not ready after {seconds} s; the end of its log:\n{log}")]
    NotReady {
        /// Its number.
        broker: u8,
        /// How long it was waited for.
        seconds: u64,
        /// The last lines that it wrote.
        log: String,
    },
    /// A broker did not end when asked to.
    #[error("broker {broker} did not stop within {seconds} s (is it paused, or without the other brokers?)")]
    StillRunning {
        /// Its number.
        broker: u8,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A port was free when it was looked at, and taken when the broker started.
    #[error("somebody took a port of broker {broker} before it started: try again")]
    AddressTaken {
        /// Its number.
        broker: u8,
    },
    /// A port that was asked for is in use.
    #[error("port {port} of 127.0.0.1 is taken: end what listens there, or choose another port")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// No ports are free.
    #[error("no free ports on 127.0.0.1 between 20000 and 32759: end other brokers")]
    NoPorts,
    /// There is no broker of that number.
    #[error("there is no broker {broker}: this cluster has brokers 1 to {brokers}")]
    NoBroker {
        /// The number that was asked for.
        broker: u8,
        /// How many brokers there are.
        brokers: usize,
    },
    /// The broker is not running.
    #[error("broker {broker} is not running: start it first")]
    NotRunning {
        /// Its number.
        broker: u8,
    },
    /// The broker is running already.
    #[error("broker {broker} is running already: stop or kill it first")]
    Running {
        /// Its number.
        broker: u8,
    },
    /// The cluster was started without this listener.
    #[error("the cluster has no listener {listener:?}: ask for it with Builder::listener")]
    NoListener {
        /// The listener.
        listener: Listener,
    },
    /// The cluster was started without a listener that needs certificates or tokens.
    #[error("the cluster has no {what}: ask for a listener that needs them with Builder::listener")]
    NoSecrets {
        /// What it does not have.
        what: &'static str,
    },
    /// The broker is somebody else's.
    #[error("the broker of KAFKA_BOOTSTRAP is not ours: it cannot be changed or asked for more than its address")]
    External,
}

impl Error {
    /// Whether there is no Kafka to be had here, as opposed to one that does not work.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::Jars { .. })
    }
}

/// Makes an [`Error::Io`] of a failed `action`, said as in "cannot `action`".
pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { action: action.into(), source }
}
