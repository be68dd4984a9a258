use prometheus::{GaugeVec, IntCounterVec, Opts, Registry};

use super::*;

fn seen(registry: &Registry) -> StatusView {
    let figures = Figures::now(registry);
    let index = Status {
        posts: 12_345,
        alerts: 2,
        buckets: 3,
        bytes: 5 << 20,
        range: None,
        deleted: 1,
        writes: true,
        stopped: Some("the disk is full".to_owned()),
        damaged: 1,
        audit_broken: Some("entry 7".to_owned()),
    };
    let samples = vec![Sample::of(&figures)];
    StatusView { figures, samples, index, alive: Ok(()), ready: Err("waiting for the partitions of pair".to_owned()) }
}

#[test]
fn what_is_counted_is_shown() {
    let registry = Registry::new();
    let counters = |name: &str, labels: &[&str]| {
        let counters = IntCounterVec::new(Opts::new(name, name), labels).unwrap();
        registry.register(Box::new(counters.clone())).unwrap();
        counters
    };
    counters("shoal_source_records_total", &["source"]).with_label_values(&["demo<b>.ndjson"]).inc_by(7_654);
    let outcomes = counters("shoal_source_outcomes_total", &["source", "outcome"]);
    outcomes.with_label_values(&["demo<b>.ndjson", "processed"]).inc_by(7_600);
    counters("shoal_dead_letters_total", &["reason"]).with_label_values(&["bad_time"]).inc_by(54);
    counters("shoal_ignored_total", &["reason"]).with_label_values(&["a_like"]).inc_by(3_210);
    counters("shoal_stage_processed_total", &["stage"]).with_label_values(&["match"]).inc_by(99);
    let watermark = GaugeVec::new(Opts::new("shoal_watermark_seconds", "x"), &["stage", "partition"]).unwrap();
    registry.register(Box::new(watermark.clone())).unwrap();
    watermark.with_label_values(&["match", "0"]).set(1_772_500_000.0);
    watermark.with_label_values(&["match", "1"]).set(1_772_400_000.0);
    let page = content(&seen(&registry)).into_string();
    for expected in [
        "7\u{202f}654 read",
        "7\u{202f}600",
        "bad time",
        "a like",
        "3\u{202f}210",
        "demo&lt;b&gt;.ndjson",
        "12\u{202f}345",
        "5.0 MiB",
        "It is not ready: ",
        "Nothing is written any more: the disk is full",
        "1 part set aside",
        "entry 7",
        "datetime=\"2026-03-01T21:20:00Z\"",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
}

#[test]
fn a_process_that_reads_nothing_says_so() {
    let page = content(&seen(&Registry::new())).into_string();
    assert!(page.contains("Nothing is read by this process.") && !page.contains("Stages"), "{page}");
}
