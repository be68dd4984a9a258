//! Exports: tables and networks in the formats of other tools.
//!
//! - [`NetworkFormat`]: the network of an alert, for Gephi, networkx, igraph and the like;
//! - [`TableFormat`]: posts, alerts and evidence as tables, for spreadsheets, pandas, R and 4CAT.
//!
//! The command line, the API and the pages offer every format of these two enums, under the name and with the media
//! type that it states of itself. Everything is a function of its input: the same alert gives the same bytes. Texts,
//! ids and addresses come from strangers; what a format cannot hold is shown in another way, never left out.

mod error;
mod format;
mod network;
mod table;

pub use error::Error;
pub use format::{FileFormat, FormatFacts};
pub use network::NetworkFormat;
pub use table::{
    AlertRow, AlertTable, Cell, EvidenceRow, EvidenceTable, PostTable, TableFormat, TableSchema, TableWriter,
    evidence_rows, evidence_table,
};
