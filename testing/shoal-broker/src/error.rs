//! The errors of this crate.

use std::io;

use crate::Listener;

/// A reason why there is no broker, or why it did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is not installed.
    #[error("{program} is not installed: {remedy}")]
    Missing {
        /// The name of the program.
        program: String,
        /// The remedy, as a request.
        remedy: &'static str,
    },
    /// Maven did not bring the jars.
    #[error("Maven could not bring Kafka's jars (is there a network, and Maven Central?): {output}")]
    Jars {
        /// The end of Maven's output.
        output: String,
    },
    /// A command ended with a failure.
    #[error("{command} failed: {output}")]
    Command {
        /// The program or Java class.
        command: String,
        /// The end of its output.
        output: String,
    },
    /// A file, a pipe or a process could not be had.
    #[error("cannot {action}: {source}")]
    Io {
        /// The action that failed.
        action: String,
        /// The cause.
        source: io::Error,
    },
    /// A broker ended before it was ready.
    #[error("broker {broker} ended before it was ready; the end of its log:\n{log}")]
    Ended {
        /// The number of the broker.
        broker: u8,
        /// The last lines that it wrote.
        log: String,
    },
    /// A broker took too long to start.
    #[error("broker {broker} was not ready after {seconds} s; the end of its log:\n{log}")]
    NotReady {
        /// The number of the broker.
        broker: u8,
        /// The time that was waited.
        seconds: u64,
        /// The last lines that it wrote.
        log: String,
    },
    /// A broker did not end when asked to.
    #[error("broker {broker} did not stop within {seconds} s (is it paused, or without the other brokers?)")]
    StillRunning {
        /// The number of the broker.
        broker: u8,
        /// The time that was waited.
        seconds: u64,
    },
    /// A port was free when it was looked at, and taken when the broker started.
    #[error("somebody took a port of broker {broker} before it started: try again")]
    AddressTaken {
        /// The number of the broker.
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
        /// The number of brokers.
        brokers: usize,
    },
    /// The broker is not running.
    #[error("broker {broker} is not running: start it first")]
    NotRunning {
        /// The number of the broker.
        broker: u8,
    },
    /// The broker is running already.
    #[error("broker {broker} is running already: stop or kill it first")]
    Running {
        /// The number of the broker.
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
        /// The listener that it lacks.
        what: &'static str,
    },
    /// The broker is somebody else's.
    #[error("the broker of KAFKA_BOOTSTRAP is not ours: it cannot be changed or asked for more than its address")]
    External,
}

impl Error {
    /// Returns whether no Kafka is available here, as opposed to one that does not work.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::Jars { .. })
    }
}

/// Makes an [`Error::Io`] of a failed `action`, said as in "cannot `action`".
pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { action: action.into(), source }
}
