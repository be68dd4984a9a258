//! The index in the metrics: asked when somebody looks at them.

use anyhow::{Context, Result};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, CounterVec, Gauge, Opts};
use shoal_index::{Index, IndexCounts, Status};

/// A number of an index.
type OfStatus = fn(&Status) -> u64;
/// A count of an index.
type OfCounts = fn(&IndexCounts) -> f64;

/// The index in the metrics.
pub(crate) struct IndexMetrics {
    index: Index,
    gauges: Vec<(Gauge, OfStatus)>,
    counters: Vec<(Counter, OfCounts)>,
    documents: CounterVec,
}

/// The fates of a post.
const OUTCOMES: [(&str, OfCounts); 4] = [
    ("added", |counts| counts.added as f64),
    ("present", |counts| counts.present as f64),
    ("expired", |counts| counts.expired as f64),
    ("erased", |counts| counts.erased as f64),
];

impl IndexMetrics {
    /// Metrics of this index.
    pub(crate) fn new(index: Index) -> Result<Self> {
        let name = |name: &str, help: &str| Opts::new(format!("shoal_index_{name}"), help);
        let gauge = |opts, of: OfStatus| Gauge::with_opts(opts).map(|gauge| (gauge, of));
        let counter = |opts, of: OfCounts| Counter::with_opts(opts).map(|counter| (counter, of));
        let gauges = [
            gauge(name("posts", "Posts that can be found."), |status: &Status| status.posts),
            gauge(name("alerts", "Alerts that can be found."), |status: &Status| status.alerts),
            gauge(name("buckets", "Buckets of posts."), |status: &Status| status.buckets),
            gauge(name("bytes", "Bytes on disk."), |status: &Status| status.bytes),
            gauge(name("deleted", "Posts that were deleted and are not purged yet."), |status: &Status| status.deleted),
            gauge(name("damaged", "Damaged buckets that were set aside."), |status: &Status| status.damaged),
            gauge(name("failed", "1 once nothing can be written any more."), |status| {
                u64::from(status.stopped.is_some())
            }),
        ];
        let counters = [
            counter(name("commits_total", "Commits."), |counts: &IndexCounts| counts.commits as f64),
            counter(name("commit_seconds_total", "Seconds that commits took."), |counts: &IndexCounts| {
                counts.commit_seconds
            }),
            counter(name("alert_revisions_total", "Revisions of alerts written."), |counts: &IndexCounts| {
                counts.alerts as f64
            }),
            counter(name("texts_total", "Texts and mergers of texts written."), |counts: &IndexCounts| {
                counts.texts as f64
            }),
            counter(name("deleted_total", "Posts that erasures deleted."), |counts: &IndexCounts| {
                counts.deleted as f64
            }),
            counter(name("purged_total", "Deleted documents taken off the disk."), |counts: &IndexCounts| {
                counts.purged as f64
            }),
            counter(name("buckets_dropped_total", "Buckets dropped by age."), |counts: &IndexCounts| {
                counts.buckets_dropped as f64
            }),
        ];
        let documents = name("documents_total", "What became of posts: added, present, expired, erased.");
        Ok(Self {
            index,
            gauges: gauges.into_iter().collect::<Result<_, _>>().context("cannot count")?,
            counters: counters.into_iter().collect::<Result<_, _>>().context("cannot count")?,
            documents: CounterVec::new(documents, &["outcome"]).context("cannot count")?,
        })
    }
}

impl Collector for IndexMetrics {
    fn desc(&self) -> Vec<&Desc> {
        let gauges = self.gauges.iter().flat_map(|(gauge, _)| gauge.desc());
        gauges
            .chain(self.counters.iter().flat_map(|(counter, _)| counter.desc()))
            .chain(self.documents.desc())
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let counts = self.index.counts();
        for (outcome, of) in OUTCOMES {
            raise(&self.documents.with_label_values(&[outcome]), of(&counts));
        }
        for (counter, of) in &self.counters {
            raise(counter, of(&counts));
        }
        let mut families = self.documents.collect();
        families.extend(self.counters.iter().flat_map(|(counter, _)| counter.collect()));
        // An index that cannot be read has no numbers; readiness says why.
        if let Ok(status) = self.index.status() {
            for (gauge, of) in &self.gauges {
                gauge.set(of(&status) as f64);
            }
            families.extend(self.gauges.iter().flat_map(|(gauge, _)| gauge.collect()));
        }
        families
    }
}

/// Counters never fall, and two may look at once.
fn raise(counter: &Counter, to: f64) {
    let by = to - counter.get();
    if by > 0.0 {
        counter.inc_by(by);
    }
}
