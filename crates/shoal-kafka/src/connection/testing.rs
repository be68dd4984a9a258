//! Connections of tests, from TOML.

use serde::Deserialize;
use toml::{Table, Value};

use crate::Connection;

/// A connection from the keys of `[kafka]`.
pub(crate) fn connection(text: &str) -> Connection {
    fn take<T: for<'de> Deserialize<'de>>(value: Option<Value>) -> Option<T> {
        value.map(|value| value.try_into().expect("it fits"))
    }
    let mut table: Table = toml::from_str(text).expect("TOML");
    Connection {
        bootstrap: take(table.remove("bootstrap")).expect("brokers"),
        tls: take(table.remove("tls")),
        sasl: take(table.remove("sasl")),
        properties: take(table.remove("properties")).unwrap_or_default(),
    }
}
