//! What others read: tables and networks in the formats of their tools.
//!
//! - [`gexf`] and [`graphml`]: the network of an alert, for Gephi, networkx, igraph and the like;
//! - [`CsvWriter`]: posts, alerts and evidence as tables, for spreadsheets, pandas, R and 4CAT.
//!
//! Everything is a function of what it is given: the same alert gives the same bytes. Texts, ids and addresses come
//! from strangers; whatever a format cannot hold is shown in another way, never left out.

mod error;
mod network;
mod table;

pub use error::Error;
pub use network::{gexf, graphml};
pub use table::{AlertRow, Alerts, CsvWriter, EvidenceRow, EvidenceTable, PostRow, Posts, evidence};
