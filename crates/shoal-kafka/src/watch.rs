//! Hears what clients complain of. They try again for ever and say so for ever; what matters is what they say last,
//! about whom, and whether they have given up.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel as Level;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, ProducerContext};

use crate::connection::token;
use crate::diagnosis::message::Message;
use crate::diagnosis::{self, Diagnosis, TroubleKind};
use crate::printable::excerpt;
use crate::{Connection, Sasl, Secret};

/// So many troubles are remembered; then the oldest is forgotten.
const MAX_TROUBLES: usize = 32;

/// The same trouble is logged again after this time.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// A complaint of a client, once for each kind and broker.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// The meaning and the remedy.
    pub diagnosis: Diagnosis,
    /// The client's own code.
    pub code: Option<RDKafkaErrorCode>,
    /// The broker, where the client names one.
    pub broker: Option<String>,
    /// The client's own words, made safe to look at.
    pub reason: String,
    /// The number of times that it was heard.
    pub times: u64,
    /// The moment it was heard first.
    pub first: Instant,
    /// The moment it was heard last.
    pub last: Instant,
    /// `true` if the client has given up: it must be replaced.
    pub is_fatal: bool,
    logged: Instant,
}

/// Hears the complaints of a client and gives it tokens. A clone hears the same. The contexts of clients hold one and
/// hand their calls on.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    token: Option<Secret>,
    /// `true` if the group matters that the client names.
    has_group: bool,
    troubles: Arc<Mutex<Vec<Trouble>>>,
}

impl Watch {
    /// For a client of a connection.
    pub fn new(connection: &Connection) -> Self {
        let token = match &connection.sasl {
            Some(Sasl::OauthBearer { token }) => Some(token.clone()),
            _ => None,
        };
        Self { token, has_group: true, troubles: Arc::default() }
    }

    /// For a [`Purpose::Reader`](crate::Purpose::Reader): what is said of the group that it never joins is not heard.
    pub fn of_reader(connection: &Connection) -> Self {
        Self { has_group: false, ..Self::new(connection) }
    }

    /// For [`ClientContext::error`].
    pub fn error(&self, error: &KafkaError, reason: &str) {
        let code = diagnosis::code_of(error);
        // The end of a partition is news, not trouble.
        if code == Some(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        self.hear(code, reason, code == Some(RDKafkaErrorCode::Fatal));
    }

    /// For [`ClientContext::log`]. The client logs what it complains of as well, so its errors are details here.
    pub fn log(&self, level: Level, facility: &str, message: &str) {
        let message = excerpt(message, 1_000);
        match facility {
            // That a client has given up is told by no code that could be relied on.
            "FATAL" => self.hear(None, &message, true),
            // That a connection ended is only logged, and it is how a broker refuses another protocol. What is worse
            // comes through `error` too.
            "FAIL" if matches!(level, Level::Warning | Level::Notice | Level::Info) => self.hear(None, &message, false),
            _ => {}
        }
        // CONFWARN tells a producer of properties for consumers.
        match level {
            Level::Emerg | Level::Alert | Level::Critical => {
                tracing::error!(target: "kafka", facility, "{message}");
            }
            Level::Warning if facility != "CONFWARN" => {
                tracing::info!(target: "kafka", facility, "{message}");
            }
            _ => tracing::debug!(target: "kafka", facility, "{message}"),
        }
    }

    /// For [`ClientContext::generate_oauth_token`]: reads the token anew. The client asks for it when it is polled, and
    /// answers nothing before it has one.
    pub fn oauth_token(&self) -> Result<OAuthToken, Box<dyn StdError>> {
        let Some(secret) = &self.token else { return Err("no token is configured".into()) };
        let token = secret.read("kafka.sasl.token")?;
        token::describe(&token, SystemTime::now())
            .map_err(|problem| format!("the token in {secret} cannot be used: {problem}").into())
    }

    /// The troubles heard, the latest last.
    pub fn troubles(&self) -> Vec<Trouble> {
        let mut troubles = self.lock().clone();
        troubles.sort_by_key(|trouble| trouble.last);
        troubles
    }

    /// The trouble that explains best why nothing works: the most telling of the latest complaints.
    pub fn worst(&self) -> Option<Trouble> {
        self.troubles().into_iter().max_by_key(|trouble| (trouble.weight(), trouble.last))
    }

    /// The trouble for which the client has given up, if it has.
    pub fn fatal(&self) -> Option<Trouble> {
        self.lock().iter().find(|trouble| trouble.is_fatal).cloned()
    }

    fn hear(&self, code: Option<RDKafkaErrorCode>, reason: &str, is_fatal: bool) {
        let diagnosis = diagnosis::diagnose(code, reason);
        if diagnosis.kind == TroubleKind::GroupDenied && !self.has_group {
            return;
        }
        let message = Message::parse(reason);
        let (broker, reason) = (message.broker, message.text);
        let now = Instant::now();
        let broker = broker.map(|broker| excerpt(broker, 100));
        let mut troubles = self.lock();
        let same = |trouble: &&mut Trouble| trouble.diagnosis.kind == diagnosis.kind && trouble.broker == broker;
        if let Some(known) = troubles.iter_mut().find(same) {
            known.times += 1;
            known.last = now;
            known.code = code.or(known.code);
            known.reason = excerpt(reason, 400);
            known.diagnosis = diagnosis;
            let is_news = is_fatal && !known.is_fatal;
            known.is_fatal |= is_fatal;
            if is_news || now.duration_since(known.logged) >= LOG_INTERVAL {
                known.logged = now;
                known.log();
            }
            return;
        }
        let reason = excerpt(reason, 400);
        let trouble =
            Trouble { diagnosis, code, broker, reason, times: 1, first: now, last: now, is_fatal, logged: now };
        trouble.log();
        if troubles.len() >= MAX_TROUBLES {
            let oldest = troubles.iter().enumerate().filter(|(_, one)| !one.is_fatal).min_by_key(|(_, one)| one.last);
            let oldest = oldest.map_or(0, |(at, _)| at);
            troubles.remove(oldest);
        }
        troubles.push(trouble);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Trouble>> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trouble {
    /// The weight against others heard at the same time.
    pub(crate) fn weight(&self) -> (bool, u8) {
        (self.is_fatal, self.diagnosis.kind.weight())
    }

    fn log(&self) {
        let broker = self.broker.as_deref().unwrap_or("-");
        let Diagnosis { what, remedy, .. } = &self.diagnosis;
        let (times, reason) = (self.times, &self.reason);
        if self.is_fatal {
            tracing::error!(target: "kafka", broker, times, reason, "{what}; {remedy}");
        } else {
            tracing::warn!(target: "kafka", broker, times, reason, "{what}; {remedy}");
        }
    }
}

/// Implements `rdkafka::ClientContext` for the context of a client: its complaints and tokens go through the [`Watch`] in
/// the field that is named, its statistics to the function that is, if one is.
#[macro_export]
macro_rules! watched {
    ($context:ty, $watch:tt $(, $statistics:path)?) => {
        impl ::rdkafka::ClientContext for $context {
            const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

            fn log(&self, level: ::rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
                self.$watch.log(level, facility, message);
            }

            fn error(&self, error: ::rdkafka::error::KafkaError, reason: &str) {
                self.$watch.error(&error, reason);
            }
            $(
                fn stats(&self, statistics: ::rdkafka::Statistics) {
                    $statistics(self, &statistics);
                }
            )?

            fn generate_oauth_token(
                &self,
                _config: Option<&str>,
            ) -> Result<::rdkafka::client::OAuthToken, Box<dyn ::std::error::Error>> {
                self.$watch.oauth_token()
            }
        }
    };
}

/// The context of clients that need nothing but a [`Watch`].
#[derive(Debug, Clone)]
pub struct WatchContext(pub Watch);

watched!(WatchContext, 0);

impl ConsumerContext for WatchContext {}

impl ProducerContext for WatchContext {
    type DeliveryOpaque = ();

    fn delivery(&self, _result: &DeliveryResult<'_>, _opaque: ()) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> Watch {
        Watch::new(&Connection::plaintext(["a:1"]))
    }

    #[test]
    fn what_is_repeated_is_kept_once() {
        let watch = watch();
        let refused = KafkaError::Global(RDKafkaErrorCode::BrokerTransportFailure);
        for time in 0..5 {
            watch.error(
                &refused,
                &format!("a:1/1: Connect to x failed: Connection refused (after {time}ms in state CONNECT)"),
            );
        }
        watch.error(&KafkaError::Global(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down");
        let troubles = watch.troubles();
        assert_eq!(troubles.iter().map(|trouble| trouble.times).collect::<Vec<_>>(), [5, 1]);
        assert_eq!(troubles[0].broker.as_deref(), Some("a:1"));
        assert_eq!(troubles[0].reason, "Connect to x failed: Connection refused");
        // The last is not the one that tells most.
        assert_eq!(watch.worst().expect("heard").diagnosis.kind, TroubleKind::Refused);
        assert!(watch.fatal().is_none());
    }

    #[test]
    fn no_more_than_so_many_are_kept_and_a_fatal_one_always() {
        let watch = watch();
        watch.log(Level::Emerg, "FATAL", "[thrd:main]: Fatal error: Broker: out of sequence: no more");
        watch.error(&KafkaError::Global(RDKafkaErrorCode::Fatal), "Fatal error: Broker: out of sequence: no more");
        for broker in 0..100 {
            let reason = format!("host-{broker}:1/{broker}: Connect to x failed: Connection refused");
            watch.error(&KafkaError::Global(RDKafkaErrorCode::BrokerTransportFailure), &reason);
        }
        assert_eq!(watch.troubles().len(), MAX_TROUBLES);
        let fatal = watch.clone().fatal().expect("heard");
        assert_eq!((fatal.diagnosis.kind, fatal.is_fatal), (TroubleKind::Fatal, true));
        assert_eq!(watch.worst().expect("heard").diagnosis.kind, TroubleKind::Fatal);
    }

    #[test]
    fn hang_ups_are_heard_from_the_log_alone() {
        let watch = watch();
        let message = "[thrd:a:1/bootstrap]: a:1/bootstrap: Disconnected: x (after 5ms in state APIVERSION_QUERY)";
        watch.log(Level::Info, "FAIL", message);
        // Errors come by another way too; other logs are none.
        watch.log(Level::Error, "FAIL", "b:1/bootstrap: Connect to x failed: Connection refused");
        watch.log(Level::Warning, "CONFWARN", "a property is not used");
        let troubles = watch.troubles();
        assert_eq!(troubles.iter().map(|trouble| trouble.diagnosis.kind).collect::<Vec<_>>(), [TroubleKind::WantsTls]);
    }

    #[test]
    fn tokens_are_read_anew_each_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let sasl = Some(Sasl::OauthBearer { token: Secret::File(path.clone()) });
        let watch = Watch::new(&Connection { sasl, ..Connection::plaintext(["a:1"]) });
        for token in ["first", "second"] {
            std::fs::write(&path, token).expect("written");
            assert_eq!(watch.oauth_token().expect("a token").token, token);
        }
        std::fs::write(&path, "my secret").expect("written");
        let error = watch.oauth_token().err().expect("refused").to_string();
        assert!(error.ends_with("cannot be used: it holds characters that no token has"), "{error}");
        assert!(!error.contains("my secret"), "{error}");
        assert!(Watch::default().oauth_token().is_err());
    }
}
