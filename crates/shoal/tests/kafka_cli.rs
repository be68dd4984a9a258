//! The program and a real Kafka: topics made and compared, a cluster looked at, posts in and alerts out.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use common::made::kafka::{alerts_in, produce};
use common::{Ran, Watched, command, lines, made, pipeline, shoal, stop, watch};
use shoal_broker::Cluster;

/// The broker of all tests: starting one takes longer than any of them. Ended when this process is.
static CLUSTER: LazyLock<Option<Cluster>> = LazyLock::new(Cluster::plain_or_skip);

/// A pipeline with topics of its own.
struct TopicPipeline {
    cluster: &'static Cluster,
    directory: tempfile::TempDir,
    prefix: String,
}

impl TopicPipeline {
    /// `None` where there is no Kafka to be had. `name` tells the topics of a test from those of others.
    fn new(name: &str) -> Option<Self> {
        let cluster = CLUSTER.as_ref()?;
        let directory = tempfile::tempdir().unwrap();
        let prefix = format!("cli-{}-{name}", std::process::id());
        let text = format!(
            "[[source]]\ntopic = \"{prefix}.posts\"\npartitions = 2\nformat = \"native\"\n\
             [output]\nalerts = {{ topic = \"{prefix}.alerts\" }}\n\
             [kafka]\nbootstrap = [\"{}\"]\nprefix = \"{prefix}\"\n",
            cluster.bootstrap()
        );
        std::fs::write(directory.path().join("p.toml"), text).unwrap();
        Some(Self { cluster, directory, prefix })
    }

    fn call(&self, arguments: &[&str]) -> Ran {
        shoal(self.directory.path(), arguments)
    }

    /// The output of a call, without what differs from run to run.
    fn told(&self, arguments: &[&str]) -> String {
        let Ran { code, stdout, stderr } = self.call(arguments);
        let said = stdout.replace(&self.prefix, "PREFIX").replace(self.cluster.bootstrap(), "BROKER");
        format!("$ shoal {}\n{said}{stderr}[exit {}]\n", arguments.join(" "), code.unwrap())
    }

    /// The demo posts, in order within each of two partitions.
    fn fill(&self) {
        let posts = lines(Path::new(&pipeline("demo.ndjson")));
        let home = |author: &str| (crc32(author) % 2) as i32;
        let records = posts.iter().map(|line| (home(&line.author), &line.text[..]));
        produce(self.cluster, &format!("{}.posts", self.prefix), records);
    }

    fn assert_alerts_of_the_demo(&self) {
        shoal(self.directory.path(), &["run", &pipeline("demo.toml")]).well();
        let expected = common::alerts(&self.directory.path().join("demo.alerts.ndjson"));
        let found = alerts_in(self.cluster, &format!("{}.alerts", self.prefix));
        made::assert_valid(&found);
        assert!(made::identities(&found) == made::identities(&expected), "{} of {}", found.len(), expected.len());
        assert_eq!(found.len(), expected.len(), "nothing is written twice");
    }
}

fn crc32(text: &str) -> u32 {
    text.bytes().fold(7, |sum: u32, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
}

#[test]
fn topics_are_made_and_compared() {
    let Some(place) = TopicPipeline::new("topics") else { return };
    let other = ["topics", "check", "p.toml", "--set", "kafka.staged=true", "--set", "detect.partitions.pair=4"];
    let answers = [
        place.told(&["topics", "check", "p.toml"]),
        place.told(&["topics", "create", "p.toml", "--set", "kafka.retention=1h"]),
        place.told(&["topics", "create", "p.toml", "--set", "kafka.retention=1h"]),
        place.told(&["topics", "check", "p.toml", "--set", "kafka.retention=1h"]),
        // What was made before stays as it is, and what is wrong with it is told.
        place.told(&["topics", "create", "p.toml", "--set", "kafka.retention=7d", "--set", "kafka.staged=true"]),
        place.told(&other),
    ];
    insta::assert_snapshot!(answers.join("\n"));
}

#[test]
fn a_cluster_is_looked_at() {
    let Some(place) = TopicPipeline::new("online") else { return };
    let before = place.told(&["check", "p.toml", "--online"]);
    place.call(&["topics", "create", "p.toml"]).well();
    let answers = [
        before,
        place.told(&["check", "p.toml", "--online"]),
        place.told(&["check", "p.toml", "--online", "--set", "kafka.bootstrap=[\"127.0.0.1:1\"]"]),
        place.told(&["check", "p.toml", "--online", "--set", "kafka.tls={}"]),
    ];
    insta::assert_snapshot!(answers.join("\n"));
}

#[test]
fn a_topic_gives_the_alerts_of_the_file() {
    let Some(place) = TopicPipeline::new("fused") else { return };
    place.call(&["topics", "create", "p.toml"]).well();
    place.fill();
    let ran = place.call(&["run", "p.toml", "--state", "state"]).well();
    assert!(ran.stderr.contains("7,960") && ran.stderr.contains(".alerts"), "{}", ran.stderr);
    place.assert_alerts_of_the_demo();
    // Nothing has come since, and nothing is written again.
    let again = place.call(&["run", "p.toml", "--state", "state"]).well();
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
    place.assert_alerts_of_the_demo();
}

#[test]
fn processes_with_stages_of_their_own_give_the_alerts_of_the_file() {
    let Some(place) = TopicPipeline::new("staged") else { return };
    let staged = ["--set", "kafka.staged=true"];
    place.call(&[&["topics", "create", "p.toml"], &staged[..]].concat()).well();
    place.fill();
    let start = |stages: &str, instance: &str| {
        let arguments = ["run", "p.toml", "--stages", stages, "--instance", instance];
        let mut command = command(place.directory.path(), &[&arguments[..], &staged].concat());
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let processes = [start("ingest,prepare,match,cluster", "a"), start("pair,tie,circle,group", "b")];
    let said = processes.map(|process| {
        let output = process.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        said
    });
    assert!(said[0].contains("7,960") && said[0].contains("stage prepare") && !said[0].contains("stage pair"));
    assert!(said[1].contains("stage group") && said[1].contains("opened 2"), "{}", said[1]);
    place.assert_alerts_of_the_demo();
}

#[test]
fn a_run_that_follows_is_watched_and_stops() {
    let Some(place) = TopicPipeline::new("follow") else { return };
    let staged = ["--set", "kafka.staged=true"];
    place.call(&[&["topics", "create", "p.toml"], &staged[..]].concat()).well();
    place.fill();
    let serve = ["--set", "serve.listen=127.0.0.1:0"];
    for more in [&[][..], &staged] {
        let arguments = [&["run", "p.toml", "--follow"][..], &serve, more].concat();
        let mut command = command(place.directory.path(), &arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let address = served_at(&mut child);
        assert_eq!(get(&address, "/healthz").0, 200);
        assert_eq!(watch(&mut child, || get(&address, "/readyz").0 == 200), Watched::Reached);
        let raised = || get(&address, "/metrics").1.contains("shoal_alerts_total{state=\"opened\"} 2");
        assert_eq!(watch(&mut child, raised), Watched::Reached);
        let said = stop(child);
        assert!(said.contains("written to"), "{said}");
        assert!(TcpStream::connect(&address).is_err(), "the server is gone with the run");
    }
}

/// The address that a process says it serves at.
fn served_at(child: &mut Child) -> String {
    // Not more is read than this line: the rest is for who waits for the end.
    let mut said = BufReader::with_capacity(1, child.stderr.as_mut().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let address = line.strip_prefix("metrics at http://").and_then(|rest| rest.strip_suffix("/metrics\n"));
    address.unwrap_or_else(|| panic!("{line}")).to_owned()
}

fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.strip_prefix("HTTP/1.1 ").unwrap().split(' ').next().unwrap();
    (status.parse().unwrap(), answer)
}
