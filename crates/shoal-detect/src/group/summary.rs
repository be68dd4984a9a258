//! A plain sentence about the observation. It says nothing of who is behind it, or why.

use shoal_model::display::list;
use shoal_model::{Lineage, LineageEvent, Observed, Strength};

use super::life::RevisionReason;

/// The sentence.
pub(super) fn summary(
    reason: RevisionReason,
    accounts: usize,
    observed: &Observed,
    strength: &Strength,
    lineage: &[Lineage],
) -> String {
    let what: Vec<String> =
        observed.layers.iter().map(|count| format!("{} {}", count.objects, count.layer.noun(count.objects))).collect();
    let how = match (strength.bits, strength.fdr_level) {
        (Some(bits), Some(level)) => format!(
            "; chance would give as much evidence as the strongest of them has to at most one account in 2^{}, and of \
             all accounts named at this level at most {} % are expected to be named by chance",
            bits.floor(),
            level * 100.0
        ),
        _ => "; fixed counts were met, which says nothing about chance".to_owned(),
    };
    let window = observed.window;
    format!(
        "{accounts} accounts shared {} between {} and {}{}{how}.",
        if what.is_empty() { "nothing that is still remembered".to_owned() } else { list(&what) },
        window.start,
        window.end,
        ending(reason, lineage),
    )
}

fn ending(reason: RevisionReason, lineage: &[Lineage]) -> &'static str {
    match (reason, lineage.last().map(|last| last.event)) {
        (RevisionReason::Resolved, Some(LineageEvent::MergedInto)) => " and are part of a larger group now",
        (RevisionReason::Resolved, Some(LineageEvent::Ended)) => " and no longer hang together",
        (RevisionReason::Resolved, _) => " and have shared nothing new since",
        (RevisionReason::Reopened, _) => " and move again",
        _ => "",
    }
}
