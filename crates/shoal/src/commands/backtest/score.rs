//! From runs to the report: counts accounts, flagged accounts and groups against what is known about them.

use std::collections::{BTreeMap, BTreeSet};

use shoal_model::Alert;

use super::groups::Digest;
use super::labels::{COORDINATED, Labels, ORDINARY, UNLABELLED};
use super::metrics::{average_precision, quantile};
use super::report::{
    Auprc, BacktestReport, BacktestRun, FileRole, FlaggedAccount, FlaggedCounts, REPORT_VERSION, SourceReport,
    TimeToAlert, ratio,
};

/// Accounts with fewer posts than this can hardly be recognised; they are reported both ways.
const ACTIVE_FROM: u64 = 10;

/// A source as it was read.
#[derive(Debug, Clone)]
pub(crate) struct SourceData {
    /// The file's name without extensions.
    pub(crate) name: String,
    /// The role of the file.
    pub(crate) role: FileRole,
    /// The labels of a mixed file. Those of coordinated files are given to [`score`].
    pub(crate) labels: Option<Labels>,
    /// Posts that the run took from this source, by the author's id as in the input.
    pub(crate) posts_by_account: BTreeMap<String, u64>,
}

/// A run: one file alone, or several together.
#[derive(Debug, Clone)]
pub(crate) struct ScoredRun {
    /// The name in the report.
    pub(crate) name: String,
    /// The files it read.
    pub(crate) sources: Vec<SourceData>,
    /// Every revision it raised, in order; those that are muted or in shadow mode are not taken for sent.
    pub(crate) alerts: Vec<Alert>,
    /// Posts it read.
    pub(crate) posts: u64,
    /// Wall-clock time it took.
    pub(crate) seconds: f64,
    /// The largest resident memory of the process up to its end, where the system tells.
    pub(crate) peak_memory_bytes: Option<u64>,
    /// The fates of the records, and other counters.
    pub(crate) counts: BTreeMap<String, u64>,
}

/// The results of a backtest.
#[derive(Debug)]
pub(crate) struct Scored {
    /// The report.
    pub(crate) report: BacktestReport,
    /// Every flagged account in every source where it posted, by source, then account.
    pub(crate) flagged: Vec<FlaggedAccount>,
}

/// Scores runs. `labels` are those of the coordinated sources.
pub(crate) fn score(runs: &[ScoredRun], labels: &Labels) -> Scored {
    let mut total = Pools::default();
    let mut flagged = BTreeMap::new();
    let runs = runs
        .iter()
        .map(|run| {
            let digest = Digest::of(&run.alerts);
            let pools = pools(run, &digest, labels);
            let report = run_report(run, &digest, labels, &pools);
            total.take_in(pools);
            collect_flagged(run, &digest, &mut flagged);
            report
        })
        .collect();
    let auprc = average_precision(&total.scores).map(|value| {
        let coordinated = total.scores.iter().filter(|(_, positive)| *positive).count() as u64;
        Auprc { value, coordinated, ordinary: total.scores.len() as u64 - coordinated }
    });
    let report = BacktestReport {
        version: REPORT_VERSION,
        coordinated: total.coordinated.counts(),
        ordinary: total.ordinary.counts(),
        auprc,
        runs,
    };
    Scored { report, flagged: flagged.into_values().collect() }
}

/// Accounts counted: all, and those with at least [`ACTIVE_FROM`] posts.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    accounts: [u64; 2],
    flagged: [u64; 2],
}

impl Tally {
    fn add(&mut self, posts: u64, flagged: bool) {
        for (index, counted) in [true, posts >= ACTIVE_FROM].into_iter().enumerate() {
            self.accounts[index] += u64::from(counted);
            self.flagged[index] += u64::from(counted && flagged);
        }
    }

    fn take_in(&mut self, other: Self) {
        for index in 0..2 {
            self.accounts[index] += other.accounts[index];
            self.flagged[index] += other.flagged[index];
        }
    }

    fn counts(self) -> FlaggedCounts {
        FlaggedCounts::of(self.accounts, self.flagged)
    }
}

/// The two sides that a backtest sets against each other, over all sources.
#[derive(Debug, Default)]
struct Pools {
    coordinated: Tally,
    ordinary: Tally,
    /// Score and truth of the accounts that count in the AUPRC.
    scores: Vec<(f64, bool)>,
}

impl Pools {
    fn take_in(&mut self, other: Self) {
        self.coordinated.take_in(other.coordinated);
        self.ordinary.take_in(other.ordinary);
        self.scores.extend(other.scores);
    }
}

/// The side of each account of a run. Labels of mixed sources are derived rather than known: they are good
/// enough to count false alarms among the ordinary, not to score.
fn pools(run: &ScoredRun, digest: &Digest, labels: &Labels) -> Pools {
    let mut pools = Pools::default();
    for source in &run.sources {
        for (account, &posts) in &source.posts_by_account {
            let flagged = digest.accounts.get(account.as_str());
            let bits = flagged.map_or(0.0, |flagged| flagged.bits);
            match (source.role, label(source, account, labels)) {
                (FileRole::Coordinated, Some(COORDINATED)) => {
                    pools.coordinated.add(posts, flagged.is_some());
                    pools.scores.push((bits, true));
                }
                (FileRole::Ordinary, _) => {
                    pools.ordinary.add(posts, flagged.is_some());
                    pools.scores.push((bits, false));
                }
                (FileRole::Mixed, Some(ORDINARY)) => pools.ordinary.add(posts, flagged.is_some()),
                _ => {}
            }
        }
    }
    pools
}

/// The labels of the accounts of a source; `None` where sources of this role have none.
fn label<'a>(source: &'a SourceData, account: &str, coordinated: &'a Labels) -> Option<&'a str> {
    let labels = match source.role {
        FileRole::Coordinated => Some(coordinated),
        FileRole::Mixed => source.labels.as_ref(),
        FileRole::Ordinary | FileRole::Benign => return None,
    };
    Some(labels.and_then(|labels| labels.get(account)).unwrap_or(UNLABELLED))
}

fn run_report(run: &ScoredRun, digest: &Digest, labels: &Labels, pools: &Pools) -> BacktestRun {
    let kinds = kinds(run, digest, labels);
    let sources = kinds.iter().map(|(account, kinds)| (*account, kinds.iter().map(|(source, _)| *source).collect()));
    let flagged_accounts = digest.accounts.len() as u64;
    let pure_accounts = digest.pure_accounts(&kinds);
    let pure_accounts_by_source = digest.pure_accounts::<&str>(&sources.collect());
    let alerts = digest.groups.len() as u64;
    BacktestRun {
        name: run.name.clone(),
        posts: run.posts,
        seconds: run.seconds,
        posts_per_second: (run.seconds > 0.0).then(|| run.posts as f64 / run.seconds),
        peak_memory_bytes: run.peak_memory_bytes,
        counts: run.counts.clone(),
        revisions: digest.revisions,
        revisions_not_sent: digest.revisions_not_sent,
        alerts,
        alerts_per_10000_posts: ratio(alerts, run.posts).map(|rate| rate * 10_000.0),
        groups: digest.groups.values().filter(|group| !group.absorbed).count() as u64,
        caps_hit: digest.caps(),
        flagged_accounts,
        flagged_without_source: flagged_accounts - kinds.len() as u64,
        pure_accounts,
        purity: ratio(pure_accounts, flagged_accounts),
        pure_accounts_by_source,
        purity_by_source: ratio(pure_accounts_by_source, flagged_accounts),
        time_to_alert: time_to_alert(digest),
        coordinated: pools.coordinated.counts(),
        ordinary: pools.ordinary.counts(),
        sources: run.sources.iter().map(|source| source_report(source, digest, labels)).collect(),
    }
}

/// A kind of account: a source, and a label where it is mixed.
type AccountKind<'a> = (&'a str, Option<&'a str>);

/// The kinds of every flagged account that posted in a source of the run.
fn kinds<'a>(
    run: &'a ScoredRun,
    digest: &Digest<'a>,
    labels: &'a Labels,
) -> BTreeMap<&'a str, BTreeSet<AccountKind<'a>>> {
    let mut kinds: BTreeMap<&str, BTreeSet<AccountKind>> = BTreeMap::new();
    for source in &run.sources {
        for account in digest.accounts.keys().filter(|account| source.posts_by_account.contains_key(**account)) {
            let label = if source.role == FileRole::Mixed { label(source, account, labels) } else { None };
            kinds.entry(account).or_default().insert((source.name.as_str(), label));
        }
    }
    kinds
}

fn time_to_alert(digest: &Digest) -> TimeToAlert {
    let mut delays: Vec<f64> = digest.groups.values().filter_map(|group| group.delay).collect();
    delays.sort_by(f64::total_cmp);
    TimeToAlert {
        measured: delays.len() as u64,
        unmeasured: (digest.groups.len() - delays.len()) as u64,
        median_seconds: quantile(&delays, 0.5),
        p90_seconds: quantile(&delays, 0.9),
    }
}

fn source_report(source: &SourceData, digest: &Digest, labels: &Labels) -> SourceReport {
    let (mut all, mut by_label) = (Tally::default(), BTreeMap::<String, Tally>::new());
    let mut alerts: BTreeSet<&str> = BTreeSet::new();
    for (account, &posts) in &source.posts_by_account {
        let flagged = digest.accounts.get(account.as_str());
        all.add(posts, flagged.is_some());
        if let Some(label) = label(source, account, labels) {
            by_label.entry(label.to_owned()).or_default().add(posts, flagged.is_some());
        }
        alerts.extend(flagged.iter().flat_map(|flagged| &flagged.alerts));
    }
    let labels: BTreeMap<String, FlaggedCounts> =
        by_label.into_iter().map(|(label, tally)| (label, tally.counts())).collect();
    let positives = labels.get(COORDINATED).filter(|_| source.role == FileRole::Coordinated);
    SourceReport {
        name: source.name.clone(),
        role: source.role,
        posts: source.posts_by_account.values().sum(),
        counts: all.counts(),
        alerts: alerts.len() as u64,
        recall: positives.and_then(|counts| counts.share),
        recall_with_10_posts: positives.and_then(|counts| counts.share_with_10_posts),
        labels,
    }
}

/// Adds the flagged accounts of a run. A source that is in several runs has one line for each account.
fn collect_flagged(run: &ScoredRun, digest: &Digest, lines: &mut BTreeMap<(String, String), FlaggedAccount>) {
    for source in &run.sources {
        for (account, flagged) in &digest.accounts {
            if !source.posts_by_account.contains_key(*account) {
                continue;
            }
            let (source, account) = (source.name.clone(), (*account).to_owned());
            let line = lines.entry((source.clone(), account.clone())).or_insert_with(|| FlaggedAccount {
                source,
                account,
                bits: flagged.bits,
                alerts: Vec::new(),
            });
            line.bits = line.bits.max(flagged.bits);
            line.alerts.extend(flagged.alerts.iter().map(|id| (*id).to_owned()));
            line.alerts.sort();
            line.alerts.dedup();
        }
    }
}
