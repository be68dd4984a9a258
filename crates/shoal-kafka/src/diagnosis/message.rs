//! The client's messages, taken apart.

use std::time::Duration;

/// `[thrd:…]: sasl_ssl://host:port/id: text (after 3ms in state UP)`, of which all but the text may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// `host:port`.
    pub(crate) broker: Option<&'a str>,
    /// `true` if the cluster named this broker, not the configuration.
    pub(crate) is_advertised: bool,
    /// `true` if we speak TLS with it.
    pub(crate) is_tls: bool,
    /// `true` if we sign in.
    pub(crate) is_sasl: bool,
    /// The text.
    pub(crate) text: &'a str,
    /// The time in a state of the connection, and the state.
    pub(crate) state: Option<(Duration, &'a str)>,
}

impl<'a> Message<'a> {
    pub(crate) fn parse(message: &'a str) -> Self {
        let message = match message.strip_prefix("[thrd:").and_then(|rest| rest.split_once("]: ")) {
            Some((_, rest)) => rest,
            None => message,
        };
        let (message, state) = split_state(message);
        let bare = Self { broker: None, is_advertised: false, is_tls: false, is_sasl: false, text: message, state };
        let Some((head, text)) = message.split_once(": ") else { return bare };
        let (protocol, name) = head.split_once("://").unwrap_or(("plaintext", head));
        let Some((address, is_advertised, text)) = split_name(name, text) else { return bare };
        let (is_tls, is_sasl) = (protocol.ends_with("ssl"), protocol.starts_with("sasl"));
        Self { broker: Some(address), is_advertised, is_tls, is_sasl, text, state }
    }
}

/// A broker's name is `host:port/bootstrap` or `host:port/id`; that of a coordinator comes before its address.
fn split_name<'a>(name: &'a str, text: &'a str) -> Option<(&'a str, bool, &'a str)> {
    let is_address = |address: &str| address.contains(':') && !address.contains(' ');
    if name.ends_with("Coordinator") {
        return text.split_once(": ").filter(|(address, _)| is_address(address)).map(|(at, text)| (at, true, text));
    }
    let (address, id) = name.rsplit_once('/').filter(|(address, _)| is_address(address))?;
    let is_node = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    (is_node || id == "bootstrap").then_some((address, is_node, text))
}

fn split_state(message: &str) -> (&str, Option<(Duration, &str)>) {
    let split = || {
        let (text, state) = message.strip_suffix(')')?.rsplit_once(" (after ")?;
        let (time, state) = state.split_once("ms in state ")?;
        let state = state.split(',').next().unwrap_or(state);
        Some((text, (Duration::from_millis(time.parse().ok()?), state)))
    };
    split().map_or((message, None), |(text, state)| (text, Some(state)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_taken_apart() {
        let message = Message::parse(
            "[thrd:sasl_ssl://kafka:9093/bootstrap]: sasl_ssl://kafka:9093/2: Disconnected: x (y): z (after 12ms in state \
             UP, 1 identical error(s) suppressed)",
        );
        let expected = Message {
            broker: Some("kafka:9093"),
            is_advertised: true,
            is_tls: true,
            is_sasl: true,
            text: "Disconnected: x (y): z",
            state: Some((Duration::from_millis(12), "UP")),
        };
        assert_eq!(message, expected);
        let message = Message::parse("[::1]:9092/bootstrap: Connect failed");
        assert_eq!((message.broker, message.is_tls, message.text), (Some("[::1]:9092"), false, "Connect failed"));
        for text in
            ["1/1 brokers are down", "", "JoinGroup failed: Broker: Invalid", "a/1: b", ": (after 1ms in state X"]
        {
            let message = Message::parse(text);
            assert_eq!((message.broker, message.text, message.state), (None, text, None));
        }
    }
}
