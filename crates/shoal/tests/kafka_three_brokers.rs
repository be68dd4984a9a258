//! Three brokers, three copies of everything: one of them is killed under load and brought back, and nothing is lost,
//! doubled or different.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "figures for those who read along")]

mod common;

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use common::case::{KafkaCase, from_files, posts};
use common::made;
use common::process::{Process, until};
use shoal_broker::Cluster;
use shoal_model::Alert;

/// The cluster of all tests, one test at a time: two of three brokers are enough, one is not.
static CLUSTER: LazyLock<Option<Mutex<Cluster>>> = LazyLock::new(|| {
    let builder = Cluster::builder().three_brokers().property("min.insync.replicas", "2");
    builder.start_or_skip().map(Mutex::new)
});

/// The alerts of one process over the same posts in a file.
static BASELINE: LazyLock<Vec<Alert>> = LazyLock::new(|| {
    let baseline = from_files(posts("the baseline").unwrap(), &[]);
    made::assert_enough(&baseline);
    baseline
});

/// Little is read at once, and no source may be far ahead: alerts come little by little.
const STAGED: &str = "staged = true
replication = 3
ahead = 512
properties = { 'fetch.message.max.bytes' = '16384', 'queued.min.messages' = '64' }
";

/// Posts that are written at once, and how often, by a producer that is at it all the time.
const CHUNK: usize = 64;
const BETWEEN: Duration = Duration::from_millis(60);

/// The cluster and empty topics; `None` where there is no Kafka or there are no posts.
fn case(name: &str) -> Option<(MutexGuard<'static, Cluster>, KafkaCase)> {
    posts(&format!("real posts over three brokers, {name}"))?;
    let cluster = CLUSTER.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
    let case = KafkaCase::new(cluster.bootstrap(), name, STAGED, "");
    Some((cluster, case))
}

/// Kills the broker that leads a topic when a quarter of the revisions is written; when work goes on without it,
/// starts it again.
fn lose_leader(cluster: &Cluster, case: &KafkaCase, topic: &str) {
    let total = BASELINE.len();
    case.wait_for(total / 4);
    let topic = case.topic(topic);
    let killed = case.looker.leader(&topic, 0).unwrap();
    let before = case.revisions();
    cluster.kill(killed).unwrap();
    let since = Instant::now();
    until("another leader", || case.looker.leader(&topic, 0).is_some_and(|leader| leader != killed));
    let led = since.elapsed();
    case.wait_for(before + 1);
    let (without, after) = (since.elapsed(), case.revisions());
    cluster.start(killed).unwrap();
    eprintln!(
        "broker {killed}, which led {topic}, is killed after {before} of {total} revisions; another leads after \
         {led:.1?}, there are {after} after {without:.1?}, it is back after {:.1?}",
        since.elapsed()
    );
    assert!(before < total, "nothing was left to do");
}

fn read(process: &Process) -> usize {
    process.metrics().map_or(0, |metrics| metrics.count("shoal_source_records_total", &[]) as usize)
}

#[test]
fn a_broker_between_the_stages_is_killed_while_posts_come() {
    let Some((cluster, case)) = case("steady") else { return };
    let (posts, started) = (posts("").unwrap(), Instant::now());
    let process = case.start("follows", &["--follow", "--state", "state", "--instance", "a"]);
    thread::scope(|scope| {
        let (cluster, case) = (&*cluster, &case);
        scope.spawn(move || lose_leader(cluster, case, "group"));
        let mut filling = case.filling();
        for chunk in posts.chunks(CHUNK) {
            filling.add(chunk);
            thread::sleep(BETWEEN);
        }
    });
    eprintln!("posts came for {:.1?}", started.elapsed());
    until("everything to be read", || read(&process) >= posts.len());
    let metrics = process.metrics().unwrap();
    let (late, idle) = (metrics.count("shoal_source_late_total", &[]), metrics.count("shoal_source_idle_total", &[]));
    eprintln!("{late} posts were late, sources fell silent {idle} times");
    assert_eq!(late, 0, "identity is promised only when nothing is late");
    process.stop();
    // The last posts wait for nobody.
    case.start("ends", &["--state", "state", "--instance", "a"]).ended();
    case.assert_alerts(&BASELINE);
}

#[test]
fn a_broker_that_takes_the_alerts_is_killed() {
    let Some((cluster, case)) = case("alerts") else { return };
    case.fill(posts("").unwrap());
    let mut process = case.start("one", &[]);
    process.tells("its partitions", |metrics| metrics.sum("shoal_partitions_assigned", &[]) > 0.0);
    process.slow();
    lose_leader(&cluster, &case, "alerts");
    process.hurry();
    process.ended();
    case.assert_alerts(&BASELINE);
}
