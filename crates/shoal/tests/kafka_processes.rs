//! The same alerts from any number of processes over a real Kafka, of unequal speed, killed and started again, as from
//! one process over a file.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "figures for those who read along")]

mod common;

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use common::case::{Case, embedded, posts};
use common::made;
use common::process::Process;
use shoal_broker::Cluster;
use shoal_model::Alert;

/// One for all tests. New groups wait, so that all processes are in the first generation.
static CLUSTER: LazyLock<Option<Cluster>> =
    LazyLock::new(|| Cluster::builder().rebalance_delay(Duration::from_secs(3)).start_or_skip());

/// What one process makes of the same posts in a file.
static BASELINE: LazyLock<Vec<Alert>> = LazyLock::new(|| {
    let baseline = embedded(posts("the baseline").unwrap(), &[]);
    made::assert_enough(&baseline);
    eprintln!("{} revisions of {} posts in a file", baseline.len(), posts("").unwrap().len());
    baseline
});

/// Topics filled with the posts; `None` where there is no Kafka or there are no posts.
fn case(name: &str, kafka: &str) -> Option<Case> {
    let posts = posts(&format!("real posts over Kafka, {name}"))?;
    let case = Case::new(CLUSTER.as_ref()?.bootstrap(), name, kafka, "");
    case.fill(posts);
    Some(case)
}

#[test]
fn fused() {
    let Some(case) = case("fused", "") else { return };
    let started = Instant::now();
    let said = case.start("one", &[]).ended();
    eprintln!("{said}fused: {:.1?}", started.elapsed());
    case.assert_alerts(&BASELINE);
}

#[test]
fn staged_in_one_process() {
    let Some(case) = case("one", "staged = true") else { return };
    let started = Instant::now();
    let said = case.start("one", &[]).ended();
    eprintln!("{said}staged: {:.1?}", started.elapsed());
    case.assert_alerts(&BASELINE);
}
