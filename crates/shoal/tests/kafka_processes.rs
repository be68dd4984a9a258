//! The same alerts from any number of processes over a real Kafka, of unequal speed, killed and started again, as from
//! one process over a file.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "figures for those who read along")]

mod common;

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use common::case::{KafkaCase, assert_same, from_files, posts};
use common::fleet::{Arguments, Fleet};
use common::made;
use shoal_broker::Cluster;
use shoal_model::Alert;
use shoal_stream::StageName;

/// The broker of all tests. New groups wait, so that all processes are in the first generation.
static CLUSTER: LazyLock<Option<Cluster>> =
    LazyLock::new(|| Cluster::builder().rebalance_delay(Duration::from_secs(3)).start_or_skip());

/// The alerts of one process over the same posts in a file.
static BASELINE: LazyLock<Vec<Alert>> = LazyLock::new(|| {
    let baseline = from_files(posts("the baseline").unwrap(), &[]);
    made::assert_enough(&baseline);
    eprintln!("{} revisions of {} posts in a file", baseline.len(), posts("").unwrap().len());
    baseline
});

/// Topics filled with the posts; `None` where there is no Kafka or there are no posts.
fn case(name: &str, kafka: &str) -> Option<KafkaCase> {
    let posts = posts(&format!("real posts over Kafka, {name}"))?;
    let case = KafkaCase::new(CLUSTER.as_ref()?.bootstrap(), name, kafka, "");
    case.fill(posts);
    Some(case)
}

/// Little is read at once, and no source may be far ahead: a slow process slows them all.
const STAGED: &str = "staged = true
ahead = 512
properties = { 'fetch.message.max.bytes' = '16384', 'queued.min.messages' = '64' }
";

#[test]
fn fused() {
    let Some(case) = case("fused", "") else { return };
    case.start("one", &[]).ended();
    case.assert_alerts(&BASELINE);
}

#[test]
fn one_process() {
    let Some(case) = case("one", STAGED) else { return };
    let fleet = Fleet::start(&case, &["a"], Arguments::default());
    fleet.share_equally();
    assert_eq!(fleet.end()[&StageName::Prepare], posts("").unwrap().len() as u64);
    case.assert_alerts(&BASELINE);
}

fn two(name: &str, kafka: &str) {
    let Some(case) = case(name, kafka) else { return };
    let mut fleet = Fleet::start(&case, &["a", "b"], Arguments::default());
    fleet.share_equally();
    fleet.process("b").slow();
    case.wait_for(BASELINE.len() / 2);
    fleet.process("b").hurry();
    fleet.end();
    case.assert_alerts(&BASELINE);
}

#[test]
fn two_processes_one_of_them_slow() {
    two("two", STAGED);
}

#[test]
fn two_processes_whose_partitions_the_brokers_deal_out() {
    two("brokers", &format!("{STAGED}group_protocol = 'consumer'"));
}

/// Four processes, one of them slow. When a quarter of the revisions is written, whoever writes them is killed, and
/// somebody else with him; then both are started again.
fn four(name: &str, arguments: Arguments) {
    let Some(case) = case(name, STAGED) else { return };
    let total = BASELINE.len();
    let mut fleet = Fleet::start(&case, &["a", "b", "c", "d"], arguments);
    fleet.share_equally();
    let owner = fleet.owner_of_group();
    let slow = fleet.other_than(&[&owner]);
    let other = fleet.other_than(&[&owner, &slow]);
    fleet.process(&slow).slow();
    case.wait_for(total / 4);
    fleet.kill(&owner);
    fleet.kill(&other);
    let before = case.revisions();
    eprintln!("{owner} and {other} are killed after {before} of {total} revisions, {slow} is slow");
    let started = Instant::now();
    fleet.launch(&owner);
    fleet.launch(&other);
    case.wait_for(usize::midpoint(before, total));
    fleet.process(&slow).hurry();
    fleet.end();
    eprintln!("{:.1?} after the restart all is done", started.elapsed());
    case.assert_alerts(&BASELINE);
    case.assert_goes_on_at(before);
}

#[test]
fn four_processes_one_slow_one_killed_with_its_state_kept() {
    four("kept", Arguments { instance: true, state: true });
}

#[test]
fn four_processes_one_slow_one_killed_without_state() {
    four("bare", Arguments { instance: true, state: false });
}

/// Every time it is told to, a process finishes what it has begun; every time it is started again, it goes on there.
#[test]
fn a_process_is_stopped_again_and_again() {
    let Some(case) = case("stopped", STAGED) else { return };
    let (total, arguments) = (BASELINE.len(), ["--state", "state", "--instance", "a"]);
    for (life, revisions) in (1..=3).map(|life| (life, life * total / 5)) {
        let mut process = case.start(&format!("life-{life}"), &arguments);
        process.slow();
        case.wait_for(revisions.max(case.revisions() + 1));
        process.signal("TERM");
        process.hurry();
        let said = process.failed();
        assert!(said.starts_with("stopped before the end of the input"), "{said}");
        eprintln!("stopped after {} of {total} revisions", case.revisions());
    }
    assert!(case.revisions() < total, "nothing was left to do");
    case.start("last", &arguments).ended();
    case.assert_alerts(&BASELINE);
}

/// Nobody comes back: when its session is over, the others take up what a killed process did.
#[test]
fn the_work_of_a_process_that_is_gone_is_taken_over() {
    let settings = STAGED.replace("{ ", "{ 'session.timeout.ms' = '6000', ");
    let Some(case) = case("gone", &settings) else { return };
    let mut fleet = Fleet::start(&case, &["a", "b"], Arguments::default());
    fleet.share_equally();
    let owner = fleet.owner_of_group();
    let slow = fleet.other_than(&[&owner]);
    fleet.process(&slow).slow();
    case.wait_for(BASELINE.len() / 4);
    fleet.kill(&owner);
    fleet.process(&slow).hurry();
    let before = case.revisions();
    eprintln!("{owner} is gone after {before} of {} revisions", BASELINE.len());
    fleet.end();
    case.assert_alerts(&BASELINE);
    case.assert_goes_on_at(before);
}

/// A process stands still until its partitions are others', then goes on until it hears of it. Nothing fences it off:
/// what its successor wrote may come again, under numbers that were used.
#[test]
fn a_process_that_was_given_up_comes_back() {
    let settings = STAGED.replace("{ ", "{ 'session.timeout.ms' = '6000', ");
    let Some(case) = case("back", &settings) else { return };
    let (mut fleet, quarter) = (Fleet::start(&case, &["a", "b"], Arguments::default()), BASELINE.len() / 4);
    fleet.share_equally();
    let owner = fleet.owner_of_group();
    let slow = fleet.other_than(&[&owner]);
    fleet.process(&slow).slow();
    case.wait_for(quarter);
    fleet.process(&owner).signal("STOP");
    fleet.process(&slow).hurry();
    let before = case.revisions();
    case.wait_for(2 * quarter);
    fleet.process(&owner).signal("CONT");
    fleet.end();
    let mut records = case.looker.read(&case.topic("alerts"));
    let all = records.len();
    let mut numbers = BTreeSet::new();
    records.retain(|record| numbers.insert(record.headers["shoal-sequence"].clone()));
    eprintln!("{owner} stood still after {before} of {} revisions; {} came again", records.len(), all - records.len());
    assert_same(&BASELINE, &records, "back");
}
