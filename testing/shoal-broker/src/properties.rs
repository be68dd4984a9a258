//! A file of properties, as Kafka reads them.

use std::collections::BTreeMap;
use std::fmt::Display;

/// Properties by name.
#[derive(Debug, Default)]
pub(crate) struct Properties(BTreeMap<String, String>);

impl Properties {
    pub(crate) fn set(&mut self, name: impl Into<String>, value: impl Display) {
        self.0.insert(name.into(), value.to_string());
    }

    pub(crate) fn text(&self) -> String {
        let lines: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.join("\n")
    }
}
