use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{load, shipped};
use crate::pipeline::file::PipelineFile;
use crate::pipeline::tree::Tree;
use crate::pipeline::{Error, Overrides, Pipeline};

const KAFKA: &str = "[kafka]\nbootstrap = [\"127.0.0.1:9092\"]\n";
const TOPIC: &str = "[[source]]\ntopic = \"posts\"\npartitions = 4\nformat = \"native\"\n";

/// Mistakes in the file, each with the message it gets.
#[test]
fn mistakes_are_explained() {
    let kafka = |more: &str| format!("{KAFKA}{more}\n");
    let source = |keys: &str| format!("[[source]]\n{keys}\n{KAFKA}");
    let topics = |prefix: &str, output: &str| format!("{TOPIC}{KAFKA}prefix = \"{prefix}\"\n[output]\n{output}\n");
    let mistakes = [
        ("a topic without a cluster", TOPIC.to_owned()),
        ("alerts to a topic without a cluster", "[output]\nalerts = { topic = \"alerts\" }\n".to_owned()),
        ("a file and a topic", source("path = \"a\"\ntopic = \"b\"")),
        ("a topic without partitions", source("topic = \"posts\"\nformat = \"native\"")),
        ("a topic without a format", source("topic = \"posts\"\npartitions = 4")),
        ("no partitions", source("topic = \"posts\"\npartitions = 0\nformat = \"native\"")),
        ("too many partitions", source("topic = \"posts\"\npartitions = 5000\nformat = \"native\"")),
        ("partitions of a file", source("path = \"a\"\npartitions = 2")),
        ("a topic without a name", source("topic = \"\"\npartitions = 1\nformat = \"native\"")),
        ("a topic that Kafka refuses", source("topic = \"new posts\"\npartitions = 1\nformat = \"native\"")),
        ("a topic named ..", source("topic = \"..\"\npartitions = 1\nformat = \"native\"")),
        ("a long name", source(&format!("topic = \"{}\"\npartitions = 1\nformat = \"native\"", "x".repeat(250)))),
        ("one topic twice", format!("{TOPIC}name = \"a\"\n{TOPIC}name = \"b\"\n{KAFKA}")),
        ("a name twice", format!("{TOPIC}[[source]]\npath = \"x\"\nname = \"posts/3\"\n{KAFKA}")),
        ("a topic read and written", topics("p", "alerts = { topic = \"posts\" }")),
        ("a topic written twice", topics("p", "alerts = { topic = \"a\" }\nshadow = { topic = \"a\" }")),
        ("a topic of Shoal's own", topics("posts", "alerts = { topic = \"posts.pair\" }")),
        ("dead letters over alerts", topics("p", "alerts = { topic = \"p.dead-letters\" }")),
        ("a wrong name of an output", topics("p", "dead_letters = { topic = \"a/b\" }")),
        ("an output that is neither", topics("p", "alerts = 5")),
        ("an output with another key", topics("p", "alerts = { topics = \"a\" }")),
        ("files of a staged pipeline", format!("{TOPIC}{KAFKA}staged = true\n")),
        ("no broker", "[kafka]\nprefix = \"x\"\n".to_owned()),
        ("a broker without a port", "[kafka]\nbootstrap = [\"a:1\", \"kafka\"]\n".to_owned()),
        ("one broker for a list", "[kafka]\nbootstrap = \"kafka:9092\"\n".to_owned()),
        ("a wrong prefix", kafka("prefix = \"a b\"")),
        ("a wrong instance", kafka("instance = \"\"")),
        ("a wrong protocol", kafka("group_protocol = \"new\"")),
        ("a negative epoch", kafka("epoch = -1")),
        ("hardly ahead", kafka("ahead = 0")),
        ("no copies", kafka("replication = 0")),
        ("a short retention", kafka("retention = \"1s\"")),
        ("an unknown key", kafka("bootstrp = []")),
        ("a key without its certificate", kafka("[kafka.tls]\nkey = \"key.pem\"")),
        ("an unknown mechanism", kafka("[kafka.sasl]\nmechanism = \"gssapi\"")),
        ("no password", kafka("[kafka.sasl]\nmechanism = \"plain\"\nusername = \"u\"")),
        ("an owned property", kafka("[kafka.properties]\n\"group.id\" = \"x\"")),
        ("an unknown property", kafka("[kafka.properties]\n\"fetch.min.byte\" = \"1\"")),
        ("a host for an address", "[serve]\nlisten = \"localhost:9464\"\n".to_owned()),
        ("a port for an address", "[serve]\nlisten = 9464\n".to_owned()),
    ];
    let mut report = String::new();
    for (mistake, text) in mistakes {
        let error = load(&text, &[]).expect_err(mistake);
        writeln!(report, "{mistake}\n{error}\n").unwrap();
    }
    insta::assert_snapshot!(report);
}

/// A secret that is written by mistake must not appear in a log.
#[test]
fn secrets_that_are_written_out_are_refused_and_not_repeated() {
    let sasl = "[kafka.sasl]\nmechanism = \"plain\"\nusername = \"u\"\n";
    let files = [
        format!("{KAFKA}{sasl}password = \"hunter2\"\n"),
        format!("{KAFKA}{sasl}password = {{ value = \"hunter2\" }}\n"),
        format!("{KAFKA}{sasl}password = {{ file = \"f\", value = \"hunter2\" }}\n"),
        format!("{KAFKA}[kafka.sasl]\nmechanism = \"oauthbearer\"\ntoken = [\"hunter2\"]\n"),
        format!("{KAFKA}[kafka.tls]\nkey_password = \"hunter2\"\n"),
    ];
    let mut report = String::new();
    for text in files {
        writeln!(report, "{}\n", load(&text, &[]).unwrap_err()).unwrap();
    }
    let place = format!("{KAFKA}{sasl}password = {{ file = \"f\" }}\n");
    for setting in [
        "kafka.sasl.password=hunter2",
        "kafka.\"sasl\" . password = hunter2",
        "kafka.sasl={ mechanism = \"plain\", username = \"u\", password = \"hunter2\" }",
        "kafka={ bootstrap = [\"a:1\"], sasl = { password = \"hunter2\" } }",
        "kafka.sasl.token=hunter2",
        "kafka.sasl.pasword=hunter2",
        "kafka.sasl.username.x=hunter2",
        "kafka.properties.\"sasl.password\"=hunter2",
    ] {
        writeln!(report, "{}\n", load(&place, &[setting]).unwrap_err()).unwrap();
    }
    assert!(!report.contains("hunter2"), "{report}");
    insta::assert_snapshot!(report);
}

#[test]
fn every_key_survives_being_printed() {
    let text = r#"
name = "all"
[[source]]
topic = "posts"
partitions = 4
format = "native"
[[source]]
path = "/x/a.ndjson"
[output]
alerts = { topic = "alerts" }
shadow = "shadow.ndjson"
[kafka]
bootstrap = ["a:1", "[::1]:2"]
prefix = "mine"
instance = "one"
group_protocol = "consumer"
epoch = 3
ahead = 1024
replication = 3
retention = "30d"
[kafka.tls]
ca = "/x/ca.pem"
certificate = "/x/own.pem"
key = "/x/own.key"
key_password = { file = "/x/secret" }
[kafka.sasl]
mechanism = "scram-sha-512"
username = "shoal"
password = { env = "SHOAL_PASSWORD" }
[kafka.properties]
"client.rack" = "a"
[serve]
listen = "0.0.0.0:9464"
"#;
    let pipeline = load(text, &[]).unwrap();
    assert!(pipeline.serve.warning().unwrap().contains("0.0.0.0:9464"));
    let printed = pipeline.effective().unwrap();
    assert_eq!(load(&printed, &[]).unwrap().effective().unwrap(), printed);
    let own = printed.split("[input]").next().unwrap();
    insta::assert_snapshot!(own.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_cluster_changes_no_alert() {
    let fingerprint = |text: &str, settings: &[&str]| load(text, settings).unwrap().fingerprint().unwrap();
    let plain = fingerprint("", &[]);
    let kafka = format!("{TOPIC}{KAFKA}");
    for settings in [
        &[][..],
        &["kafka.bootstrap=[\"b:2\"]", "kafka.prefix=x", "kafka.instance=i", "kafka.epoch=9", "kafka.ahead=1000"],
        &["kafka.group_protocol=consumer", "kafka.replication=3", "kafka.retention=30d", "kafka.tls={}"],
        &["output.alerts={topic='a'}", "kafka.staged=true", "serve.listen=127.0.0.1:0"],
    ] {
        assert_eq!(fingerprint(&kafka, settings), plain, "{settings:?}");
    }
}

#[test]
fn what_is_not_said_has_the_defaults() {
    let pipeline = load(&format!("{TOPIC}{KAFKA}[output]\nalerts = {{ topic = \"a\" }}\n"), &[]).unwrap();
    assert_eq!(pipeline.kafka, PipelineFile::examples().kafka);
    assert_eq!(pipeline.output.dead_letters.to_string(), "topic shoal.dead-letters");
    assert_eq!(pipeline.sources[0].partitions(), ["posts/0", "posts/1", "posts/2", "posts/3"]);
    assert_eq!((pipeline.serve.listen, pipeline.serve.warning()), (None, None));
    assert!(matches!(load("", &[]).unwrap().require_kafka(), Err(Error::NoKafka { .. })));
    let own = load(&format!("{KAFKA}[serve]\nlisten = \"[::1]:9464\"\n"), &[]).unwrap();
    assert!(own.serve.listen.is_some() && own.serve.warning().is_none());
}

#[test]
fn files_of_tls_lie_beside_the_pipeline() {
    let text = format!("{KAFKA}[kafka.tls]\nca = \"ca.pem\"\n");
    let file = Path::new("conf/p.toml");
    let tree = Tree::parse(file, &text).unwrap();
    let pipeline = Pipeline::from_tree(file, tree, &Overrides::default()).unwrap();
    let ca = |pipeline: &Pipeline| pipeline.kafka.clone().unwrap().tls.unwrap().ca.unwrap();
    assert_eq!(ca(&pipeline), Path::new("conf/ca.pem"));
    let again = load(&pipeline.effective().unwrap(), &[]).unwrap();
    assert_eq!(ca(&again), std::env::current_dir().unwrap().join("conf/ca.pem"));
}

/// Arguments take the place of keys.
#[test]
fn arguments_replace_what_the_file_says() {
    let loaded = |text: &str, overrides: &Overrides<'_>| {
        let file = Path::new("demo.toml");
        Pipeline::from_tree(file, Tree::parse(file, text).unwrap(), overrides)
    };
    let inputs = [PathBuf::from("posts.ndjson")];
    let fused = format!("{TOPIC}{KAFKA}[output]\nalerts = {{ topic = \"a\" }}\n");
    let named = Overrides { instance: Some("two"), ..Overrides::default() };
    assert_eq!(loaded(&fused, &named).unwrap().kafka.unwrap().instance.as_deref(), Some("two"));
    let files = Overrides { inputs: &inputs, output: Some(Path::new("out.ndjson")), ..Overrides::default() };
    let pipeline = loaded(&fused, &files).unwrap();
    assert_eq!(pipeline.sources[0].name, "posts.ndjson");
    assert_eq!(pipeline.output.dead_letters.to_string(), "out.dead-letters.ndjson");

    let staged = fused.replace("[output]", "staged = true\n[output]");
    let only_output = Overrides { output: Some(Path::new("out.ndjson")), ..Overrides::default() };
    let no_name = Overrides { instance: Some("a b"), ..Overrides::default() };
    let mistakes =
        [loaded("", &named), loaded(&fused, &no_name), loaded(&staged, &files), loaded(&staged, &only_output)];
    let report: Vec<_> = mistakes.into_iter().map(|mistake| mistake.unwrap_err().to_string()).collect();
    insta::assert_snapshot!(report.join("\n\n"));
}

/// The keys that `balanced.toml` only shows, because it uses none of them: as they stand there they are the defaults.
#[test]
fn balanced_shows_the_defaults() {
    let text = std::fs::read_to_string(shipped("balanced.toml")).unwrap();
    let shown = |heading: &str| {
        let lines = text.lines().skip_while(|line| *line != heading).take_while(|line| line.len() > 1);
        lines.map(|line| line.strip_prefix('#').unwrap().trim_start().to_owned() + "\n").collect::<String>()
    };
    let kafka = shown("# [kafka]");
    let pipeline = load(&kafka, &[]).unwrap();
    assert_eq!(
        pipeline.kafka.clone().map(|kafka| shoal_stream::KafkaSettings { instance: None, ..kafka }),
        PipelineFile::examples().kafka
    );
    for key in toml::Table::try_from(PipelineFile::examples().kafka).unwrap().keys() {
        assert!(kafka.lines().any(|line| line.starts_with(&format!("{key} = "))), "{key}");
    }
    assert_eq!(load(&shown("# [serve]"), &[]).unwrap().serve.listen.unwrap().to_string(), "127.0.0.1:9464");
    let index = load(&shown("# [index]"), &[]).unwrap().index.unwrap();
    assert_eq!(shoal_index::Settings { keep: None, ..index }, shoal_index::Settings::default());
    assert_eq!(load(&shown("# [[serve.token]]"), &[]).unwrap().serve.tokens.len(), 1);
    load(&(kafka + &shown("# [kafka.tls]") + &shown("# [kafka.sasl]") + &shown("# [kafka.properties]")), &[]).unwrap();
}
