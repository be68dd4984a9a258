//! Secrets, by the place that they come from.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The longest secret, in bytes. Tokens of large organisations have some kilobytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The place of a secret, never the secret itself: `{ file = "/path" }` or `{ env = "NAME" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "place of a secret")]
pub enum Secret {
    /// A file that holds the secret and nothing else; a line break at its end is not part of it.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}

impl Secret {
    /// Refuses a place that cannot be one. `key` is how the pipeline calls it.
    pub(crate) fn validate(&self, key: &str) -> Result<(), Error> {
        let problem = match self {
            Self::File(path) if path.as_os_str().is_empty() => "the file has no name",
            Self::Env(name) if name.is_empty() || name.contains(['=', '\0']) => {
                "that is no name of an environment variable"
            }
            _ => return Ok(()),
        };
        Err(Error::setting(key, problem, "write { file = \"/path\" } or { env = \"NAME\" }"))
    }

    pub(crate) fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Env(_) => None,
        }
    }

    /// The secret, read now.
    pub(crate) fn read(&self, key: &str) -> Result<String, Error> {
        let secret = match self {
            Self::File(path) => read_file(path),
            Self::Env(name) => std::env::var(name).map_err(|error| match error {
                std::env::VarError::NotPresent => "it is not set".to_owned(),
                std::env::VarError::NotUnicode(_) => "it is not UTF-8".to_owned(),
            }),
        };
        let refuse = |reason: String| Error::Secret { key: key.to_owned(), place: self.to_string(), reason };
        let secret = secret.map_err(refuse)?;
        let secret = secret.strip_suffix('\n').map_or(secret.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        if secret.is_empty() {
            return Err(refuse("it is empty".to_owned()));
        }
        if secret.contains('\0') {
            return Err(refuse("it holds a zero byte".to_owned()));
        }
        Ok(secret.to_owned())
    }
}

fn read_file(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut secret = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut secret).map_err(|error| error.to_string())?;
    if secret.len() as u64 > MAX_BYTES {
        return Err(format!("it has more than {MAX_BYTES} bytes"));
    }
    Ok(secret)
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file `{}`", path.display()),
            Self::Env(name) => write!(f, "environment variable `{name}`"),
        }
    }
}
