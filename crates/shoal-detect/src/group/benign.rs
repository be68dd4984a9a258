//! Innocent explanations, each tested on every alert.

use shoal_model::{BenignCheck, BenignVerdict, Observed};

use super::case::AlertCase;

/// A test of one innocent explanation. A new one is a function and a line in [`CHECKS`].
struct Explanation {
    /// The name of the explanation in an alert.
    name: &'static str,
    test: fn(&AlertCase<'_>, &Observed) -> Tested,
}

/// The result of a test.
struct Tested {
    verdict: BenignVerdict,
    detail: String,
}

/// Every test, in the order in which an alert lists them.
const CHECKS: [Explanation; 1] = [Explanation { name: "allow_list", test: allow_list }];

/// Tests all explanations on a group and what an alert shows of it.
pub(super) fn checks(case: &AlertCase<'_>, observed: &Observed) -> Vec<BenignCheck> {
    let tested = CHECKS.iter().map(|check| (check.name, (check.test)(case, observed)));
    tested.map(|(name, Tested { verdict, detail })| BenignCheck { name: name.to_owned(), verdict, detail }).collect()
}

/// Accounts of the allow-list are known and open about what they do.
fn allow_list(_case: &AlertCase<'_>, observed: &Observed) -> Tested {
    let listed = observed.context.iter().filter(|account| account.allow_listed).count();
    Tested {
        verdict: if listed > 0 { BenignVerdict::Partial } else { BenignVerdict::Absent },
        detail: format!("{listed} of the accounts that the group met are on the allow-list"),
    }
}
