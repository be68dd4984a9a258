//! `report.md`: the report as tables for a person. What a cell says is in `report.json` in full precision.

use std::fmt::Write as _;

use super::report::{BacktestReport, BacktestRun, FileRole, FlaggedCounts};
use crate::terminal::figures::grouped;

/// The text of an empty cell.
const NOTHING: &str = "–";

const HOW_TO_READ: &str = "\
An account is *flagged* when any alert that was sent names it among its accounts. For accounts labelled coordinated \
of a `coordinated` source the flagged share is the recall. For `ordinary` accounts it is the raw rate of false \
alarms, before anybody has read what fired: an ordinary file may hold a spam ring, so read every flagged group in \
`flagged.tsv` before calling it an error. `benign` sources act together in the open: they count neither as found \
nor as false. The interval holds the true share in at least 95 of 100 samples like this one; where few accounts \
have ten posts it is wide, and no claim should go beyond it. *Purity* is the share of flagged accounts all of whose \
groups are wholly of one source and, in mixed sources, of one label; accounts without a label count as a label of \
their own, so where labels cover a part of a file only the purity *by source* can be trusted. Neither says much \
about a run of a single source. *AUPRC* asks whether the bits rank coordinated accounts above ordinary ones; all \
accounts that are not flagged tie at zero, so it also falls with recall. *Time to alert* is observed time, from the \
third object that two accounts of a group share to the first revision, as far as the evidence that the alert lists \
can show it. A file alone and the same file within a stream are different tests: an operation that is the whole \
stream looks ordinary to any test against chance. Rates hold for these files; other campaigns, times, languages and \
platforms can be harder.
";

/// The report as Markdown.
pub(super) fn render(report: &BacktestReport) -> String {
    let sections = [
        "# Backtest\n".to_owned(),
        overall(report),
        runs(report),
        accounts(report),
        counters(report),
        format!("## How to read this\n\n{HOW_TO_READ}"),
    ];
    sections.join("\n")
}

fn overall(report: &BacktestReport) -> String {
    let row = |name: &str, counts| [vec![name.to_owned()], cells(counts)].concat();
    let rows = [row("coordinated", &report.coordinated), row("ordinary", &report.ordinary)];
    let auprc = report.auprc.as_ref().map_or_else(
        || "AUPRC: none, for it takes coordinated and ordinary sources.".to_owned(),
        |auprc| {
            format!(
                "AUPRC: {:.4}, over {} coordinated and {} ordinary accounts.",
                auprc.value,
                grouped(auprc.coordinated),
                grouped(auprc.ordinary)
            )
        },
    );
    format!("## Over all runs\n\n{}\n{auprc}\n", table(&[&["accounts of all runs"][..], &COUNTED].concat(), &rows))
}

fn runs(report: &BacktestReport) -> String {
    let header = [
        "run",
        "posts",
        "posts/s",
        "peak memory",
        "alerts",
        "revisions",
        "not sent",
        "alerts per 10,000 posts",
        "groups",
        "flagged",
        "purity",
        "purity by source",
        "time to alert, median",
        "90 % within",
    ];
    let rows: Vec<Vec<String>> = report.runs.iter().map(run_row).collect();
    format!("## Runs\n\n{}", table(&header, &rows))
}

fn run_row(run: &BacktestRun) -> Vec<String> {
    vec![
        run.name.clone(),
        grouped(run.posts),
        known(run.posts_per_second, |rate| grouped(rate.round() as u64)),
        known(run.peak_memory_bytes, |bytes| format!("{} MB", grouped(bytes / 1_000_000))),
        grouped(run.alerts),
        grouped(run.revisions),
        grouped(run.revisions_not_sent),
        known(run.alerts_per_10000_posts, |rate| format!("{rate:.2}")),
        grouped(run.groups),
        grouped(run.flagged_accounts),
        known(run.purity, |share| format!("{share:.4}")),
        known(run.purity_by_source, |share| format!("{share:.4}")),
        known(run.time_to_alert.median_seconds, duration),
        known(run.time_to_alert.p90_seconds, duration),
    ]
}

fn accounts(report: &BacktestReport) -> String {
    let header = [&["run", "accounts of", "role or label"][..], &COUNTED, &["alerts"]].concat();
    let rows: Vec<Vec<String>> = report.runs.iter().flat_map(account_rows).collect();
    format!("## Accounts\n\n{}", table(&header, &rows))
}

/// The sources of a run and their labels; then, where there are several sources, what they add up to.
fn account_rows(run: &BacktestRun) -> Vec<Vec<String>> {
    let row = |of: &str, what: &str, counts: &FlaggedCounts, alerts: String| {
        [vec![run.name.clone(), of.to_owned(), what.to_owned()], cells(counts), vec![alerts]].concat()
    };
    let mut rows = Vec::new();
    for source in &run.sources {
        rows.push(row(&source.name, role(source.role), &source.counts, grouped(source.alerts)));
        let labels = source.labels.iter();
        rows.extend(labels.map(|(label, counts)| row(&source.name, &format!("“{label}”"), counts, NOTHING.to_owned())));
    }
    if run.sources.len() > 1 {
        rows.push(row("all sources", "coordinated", &run.coordinated, NOTHING.to_owned()));
        rows.push(row("all sources", "ordinary", &run.ordinary, NOTHING.to_owned()));
    }
    rows
}

fn counters(report: &BacktestReport) -> String {
    let rows: Vec<Vec<String>> = report.runs.iter().flat_map(counter_rows).collect();
    format!("## Counters and limits\n\n{}", table(&["run", "what", "count"], &rows))
}

fn counter_rows(run: &BacktestRun) -> Vec<Vec<String>> {
    let counts = run.counts.iter().map(|(name, number)| (name.clone(), *number));
    // A limit is named as in report.json.
    let caps = run.caps_hit.iter().map(|(cap, alerts)| {
        let name = serde_json::to_value(cap).ok().and_then(|value| value.as_str().map(str::to_owned));
        (format!("alerts cut by the limit {}", name.unwrap_or_default()), *alerts)
    });
    let own = [
        ("alerts without a measured time".to_owned(), run.time_to_alert.unmeasured),
        ("flagged accounts that posted in no source".to_owned(), run.flagged_without_source),
    ];
    counts.chain(caps).chain(own).map(|(what, number)| vec![run.name.clone(), what, grouped(number)]).collect()
}

/// The columns that [`cells`] fills.
const COUNTED: [&str; 8] = [
    "accounts",
    "flagged",
    "share",
    "exact 95 % interval",
    "with ≥ 10 posts",
    "flagged (≥ 10)",
    "share (≥ 10)",
    "exact 95 % interval (≥ 10)",
];

fn cells(counts: &FlaggedCounts) -> Vec<String> {
    vec![
        grouped(counts.accounts),
        grouped(counts.flagged),
        known(counts.share, percent),
        known(counts.interval_95, interval),
        grouped(counts.accounts_with_10_posts),
        grouped(counts.flagged_with_10_posts),
        known(counts.share_with_10_posts, percent),
        known(counts.interval_95_with_10_posts, interval),
    ]
}

/// A table whose columns are as wide as their widest cell, so that it reads as text too.
fn table<S: AsRef<str>>(header: &[S], rows: &[Vec<String>]) -> String {
    let header: Vec<String> = header.iter().map(|name| name.as_ref().to_owned()).collect();
    let lines: Vec<Vec<String>> =
        std::iter::once(&header).chain(rows).map(|row| row.iter().map(|text| cell(text)).collect()).collect();
    let mut widths = vec![3; header.len()];
    for line in &lines {
        for (width, text) in widths.iter_mut().zip(line) {
            *width = text.chars().count().max(*width);
        }
    }
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut written = String::new();
    for line in lines.iter().take(1).chain([&rule]).chain(lines.iter().skip(1)) {
        for (text, width) in line.iter().zip(&widths) {
            // Writing to a string cannot fail.
            let _ = write!(written, "| {text:<width$} ");
        }
        written.push_str("|\n");
    }
    written
}

/// A cell: names come from files and strangers, so nothing in them may end the cell or the line.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace(['\n', '\r', '\t'], " ")
}

fn known<T>(value: Option<T>, write: impl Fn(T) -> String) -> String {
    value.map_or_else(|| NOTHING.to_owned(), write)
}

const fn role(role: FileRole) -> &'static str {
    match role {
        FileRole::Coordinated => "coordinated",
        FileRole::Ordinary => "ordinary",
        FileRole::Benign => "benign",
        FileRole::Mixed => "mixed",
    }
}

/// Three places: one account in 10,000 is 0.010 %.
fn percent(share: f64) -> String {
    format!("{:.3} %", share * 100.0)
}

fn interval([low, high]: [f64; 2]) -> String {
    format!("{:.3}–{:.3} %", low * 100.0, high * 100.0)
}

/// A length of time in the unit that a person would choose.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.1} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3_600.0),
        s => format!("{:.1} d", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_line_up_and_keep_strangers_in_their_cells() {
        let rows = [vec!["a|b\n".to_owned(), "1".to_owned()], vec!["c".to_owned(), "1,234".to_owned()]];
        let wanted = "\
| name  | posts |
| ----- | ----- |
| a\\|b  | 1     |
| c     | 1,234 |
";
        assert_eq!(table(&["name", "posts"], &rows), wanted);
    }

    #[test]
    fn numbers_are_written_for_people() {
        for (seconds, wanted) in [(65.4, "65 s"), (600.0, "10.0 min"), (9_000.0, "2.5 h"), (864_000.0, "10.0 d")] {
            assert_eq!(duration(seconds), wanted);
        }
        assert_eq!(percent(20.0 / 19_675.0), "0.102 %");
        assert_eq!(interval([0.0, 0.000_375]), "0.000–0.037 %");
    }
}
