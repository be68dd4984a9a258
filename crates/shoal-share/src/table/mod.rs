//! Tables of posts, alerts and evidence.

mod csv;
mod rows;

pub use csv::{Alerts, CsvWriter, EvidenceTable, Posts};
pub use rows::{AlertRow, EvidenceRow, PostRow, evidence};
