//! `[kafka]` of a pipeline: how to reach the cluster.

mod properties;
mod secret;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod token;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::secret::Secret;
use crate::Error;

/// The way to a cluster. Holds no secrets, only where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Brokers to ask first, `host:port`; at least one. They name the others.
    pub bootstrap: Vec<String>,
    /// TLS, where it is spoken.
    pub tls: Option<Tls>,
    /// SASL, where brokers ask who this is.
    pub sasl: Option<Sasl>,
    /// Further properties of librdkafka, but for those that Shoal must own.
    pub properties: BTreeMap<String, String>,
}

/// TLS with the brokers. Files are PEM, relative to the pipeline's file. An empty table is enough where the system
/// trusts the brokers' authority.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The authority that vouches for the brokers; without it those of the system do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// The certificate of this process, where brokers ask for one, with those between it and its authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// The key of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// The password of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_password: Option<Secret>,
}

/// Signing in at the brokers: a SASL mechanism and what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "mechanism", deny_unknown_fields)]
pub enum Sasl {
    /// A password that is sent as it is.
    #[serde(rename = "plain")]
    Plain {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A password that is proved and not sent.
    #[serde(rename = "scram-sha-256")]
    ScramSha256 {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A password that is proved and not sent.
    #[serde(rename = "scram-sha-512")]
    ScramSha512 {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A token (a JWT) that somebody else renews; it is read again whenever the client asks for one.
    #[serde(rename = "oauthbearer")]
    OauthBearer {
        /// The token.
        token: Secret,
    },
}

impl Sasl {
    /// The mechanism as librdkafka and brokers call it.
    pub(crate) fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain { .. } => "PLAIN",
            Self::ScramSha256 { .. } => "SCRAM-SHA-256",
            Self::ScramSha512 { .. } => "SCRAM-SHA-512",
            Self::OauthBearer { .. } => "OAUTHBEARER",
        }
    }
}

impl Connection {
    /// A connection in the clear, without a password.
    pub fn plaintext(bootstrap: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            bootstrap: bootstrap.into_iter().map(Into::into).collect(),
            tls: None,
            sasl: None,
            properties: BTreeMap::new(),
        }
    }

    /// The brokers as one text, for messages.
    pub fn brokers(&self) -> String {
        self.bootstrap.join(", ")
    }

    /// Takes relative paths as relative to `base`, the directory of the pipeline's file.
    pub fn rebase(&mut self, base: &Path) {
        let tls = self.tls.iter_mut().flat_map(|tls| {
            let files = [tls.ca.as_mut(), tls.certificate.as_mut(), tls.key.as_mut()].into_iter().flatten();
            files.chain(tls.key_password.as_mut().and_then(Secret::path_mut))
        });
        let sasl = self.sasl.iter_mut().filter_map(|sasl| match sasl {
            Sasl::Plain { password: secret, .. }
            | Sasl::ScramSha256 { password: secret, .. }
            | Sasl::ScramSha512 { password: secret, .. }
            | Sasl::OauthBearer { token: secret } => secret.path_mut(),
        });
        for path in tls.chain(sasl) {
            // An empty path stays empty, to be refused; joined it would name the directory.
            if !path.as_os_str().is_empty() {
                *path = base.join(&*path);
            }
        }
    }

    /// Refuses what cannot work, without reading files or secrets and without asking anybody. The error names the key
    /// as it is written.
    pub fn validate(&self) -> Result<(), Error> {
        if self.bootstrap.is_empty() {
            return Err(Error::setting("kafka.bootstrap", "it is empty", "name a broker, such as \"localhost:9092\""));
        }
        for (at, broker) in self.bootstrap.iter().enumerate() {
            check_broker(&format!("kafka.bootstrap[{at}]"), broker)?;
        }
        if let Some(tls) = &self.tls {
            tls.validate()?;
        }
        if let Some(sasl) = &self.sasl {
            sasl.validate()?;
        }
        properties::check(&self.properties)
    }
}

impl Tls {
    fn validate(&self) -> Result<(), Error> {
        let files = [("ca", &self.ca), ("certificate", &self.certificate), ("key", &self.key)];
        for (name, file) in files {
            if file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
                return Err(Error::setting(format!("kafka.tls.{name}"), "it is empty", "name a PEM file"));
            }
        }
        let missing = match (&self.certificate, &self.key, &self.key_password) {
            (Some(_), None, _) => ("certificate", "a certificate is of no use without its key", "add kafka.tls.key"),
            (None, Some(_), _) => ("key", "a key is of no use without its certificate", "add kafka.tls.certificate"),
            (_, None, Some(_)) => ("key_password", "there is no key that it could open", "add kafka.tls.key"),
            (_, _, password) => {
                return password.as_ref().map_or(Ok(()), |secret| secret.validate("kafka.tls.key_password"));
            }
        };
        let (key, problem, remedy) = missing;
        Err(Error::setting(format!("kafka.tls.{key}"), problem, remedy))
    }
}

impl Sasl {
    fn validate(&self) -> Result<(), Error> {
        match self {
            Self::Plain { username, password }
            | Self::ScramSha256 { username, password }
            | Self::ScramSha512 { username, password } => {
                if username.is_empty() || username.contains('\0') {
                    return Err(Error::setting("kafka.sasl.username", "that is no name", "name the user"));
                }
                password.validate("kafka.sasl.password")
            }
            Self::OauthBearer { token } => token.validate("kafka.sasl.token"),
        }
    }
}

/// Takes `host:port` and `[v6]:port` only: what librdkafka takes besides, such as a protocol in front, would get round
/// the other settings.
fn check_broker(key: &str, broker: &str) -> Result<(), Error> {
    let refuse = |problem: &str| Err(Error::setting(key, problem, "write \"host:port\", such as \"kafka-1:9092\""));
    if broker.contains("://") {
        return refuse("a broker is named without a protocol; kafka.tls and kafka.sasl say how it is spoken to");
    }
    if broker.contains(',') {
        return refuse("one broker an entry");
    }
    let Some((host, port)) = broker.rsplit_once(':') else { return refuse("the port is missing") };
    if !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return refuse("the port is no number from 1 to 65535");
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_address = bare.is_some_and(|bare| bare.parse::<std::net::Ipv6Addr>().is_ok());
    let is_name =
        !host.is_empty() && host.chars().all(|symbol| symbol.is_ascii_alphanumeric() || ".-_".contains(symbol));
    if is_address || is_name { Ok(()) } else { refuse("that is neither a host's name nor an address") }
}

#[cfg(test)]
mod tests;
