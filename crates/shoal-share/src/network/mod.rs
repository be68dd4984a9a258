//! Networks of alerts, a file for each format.

mod gexf;
mod graph;
mod graphml;
mod xml;

use shoal_model::Alert;

use self::graph::AlertNetwork;
use crate::{Error, FileFormat, FormatFacts};

/// Formats of networks: accounts of an alert's group and of its context as nodes, the listed ties as edges.
///
/// Nodes have `role` (`group`, `context`), and where they are known `bits`, `objects`, `partners`, `allow_listed`; an
/// account beyond those that the alert lists has its role alone. Edges have a weight, the number of shared objects,
/// and `objects`, `pairs`, `median_seconds`. A description names the alert, and says how many of its ties and accounts
/// are shown. Accounts that were erased have one id, and are one node with its role alone, so that two nodes may have
/// several edges, and a node one to itself. Control characters in ids are written as `\n` or `\u{…}`, a backslash as
/// two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkFormat {
    /// GEXF 1.3.
    Gexf,
    /// `GraphML`. Nodes also have a `label`; the graph has `alert_id`, `revision`, `state`, `raised_at`, a
    /// `description`, and how many `ties` and accounts of the `group` and of the `context` there are, with how many of
    /// each are shown (`ties_shown`, …).
    Graphml,
}

impl NetworkFormat {
    /// The network of an alert in this format.
    ///
    /// # Errors
    /// The XML cannot be written.
    pub fn write(self, alert: &Alert) -> Result<String, Error> {
        let network = AlertNetwork::of(alert);
        let written = match self {
            Self::Gexf => gexf::write(&network),
            Self::Graphml => graphml::write(&network),
        };
        written.map_err(|source| Error::Network { alert_id: alert.alert_id.clone(), source })
    }
}

impl FileFormat for NetworkFormat {
    const ALL: &'static [Self] = &[Self::Gexf, Self::Graphml];

    fn facts(self) -> &'static FormatFacts {
        match self {
            Self::Gexf => &gexf::FACTS,
            Self::Graphml => &graphml::FACTS,
        }
    }
}
