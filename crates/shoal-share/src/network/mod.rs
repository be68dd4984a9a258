//! Networks of alerts, a file for each format.

mod gexf;
mod graph;
mod graphml;
mod xml;

pub use gexf::gexf;
pub(crate) use graph::state_name;
pub use graphml::graphml;
