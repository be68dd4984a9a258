//! `shoal explain`: the arithmetic of one alert, from posts to bits, for a person who wants to check it.

mod arithmetic;
mod find;
mod page;
mod seen;

use anyhow::Result;
use shoal_model::Alert;

use self::page::TextPage;
use crate::cli::ExplainArgs;
use crate::terminal::console;

/// Prints the arithmetic of one alert.
pub(crate) fn explain(args: &ExplainArgs) -> Result<()> {
    let found = find::find(&args.alerts, &args.id, args.revision)?;
    if let Some(note) = found.note {
        console::note(&note);
    }
    console::print(page(&found.alert, args.accounts).as_bytes())
}

/// The whole explanation, safe to look at whatever the posts say.
fn page(alert: &Alert, accounts: usize) -> String {
    let mut page = TextPage::default();
    head(&mut page, alert);
    seen::observed(&mut page, alert);
    arithmetic::evidence(&mut page, alert, accounts);
    arithmetic::decision(&mut page, alert, accounts);
    seen::ties(&mut page, alert);
    seen::objects(&mut page, alert);
    seen::posts(&mut page, alert);
    doubts(&mut page, alert);
    origin(&mut page, alert);
    page.finish()
}

fn head(page: &mut TextPage, alert: &Alert) {
    let shadow = if alert.shadow { ", by rules on trial: not sent" } else { "" };
    page.line(format!("Alert {}, revision {}, {}{shadow}", alert.alert_id, alert.revision, alert.state.name()));
    page.line(format!("raised at {} of the posts' time", alert.raised_at));
    page.line(&alert.summary);
    page.line(
        "This is an observation, not a verdict: accounts act together more than chance explains. Why they do, and \
         whether there is anything wrong with it, people decide.",
    );
}

fn doubts(page: &mut TextPage, alert: &Alert) {
    page.heading("Innocent explanations that were tested");
    for check in &alert.benign_checks {
        page.item(format!("{}: {}. {}", check.name, check.verdict.meaning(), check.detail));
    }
    if alert.benign_checks.is_empty() {
        page.item("none");
    }
    page.heading("Limits that cut the evidence");
    for hit in &alert.caps_hit {
        page.item(format!("{}: {} left out", hit.cap.name(), hit.count));
    }
    if alert.caps_hit.is_empty() {
        page.item("none");
    }
}

fn origin(page: &mut TextPage, alert: &Alert) {
    page.heading("Where it comes from");
    for event in &alert.lineage {
        let other = event.other.as_ref().map_or_else(String::new, |other| format!(" {other}"));
        page.item(format!("{}: {}{other}", event.at, event.event.name().replace('_', " ")));
    }
    match &alert.assessment {
        Some(assessment) => {
            let note = assessment.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
            page.item(format!("{} concluded at {}: {}{note}", assessment.by, assessment.at, assessment.verdict));
        }
        None => page.item("no person has assessed it yet"),
    }
    let provenance = &alert.provenance;
    page.item(format!("configuration {}, Shoal {}", provenance.configuration, provenance.version));
    for input in &provenance.inputs {
        page.item(format!("read from {input}"));
    }
}

#[cfg(test)]
mod tests;
