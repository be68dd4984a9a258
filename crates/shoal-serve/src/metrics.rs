//! Metrics of the server.

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, exponential_buckets};
use shoal_index::Verdict;

use crate::problem::ProblemKind;

/// Metrics of the server. No label says who or what was asked for.
#[derive(Debug, Clone)]
pub(crate) struct ServerMetrics {
    requests: IntCounterVec,
    seconds: HistogramVec,
    /// Streams that are open.
    pub(crate) streams: IntGauge,
    refused: IntCounterVec,
    feedback: IntCounterVec,
}

/// Kinds of problem that are refusals of the server's own accord, as against wrong questions.
const REFUSALS: [ProblemKind; 10] = [
    ProblemKind::SignIn,
    ProblemKind::Forbidden,
    ProblemKind::Foreign,
    ProblemKind::Slow,
    ProblemKind::Body,
    ProblemKind::Address,
    ProblemKind::Rate,
    ProblemKind::SignIns,
    ProblemKind::Busy,
    ProblemKind::TimeOut,
];

impl ServerMetrics {
    /// Fails when the registry has such metrics already.
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let requests = Opts::new("shoal_http_requests_total", "Requests that were answered.");
        // 1 ms to 16 s.
        let buckets = exponential_buckets(0.001, 2.0, 15)?;
        let seconds = HistogramOpts::new("shoal_http_seconds", "Time from a request to the beginning of its answer.");
        let refused = Opts::new("shoal_http_refused_total", "Requests that were refused, by reason.");
        let feedback = Opts::new("shoal_feedback_total", "Conclusions about alerts that were given, by verdict.");
        let counters = Self {
            requests: IntCounterVec::new(requests, &["route", "status"])?,
            seconds: HistogramVec::new(seconds.buckets(buckets), &["route"])?,
            streams: IntGauge::new("shoal_http_streams", "Streams of alerts that are open.")?,
            refused: IntCounterVec::new(refused, &["reason"])?,
            feedback: IntCounterVec::new(feedback, &["verdict"])?,
        };
        registry.register(Box::new(counters.requests.clone()))?;
        registry.register(Box::new(counters.seconds.clone()))?;
        registry.register(Box::new(counters.streams.clone()))?;
        registry.register(Box::new(counters.refused.clone()))?;
        registry.register(Box::new(counters.feedback.clone()))?;
        // What has not happened is told as zero.
        for kind in REFUSALS {
            counters.refused.with_label_values(&[kind.name()]).inc_by(0);
        }
        for verdict in Verdict::ALL {
            counters.feedback.with_label_values(&[verdict.name()]).inc_by(0);
        }
        Ok(counters)
    }

    /// A request was answered. `route` is one of those that there are.
    pub(crate) fn answered(&self, route: &str, status: u16, seconds: f64) {
        self.requests.with_label_values(&[route, status.to_string().as_str()]).inc();
        self.seconds.with_label_values(&[route]).observe(seconds);
    }

    /// A request was not done.
    pub(crate) fn refused(&self, kind: ProblemKind) {
        if REFUSALS.contains(&kind) {
            self.refused.with_label_values(&[kind.name()]).inc();
        }
    }

    /// Somebody concluded something.
    pub(crate) fn feedback(&self, verdict: Verdict) {
        self.feedback.with_label_values(&[verdict.name()]).inc();
    }
}
