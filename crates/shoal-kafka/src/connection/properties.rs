//! Properties of librdkafka that a pipeline may set.

use std::collections::BTreeMap;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;

use crate::Error;
use crate::printable::excerpt;

/// Properties that Shoal owns: names, a final `*` standing for any ending, and why.
const OWNED: &[(&[&str], &str)] = &[
    (&["bootstrap.servers", "metadata.broker.list"], "kafka.bootstrap says it"),
    (&["security.protocol"], "kafka.tls and kafka.sasl say it"),
    (&["ssl.*", "https.ca.*", "enable.ssl.certificate.verification"], "kafka.tls says it"),
    (&["sasl.*", "enable.sasl.*"], "kafka.sasl says it"),
    (
        &["group.*", "partition.assignment.strategy", "consumer.group.*"],
        "the group decides who processes which partition, and Shoal counts on how",
    ),
    (
        &["enable.auto.commit", "auto.commit.*", "enable.auto.offset.store", "auto.offset.reset", "offset.store.*"],
        "where reading begins and what is done decides what is lost or doubled, so Shoal keeps positions itself",
    ),
    (
        &[
            "enable.idempotence",
            "acks",
            "request.required.acks",
            "retries",
            "message.send.max.retries",
            "message.timeout.ms",
            "delivery.timeout.ms",
            "max.in.flight*",
            "enable.gapless.guarantee",
            "queuing.strategy",
            "transactional.id",
            "transaction.timeout.ms",
            "delivery.report.only.error",
        ],
        "nothing may be lost, doubled or turned around on its way to the cluster",
    ),
    (&["partitioner", "msg_order_cmp"], "Shoal decides which partition a record belongs to"),
    (&["enable.partition.eof"], "Shoal asks for it where it needs it"),
    (&["allow.auto.create.topics", "topic.blacklist"], "`shoal topics` makes and checks topics"),
    (&["statistics.interval.ms"], "Shoal has metrics of its own"),
    (&["log_level", "log.queue", "log.thread.name"], "the log level of Shoal says it"),
    (&["plugin.library.paths"], "configuration must not load code"),
    (
        &[
            "test.mock.*",
            "enabled_events",
            "internal.termination.signal",
            "builtin.features",
            "opaque",
            "default_topic_conf",
            "interceptors",
            "*_cb",
        ],
        "it is for programs, not for their configuration",
    ),
];

/// Refuses properties that Shoal owns, and those that librdkafka does not know or whose values it does not take.
pub(crate) fn check(properties: &BTreeMap<String, String>) -> Result<(), Error> {
    for (name, value) in properties {
        let key = || format!("kafka.properties.\"{}\"", excerpt(name, 80));
        if let Some(why) = owner(name) {
            return Err(Error::setting(key(), "Shoal sets this property itself", format!("leave it out: {why}")));
        }
        if name.contains('\0') || value.contains('\0') {
            return Err(Error::setting(key(), "it holds a zero byte", "leave it out"));
        }
        match ClientConfig::new().set(name, value).create_native_config() {
            Ok(_) => {}
            Err(KafkaError::ClientConfig(_, text, ..)) => {
                return Err(Error::setting(key(), excerpt(&text, 200), "see the properties of librdkafka 2.12"));
            }
            Err(error) => return Err(Error::setting(key(), excerpt(&error.to_string(), 200), "leave it out")),
        }
    }
    Ok(())
}

/// The reason why a property is not to be set, if there is one.
fn owner(name: &str) -> Option<&'static str> {
    let matches = |pattern: &&str| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (_, Some(start)) => name.starts_with(start),
        _ => name == *pattern,
    };
    OWNED.iter().find(|(patterns, _)| patterns.iter().any(matches)).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn refusal(name: &str, value: &str) -> String {
        check(&BTreeMap::from([(name.to_owned(), value.to_owned())])).expect_err("refused").to_string()
    }

    #[test]
    fn harmless_properties_pass() {
        let pass = [("client.id", "x"), ("client.rack", "a"), ("fetch.min.bytes", "10"), ("debug", "broker,security")];
        let pass = pass.map(|(name, value)| (name.to_owned(), value.to_owned()));
        check(&BTreeMap::from(pass)).expect("pass");
    }

    #[test]
    fn what_shoal_owns_is_refused_with_a_reason() {
        let names = [
            "security.protocol",
            "ssl.ca.location",
            "sasl.password",
            "enable.sasl.oauthbearer.unsecure.jwt",
            "group.id",
            "group.protocol",
            "partition.assignment.strategy",
            "enable.auto.commit",
            "auto.offset.reset",
            "acks",
            "enable.idempotence",
            "bootstrap.servers",
            "message.timeout.ms",
            "statistics.interval.ms",
            "plugin.library.paths",
            "test.mock.num.brokers",
            "rebalance_cb",
            "max.in.flight",
        ];
        for name in names {
            let text = refusal(name, "1");
            assert!(
                text.starts_with(&format!("kafka.properties.\"{name}\": Shoal sets this property itself")),
                "{text}"
            );
        }
    }

    #[test]
    fn the_page_names_what_is_refused() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/kafka-connections.md");
        let page = std::fs::read_to_string(page).expect("the page is there");
        for pattern in OWNED.iter().flat_map(|(patterns, _)| *patterns) {
            assert!(page.contains(&format!("`{pattern}`")), "docs/kafka-connections.md does not name `{pattern}`");
        }
    }

    #[test]
    fn what_the_client_does_not_know_is_refused_in_its_words() {
        let cases = [("fetch.min.byte", "1"), ("fetch.min.bytes", "many"), ("fetch.min.bytes", "-1"), ("a\0b", "1")];
        insta::assert_snapshot!(cases.map(|(name, value)| refusal(name, value)).join("\n"));
    }
}
