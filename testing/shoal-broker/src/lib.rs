//! A real Apache Kafka for tests and for trying things out, without Docker.
//!
//! [`Cluster::builder`] starts one broker, or three, on free ports of 127.0.0.1 with data in a temporary folder.
//! It needs a JDK (17 or later), and Maven the first time to bring Kafka's jars (54 MB, into `target/kafka`).
//! A broker is ready after 1 to 3 seconds and takes about 170 MB. Listeners with TLS or SASL also need `openssl`.
//!
//! ```no_run
//! use std::time::Duration;
//! use shoal_broker::{Cluster, Listener, Mechanism, PASSWORD, USER};
//!
//! # fn main() -> Result<(), shoal_broker::Error> {
//! // A test that only needs an address. Says `SKIPPED: …` and returns where there is no Kafka to be had.
//! let Some(cluster) = Cluster::plain_or_skip() else { return Ok(()) };
//! let bootstrap = cluster.bootstrap();
//!
//! // A test that needs more.
//! let builder = Cluster::builder()
//!     .three_brokers()
//!     .listener(Listener::SaslTls(Mechanism::ScramSha512))
//!     .rebalance_delay(Duration::from_millis(500))
//!     .property("message.max.bytes", "2000");
//! let Some(cluster) = builder.start_or_skip() else { return Ok(()) };
//! let secured = cluster.bootstrap_of(Listener::SaslTls(Mechanism::ScramSha512))?;
//! let authority = &cluster.certificates()?.authority; // for `ssl.ca.location`; log in as USER with PASSWORD
//! cluster.kill(2)?; // SIGKILL
//! cluster.start(2)?; // again, with the same data and ports; waits until it is ready
//! # Ok(())
//! # }
//! ```
//!
//! Brokers are numbered from 1. A cluster ends when it is dropped, also by a test that panics; a small shell process
//! ends it when the process that started it is killed. `KAFKA_BOOTSTRAP` makes [`Cluster::plain_or_external`] use a
//! broker that is already there.
//!
//! Brokers are set up for quick failure: a killed broker's partitions have a new leader after about 3 seconds, group
//! sessions may be as short as a second, a group rebalances without delay, topics are not created by themselves.

mod broker;
mod builder;
mod certificates;
mod cluster;
mod error;
mod installation;
mod listener;
mod log;
mod node;
mod oauth;
mod ports;
mod properties;
mod security;
mod tool;
mod watchdog;

pub use builder::Builder;
pub use certificates::{Certificates, KeyPair};
pub use cluster::Cluster;
pub use error::Error;
pub use listener::{Listener, Mechanism};
pub use oauth::{AUDIENCE, ISSUER};
pub use security::{PASSWORD, USER};

/// The cluster, or a `SKIPPED:` line and nothing where there is no Kafka to be had.
///
/// # Panics
/// Panics when an available Kafka does not start, and under CI (`CI=true`) also when none is available.
#[allow(clippy::print_stdout, reason = "the tests' way to say that they did not run")]
#[allow(clippy::panic, reason = "this is for tests")]
pub fn start_or_skip(start: impl FnOnce() -> Result<Cluster, Error>) -> Option<Cluster> {
    match start() {
        Ok(cluster) => Some(cluster),
        Err(error) if error.is_absence() && !shoal_tools::in_ci() => {
            println!("SKIPPED: real Kafka: {error}");
            None
        }
        Err(error) => panic!("real Kafka: {error}"),
    }
}
