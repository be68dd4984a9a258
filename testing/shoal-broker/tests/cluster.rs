//! Clusters come up, take what is done to them, and leave nothing behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use shoal_broker::{Cluster, Error};

/// Set for a process that starts a cluster and waits to be killed.
const VICTIM: &str = "SHOAL_BROKER_VICTIM";
const LONG: Duration = Duration::from_mins(1);

fn topics(cluster: &Cluster, arguments: &[&str]) -> String {
    let all = [&["--bootstrap-server", cluster.bootstrap()], arguments].concat();
    cluster.command("org.apache.kafka.tools.TopicCommand", &all).unwrap()
}

#[test]
fn a_topic_outlives_its_broker() {
    let Some(cluster) = Cluster::builder().start_or_skip() else { return };
    topics(&cluster, &["--create", "--topic", "kept", "--partitions", "3"]);
    cluster.kill(1).unwrap();
    assert!(matches!(cluster.kill(1), Err(Error::NotRunning { broker: 1 })));
    cluster.start(1).unwrap();
    assert!(matches!(cluster.start(1), Err(Error::Running { broker: 1 })));
    assert_eq!(topics(&cluster, &["--list"]).trim(), "kept");
    cluster.stop(1).unwrap();
    assert!(
        cluster.log(1).unwrap().contains("App info kafka.server for 1 unregistered"),
        "{}",
        cluster.log(1).unwrap()
    );
    assert!(matches!(cluster.pause(1), Err(Error::NotRunning { broker: 1 })));
    assert!(matches!(cluster.kill(2), Err(Error::NoBroker { broker: 2, brokers: 1 })));
}

#[test]
fn a_paused_broker_answers_when_it_goes_on() {
    // Asks which requests the broker knows: its length, the kind of request, its version, a number, no client's name.
    const REQUEST: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff];
    let Some(cluster) = Cluster::builder().start_or_skip() else { return };
    let mut connection = TcpStream::connect(cluster.bootstrap()).unwrap();
    cluster.pause(1).unwrap();
    connection.write_all(&REQUEST).unwrap();
    connection.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    connection.read_exact(&mut [0; 8]).unwrap_err();
    cluster.resume(1).unwrap();
    let mut answer = [0; 8];
    connection.set_read_timeout(Some(LONG)).unwrap();
    connection.read_exact(&mut answer).unwrap();
    assert_eq!(answer[4..], [0, 0, 0, 1]);
}

#[test]
fn three_brokers_hold_three_copies() {
    let Some(cluster) = Cluster::builder().three_brokers().start_or_skip() else { return };
    assert_eq!(cluster.bootstrap().split(',').count(), 3);
    topics(&cluster, &["--create", "--topic", "copied"]);
    cluster.pause(2).unwrap();
    cluster.kill(2).unwrap();
    cluster.start(2).unwrap();
    let said = topics(&cluster, &["--describe", "--topic", "copied"]);
    assert!(said.contains("ReplicationFactor: 3"), "{said}");
    assert!(["1", "2", "3"].iter().all(|id| said.contains(id)), "{said}");
}

#[test]
fn a_broker_ends_when_its_process_is_killed() {
    if std::env::var_os(VICTIM).is_some() {
        return wait_to_be_killed();
    }
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_broker_ends_when_its_process_is_killed", "--nocapture"])
        .env(VICTIM, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines().map(Result::unwrap);
    let wanted = |line: &String| line.starts_with("SKIPPED:") || line.starts_with("ready at ");
    let said = lines.find(wanted).expect("the victim says how it is");
    let Some(address) = said.strip_prefix("ready at ") else {
        println!("{said}");
        victim.wait().unwrap();
        return;
    };
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(LONG)).unwrap();
    victim.kill().unwrap();
    victim.wait().unwrap();
    // Nothing was asked, so only the end of the broker ends the connection, whether it was accepted yet or not.
    let ended = connection.read(&mut [0]);
    assert!(
        matches!(&ended, Ok(0)) || ended.as_ref().is_err_and(|error| error.kind() == ErrorKind::ConnectionReset),
        "{ended:?}"
    );
}

/// Acts as the victim: its stdin ends should the test that waits for it die.
fn wait_to_be_killed() {
    let Some(cluster) = Cluster::builder().start_or_skip() else { return };
    println!("\nready at {}", cluster.bootstrap());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
