//! Diagnoses: complaints of clients and brokers in words that a person can act on.

pub(crate) mod message;
mod sentences;

use std::fmt;
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use self::message::Message;
use self::sentences::words;

/// The problem and its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The kind of trouble.
    pub kind: TroubleKind,
    /// The problem.
    pub what: String,
    /// The remedy.
    pub remedy: String,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

/// The troubles that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TroubleKind {
    /// Nobody listens there.
    Refused,
    /// The host's name leads nowhere.
    Unresolved,
    /// No answer in time.
    TimedOut,
    /// The connection ended.
    Disconnected,
    /// The broker speaks TLS, we do not.
    WantsTls,
    /// We speak TLS, the broker does not.
    NoTls,
    /// Something answers that is no Kafka broker.
    NotKafka,
    /// The broker's certificate cannot be verified.
    Untrusted,
    /// The broker does not take our certificate, or misses one.
    ClientCertificate,
    /// TLS failed in another way.
    Tls,
    /// The broker wants us to sign in.
    WantsSasl,
    /// We sign in, and the broker does not ask for it.
    NoSasl,
    /// The mechanism is off.
    Mechanism,
    /// The user or the password is wrong.
    Credentials,
    /// The token is refused, expired or cannot be read.
    Token,
    /// No right on a topic.
    TopicDenied,
    /// No right on a group.
    GroupDenied,
    /// No right on the cluster.
    ClusterDenied,
    /// There is no such topic or partition.
    UnknownTopic,
    /// The brokers take no such topic.
    BadTopic,
    /// A record is larger than the topic takes.
    TooLarge,
    /// Too few replicas are up.
    Replicas,
    /// Another client has our place.
    Fenced,
    /// A position that the partition does not have any more, or not yet.
    OutOfRange,
    /// The group has no position in a partition.
    NoPosition,
    /// We were away for too long.
    PollExceeded,
    /// All brokers are down.
    AllDown,
    /// The client lost or doubled something and has given up.
    Fatal,
    /// Anything else.
    Other,
}

impl TroubleKind {
    /// Says whether it may be over the next time without anybody doing anything.
    pub(crate) fn is_passing(self) -> bool {
        matches!(self, Self::TimedOut | Self::Disconnected | Self::AllDown | Self::Replicas | Self::Other)
    }

    /// The weight against others heard at the same time.
    pub(crate) fn weight(self) -> u8 {
        match self {
            Self::AllDown => 0,
            Self::Other => 1,
            Self::Disconnected | Self::TimedOut => 2,
            Self::Refused | Self::Unresolved => 3,
            _ => 4,
        }
    }
}

/// Says what an error of a client or a broker means. `reason` is the text that came with it.
pub fn diagnose(code: Option<Code>, reason: &str) -> Diagnosis {
    let message = Message::parse(reason);
    let kind = hang_up(&message).or_else(|| by_text(message.text)).or_else(|| code.and_then(by_code));
    let kind = kind.unwrap_or(TroubleKind::Other);
    let (what, remedy) = words(kind, &message);
    Diagnosis { kind, what, remedy }
}

/// A broker that is spoken to in a wrong way just hangs up; why is told by what the client was doing. (The client has
/// such hints itself and fails to give them.)
fn hang_up(message: &Message<'_>) -> Option<TroubleKind> {
    let has_hung_up = ["Disconnected: ", "Send failed: "].iter().any(|start| message.text.starts_with(start));
    let (time, state) = message.state.filter(|_| has_hung_up)?;
    match state {
        "APIVERSION_QUERY" if !message.is_tls => Some(TroubleKind::WantsTls),
        // What asks to sign in hangs up at the first question.
        "UP" if !message.is_sasl && time < Duration::from_secs(2) => Some(TroubleKind::WantsSasl),
        _ => None,
    }
}

/// The code of an error. The client's own function forgets that of administration.
pub(crate) fn code_of(error: &KafkaError) -> Option<Code> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    }
}

/// Kinds that messages tell and their codes do not; the first that fits.
const BY_TEXT: &[(&[&str], TroubleKind)] = &[
    (&["Connection refused"], TroubleKind::Refused),
    (&["Failed to resolve", "Host resolution failure"], TroubleKind::Unresolved),
    (
        &["connecting to a PLAINTEXT broker listener?", "wrong version number", "packet length too long"],
        TroubleKind::NoTls,
    ),
    (
        &[
            "alert certificate required",
            "alert bad certificate",
            "alert certificate unknown",
            "alert certificate expired",
            "alert unknown ca",
            "client SSL authentication might be required",
        ],
        TroubleKind::ClientCertificate,
    ),
    (
        &["certificate verify failed", "Failed to verify broker certificate", "did not provide a certificate"],
        TroubleKind::Untrusted,
    ),
    (&["fenced by other consumer", "Static consumer fenced"], TroubleKind::Fenced),
    (&["no previously committed offset"], TroubleKind::NoPosition),
    (&["Invalid response size"], TroubleKind::NotKafka),
    (&["Request not valid in current SASL state"], TroubleKind::NoSasl),
    (&["broker's supported mechanisms: "], TroubleKind::Mechanism),
    (&["OAUTHBEARER token", "invalid_token"], TroubleKind::Token),
    (&["SASL authentication error", "Authentication failed"], TroubleKind::Credentials),
    (&["SSL handshake failed"], TroubleKind::Tls),
    (&["Fatal error: "], TroubleKind::Fatal),
    (&["timed out", "Timed out", "timeout"], TroubleKind::TimedOut),
    (&["Disconnected", "Connection reset", "Broken pipe"], TroubleKind::Disconnected),
];

fn by_text(reason: &str) -> Option<TroubleKind> {
    let fits = |needles: &[&str]| needles.iter().any(|needle| reason.contains(needle));
    BY_TEXT.iter().find(|(needles, _)| fits(needles)).map(|(_, kind)| *kind)
}

fn by_code(code: Code) -> Option<TroubleKind> {
    let kind = match code {
        Code::Resolve => TroubleKind::Unresolved,
        Code::OperationTimedOut | Code::RequestTimedOut | Code::TimedOutQueue | Code::MessageTimedOut => {
            TroubleKind::TimedOut
        }
        Code::BrokerTransportFailure | Code::NetworkException => TroubleKind::Disconnected,
        Code::SSL => TroubleKind::Tls,
        Code::UnsupportedSASLMechanism => TroubleKind::Mechanism,
        Code::Authentication | Code::SaslAuthenticationFailed => TroubleKind::Credentials,
        Code::TopicAuthorizationFailed => TroubleKind::TopicDenied,
        Code::GroupAuthorizationFailed => TroubleKind::GroupDenied,
        Code::ClusterAuthorizationFailed => TroubleKind::ClusterDenied,
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition => TroubleKind::UnknownTopic,
        Code::InvalidReplicationFactor
        | Code::InvalidPartitions
        | Code::InvalidConfig
        | Code::InvalidTopic
        | Code::PolicyViolation => TroubleKind::BadTopic,
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge | Code::InvalidMessageSize => TroubleKind::TooLarge,
        Code::NotEnoughReplicas | Code::NotEnoughReplicasAfterAppend | Code::ISRInsufficient => TroubleKind::Replicas,
        Code::FencedInstanceId | Code::Fenced | Code::UnreleasedInstanceId => TroubleKind::Fenced,
        Code::OffsetOutOfRange | Code::AutoOffsetReset => TroubleKind::OutOfRange,
        Code::NoOffset => TroubleKind::NoPosition,
        Code::PollExceeded => TroubleKind::PollExceeded,
        Code::AllBrokersDown => TroubleKind::AllDown,
        Code::Fatal => TroubleKind::Fatal,
        _ => return None,
    };
    Some(kind)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// Messages of librdkafka 2.12 about Kafka 4.3.
    const RECORDED: &[(Code, &str)] = &[
        (
            Code::BrokerTransportFailure,
            "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT, \
             1 identical error(s) suppressed)",
        ),
        (
            Code::BrokerTransportFailure,
            "kafka-2:9092/2: Connect to ipv4#10.0.0.2:9092 failed: Connection refused (after 0ms in state CONNECT)",
        ),
        (
            Code::Resolve,
            "kafka.invalid:9092/bootstrap: Failed to resolve 'kafka.invalid:9092': Name or service not known (after 1ms \
             in state CONNECT)",
        ),
        (Code::AllBrokersDown, "1/1 brokers are down"),
        (
            Code::BadMessage,
            "127.0.0.1:80/bootstrap: Receive failed: Invalid response size 1213486160 (0..100000000): increase \
             receive.message.max.bytes (after 0ms in state APIVERSION_QUERY)",
        ),
        (
            Code::BrokerTransportFailure,
            "ssl://127.0.0.1:9092/bootstrap: SSL handshake failed: Disconnected: SSL connection closed by peer: \
             connecting to a PLAINTEXT broker listener? (after 1ms in state SSL_HANDSHAKE)",
        ),
        (
            Code::NoError,
            "[thrd:127.0.0.1:9093/bootstrap]: 127.0.0.1:9093/bootstrap: Disconnected: connection closed by peer: receive \
             0 after POLLIN (after 302ms in state APIVERSION_QUERY)",
        ),
        (
            Code::NoError,
            "[thrd:127.0.0.1:9094/bootstrap]: 127.0.0.1:9094/bootstrap: Disconnected: connection closed by peer: receive \
             0 after POLLIN (after 2ms in state UP)",
        ),
        (
            Code::NoError,
            "[thrd:127.0.0.1:9092/1]: 127.0.0.1:9092/1: Disconnected: connection closed by peer: receive 0 after POLLIN \
             (after 86021ms in state UP)",
        ),
        (
            Code::SSL,
            "ssl://127.0.0.1:9093/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify \
             failed: broker certificate could not be verified, verify that ssl.ca.location is correctly configured or \
             root CA certificates are installed (install ca-certificates package) (after 9ms in state SSL_HANDSHAKE)",
        ),
        (
            Code::BrokerTransportFailure,
            "ssl://127.0.0.1:9093/bootstrap: Receive failed: error:0A000412:SSL routines::ssl/tls alert bad certificate: \
             SSL alert number 42 (after 0ms in state APIVERSION_QUERY)",
        ),
        (
            Code::Authentication,
            "sasl_plaintext://127.0.0.1:9094/bootstrap: SASL authentication error: Authentication failed: Invalid \
             username or password (after 301ms in state AUTH_REQ)",
        ),
        (
            Code::Authentication,
            "sasl_plaintext://127.0.0.1:9094/bootstrap: SASL authentication error: Authentication failed during \
             authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512 (after 311ms in state AUTH_REQ)",
        ),
        (
            Code::Authentication,
            "sasl_plaintext://127.0.0.1:9094/bootstrap: SASL SCRAM-SHA-512 mechanism handshake failed: Broker: \
             Unsupported SASL mechanism: broker's supported mechanisms: PLAIN (after 301ms in state AUTH_HANDSHAKE)",
        ),
        (
            Code::Authentication,
            "sasl_plaintext://127.0.0.1:9092/bootstrap: SASL PLAIN mechanism handshake failed: Broker: Request not valid \
             in current SASL state: broker's supported mechanisms:  (after 0ms in state AUTH_HANDSHAKE)",
        ),
        (
            Code::Authentication,
            "sasl_ssl://127.0.0.1:9095/bootstrap: SASL authentication error: {\"status\":\"invalid_token\"} (after 303ms \
             in state AUTH_REQ)",
        ),
        (
            Code::Authentication,
            "Failed to acquire SASL OAUTHBEARER token: the token in file `/run/secrets/token` cannot be used: it expired \
             66 seconds ago",
        ),
        (
            Code::Fatal,
            "Fatal consumer error: Broker: Static consumer fenced by other consumer with same group.instance.id",
        ),
        (Code::AutoOffsetReset, "no previously committed offset available: Local: No offset stored"),
        (Code::GroupAuthorizationFailed, "FindCoordinator response error: Group authorization failed."),
        (Code::TopicAuthorizationFailed, "Fetch from broker 1 failed: Broker: Topic authorization failed"),
    ];

    #[test]
    fn recorded_messages_are_explained() {
        let mut all = String::new();
        for (code, message) in RECORDED {
            let code = (*code != Code::NoError).then_some(*code);
            let Diagnosis { kind, what, remedy } = diagnose(code, message);
            assert_ne!(kind, TroubleKind::Other, "{message}");
            let _ = writeln!(all, "{kind:?}\n  {what}\n  {remedy}");
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn codes_alone_are_explained() {
        let codes = [
            Code::OperationTimedOut,
            Code::TopicAuthorizationFailed,
            Code::GroupAuthorizationFailed,
            Code::ClusterAuthorizationFailed,
            Code::UnknownTopicOrPartition,
            Code::InvalidReplicationFactor,
            Code::MessageSizeTooLarge,
            Code::NotEnoughReplicas,
            Code::FencedInstanceId,
            Code::OffsetOutOfRange,
            Code::PollExceeded,
            Code::OutOfOrderSequenceNumber,
        ];
        let mut all = String::new();
        for code in codes {
            let Diagnosis { kind, what, remedy } = diagnose(Some(code), &code.to_string());
            let _ = writeln!(all, "{kind:?}\n  {what}\n  {remedy}");
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn what_brokers_say_is_bounded_and_safe() {
        let hostile = format!("evil\u{1b}[2J:1/1: \u{202e}{}", "x".repeat(10_000));
        let Diagnosis { kind, what, .. } = diagnose(None, &hostile);
        assert_eq!(kind, TroubleKind::Other);
        assert!(what.len() < 1_000 && !what.contains(['\u{1b}', '\u{202e}']), "{what}");
    }
}
