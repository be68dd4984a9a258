//! The timeline of the evidence, as a picture and as a table.

use std::collections::BTreeMap;

use maud::{Markup, html};
use shoal_index::{Bin, Histogram};
use shoal_model::{Alert, Cap};

use super::super::charts::{self, Lane};
use super::super::{humanize, links, untrusted};

/// Groups up to this size get a lane for each account.
const LANES: usize = 40;
/// Posts that the table shows.
const ROWS: usize = 60;

/// The timeline.
pub(super) fn section(alert: &Alert) -> Markup {
    let observed = &alert.observed;
    let left_out = super::left_out(alert, Cap::AlertPosts);
    html! {
        section #when {
            h2 { "When they acted" }
            @if observed.accounts.len() <= LANES {
                p.note { "A mark is a post. A line joins posts on the same thing: the steeper, the closer in time." }
                @let label = "When each account acted; the table below says the same";
                (charts::lanes(&lanes(alert), observed.window.start, observed.window.end, label))
            } @else {
                (charts::bars(&histogram(alert), None))
            }
            @if left_out > 0 {
                p.note {
                    "Not drawn: " (humanize::counted(left_out, "more entry", "more entries"))
                    " of the evidence beyond the listed posts."
                }
            }
            (table(alert))
        }
    }
}

/// The acts of each account, the accounts in the order of the alert.
fn lanes(alert: &Alert) -> Vec<Lane> {
    let observed = &alert.observed;
    let objects: BTreeMap<_, _> =
        observed.objects.iter().enumerate().map(|(at, object)| (object.key.as_str(), at)).collect();
    let mut lanes: Vec<_> =
        observed.accounts.iter().map(|account| Lane { account: account.id.clone(), marks: Vec::new() }).collect();
    let rows: BTreeMap<_, _> =
        observed.accounts.iter().enumerate().map(|(at, account)| (account.id.as_str(), at)).collect();
    for post in &observed.posts {
        let lane = rows.get(post.account.as_str()).and_then(|row| lanes.get_mut(*row));
        if let (Some(lane), Some(object)) = (lane, objects.get(post.object.as_str())) {
            lane.marks.push((post.at, *object));
        }
    }
    lanes
}

/// The alert's timeline, the stretches that it leaves out as empty included.
fn histogram(alert: &Alert) -> Histogram {
    let timeline = &alert.observed.timeline;
    let apart = timeline.windows(2).map(|two| two[0].start.distance(two[1].start).micros() / 1_000_000);
    let seconds = apart.min().unwrap_or(3_600).max(1) as u64;
    let bins = timeline.iter().map(|bin| Bin { start: bin.start, count: bin.posts }).collect();
    Histogram { seconds, bins }
}

fn table(alert: &Alert) -> Markup {
    let posts = &alert.observed.posts;
    html! {
        details {
            summary { "The posts as a table" }
            div.scroll role="region" tabindex="0" aria-label="Posts of the evidence" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Time" } th scope="col" { "Account" } th scope="col" { "On" }
                            th scope="col" { "Post" }
                        }
                    }
                    tbody {
                        @for post in posts.iter().take(ROWS) {
                            @let object = alert.observed.objects.iter().find(|object| object.key == post.object);
                            tr {
                                td.nowrap { (humanize::time(post.at)) }
                                td { (links::account(&post.account)) }
                                td {
                                    @if let Some(object) = object {
                                        (object.layer) " "
                                        (untrusted::phrase(&object.label, object.lang.as_deref().unwrap_or("und"), 60))
                                    }
                                }
                                td { (untrusted::name(&post.id)) " " (links::original(post.url.as_deref())) }
                            }
                        }
                    }
                }
            }
            @if posts.len() > ROWS { p.more { "and " (posts.len() - ROWS) " more: see the downloads" } }
        }
    }
}
