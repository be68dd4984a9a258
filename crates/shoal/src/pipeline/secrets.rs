//! Secrets that somebody wrote where only their places belong: refused, and not repeated in the error.

use toml::{Table, Value};

use super::error::Error;
use super::origins::{KeyPath, Origins};

/// Keys that name the place of a secret.
const SECRETS: [[&str; 3]; 3] =
    [["kafka", "sasl", "password"], ["kafka", "sasl", "token"], ["kafka", "tls", "key_password"]];

/// Tables whose values may hold a secret, by mistake or not.
const AROUND: [&str; 3] = ["kafka.sasl", "kafka.tls", "kafka.properties"];

/// An argument of `--set` as it can be shown.
pub(super) fn shown(setting: &str) -> String {
    let Some((keys, _)) = setting.split_once('=') else { return setting.to_owned() };
    let plain: String = keys.chars().filter(|symbol| !symbol.is_whitespace() && !"\"'".contains(*symbol)).collect();
    let hidden = plain == "kafka" || AROUND.iter().any(|table| plain.starts_with(table));
    if hidden { format!("{keys}=…") } else { setting.to_owned() }
}

/// Refuses a secret that stands in the pipeline itself. What reads the keys would quote what it cannot understand.
pub(super) fn refuse_written(table: &Table, origins: &Origins) -> Result<(), Error> {
    for [first, second, third] in SECRETS {
        let found = table.get(first).and_then(|value| value.get(second)).and_then(|value| value.get(third));
        if found.is_some_and(|value| !is_place(value)) {
            let path = KeyPath::from(first).key(second).key(third);
            let remedy = "write where it is: { file = \"/path\" } or { env = \"NAME\" }";
            return Err(origins.spot(&path).wrong("secrets do not stand in a pipeline", remedy));
        }
    }
    Ok(())
}

fn is_place(value: &Value) -> bool {
    value.as_table().is_some_and(|table| {
        table.len() == 1 && table.iter().all(|(key, value)| ["file", "env"].contains(&key.as_str()) && value.is_str())
    })
}
