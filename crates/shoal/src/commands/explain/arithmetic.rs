//! From meetings to bits, and from bits to the decision.

use shoal_model::{Alert, AlertAccount, AlertProfile, Arithmetic, Meeting};

use super::page::{TextPage, count};
use crate::terminal::figures::grouped;
use shoal_model::display::excerpt;

const VARIANTS: [&str; 3] = ["24 h", "7 d", "24 h, remembered by both"];
const STRENGTHS: [&str; 3] = ["1", "10", "100"];
const HOW_TO_READ: [&str; 6] = [
    "An account that acts on something on which others acted shortly before meets them. If accounts act on",
    "their own, how active the others are says whom it meets. An e-value says how many times better its earlier",
    "meetings (its circle) predicted the next ones; it multiplies from meeting to meeting. It is computed in",
    "nine ways: three windows, and three strengths of the belief in activity. The mean of e-values is an e-value",
    "again, and its log2 is the evidence in bits. By chance, at most one account in 2^b has b bits at any given",
    "moment.",
];
/// Beyond this a recorded figure does not follow from the others.
const TOLERANCE: f64 = 0.01;

/// Each account's nine e-values, their mean, and the meetings that carried the most.
pub(super) fn evidence(page: &mut TextPage, alert: &Alert, full: usize) {
    page.heading("The evidence of each account");
    if alert.observed.accounts.iter().all(|account| account.arithmetic.is_none()) {
        page.item("There is none in bits: this configuration judges by fixed counts, which say nothing about chance.");
    } else {
        for line in HOW_TO_READ {
            page.item(line);
        }
    }
    for (rank, account) in (1..).zip(&alert.observed.accounts) {
        if rank <= full {
            in_full(page, rank, account, alert);
        } else {
            let bits = account.arithmetic.as_ref().map_or_else(String::new, |it| format!("{:.2} bits, ", it.bits));
            page.item(format!("{rank}. {}: {bits}{}", account.id, shares(account)));
        }
    }
}

fn shares(account: &AlertAccount) -> String {
    let objects = count(account.objects, "object", "objects");
    format!("shares {objects} with {} of the group", count(account.partners, "account", "accounts"))
}

fn in_full(page: &mut TextPage, rank: usize, account: &AlertAccount, alert: &Alert) {
    page.item(format!("{rank}. {}: {}", account.id, shares(account)));
    if let Some(profile) = &account.profile {
        page.detail(shown_as(profile));
    }
    let Some(arithmetic) = &account.arithmetic else { return };
    let exposures = count(arithmetic.exposures, "meeting", "meetings");
    page.detail(format!("{exposures} within 24 h were judged; log2 of the e-value"));
    let [weak, middle, strong] = STRENGTHS;
    page.detail(format!("{:<28}{weak:>10}{middle:>10}{strong:>10}", "  by window \\ prior strength"));
    for (name, [weak, middle, strong]) in VARIANTS.into_iter().zip(arithmetic.variants) {
        page.detail(format!("  {name:<26}{weak:>10.2}{middle:>10.2}{strong:>10.2}"));
    }
    mean(page, arithmetic);
    for meeting in &arithmetic.strongest {
        strongest(page, meeting, alert);
    }
}

/// The account as its platform showed it last.
fn shown_as(profile: &AlertProfile) -> String {
    let names = [("", &profile.display_name), ("handle ", &profile.handle), ("client ", &profile.client)];
    let names = names.into_iter().chain([("affiliation ", &profile.affiliation), ("page ", &profile.url)]);
    let mut parts: Vec<String> =
        names.filter_map(|(what, name)| Some(format!("{what}“{}”", excerpt(name.as_deref()?, 60)))).collect();
    let marks = [("automated", profile.automated), ("verified", profile.verified)];
    parts.extend(marks.into_iter().filter(|(_, set)| *set == Some(true)).map(|(mark, _)| mark.to_owned()));
    parts.extend(profile.created_at.map(|created| format!("made {created}")));
    format!("shown at {} as {}", profile.seen_at, parts.join(", "))
}

/// The mean of the nine, with its numbers.
fn mean(page: &mut TextPage, arithmetic: &Arithmetic) {
    let values = arithmetic.variants.as_flattened();
    let powers: Vec<_> = values.iter().map(|bits| power(*bits)).collect();
    let bits = mean_bits(values);
    page.detail(format!("mean of 2^x: ({}) / {}", powers.join(" + "), values.len()));
    page.detail(format!("           = {}, log2 of which is {bits:.2} bits", power(bits)));
    if (bits - arithmetic.bits).abs() > TOLERANCE {
        page.detail(format!("WARNING: the alert says {:.2} bits, which does not follow from these", arithmetic.bits));
    }
}

fn strongest(page: &mut TextPage, meeting: &Meeting, alert: &Alert) {
    let what = format!("“{}”", excerpt(&meeting.label, 60));
    let company = count(meeting.company, "account", "accounts");
    page.detail(format!(
        "{:+.2} bits at {} on {} {what}: met {company}, knew {} of them",
        meeting.bits, meeting.at, meeting.layer, meeting.known
    ));
    let url = alert.observed.posts.iter().find(|post| post.id == meeting.post).and_then(|post| post.url.as_deref());
    page.detail(format!("  in post {} {}", meeting.post, url.unwrap_or("(no link known)")));
}

/// The threshold of significance, and each account's distance from it.
pub(super) fn decision(page: &mut TextPage, alert: &Alert, full: usize) {
    let strength = &alert.strength;
    page.heading("The decision");
    page.item(format!("method: {}", strength.method));
    page.item(format!("what chance means here: {}", strength.null_model));
    let (Some(alpha), Some(threshold)) = (strength.fdr_level, strength.threshold_bits) else {
        page.item("There is no threshold in bits: the counts of the rules decide.");
        return;
    };
    let (seen, significant) = (strength.accounts_seen, strength.significant);
    page.item(format!("m = {} seen so far, k = {} significant, α = {alpha}", grouped(seen), grouped(significant)));
    let needed = (seen as f64 / (alpha * significant as f64)).log2();
    page.item(format!(
        "an account needs e ≥ m / (α k) = {} / ({alpha} × {}) = {}, that is {needed:.2} bits",
        grouped(seen),
        grouped(significant),
        power(needed)
    ));
    page.item(format!("so that of all accounts named significant a share of at most {alpha} is expected to be chance"));
    if (needed - threshold).abs() > TOLERANCE {
        page.item(format!("WARNING: the alert says {threshold:.2} bits, which does not follow from these"));
    }
    for account in alert.observed.accounts.iter().take(full) {
        if let Some(arithmetic) = &account.arithmetic {
            let margin = arithmetic.bits - threshold;
            page.item(format!("{}: {:.2} − {threshold:.2} = {margin:+.2} bits", account.id, arithmetic.bits));
        }
    }
}

/// The log2 of the mean of 2^x, for powers beyond all numbers too.
fn mean_bits(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return largest;
    }
    let sum: f64 = values.iter().map(|value| (value - largest).exp2()).sum();
    largest + (sum / values.len() as f64).log2()
}

/// 2^bits in digits, for powers beyond all numbers too.
fn power(bits: f64) -> String {
    let value = bits.exp2();
    if (0.01..1e6).contains(&value) {
        return if value < 100.0 { format!("{value:.2}") } else { grouped(value.round() as u64) };
    }
    let exponent = bits * std::f64::consts::LOG10_2;
    if !exponent.is_finite() {
        return format!("2^{bits}");
    }
    format!("{:.2}e{}", 10_f64.powf(exponent - exponent.floor()), exponent.floor())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn powers_are_readable() {
        for (bits, text) in [
            (0.0, "1.00"),
            (1.5, "2.83"),
            (16.0, "65,536"),
            (-1.0, "0.50"),
            (-20.0, "9.54e-7"),
            (40.0, "1.10e12"),
            (5_000.0, "1.41e1505"),
        ] {
            assert_eq!(power(bits), text);
        }
    }

    proptest! {
        #[test]
        fn the_mean_lies_between(values in prop::array::uniform9(-2_000.0..5_000.0_f64)) {
            let largest = values.iter().copied().fold(f64::MIN, f64::max);
            let bits = mean_bits(&values);
            prop_assert!(bits <= largest + 1e-9 && bits >= largest - 9_f64.log2() - 1e-9);
        }

        #[test]
        fn it_is_the_mean(values in prop::array::uniform9(-20.0..20.0_f64)) {
            let mean = values.iter().map(|bits| bits.exp2()).sum::<f64>() / 9.0;
            prop_assert!((mean_bits(&values) - mean.log2()).abs() < 1e-9);
        }
    }
}
