//! What a run knows of a Kafka cluster.

pub(crate) mod epoch;
pub(crate) mod leaders;
pub(crate) mod outage;
pub(crate) mod progress_log;
pub(crate) mod record;
pub(crate) mod scan;
pub(crate) mod session;
mod topics;

pub use topics::topics;
