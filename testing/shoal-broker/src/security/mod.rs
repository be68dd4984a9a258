//! The broker's properties of secured listeners: who may connect, and how.

use std::path::Path;

use crate::certificates::Certificates;
use crate::error::Error;
use crate::listener::{Listener, Mechanism};
use crate::oauth::{AUDIENCE, ISSUER, Signer};
use crate::properties::Properties;
use crate::tool::Tool;

/// The user whom the PLAIN and SCRAM listeners know; its principal is `User:shoal`.
pub const USER: &str = "shoal";
/// The user's password.
pub const PASSWORD: &str = "only-for-tests";

/// Everything that the listeners of a cluster need.
#[derive(Debug)]
pub(crate) struct Security {
    pub(crate) certificates: Option<Certificates>,
    pub(crate) signer: Option<Signer>,
    /// Mechanisms for which the user's credentials are stored in the cluster.
    stored: Vec<Mechanism>,
}

impl Security {
    /// Makes what `listeners` need in `folder`.
    pub(crate) fn make(listeners: &[Listener], openssl: &Tool, folder: &Path) -> Result<Self, Error> {
        let encrypted = listeners.iter().any(|listener| listener.is_encrypted());
        let certificates = encrypted.then(|| Certificates::make(openssl, &folder.join("tls"))).transpose()?;
        let has = |mechanism| listeners.iter().any(|listener| listener.mechanism() == Some(mechanism));
        let signer = has(Mechanism::OauthBearer).then(|| Signer::make(openssl, &folder.join("oauth"))).transpose()?;
        let stored = [Mechanism::ScramSha256, Mechanism::ScramSha512];
        Ok(Self { certificates, signer, stored: stored.into_iter().filter(|one| has(*one)).collect() })
    }

    /// Arguments of the command that formats a broker's folder.
    pub(crate) fn credentials(&self) -> impl Iterator<Item = String> {
        self.stored.iter().flat_map(|mechanism| {
            let credential = format!("{}=[name={USER},password={PASSWORD}]", mechanism.name());
            ["--add-scram".to_owned(), credential]
        })
    }

    /// The property of Java that lets a broker read the key of tokens from a file.
    pub(crate) fn java_flags(&self) -> Vec<String> {
        let allow = |signer: &Signer| format!("-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={}", signer.url());
        self.signer.iter().map(allow).collect()
    }

    /// Adds the properties of a listener.
    pub(crate) fn describe(&self, listener: Listener, properties: &mut Properties) {
        let prefix = format!("listener.name.{}", listener.name().to_lowercase());
        if let Some(certificates) = self.certificates.as_ref().filter(|_| listener.is_encrypted()) {
            properties.set(format!("{prefix}.ssl.keystore.type"), "PEM");
            properties.set(format!("{prefix}.ssl.keystore.location"), certificates.broker.display());
            properties.set(format!("{prefix}.ssl.truststore.type"), "PEM");
            properties.set(format!("{prefix}.ssl.truststore.location"), certificates.authority.display());
            let client = if listener == Listener::MutualTls { "required" } else { "none" };
            properties.set(format!("{prefix}.ssl.client.auth"), client);
        }
        if let Some(mechanism) = listener.mechanism() {
            properties.set(format!("{prefix}.sasl.enabled.mechanisms"), mechanism.name());
            let prefix = format!("{prefix}.{}", mechanism.name().to_lowercase());
            properties.set(format!("{prefix}.sasl.jaas.config"), login_module(mechanism));
            if let Some(signer) = self.signer.as_ref().filter(|_| mechanism == Mechanism::OauthBearer) {
                describe_tokens(signer, &prefix, properties);
            }
        }
    }
}

fn describe_tokens(signer: &Signer, prefix: &str, properties: &mut Properties) {
    let handler = "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler";
    properties.set(format!("{prefix}.sasl.server.callback.handler.class"), handler);
    properties.set("sasl.oauthbearer.jwks.endpoint.url", signer.url());
    properties.set("sasl.oauthbearer.expected.issuer", ISSUER);
    properties.set("sasl.oauthbearer.expected.audience", AUDIENCE);
    // All clocks are one, so a token that has run out is refused at once.
    properties.set("sasl.oauthbearer.clock.skew.seconds", 0);
}

fn login_module(mechanism: Mechanism) -> String {
    let package = "org.apache.kafka.common.security";
    match mechanism {
        Mechanism::Plain => {
            format!("{package}.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";")
        }
        Mechanism::ScramSha256 | Mechanism::ScramSha512 => format!("{package}.scram.ScramLoginModule required;"),
        Mechanism::OauthBearer => format!("{package}.oauthbearer.OAuthBearerLoginModule required;"),
    }
}

#[cfg(test)]
mod tests;
