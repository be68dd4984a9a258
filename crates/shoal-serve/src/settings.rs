//! Settings of the server: where it listens, and who may ask what.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::Error;
use crate::access::TokenHash;

/// The longest name of a token, in bytes.
const LONGEST_NAME: usize = 64;

/// The HTTP server: `/metrics` for Prometheus, `/healthz`, `/readyz`; with `[index]` the page at `/` and the API under
/// `/api/v1`. Without tokens everybody who can reach the address may do everything, so an address beyond 127.0.0.1 and
/// `[::1]` needs tokens once there is an index.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// An address and a port, such as `"127.0.0.1:9464"`; port 0 takes one that is free. Without the key nothing is
    /// served.
    #[serde(deserialize_with = "address", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = "^.+:[0-9]{1,5}$"))]
    pub listen: Option<SocketAddr>,
    /// Names that the machine is reached by, beside its addresses, without ports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// A table for everybody who may ask.
    #[serde(rename = "token", skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<AccessToken>,
}

/// Somebody who may ask. `shoal token` makes the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessToken {
    /// The name of whoever has the token, for the audit log, limits and feedback; each its own.
    #[schemars(length(min = 1, max = LONGEST_NAME))]
    pub name: String,
    /// Their role.
    pub role: Role,
    /// The SHA-256 of the token in hexadecimal. The token itself stays out of the file.
    pub sha256: TokenHash,
}

/// A role. Each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May search and read.
    Read,
    /// May also say what alerts turned out to be.
    Feedback,
    /// May also erase posts and accounts.
    Admin,
}

impl Role {
    /// The name as written in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Feedback => "feedback",
            Self::Admin => "admin",
        }
    }
}

impl Settings {
    /// Refuses what cannot work, without listening. The error names the key as a pipeline has it. `indexed` says that
    /// there is an index to be asked.
    pub fn validate(&self, indexed: bool) -> Result<(), Error> {
        for (number, token) in self.tokens.iter().enumerate() {
            let wrong = |problem: String, remedy: &str| {
                Err(Error::Setting { key: format!("serve.token[{number}].name"), problem, remedy: remedy.to_owned() })
            };
            if token.name.trim().is_empty() || token.name.len() > LONGEST_NAME {
                let remedy = "name whoever has the token: the audit log does";
                return wrong(format!("no name of 1 to {LONGEST_NAME} bytes"), remedy);
            }
            if self.tokens.iter().take(number).any(|other| other.name == token.name) {
                let problem = format!("`{}` has a token already", token.name);
                return wrong(problem, "give every token a name of its own");
            }
        }
        match self.open().filter(|_| indexed) {
            Some(address) => Err(Error::Setting {
                key: "serve.listen".to_owned(),
                problem: format!("whoever can reach {address} could read and erase everything"),
                remedy: "add [[serve.token]] tables (`shoal token` makes them), or listen on 127.0.0.1".to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// Settings that work and may not be meant.
    pub fn warning(&self) -> Option<String> {
        let address = self.open()?;
        Some(format!(
            "serve.listen: whoever can reach {address} can read the metrics; only 127.0.0.1 and [::1] are this machine's own"
        ))
    }

    /// The address, where other machines can reach it and nobody has to sign in.
    pub(crate) fn open(&self) -> Option<SocketAddr> {
        self.listen.filter(|address| self.tokens.is_empty() && !address.ip().is_loopback())
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| {
        let remedy = "write an address and a port, such as \"127.0.0.1:9464\"; a host's name is none";
        D::Error::custom(format_args!("`{text}` is no address: {remedy}"))
    })
}
