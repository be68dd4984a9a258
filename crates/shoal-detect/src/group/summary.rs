//! One plain sentence about what was seen. It observes: it says nothing of who is behind it, or why.

use shoal_model::{Layer, Lineage, LineageEvent, Observed, Strength};

use super::life::RevisionReason;

/// The sentence.
pub(super) fn summary(
    say: RevisionReason,
    accounts: usize,
    observed: &Observed,
    strength: &Strength,
    lineage: &[Lineage],
) -> String {
    let what: Vec<String> =
        observed.layers.iter().map(|count| format!("{} {}", count.objects, noun(count.layer, count.objects))).collect();
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
        list(&what),
        window.start,
        window.end,
        ending(say, lineage),
    )
}

fn ending(say: RevisionReason, lineage: &[Lineage]) -> &'static str {
    match (say, lineage.last().map(|last| last.event)) {
        (RevisionReason::Resolved, Some(LineageEvent::MergedInto)) => " and are part of a larger group now",
        (RevisionReason::Resolved, Some(LineageEvent::Ended)) => " and no longer hang together",
        (RevisionReason::Resolved, _) => " and have shared nothing new since",
        (RevisionReason::Reopened, _) => " and move again",
        _ => "",
    }
}

fn noun(layer: Layer, count: u64) -> &'static str {
    let one = count == 1;
    match layer {
        Layer::Repost if one => "reposted post",
        Layer::Repost => "reposted posts",
        Layer::Quote if one => "quoted post",
        Layer::Quote => "quoted posts",
        Layer::Text if one => "text",
        Layer::Text => "texts",
        Layer::Link if one => "link",
        Layer::Link => "links",
        Layer::Reply if one => "answered post",
        Layer::Reply => "answered posts",
        Layer::Hashtags if one => "sequence of hashtags",
        Layer::Hashtags => "sequences of hashtags",
        Layer::Domain if one => "site",
        Layer::Domain => "sites",
    }
}

/// a, b and c.
fn list(items: &[String]) -> String {
    match items {
        [] => "nothing that is still remembered".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
