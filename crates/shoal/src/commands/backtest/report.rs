//! The report of a backtest. The types are the documentation of `report.json`: every field is a key of it. Shares
//! are between 0 and 1; what cannot be said, for want of accounts or evidence, is null.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use shoal_model::Cap;

use super::metrics::exact_interval;

/// The version of `report.json`.
pub(crate) const REPORT_VERSION: u32 = 1;

/// The role of a file in a backtest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileRole {
    /// Accounts of a known operation.
    Coordinated,
    /// People talking: whoever is flagged here is a false alarm, until reading shows otherwise.
    Ordinary,
    /// Accounts that act together in the open, such as a parliament: neither found nor false.
    Benign,
    /// Both, with a label for each account.
    Mixed,
}

/// `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct BacktestReport {
    /// The version of this shape: 1.
    pub(crate) version: u32,
    /// Known operation accounts over all runs: accounts of `coordinated` sources labelled `coordinated`. An account
    /// counts once for each run and source in which it posted.
    pub(crate) coordinated: FlaggedCounts,
    /// Ordinary accounts over all runs: those of `ordinary` sources, and those labelled `ordinary` in `mixed` ones.
    /// Counted in the same way.
    pub(crate) ordinary: FlaggedCounts,
    /// The power of bits to tell the two apart, over all runs.
    pub(crate) auprc: Option<Auprc>,
    /// Every run, in the order in which they ran.
    pub(crate) runs: Vec<BacktestRun>,
}

/// The area under the precision-recall curve, as average precision. The score of an account is its largest bits in
/// any sent alert (1 when the configuration judges by rules), 0 when no alert names it; equal scores pass together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Auprc {
    /// The average precision; chance reaches `coordinated / (coordinated + ordinary)`.
    pub(crate) value: f64,
    /// Accounts on the one side: those counted in `coordinated` of the report.
    pub(crate) coordinated: u64,
    /// Accounts on the other side: those of `ordinary` sources; none of `mixed` ones, whose labels are derived.
    pub(crate) ordinary: u64,
}

/// A run: one file alone, or several together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct BacktestRun {
    /// The name of the run.
    pub(crate) name: String,
    /// Posts read.
    pub(crate) posts: u64,
    /// Wall-clock time of the run.
    pub(crate) seconds: f64,
    /// `posts / seconds`.
    pub(crate) posts_per_second: Option<f64>,
    /// The largest resident memory of the process up to the end of the run, where the system tells.
    pub(crate) peak_memory_bytes: Option<u64>,
    /// The fates of the records, and other counters of the run.
    pub(crate) counts: BTreeMap<String, u64>,
    /// Revisions that were sent.
    pub(crate) revisions: u64,
    /// Revisions that were not sent: muted or in shadow mode. Nothing else in the report looks at them.
    pub(crate) revisions_not_sent: u64,
    /// Alerts: distinct alert ids among the sent revisions.
    pub(crate) alerts: u64,
    /// `alerts` for every 10,000 posts.
    pub(crate) alerts_per_10000_posts: Option<f64>,
    /// Groups at the end of the run: alerts whose newest revision does not say that the group went into another.
    pub(crate) groups: u64,
    /// Alerts that each limit has cut, by limit: `alert_accounts` among them means that accounts are flagged which no
    /// list names, and `alert_posts` that the time to alert is measured on a part of the evidence.
    pub(crate) caps_hit: BTreeMap<Cap, u64>,
    /// Distinct accounts named in any sent revision.
    pub(crate) flagged_accounts: u64,
    /// Flagged accounts that posted in no source of the run: anything but 0 is a defect.
    pub(crate) flagged_without_source: u64,
    /// Flagged accounts all of whose groups are wholly of one kind. A kind is a source, or a source and a label where it
    /// is mixed (`unlabelled` is a label too); a group is of one kind when all accounts have it that any revision of
    /// its alert names. An account that posts in several sources has the kinds of all of them.
    pub(crate) pure_accounts: u64,
    /// `pure_accounts / flagged_accounts`: group purity.
    pub(crate) purity: Option<f64>,
    /// As `pure_accounts`, with sources alone as kinds: what labels that cover a part of a file cannot blur.
    pub(crate) pure_accounts_by_source: u64,
    /// `pure_accounts_by_source / flagged_accounts`.
    pub(crate) purity_by_source: Option<f64>,
    /// The time until alerts come.
    pub(crate) time_to_alert: TimeToAlert,
    /// As `coordinated` of the report, in this run.
    pub(crate) coordinated: FlaggedCounts,
    /// As `ordinary` of the report, in this run.
    pub(crate) ordinary: FlaggedCounts,
    /// Every source, in the order in which they were given.
    pub(crate) sources: Vec<SourceReport>,
}

/// Observed time from the third co-action of a group to the first sent revision of its alert. The third co-action is
/// the moment at which, for the third object of the listed evidence, a second account of the group acted on it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct TimeToAlert {
    /// Alerts whose first revision lists three shared objects.
    pub(crate) measured: u64,
    /// The other alerts.
    pub(crate) unmeasured: u64,
    /// The median of the measured, in seconds.
    pub(crate) median_seconds: Option<f64>,
    /// The time that nine in ten of the measured do not exceed, in seconds. Quantiles are linear between neighbours.
    pub(crate) p90_seconds: Option<f64>,
}

/// A source of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct SourceReport {
    /// The file's name without extensions.
    pub(crate) name: String,
    /// The role of the file.
    pub(crate) role: FileRole,
    /// Posts of its accounts in it.
    pub(crate) posts: u64,
    /// The counts of its accounts, whose keys stand here themselves.
    #[serde(flatten)]
    pub(crate) counts: FlaggedCounts,
    /// Alerts that name any of its accounts.
    pub(crate) alerts: u64,
    /// For `coordinated` sources, the flagged share of the accounts labelled `coordinated`; null otherwise.
    pub(crate) recall: Option<f64>,
    /// The same of those with at least ten posts.
    pub(crate) recall_with_10_posts: Option<f64>,
    /// For `coordinated` and `mixed` sources, its accounts by label; those without one as `unlabelled`.
    pub(crate) labels: BTreeMap<String, FlaggedCounts>,
}

/// Accounts, and how many of them are flagged: named in any sent revision of an alert. Posts are counted in the source
/// that the account is counted in.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct FlaggedCounts {
    /// Accounts that posted.
    pub(crate) accounts: u64,
    /// The same with at least ten posts.
    pub(crate) accounts_with_10_posts: u64,
    /// Flagged accounts.
    pub(crate) flagged: u64,
    /// Flagged accounts with at least ten posts.
    pub(crate) flagged_with_10_posts: u64,
    /// `flagged / accounts`.
    pub(crate) share: Option<f64>,
    /// `flagged_with_10_posts / accounts_with_10_posts`.
    pub(crate) share_with_10_posts: Option<f64>,
    /// The exact (Clopper–Pearson) 95 % interval of `share`: its lower and its upper end.
    pub(crate) interval_95: Option<[f64; 2]>,
    /// The same of `share_with_10_posts`.
    pub(crate) interval_95_with_10_posts: Option<[f64; 2]>,
}

impl FlaggedCounts {
    /// Completes the four counts with their shares and intervals.
    pub(super) fn of(accounts: [u64; 2], flagged: [u64; 2]) -> Self {
        let ([all, active], [flagged_all, flagged_active]) = (accounts, flagged);
        Self {
            accounts: all,
            accounts_with_10_posts: active,
            flagged: flagged_all,
            flagged_with_10_posts: flagged_active,
            share: ratio(flagged_all, all),
            share_with_10_posts: ratio(flagged_active, active),
            interval_95: exact_interval(flagged_all, all),
            interval_95_with_10_posts: exact_interval(flagged_active, active),
        }
    }
}

/// A line of `flagged.tsv`: an account that is flagged, in one source where it posted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FlaggedAccount {
    /// The source.
    pub(crate) source: String,
    /// The author's id as in the input.
    pub(crate) account: String,
    /// The largest bits in any sent revision; 1 when the configuration judges by rules.
    pub(crate) bits: f64,
    /// The alerts that name it, in order.
    pub(crate) alerts: Vec<String>,
}

/// A share, unless it would be of nothing.
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The content of `flagged.tsv`.
pub(super) fn flagged_table(flagged: &[FlaggedAccount]) -> String {
    let mut table = String::from("source\taccount\tbits\talerts\n");
    for line in flagged {
        let (source, account) = (field(&line.source), field(&line.account));
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{source}\t{account}\t{:.3}\t{}", line.bits, line.alerts.join(","));
    }
    table
}

/// A field of a table: ids come from strangers, so a tab or a line break in one must not make a column or a line.
fn field(value: &str) -> String {
    if !value.contains(['\t', '\n', '\r', '\\']) {
        return value.to_owned();
    }
    value.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_flagged_accounts() {
        let line = |account: &str, bits, alerts: &[&str]| FlaggedAccount {
            source: "ira".to_owned(),
            account: account.to_owned(),
            bits,
            alerts: alerts.iter().map(|id| (*id).to_owned()).collect(),
        };
        let table = flagged_table(&[line("u1", 17.23456, &["a1", "a2"]), line("u\t2\n", 1.0, &["a1"])]);
        assert_eq!(table, "source\taccount\tbits\talerts\nira\tu1\t17.235\ta1,a2\nira\tu\\t2\\n\t1.000\ta1\n");
    }

    #[test]
    fn counts_of_nobody_have_no_shares() {
        let counts = FlaggedCounts::of([4, 0], [1, 0]);
        assert_eq!((counts.share, counts.share_with_10_posts), (Some(0.25), None));
        assert!(counts.interval_95.is_some() && counts.interval_95_with_10_posts.is_none());
    }
}
