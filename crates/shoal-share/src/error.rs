//! Failures of writing.

use std::io;

/// A failure to write an export.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sink of a table takes no more.
    #[error("the table cannot be written: {0}; what was written of it is not whole")]
    Table(#[from] io::Error),
    /// A network could not be written as XML.
    #[error("the network of alert {alert_id} cannot be written: {source}")]
    Network {
        /// The alert.
        alert_id: String,
        /// The failure as the writer reports it.
        source: io::Error,
    },
}
