//! The configuration of clients: what the order law and recovery depend on, and what makes faults cost seconds.

use std::fs::File;
use std::path::Path;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Connection, Error, Sasl, Tls};

/// The purpose of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Looks at and creates topics.
    Admin,
    /// Writes.
    Producer,
    /// Reads as a member of a group.
    Consumer {
        /// The group.
        group: String,
        /// A name that survives a restart, so that it moves no partition; the group forgets it after its session.
        instance: Option<String>,
        /// The protocol by which the group agrees.
        protocol: GroupProtocol,
    },
    /// Reads partitions that it is assigned by hand. The client asks for a group's name even so; nothing is joined and
    /// nothing committed under it, and a complaint about it means nothing; [`Watch::of_reader`](crate::Watch::of_reader)
    /// does not hear it.
    Reader,
}

/// The side that decides which process reads which partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GroupProtocol {
    /// The processes themselves, in steps that leave alone what need not move (`cooperative-sticky`).
    #[default]
    Classic,
    /// The brokers (KIP-848, from Kafka 4).
    Consumer,
}

/// The name of the group that a [`Purpose::Reader`] never joins.
pub(crate) const READER_GROUP: &str = "shoal-reader";

/// For every client. Time-outs are such that a killed or paused broker costs seconds: the defaults are a minute for a
/// request, and five for noticing a new leader.
const EVERY: &[(&str, &str)] = &[
    ("client.id", "shoal"),
    ("broker.address.family", "any"),
    ("socket.timeout.ms", "6000"),
    ("socket.connection.setup.timeout.ms", "6000"),
    ("socket.keepalive.enable", "true"),
    ("reconnect.backoff.ms", "100"),
    ("reconnect.backoff.max.ms", "1000"),
    ("topic.metadata.refresh.interval.ms", "1000"),
    // Else three refreshes. A producer that has not heard of a topic for so long holds its records apart, to be given
    // their partitions later; no hiccup is to come to that.
    ("metadata.max.age.ms", "60000"),
    ("enable.metrics.push", "false"),
];

/// Nothing is lost, doubled or turned around; errors that pass are tried again for ever.
const PRODUCER: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    // Else what follows a record that was refused would be written all the same.
    ("enable.gapless.guarantee", "true"),
    ("acks", "all"),
    ("message.timeout.ms", "0"),
    // The broker gives up before the client does, and says why.
    ("request.timeout.ms", "5000"),
    ("compression.type", "lz4"),
    ("linger.ms", "20"),
    ("queue.buffering.max.messages", "100000"),
    ("queue.buffering.max.kbytes", "131072"),
    // The limit of the topic decides.
    ("message.max.bytes", "67108864"),
];

/// Positions are ours: the client stores and commits nothing and never begins somewhere on its own.
const CONSUMER: &[(&str, &str)] = &[
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("allow.auto.create.topics", "false"),
    ("check.crcs", "true"),
    ("queued.max.messages.kbytes", "65536"),
    ("fetch.message.max.bytes", "4194304"),
    // At a low rate brokers would answer for every record: a twentieth of a second later there is more to say.
    ("fetch.min.bytes", "65536"),
    ("fetch.wait.max.ms", "50"),
    // A full queue is looked at again soon: the default is a second.
    ("fetch.queue.backoff.ms", "20"),
    ("fetch.error.backoff.ms", "200"),
];

impl Connection {
    /// The configuration of a client. Reads files and secrets now.
    pub fn client(&self, purpose: &Purpose) -> Result<ClientConfig, Error> {
        self.validate()?;
        let mut config = ClientConfig::new();
        // A broker that refuses another protocol just hangs up, which the client only logs, and at this level. What is
        // shown is decided by `Watch`.
        config.set_log_level(RDKafkaLogLevel::Info);
        config.set("bootstrap.servers", self.bootstrap.join(","));
        set_all(&mut config, EVERY);
        match purpose {
            Purpose::Admin => {}
            Purpose::Producer => set_all(&mut config, PRODUCER),
            Purpose::Reader => {
                set_all(&mut config, CONSUMER);
                config.set("group.id", READER_GROUP);
            }
            Purpose::Consumer { group, instance, protocol } => {
                set_all(&mut config, CONSUMER);
                self.join(&mut config, group, instance.as_deref(), *protocol)?;
            }
        }
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        self.secure(&mut config)?;
        Ok(config)
    }

    fn join(
        &self,
        config: &mut ClientConfig,
        group: &str,
        instance: Option<&str>,
        protocol: GroupProtocol,
    ) -> Result<(), Error> {
        config.set("group.id", group);
        if let Some(instance) = instance {
            config.set("group.instance.id", instance);
        }
        match protocol {
            GroupProtocol::Classic => {
                config.set("group.protocol", "classic").set("partition.assignment.strategy", "cooperative-sticky");
            }
            GroupProtocol::Consumer => {
                config.set("group.protocol", "consumer");
                if let Some(name) = ["session.timeout.ms", "heartbeat.interval.ms"]
                    .iter()
                    .find(|name| self.properties.contains_key(**name))
                {
                    return Err(Error::setting(
                        format!("kafka.properties.\"{name}\""),
                        "with the group protocol `consumer` the brokers decide it",
                        "leave it out, or set it for the group at the brokers",
                    ));
                }
            }
        }
        Ok(())
    }

    fn secure(&self, config: &mut ClientConfig) -> Result<(), Error> {
        let protocol = match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        config.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            tls.set(config)?;
        }
        if let Some(sasl) = &self.sasl {
            sasl.set(config)?;
        }
        Ok(())
    }
}

impl Tls {
    fn set(&self, config: &mut ClientConfig) -> Result<(), Error> {
        // The client's own TLS library knows no place of the system, so it has to look for one.
        config.set("ssl.ca.location", "probe");
        let files = [
            ("ca", "ssl.ca.location", &self.ca),
            ("certificate", "ssl.certificate.location", &self.certificate),
            ("key", "ssl.key.location", &self.key),
        ];
        for (key, property, file) in files {
            if let Some(file) = file {
                config.set(property, readable(&format!("kafka.tls.{key}"), file)?);
            }
        }
        if let Some(password) = &self.key_password {
            config.set("ssl.key.password", password.read("kafka.tls.key_password")?);
        }
        Ok(())
    }
}

impl Sasl {
    fn set(&self, config: &mut ClientConfig) -> Result<(), Error> {
        config.set("sasl.mechanism", self.mechanism());
        match self {
            Self::Plain { username, password }
            | Self::ScramSha256 { username, password }
            | Self::ScramSha512 { username, password } => {
                config.set("sasl.username", username).set("sasl.password", password.read("kafka.sasl.password")?);
            }
            // The token is asked for by the client, again and again; here only whether there is one.
            Self::OauthBearer { token } => _ = token.read("kafka.sasl.token")?,
        }
        Ok(())
    }
}

fn set_all(config: &mut ClientConfig, properties: &[(&str, &str)]) {
    for (name, value) in properties {
        config.set(*name, *value);
    }
}

/// The path, if it can be read; the client would only say that its set-up failed.
fn readable(key: &str, path: &Path) -> Result<String, Error> {
    File::open(path).map_err(|error| {
        let problem = format!("cannot read `{}`: {error}", path.display());
        Error::setting(key, problem, "check the path and its permissions")
    })?;
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| Error::setting(key, format!("`{}` is not UTF-8", path.display()), "give the file another name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(rest: &str) -> Connection {
        crate::connection::testing::connection(&format!("bootstrap = ['a:1', 'b:2']\n{rest}"))
    }

    fn consumer(protocol: GroupProtocol) -> Purpose {
        Purpose::Consumer { group: "g".to_owned(), instance: Some("i".to_owned()), protocol }
    }

    #[test]
    fn clients_are_set_up_for_their_purpose() {
        let connection = connection("properties = { 'fetch.min.bytes' = '10', 'linger.ms' = '50' }");
        let purposes = [
            Purpose::Admin,
            Purpose::Producer,
            Purpose::Reader,
            consumer(GroupProtocol::Classic),
            consumer(GroupProtocol::Consumer),
        ];
        let mut all = String::new();
        for purpose in purposes {
            let config = connection.client(&purpose).expect("a configuration");
            config.create_native_config().expect("librdkafka takes it");
            let lines = config.config_map().into_iter().map(|(name, value)| format!("{name}={value}\n"));
            all.extend([format!("{purpose:?}\n"), lines.collect(), "\n".to_owned()]);
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn secrets_are_read_and_never_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("password");
        std::fs::write(&path, "s3cret\r\n").expect("written");
        let sasl = format!("mechanism = 'plain', username = 'u', password = {{ file = '{}' }}", path.display());
        let connection = connection(&format!("sasl = {{ {sasl} }}"));
        let config = connection.client(&Purpose::Producer).expect("a configuration");
        assert_eq!(config.get("sasl.password"), Some("s3cret"));
        assert_eq!(config.get("security.protocol"), Some("sasl_plaintext"));
        let shown = format!("{config:?} {:?} {connection:?}", config.config_map());
        assert!(!shown.contains("s3cret"), "{shown}");
        for (content, reason) in [("", "it is empty"), ("\n", "it is empty"), ("a\0b", "it holds a zero byte")] {
            std::fs::write(&path, content).expect("written");
            let error = connection.client(&Purpose::Producer).expect_err("refused").to_string();
            assert!(error.starts_with("kafka.sasl.password: cannot take the secret from file `"), "{error}");
            assert!(error.contains(reason), "{error}");
        }
        std::fs::write(&path, "x".repeat(70_000)).expect("written");
        let error = connection.client(&Purpose::Producer).expect_err("refused").to_string();
        assert!(error.contains("more than 65536 bytes"), "{error}");
    }

    #[test]
    fn what_is_not_there_is_named() {
        let refusal = |rest: &str| connection(rest).client(&Purpose::Admin).expect_err("refused").to_string();
        let file = refusal("tls = { ca = '/no/such/ca.pem' }");
        let variable = "sasl = { mechanism = 'oauthbearer', token = { env = 'SHOAL_TEST_NO_SUCH_VARIABLE' } }";
        insta::assert_snapshot!(format!("{file}\n{}", refusal(variable)));
    }

    #[test]
    fn a_file_that_is_no_certificate_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, "no certificate").expect("written");
        let connection = connection(&format!("tls = {{ ca = '{}' }}", path.display()));
        let error = crate::Reader::open(&connection).err().expect("refused").to_string();
        let (start, end) =
            ("the Kafka client cannot start: ssl.ca.location failed: ", "; check [kafka] in the pipeline");
        assert!(error.starts_with(start) && error.ends_with(end), "{error}");
    }

    #[test]
    fn brokers_that_decide_on_sessions_are_not_told() {
        let connection = connection("properties = { 'session.timeout.ms' = '10000' }");
        connection.client(&consumer(GroupProtocol::Classic)).expect("a configuration");
        let error = connection.client(&consumer(GroupProtocol::Consumer)).expect_err("refused");
        assert_eq!(error.key(), Some("kafka.properties.\"session.timeout.ms\""));
    }
}
