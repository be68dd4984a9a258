//! Accounts of a group, their ties, and accounts near the group.

use maud::{Markup, html};
use shoal_model::{Alert, AlertAccount, Cap};

use super::super::{charts, humanize, links, profile};

/// Rows of a table.
const ROWS: usize = 60;
/// Ties that the table of the network shows.
const TIES: usize = 40;
/// Accounts of the context.
const CONTEXT: usize = 15;

/// The accounts of the group.
pub(super) fn section(alert: &Alert) -> Markup {
    let accounts = &alert.observed.accounts;
    let judged = accounts.iter().any(|account| account.arithmetic.is_some());
    let more = super::left_out(alert, Cap::AlertAccounts) + accounts.len().saturating_sub(ROWS) as u64;
    html! {
        section #accounts {
            h2 { "Accounts of the group" }
            div.scroll role="region" tabindex="0" aria-label="Accounts of the group" {
                table {
                    thead { tr {
                        th scope="col" { "Account" }
                        @if judged {
                            th.number scope="col" { "Bits" } th scope="col" { span.vh { "Strength" } }
                            th.number scope="col" { "Meetings" }
                        }
                        th.number scope="col" { "Partners" } th.number scope="col" { "Objects" }
                    } }
                    tbody { @for account in accounts.iter().take(ROWS) { (row(account, alert, judged)) } }
                }
            }
            @if more > 0 { p.more { "and " (humanize::count(more)) " more" } }
        }
    }
}

fn row(account: &AlertAccount, alert: &Alert, judged: bool) -> Markup {
    html! {
        tr {
            td {
                (links::account(&account.id))
                @if let Some(shown) = &account.profile { " " (profile::names(shown)) }
            }
            @if judged {
                @match &account.arithmetic {
                    Some(arithmetic) => {
                        td.number { (format!("{:.1}", arithmetic.bits)) }
                        td.bar { (charts::strength(arithmetic.bits, alert.strength.threshold_bits)) }
                        td.number { (humanize::count(arithmetic.exposures)) }
                    },
                    None => { td.number { "–" } td.bar { } td.number { "–" } },
                }
            }
            td.number { (humanize::count(account.partners)) }
            td.number { (humanize::count(account.objects)) }
        }
    }
}

/// The network of ties, as a picture and as a table.
pub(super) fn network(alert: &Alert) -> Markup {
    let ties = &alert.observed.ties;
    let accounts: Vec<&str> = alert.observed.accounts.iter().map(|account| account.id.as_str()).collect();
    let listed = ties.strongest.len() as u64;
    html! {
        section #network {
            h2 { "Who shares with whom" }
            p.note {
                "A line is a tie; the thicker, the more they share. "
                @if listed < ties.count {
                    "Drawn: the strongest " (humanize::count(listed)) " of " (humanize::counted(ties.count, "tie", "ties"))
                    "."
                }
            }
            (charts::network(&accounts, &ties.strongest, "The network of ties; the table below says the same"))
            details {
                summary { "The ties as a table" }
                div.scroll role="region" tabindex="0" aria-label="Ties" {
                    table {
                        thead {
                            tr {
                                th scope="col" { "Accounts" } th.number scope="col" { "Objects" }
                                th.number scope="col" { "Apart" }
                            }
                        }
                        tbody {
                            @for tie in ties.strongest.iter().take(TIES) {
                                tr {
                                    td { (links::account(&tie.accounts[0])) " and " (links::account(&tie.accounts[1])) }
                                    td.number { (humanize::count(tie.objects)) }
                                    td.number { (humanize::length(tie.median_seconds)) }
                                }
                            }
                        }
                    }
                }
                p.note { "Apart: the median time between their two posts on one object." }
                @if ties.strongest.len() > TIES {
                    p.more { "and " (ties.strongest.len() - TIES) " more: see the downloads" }
                }
            }
        }
    }
}

/// Accounts that are near the group and no part of it.
pub(super) fn context(alert: &Alert) -> Markup {
    let context = &alert.observed.context;
    let more = super::left_out(alert, Cap::AlertContext) + context.len().saturating_sub(CONTEXT) as u64;
    html! {
        section #context {
            h2 { "Context" }
            @if context.is_empty() { p { "The group met nobody else as often." } } @else {
                p.note {
                    strong { "Not part of the group," }
                    " perhaps an innocent source: accounts that share as much with it and are not significant."
                }
                ul.plain {
                    @for account in context.iter().take(CONTEXT) {
                        li {
                            (links::account(&account.id)) " shares with "
                            (humanize::counted(account.partners, "account", "accounts"))
                            @if account.allow_listed { ", on the allow-list" }
                        }
                    }
                }
                @if more > 0 { p.more { "and " (humanize::count(more)) " more" } }
            }
        }
    }
}
