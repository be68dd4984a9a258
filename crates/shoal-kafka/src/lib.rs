//! The way to a Kafka cluster: settings, secrets, connecting, topics, and what went wrong in words.
//!
//! [`Connection`] is how a pipeline says where the cluster is and how to be let in. [`Connection::client`] turns it
//! into the configuration of a client, with everything set that the order law and recovery depend on. [`Watch`] hears
//! what a client complains of, [`diagnose`] says it in words, [`online`] and [`topics`] look before anything runs, and
//! [`Reader`] answers what a run asks before it starts.

mod admin;
mod client;
mod close_within;
mod connection;
mod diagnosis;
mod error;
mod finding;
pub mod online;
mod printable;
mod reader;
pub mod topics;
mod watch;

pub use client::{GroupProtocol, Purpose};
pub use close_within::CloseWithin;
pub use connection::{Connection, Sasl, Secret, Tls};
pub use diagnosis::{Diagnosis, TroubleKind, diagnose};
pub use error::Error;
pub use finding::{CheckReport, Finding, Grade};
pub use reader::Reader;

pub use watch::{Trouble, Watch, WatchContext};
