use std::fmt::Write as _;

use super::testing::connection as parse;
use super::*;

const SECURED: &str = r#"
bootstrap = ["kafka-1:9093", "[::1]:9093"]

[tls]
ca = "ca.pem"
certificate = "/etc/shoal/client.pem"
key = "client.key"
key_password = { env = "SHOAL_KEY_PASSWORD" }

[sasl]
mechanism = "scram-sha-512"
username = "shoal"
password = { file = "secrets/password" }

[properties]
"client.rack" = "a"
"#;

#[test]
fn tables_are_read_and_written_alike() {
    let connection = parse(SECURED);
    connection.validate().expect("valid");
    let tls = toml::to_string(&connection.tls).expect("written");
    assert_eq!(Some(toml::from_str::<Tls>(&tls).expect("read")), connection.tls);
    let sasl = toml::to_string(&connection.sasl).expect("written");
    assert_eq!(Some(toml::from_str::<Sasl>(&sasl).expect("read")), connection.sasl);
    let token = parse("bootstrap = ['a:1']\ntls = {}\nsasl = { mechanism = 'oauthbearer', token = { file = '/t' } }");
    assert_eq!(token.tls, Some(Tls::default()));
    assert_eq!(token.sasl, Some(Sasl::OauthBearer { token: Secret::File("/t".into()) }));
}

#[test]
fn paths_are_relative_to_the_pipeline() {
    let mut connection = parse(SECURED);
    connection.rebase(Path::new("/base"));
    let tls = connection.tls.expect("it is there");
    assert_eq!(tls.ca.as_deref(), Some(Path::new("/base/ca.pem")));
    assert_eq!(tls.certificate.as_deref(), Some(Path::new("/etc/shoal/client.pem")));
    assert_eq!(tls.key.as_deref(), Some(Path::new("/base/client.key")));
    assert_eq!(tls.key_password, Some(Secret::Env("SHOAL_KEY_PASSWORD".to_owned())));
    let Some(Sasl::ScramSha512 { password, .. }) = connection.sasl else { panic!("it is there") };
    assert_eq!(password, Secret::File("/base/secrets/password".into()));
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    let cases = [
        "bootstrap = []",
        "bootstrap = ['kafka']",
        "bootstrap = ['kafka:9092', 'kafka:0']",
        "bootstrap = ['ssl://kafka:9092']",
        "bootstrap = ['a:1,b:2']",
        "bootstrap = ['ka fka:9092']",
        "bootstrap = ['::1:9092']",
        "bootstrap = ['a:1']\ntls = { certificate = 'c' }",
        "bootstrap = ['a:1']\ntls = { key = 'k' }",
        "bootstrap = ['a:1']\ntls = { key_password = { env = 'K' } }",
        "bootstrap = ['a:1']\ntls = { ca = '' }",
        "bootstrap = ['a:1']\nsasl = { mechanism = 'plain', username = '', password = { env = 'P' } }",
        "bootstrap = ['a:1']\nsasl = { mechanism = 'plain', username = 'u', password = { env = '' } }",
        "bootstrap = ['a:1']\nsasl = { mechanism = 'oauthbearer', token = { file = '' } }",
        "bootstrap = ['a:1']\nproperties = { 'group.id' = 'x' }",
    ];
    let mut refusals = String::new();
    for case in cases {
        let error = parse(case).validate().expect_err(case);
        assert!(error.key().is_some_and(|key| key.starts_with("kafka.")), "{error}");
        let _ = writeln!(refusals, "{error}");
    }
    insta::assert_snapshot!(refusals);
}

#[test]
fn unknown_keys_and_mechanisms_are_refused() {
    toml::from_str::<Tls>("cert = 'c'").expect_err("an unknown key");
    let cases = [
        "mechanism = 'gssapi'",
        "mechanism = 'plain'\nusername = 'u'\npassword = 'secret'",
        "mechanism = 'oauthbearer'\ntoken = { env = 'T' }\nscope = 's'",
    ];
    for case in cases {
        toml::from_str::<Sasl>(case).expect_err(case);
    }
}
