//! What can go wrong.

use std::io;

/// Why something was not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sink of a table takes no more.
    #[error("the table cannot be written: {0}; what was written of it is not whole")]
    Csv(#[from] csv::Error),
    /// The sink of a table takes no more.
    #[error("the table cannot be written: {0}; what was written of it is not whole")]
    Sink(#[from] io::Error),
    /// A network could not be written as XML.
    #[error("the network of alert {alert_id} cannot be written: {source}")]
    Network {
        /// The alert.
        alert_id: String,
        /// What the writer says.
        source: io::Error,
    },
}
