//! The sentences of diagnoses.

use super::message::Message;
use crate::diagnosis::TroubleKind;
use crate::printable::excerpt;

/// The broker as the object of a sentence.
fn broker(message: &Message<'_>) -> String {
    message.broker.map_or_else(|| "the broker".to_owned(), |address| format!("the broker at {}", excerpt(address, 100)))
}

/// The remedy when the place itself is wrong.
fn place(message: &Message<'_>, otherwise: &str) -> String {
    if message.is_advertised {
        "the cluster itself names this address: check that the broker runs, that it can be reached from here, and \
         advertised.listeners of the brokers"
            .to_owned()
    } else {
        otherwise.to_owned()
    }
}

/// The problem, and the remedy.
pub(crate) fn words(kind: TroubleKind, message: &Message<'_>) -> (String, String) {
    let at = broker(message);
    match kind {
        TroubleKind::Refused
        | TroubleKind::Unresolved
        | TroubleKind::TimedOut
        | TroubleKind::Disconnected
        | TroubleKind::AllDown => reaching(kind, message),
        TroubleKind::WantsTls => (
            format!("{at} does not understand us: most likely it wants TLS, and we do not speak it"),
            "add [kafka.tls], or name the port of a listener without TLS".to_owned(),
        ),
        TroubleKind::NoTls => (
            format!("{at} does not speak TLS"),
            "remove [kafka.tls], or name the port of a listener with TLS".to_owned(),
        ),
        TroubleKind::NotKafka => (
            format!("what answers instead of {at} is no Kafka"),
            "check host and port in kafka.bootstrap; a proxy or a web server may stand there".to_owned(),
        ),
        TroubleKind::Untrusted | TroubleKind::ClientCertificate | TroubleKind::Tls => certificates(kind, message),
        TroubleKind::WantsSasl
        | TroubleKind::NoSasl
        | TroubleKind::Mechanism
        | TroubleKind::Credentials
        | TroubleKind::Token => signing_in(kind, message),
        _ => answers(kind, message),
    }
}

fn reaching(kind: TroubleKind, message: &Message<'_>) -> (String, String) {
    let at = broker(message);
    match kind {
        TroubleKind::Refused => (
            format!("{at} refuses connections: nobody listens there"),
            place(message, "check host and port in kafka.bootstrap, and that the broker runs"),
        ),
        TroubleKind::Unresolved => (
            format!("{at} cannot be found: its name leads nowhere"),
            place(message, "check the host in kafka.bootstrap, and the name service of this machine"),
        ),
        TroubleKind::TimedOut => (
            format!("{at} did not answer in time"),
            place(message, "check host and port in kafka.bootstrap, that the broker runs, and what stands between"),
        ),
        TroubleKind::AllDown => (
            "no broker can be reached".to_owned(),
            "check kafka.bootstrap, that the brokers run, and the network; the client goes on trying".to_owned(),
        ),
        _ => (
            format!("the connection to {at} ended ({})", excerpt(message.text, 200)),
            "if it goes on, look into the log of the broker; the client connects again".to_owned(),
        ),
    }
}

fn certificates(kind: TroubleKind, message: &Message<'_>) -> (String, String) {
    let at = broker(message);
    let (what, remedy) = match kind {
        TroubleKind::Untrusted => (
            format!(
                "the certificate of {at} cannot be trusted: no authority that we know has signed it, or it is for \
                 another host, or out of date"
            ),
            "name the authority that signed it in kafka.tls.ca (without it those of the system are trusted), and the \
             broker in kafka.bootstrap as its certificate does; `openssl s_client -connect host:port` shows it",
        ),
        TroubleKind::ClientCertificate => (
            format!("{at} wants a certificate of ours, and got none or one that it does not trust"),
            "name one in kafka.tls.certificate, with kafka.tls.key, signed by an authority that the brokers trust",
        ),
        _ => (
            format!("TLS with {at} failed: {}", excerpt(message.text, 200)),
            "check [kafka.tls], and the log of the broker",
        ),
    };
    (what, remedy.to_owned())
}

fn signing_in(kind: TroubleKind, message: &Message<'_>) -> (String, String) {
    let at = broker(message);
    match kind {
        TroubleKind::WantsSasl => (
            format!("{at} hangs up on us: most likely it wants us to sign in"),
            "add [kafka.sasl], or name the port of a listener that asks for no password".to_owned(),
        ),
        TroubleKind::NoSasl => (
            format!("{at} does not want us to sign in"),
            "remove [kafka.sasl], or name the port of a listener with SASL".to_owned(),
        ),
        TroubleKind::Mechanism => {
            let ours =
                message.text.strip_prefix("SASL ").and_then(|rest| rest.split(' ').next()).unwrap_or("this mechanism");
            let offered =
                message.text.rsplit_once("supported mechanisms: ").map_or("", |(_, rest)| rest).replace(',', ", ");
            (
                format!("{at} does not take {}; it takes {}", excerpt(ours, 40), excerpt(&offered, 200)),
                "choose one that it takes in kafka.sasl.mechanism, or turn it on at the broker".to_owned(),
            )
        }
        TroubleKind::Token => {
            let what = match message.text.rsplit_once("OAUTHBEARER token: ") {
                Some((_, ours)) => excerpt(ours, 300),
                None => format!("{at} does not take our token: {}", excerpt(message.text, 200)),
            };
            (what, "renew the token that kafka.sasl.token leads to; check its issuer, audience and expiry".to_owned())
        }
        _ => (
            format!("{at} does not take our user and password"),
            "check kafka.sasl.username and what kafka.sasl.password leads to, and that the broker knows the user"
                .to_owned(),
        ),
    }
}

fn answers(kind: TroubleKind, message: &Message<'_>) -> (String, String) {
    let said = excerpt(message.text, 200);
    let (what, remedy) = match kind {
        TroubleKind::TopicDenied => {
            ("we have no right to this topic".to_owned(), "allow it with kafka-acls, for our user")
        }
        TroubleKind::GroupDenied => {
            ("we have no right to this group".to_owned(), "allow our user READ on the group with kafka-acls")
        }
        TroubleKind::ClusterDenied => (
            "we have no right to this on the cluster".to_owned(),
            "allow it with kafka-acls, for our user, or have somebody do it who may",
        ),
        TroubleKind::UnknownTopic => (
            "there is no such topic or partition".to_owned(),
            "create it: `shoal topics create PIPELINE.toml`, and check its name",
        ),
        TroubleKind::BadTopic => (
            format!("the brokers take no such topic: {said}"),
            "have no more replicas than there are brokers, and check names and settings against the brokers' policy",
        ),
        TroubleKind::TooLarge => (
            "a record is larger than its topic takes".to_owned(),
            "raise max.message.bytes of the topic (`shoal topics check` says how far)",
        ),
        TroubleKind::Replicas => (
            "too few replicas of the partition are up to take a record".to_owned(),
            "start the missing brokers, or lower min.insync.replicas of the topic; the client goes on trying",
        ),
        TroubleKind::Fenced => (
            "another process has taken our place".to_owned(),
            "give each process an instance name of its own, and stop the one that is too many",
        ),
        TroubleKind::OutOfRange => (
            "the position is not in the partition: what was there is deleted, or the topic was made anew".to_owned(),
            "check retention against the time that Shoal was away, then start from a checkpoint or from the first record",
        ),
        TroubleKind::NoPosition => (
            "the group has no position in this partition yet".to_owned(),
            "start from a checkpoint, or from the first record",
        ),
        TroubleKind::PollExceeded => (
            "we did not ask for records for too long and were taken out of the group".to_owned(),
            "look at what held the process up, or raise max.poll.interval.ms in kafka.properties",
        ),
        TroubleKind::Fatal => {
            (format!("the client has given up: {said}"), "start Shoal again; it goes on from its checkpoint")
        }
        _ => (said, "look into the log of the broker"),
    };
    (what, remedy.to_owned())
}
