//! The ways to connect to a broker.

/// A way to connect. Every cluster has [`Listener::Plain`]; the others are there when they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listener {
    /// Without encryption or log-in (`security.protocol=plaintext`).
    Plain,
    /// Encrypted (`ssl`).
    Tls,
    /// Encrypted, and the client must show a certificate of the cluster's authority (`ssl`).
    MutualTls,
    /// With a log-in, without encryption (`sasl_plaintext`).
    Sasl(Mechanism),
    /// With a log-in, encrypted (`sasl_ssl`).
    SaslTls(Mechanism),
}

/// A way to log in. Each listener takes one only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mechanism {
    /// Name and password.
    Plain,
    /// Name and password, proved with SHA-256.
    ScramSha256,
    /// Name and password, proved with SHA-512.
    ScramSha512,
    /// A signed token, from [`Cluster::token`](crate::Cluster::token).
    OauthBearer,
}

impl Listener {
    /// Kafka's security protocol.
    pub(crate) fn protocol(self) -> &'static str {
        match self {
            Self::Plain => "PLAINTEXT",
            Self::Tls | Self::MutualTls => "SSL",
            Self::Sasl(_) => "SASL_PLAINTEXT",
            Self::SaslTls(_) => "SASL_SSL",
        }
    }

    /// The listener's name in the broker's properties: letters and digits only.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Plain => "PLAINTEXT".to_owned(),
            Self::Tls => "TLS".to_owned(),
            Self::MutualTls => "MUTUALTLS".to_owned(),
            Self::Sasl(mechanism) => format!("SASL{}", mechanism.name().replace('-', "")),
            Self::SaslTls(mechanism) => format!("SASLTLS{}", mechanism.name().replace('-', "")),
        }
    }

    pub(crate) fn is_encrypted(self) -> bool {
        matches!(self, Self::Tls | Self::MutualTls | Self::SaslTls(_))
    }

    pub(crate) fn mechanism(self) -> Option<Mechanism> {
        match self {
            Self::Sasl(mechanism) | Self::SaslTls(mechanism) => Some(mechanism),
            Self::Plain | Self::Tls | Self::MutualTls => None,
        }
    }
}

impl Mechanism {
    /// The name that `sasl.mechanism` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OauthBearer => "OAUTHBEARER",
        }
    }
}
