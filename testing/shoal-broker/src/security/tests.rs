//! Every listener lets in whom it should, and nobody else.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::*;
use crate::cluster::Cluster;

const ALL: [Listener; 6] = [
    Listener::Tls,
    Listener::MutualTls,
    Listener::Sasl(Mechanism::Plain),
    Listener::SaslTls(Mechanism::ScramSha256),
    Listener::SaslTls(Mechanism::ScramSha512),
    Listener::Sasl(Mechanism::OauthBearer),
];
const HOUR: Duration = Duration::from_hours(1);

/// A client that tries a listener with what it has.
struct Client<'a> {
    cluster: &'a Cluster,
    listener: Listener,
    authority: PathBuf,
    identity: Option<String>,
    password: &'a str,
    lifetime: Duration,
}

impl<'a> Client<'a> {
    fn of(cluster: &'a Cluster, listener: Listener) -> Self {
        let certificates = cluster.certificates().unwrap();
        let client = [&certificates.client.key, &certificates.client.certificate];
        let identity =
            (listener == Listener::MutualTls).then(|| client.map(|file| fs::read_to_string(file).unwrap()).concat());
        Self {
            cluster,
            listener,
            authority: certificates.authority.clone(),
            identity,
            password: PASSWORD,
            lifetime: HOUR,
        }
    }

    /// The names of all topics, or what went wrong.
    fn list(&self) -> Result<String, Error> {
        let folder = tempfile::tempdir().unwrap();
        let mut properties = Properties::default();
        properties.set("security.protocol", self.listener.protocol());
        if self.listener.is_encrypted() {
            properties.set("ssl.truststore.type", "PEM");
            properties.set("ssl.truststore.location", self.authority.display());
        }
        if let Some(identity) = &self.identity {
            let store = folder.path().join("client.pem");
            fs::write(&store, identity).unwrap();
            properties.set("ssl.keystore.type", "PEM");
            properties.set("ssl.keystore.location", store.display());
        }
        if let Some(mechanism) = self.listener.mechanism() {
            properties.set("sasl.mechanism", mechanism.name());
            properties.set("sasl.jaas.config", self.login(mechanism));
        }
        let token = folder.path().join("token.jwt");
        if self.listener.mechanism() == Some(Mechanism::OauthBearer) {
            fs::write(&token, self.cluster.token("ann", self.lifetime).unwrap()).unwrap();
            let handler = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler";
            properties.set("sasl.login.callback.handler.class", handler);
            properties.set("sasl.oauthbearer.token.endpoint.url", format!("file://{}", token.display()));
        }
        let config = folder.path().join("client.properties");
        fs::write(&config, properties.text()).unwrap();
        let installation = &self.cluster.own()?.launcher.installation;
        let mut command = installation.java(128, "error");
        command.arg(format!("-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file://{}", token.display()));
        command.args(["org.apache.kafka.tools.TopicCommand", "--list", "--bootstrap-server"]);
        command.arg(self.cluster.bootstrap_of(self.listener)?).arg("--command-config").arg(config);
        let output = installation.java_tool().run("TopicCommand", &mut command)?;
        Ok(String::from_utf8(output).unwrap())
    }

    fn login(&self, mechanism: Mechanism) -> String {
        let password = self.password;
        match mechanism {
            Mechanism::Plain => {
                let module = "org.apache.kafka.common.security.plain.PlainLoginModule";
                format!("{module} required username=\"{USER}\" password=\"{password}\";")
            }
            Mechanism::ScramSha256 | Mechanism::ScramSha512 => {
                let module = "org.apache.kafka.common.security.scram.ScramLoginModule";
                format!("{module} required username=\"{USER}\" password=\"{password}\";")
            }
            Mechanism::OauthBearer => login_module(mechanism),
        }
    }
}

#[test]
fn every_listener_lets_in_whom_it_should_and_nobody_else() {
    let builder = ALL.iter().fold(Cluster::builder().authorizer(), |builder, listener| builder.listener(*listener));
    let Some(cluster) = builder.start_or_skip() else { return };
    let topic = ["--bootstrap-server", cluster.bootstrap(), "--create", "--topic", "seen"];
    cluster.command("org.apache.kafka.tools.TopicCommand", &topic).unwrap();

    let certificates = cluster.certificates().unwrap();
    let good = ALL.map(|listener| Client::of(&cluster, listener));
    let bad = [
        (
            Client { authority: certificates.foreign_authority.clone(), ..Client::of(&cluster, Listener::Tls) },
            "SslAuthenticationException",
        ),
        (Client { identity: None, ..Client::of(&cluster, Listener::MutualTls) }, "SslAuthenticationException"),
        (
            Client { password: "wrong", ..Client::of(&cluster, Listener::Sasl(Mechanism::Plain)) },
            "SaslAuthenticationException",
        ),
        (
            Client { lifetime: Duration::ZERO, ..Client::of(&cluster, Listener::Sasl(Mechanism::OauthBearer)) },
            "invalid_token",
        ),
    ];
    thread::scope(|scope| {
        scope.spawn(|| {
            for client in &good {
                assert_eq!(client.list().unwrap().trim(), "seen", "{:?}", client.listener);
            }
        });
        for (client, why) in &bad {
            let error = client.list().unwrap_err().to_string();
            assert!(error.contains(why), "{:?}: {error}", client.listener);
        }
    });

    // The user may no longer see the topic; others still may.
    cluster.acl(&["--add", "--allow-principal", "User:*", "--operation", "All", "--topic", "seen"]).unwrap();
    cluster.acl(&["--add", "--deny-principal", "User:shoal", "--operation", "Describe", "--topic", "seen"]).unwrap();
    assert_eq!(Client::of(&cluster, Listener::Sasl(Mechanism::Plain)).list().unwrap().trim(), "");
    assert_eq!(Client::of(&cluster, Listener::MutualTls).list().unwrap().trim(), "seen");
}
