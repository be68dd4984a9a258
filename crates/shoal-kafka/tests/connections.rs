//! The words of `shoal check --online` about connections, right and wrong, against a real broker. The same texts stand
//! in `docs/kafka-connections.md`.

#![allow(clippy::expect_used, reason = "a test's helpers are part of the test")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

use shoal_broker::{Builder, Cluster, Listener, Mechanism, PASSWORD, USER};
use shoal_kafka::online::{self, Wanted, WantedTopic};
use shoal_kafka::topics::{self, Fate, TopicSpec};
use shoal_kafka::{Connection, Grade, Reader, Sasl, Secret, Tls};

const WITHIN: Duration = Duration::from_mins(1);

const TEN_MINUTES: Duration = Duration::from_mins(10);

const SASL_PLAIN: Listener = Listener::Sasl(Mechanism::Plain);
const SCRAM: Listener = Listener::Sasl(Mechanism::ScramSha512);
const SCRAM_TLS: Listener = Listener::SaslTls(Mechanism::ScramSha256);
const OAUTH: Listener = Listener::SaslTls(Mechanism::OauthBearer);

/// The cluster, and the secrets of those who connect.
struct Scene {
    cluster: Cluster,
    folder: tempfile::TempDir,
}

impl Scene {
    fn start() -> Option<Self> {
        let listeners = [Listener::Tls, Listener::MutualTls, SASL_PLAIN, SCRAM, SCRAM_TLS, OAUTH];
        let builder = listeners.into_iter().fold(Cluster::builder().authorizer(), Builder::listener);
        Some(Self { cluster: builder.start_or_skip()?, folder: tempfile::tempdir().expect("a folder") })
    }

    fn connection(&self, listener: Listener, tls: impl Into<Option<Tls>>, sasl: impl Into<Option<Sasl>>) -> Connection {
        let bootstrap = self.cluster.bootstrap_of(listener).expect("the listener is there");
        Connection { tls: tls.into(), sasl: sasl.into(), ..Connection::plaintext([bootstrap]) }
    }

    /// The user whom the brokers know, on a listener that asks.
    fn user(&self) -> Connection {
        self.connection(SCRAM, None, scram(USER, self.password()))
    }

    fn secret(&self, name: &str, text: &str) -> Secret {
        let path = self.folder.path().join(name);
        std::fs::write(&path, format!("{text}\n")).expect("written");
        Secret::File(path)
    }

    fn password(&self) -> Secret {
        self.secret("password", PASSWORD)
    }

    fn wrong_password(&self) -> Secret {
        self.secret("wrong-password", "not-the-password")
    }

    /// By a token that is changed before it is written down.
    fn by_token(&self, name: &str, lifetime: Duration, change: impl Fn(String) -> String) -> Connection {
        let token = change(self.cluster.token(USER, lifetime).expect("a token"));
        self.connection(OAUTH, self.tls(), Sasl::OauthBearer { token: self.secret(name, &token) })
    }

    fn tls(&self) -> Tls {
        let certificates = self.cluster.certificates().expect("they are there");
        Tls { ca: Some(certificates.authority.clone()), ..Tls::default() }
    }

    fn mutual(&self, is_foreign: bool) -> Tls {
        let certificates = self.cluster.certificates().expect("they are there");
        let identity = if is_foreign { &certificates.foreign_client } else { &certificates.client };
        Tls { certificate: Some(identity.certificate.clone()), key: Some(identity.key.clone()), ..self.tls() }
    }

    /// The text without what differs from run to run: addresses, paths and ages are replaced.
    fn redacted(&self, text: &str) -> String {
        let text = text.replace(&format!("{}/", self.folder.path().display()), "/run/secrets/");
        let mut parts = text.split("127.0.0.1:");
        let mut redacted = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            redacted += "kafka:9092";
            redacted += part.trim_start_matches(|symbol: char| symbol.is_ascii_digit());
        }
        match redacted.split_once("it expired ") {
            Some((start, end)) => format!("{start}it expired 60{}", end.trim_start_matches(char::is_numeric)),
            None => redacted,
        }
    }
}

fn plain(username: &str, password: Secret) -> Sasl {
    Sasl::Plain { username: username.to_owned(), password }
}

fn scram(username: &str, password: Secret) -> Sasl {
    Sasl::ScramSha512 { username: username.to_owned(), password }
}

fn topic(name: &str, partitions: Option<i32>) -> WantedTopic {
    WantedTopic { name: name.to_owned(), partitions, read: true, write: true }
}

/// Everything that is there and allowed.
fn posts() -> Wanted {
    Wanted { topics: vec![topic("posts", Some(4))], groups: vec!["shoal-prepare".to_owned()] }
}

fn spec(name: &str) -> TopicSpec {
    TopicSpec {
        name: name.to_owned(),
        partitions: 4,
        replication: 1,
        settings: BTreeMap::from([("cleanup.policy".to_owned(), "delete".to_owned())]),
        purpose: String::new(),
    }
}

/// Gives a cluster topics and rights.
fn furnish(scene: &Scene) {
    let specs = ["posts", "write-only", "read-only", "hidden"].map(spec);
    let outcomes = topics::create(&scene.connection(Listener::Plain, None, None), &specs, WITHIN).expect("an answer");
    assert!(outcomes.iter().all(|outcome| outcome.fate == Fate::Created), "{outcomes:?}");
    let user = format!("User:{USER}");
    let allow = |who: &str, operation: &str, what: &[&str]| {
        let arguments = [&["--add", "--allow-principal", who, "--operation", operation], what].concat();
        scene.cluster.acl(&arguments).expect("allowed");
    };
    allow(&user, "Write", &["--topic", "write-only"]);
    allow(&user, "Read", &["--topic", "read-only"]);
    // Readers name a group that they never join, so no right on it is needed.
    allow("User:somebody-else", "Read", &["--topic", "hidden", "--group", "others", "--group", "shoal-reader"]);
}

/// A connection that is checked, by the name of its snapshot.
type ConnectionCase = (&'static str, Connection, Wanted);

fn well(scene: &Scene) -> Vec<ConnectionCase> {
    let scram = Sasl::ScramSha256 { username: USER.to_owned(), password: scene.password() };
    vec![
        ("all_well", scene.connection(Listener::Plain, None, None), posts()),
        ("all_well_tls", scene.connection(Listener::Tls, scene.tls(), None), posts()),
        ("all_well_mutual_tls", scene.connection(Listener::MutualTls, scene.mutual(false), None), posts()),
        ("all_well_plain", scene.connection(SASL_PLAIN, None, plain(USER, scene.password())), posts()),
        ("all_well_scram", scene.connection(SCRAM_TLS, scene.tls(), scram), posts()),
        ("all_well_token", scene.by_token("token", TEN_MINUTES, |token| token), posts()),
    ]
}

/// Brokers that are elsewhere, or speak otherwise.
fn out_of_reach(scene: &Scene) -> Vec<ConnectionCase> {
    let ca = scene.cluster.certificates().expect("they are there").foreign_authority.clone();
    let foreign = Tls { ca: Some(ca), ..Tls::default() };
    let cases = [
        ("wrong_port", Connection::plaintext(["127.0.0.1:1"])),
        ("unknown_host", Connection::plaintext(["kafka.invalid:9092"])),
        ("no_kafka", Connection::plaintext([web_server()])),
        ("tls_against_plaintext", scene.connection(Listener::Plain, scene.tls(), None)),
        ("plaintext_against_tls", scene.connection(Listener::Tls, None, None)),
        ("unknown_authority", scene.connection(Listener::Tls, foreign, None)),
        ("no_client_certificate", scene.connection(Listener::MutualTls, scene.tls(), None)),
        ("foreign_client_certificate", scene.connection(Listener::MutualTls, scene.mutual(true), None)),
    ];
    cases.map(|(name, connection)| (name, connection, Wanted::default())).into()
}

/// Brokers that do not let us in.
fn turned_away(scene: &Scene) -> Vec<ConnectionCase> {
    let nowhere = Secret::File(scene.folder.path().join("none"));
    // A signature of the right length.
    let forge = |token: String| token.rsplit_once('.').map(|(signed, _)| format!("{signed}.{}", "A".repeat(342)));
    let cases = [
        ("no_sign_in", scene.connection(SASL_PLAIN, None, None)),
        ("sign_in_not_wanted", scene.connection(Listener::Plain, None, plain(USER, scene.password()))),
        ("wrong_password_plain", scene.connection(SASL_PLAIN, None, plain(USER, scene.wrong_password()))),
        ("wrong_password_scram", scene.connection(SCRAM, None, scram(USER, scene.wrong_password()))),
        ("unknown_user", scene.connection(SCRAM, None, scram("nobody", scene.password()))),
        ("mechanism_off", scene.connection(SASL_PLAIN, None, scram(USER, scene.password()))),
        ("no_password", scene.connection(SCRAM, None, scram(USER, nowhere))),
        ("expired_token", scene.by_token("expired", Duration::ZERO, |token| token)),
        ("refused_token", scene.by_token("forged", TEN_MINUTES, |token| forge(token).unwrap_or_default())),
    ];
    cases.map(|(name, connection)| (name, connection, Wanted::default())).into()
}

/// Clusters that do not have what is wanted, or do not allow it.
fn wanting(scene: &Scene) -> Vec<ConnectionCase> {
    let topics = |topics: Vec<WantedTopic>| Wanted { topics, groups: Vec::new() };
    vec![
        ("missing_topic", scene.user(), topics(vec![topic("post", None)])),
        ("wrong_partitions", scene.user(), topics(vec![topic("posts", Some(8))])),
        ("no_right_to_write", scene.user(), topics(vec![topic("read-only", None)])),
        ("no_right_to_read", scene.user(), topics(vec![topic("write-only", None)])),
        ("no_right_to_see", scene.user(), topics(vec![topic("hidden", None)])),
        ("no_right_to_join", scene.user(), Wanted { groups: vec!["others".to_owned()], ..posts() }),
    ]
}

/// A web server, where a broker should be.
fn web_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    address
}

#[test]
fn connections_are_explained() {
    let Some(scene) = Scene::start() else { return };
    furnish(&scene);
    let cases = [well(&scene), out_of_reach(&scene), turned_away(&scene), wanting(&scene)].concat();
    let check = |(name, connection, wanted): &ConnectionCase| {
        let report = online::check(connection, wanted, WITHIN);
        (*name, report.grade(), scene.redacted(&report.to_string()))
    };
    let reports: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = cases.iter().map(|case| scope.spawn(|| check(case))).collect();
        running.into_iter().map(|one| one.join().expect("no panic")).collect()
    });
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/kafka-connections.md"));
    let page = page.expect("the page is there");
    let mut untold = Vec::new();
    for (name, grade, report) in reports {
        assert!(
            !report.contains(PASSWORD) && !report.contains("not-the-password") && !report.contains("eyJ"),
            "{report}"
        );
        assert_eq!(grade == Grade::Error, !name.starts_with("all_well"), "{name}: {report}");
        if !page.contains(&report) {
            untold.push(name);
        }
        insta::assert_snapshot!(name, report);
    }
    assert!(untold.is_empty(), "docs/kafka-connections.md does not show what is said of {untold:?}");
    nothing_was_written(&scene);
    topics_are_compared_and_not_created_with_a_token(&scene);
}

/// The administration client of rdkafka cannot sign in with a token, so Shoal says how it is done.
fn topics_are_compared_and_not_created_with_a_token(scene: &Scene) {
    let connection = scene.by_token("topics-token", TEN_MINUTES, |token| token);
    let specs = [spec("posts"), spec("new")];
    let outcomes = topics::create(&connection, &specs, WITHIN).expect("an answer");
    assert_eq!(outcomes[0].fate, Fate::Existed);
    let Fate::Refused(diagnosis) = &outcomes[1].fate else { panic!("{outcomes:?}") };
    assert_eq!(
        diagnosis.remedy,
        "kafka-topics --create --topic new --partitions 4 --replication-factor 1 --config cleanup.policy=delete"
    );
    let findings = topics::check(&connection, &specs, WITHIN).expect("an answer");
    let grades: Vec<_> = findings.iter().map(|finding| finding.grade).collect();
    assert_eq!(grades, [Grade::Warning, Grade::Error], "{findings:?}");
}

fn nothing_was_written(scene: &Scene) {
    let reader = Reader::open(&scene.connection(Listener::Plain, None, None)).expect("a reader");
    for partition in 0..4 {
        assert_eq!(reader.watermarks("posts", partition, WITHIN).expect("an answer"), (0, 0));
    }
    let groups = scene.cluster.command(
        "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
        &["--bootstrap-server", scene.cluster.bootstrap(), "--list"],
    );
    assert_eq!(groups.expect("an answer").trim(), "", "no group came into being");
}
