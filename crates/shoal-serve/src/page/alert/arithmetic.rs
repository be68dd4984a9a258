//! Arithmetic from meetings to bits and from bits to the decision, for everybody to check.

use maud::{Markup, html};
use shoal_model::{Alert, AlertAccount, Arithmetic, Meeting};

use super::super::{humanize, links, untrusted};

/// Accounts whose arithmetic is shown.
const ACCOUNTS: usize = 10;
const VARIANTS: [&str; 3] = ["24 h", "7 d", "24 h, remembered by both"];

/// The decision, and the evidence of each account.
pub(super) fn section(alert: &Alert) -> Markup {
    let judged: Vec<_> =
        alert.observed.accounts.iter().filter_map(|account| Some((account, account.arithmetic.as_ref()?))).collect();
    html! {
        section #arithmetic {
            h2 { "The arithmetic" }
            (decision(alert))
            @if judged.is_empty() {
                p {
                    "There is none in bits: this configuration judges by fixed counts, which say nothing about \
                     chance."
                }
            } @else {
                details.how { summary { "How to read this" } (how_to_read()) }
                h3 { "The evidence of each account" }
                @for (at, (account, arithmetic)) in judged.iter().take(ACCOUNTS).enumerate() {
                    (evidence(account, arithmetic, alert, at == 0))
                }
                @if judged.len() > ACCOUNTS { p.more { "and " (judged.len() - ACCOUNTS) " more: see the downloads" } }
            }
        }
    }
}

fn decision(alert: &Alert) -> Markup {
    let strength = &alert.strength;
    html! {
        dl.pairs {
            dt { "Method" } dd { (strength.method) }
            dt { "What chance means here" } dd { (strength.null_model) }
            @if let (Some(alpha), Some(threshold)) = (strength.fdr_level, strength.threshold_bits) {
                @let (seen, significant) = (humanize::count(strength.accounts_seen), humanize::count(strength.significant));
                dt { "Seen and significant" }
                dd {
                    i { "m" } " = " (seen) " accounts seen so far, " i { "k" } " = " (significant)
                    " significant, α = " (alpha)
                }
                dt { "What an account needs" }
                dd {
                    "e ≥ " i { "m" } " / (α " i { "k" } ") = " (seen) " / (" (alpha) " × " (significant)
                    "), by the alert "
                    b { (format!("{threshold:.2}")) " bits" }
                    ": of all accounts named significant a share of at most " (alpha) " is expected to be chance"
                }
            } @else {
                dt { "Threshold" } dd { "none in bits: the counts of the rules decide" }
            }
        }
    }
}

fn how_to_read() -> Markup {
    html! {
        p {
            "An account that acts on something on which others acted shortly before meets them. If accounts act on \
             their own, how active the others are says whom it meets. An e-value says how many times better its \
             earlier meetings (its circle) predicted the next ones; it multiplies from meeting to meeting."
        }
        p {
            "It is computed in nine ways: three windows, and three strengths of the belief in activity. The mean of \
             e-values is an e-value again, and its log2 is the evidence in bits. By chance, at most one account in 2"
            sup { "b" } " has b bits at any given moment."
        }
    }
}

fn evidence(account: &AlertAccount, arithmetic: &Arithmetic, alert: &Alert, open: bool) -> Markup {
    let margin = alert.strength.threshold_bits.map(|threshold| arithmetic.bits - threshold);
    html! {
        details.evidence open[open] {
            summary {
                (untrusted::name(&account.id)) " " b { (format!("{:.2}", arithmetic.bits)) " bits" }
                @if let Some(margin) = margin {
                    " " span.note { (format!("{margin:+.2}").replace('-', "−")) " to the threshold" }
                }
            }
            p.note {
                (humanize::counted(arithmetic.exposures, "meeting", "meetings")) " within 24 h were judged. "
                (links::account(&account.id))
            }
            div.pair {
                (variants(arithmetic))
                (strongest(arithmetic, alert))
            }
        }
    }
}

fn variants(arithmetic: &Arithmetic) -> Markup {
    html! {
        table.variants-table {
            caption {
                "log2 of the nine e-values; their mean is 2" sup { (format!("{:.2}", arithmetic.bits)) } " = "
                (humanize::power(arithmetic.bits))
            }
            thead {
                tr {
                    th scope="col" { "Window" }
                    @for strength in ["prior 1", "prior 10", "prior 100"] { th.number scope="col" { (strength) } }
                }
            }
            tbody {
                @for (name, row) in VARIANTS.into_iter().zip(arithmetic.variants) {
                    tr {
                        th scope="row" { (name) }
                        @for bits in row { td.number { (format!("{bits:.2}").replace('-', "−")) } }
                    }
                }
            }
        }
    }
}

fn strongest(arithmetic: &Arithmetic, alert: &Alert) -> Markup {
    html! {
        @if !arithmetic.strongest.is_empty() {
            div {
                p.note { "The meetings that gave most:" }
                ol.meetings { @for meeting in &arithmetic.strongest { (one_meeting(meeting, alert)) } }
            }
        }
    }
}

fn one_meeting(meeting: &Meeting, alert: &Alert) -> Markup {
    let url = alert.observed.posts.iter().find(|post| post.id == meeting.post).and_then(|post| post.url.as_deref());
    html! {
        li {
            b { (format!("{:+.2}", meeting.bits).replace('-', "−")) " bits" } " on " (meeting.layer) " “"
            (untrusted::phrase(&meeting.label, "und", 90)) "”: met "
            (humanize::counted(meeting.company, "account", "accounts"))
            ", knew " (humanize::count(meeting.known)) " of them · " (humanize::time(meeting.at)) " · post "
            (untrusted::name(&meeting.post)) " "
            (links::original(url))
        }
    }
}
