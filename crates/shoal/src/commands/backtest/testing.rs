//! Alerts for the tests of this module.

use shoal_model::{
    ALERT_SCHEMA_VERSION, Alert, AlertAccount, AlertKind, AlertPost, AlertState, Arithmetic, Observed, Provenance,
    Strength, TiesSummary, Timestamp, Window,
};

/// A revision that names `accounts` (`platform:native`), states no bits and lists no evidence.
pub(super) fn alert(id: &str, revision: u32, accounts: &[&str]) -> Alert {
    let start = Timestamp::from_seconds(0);
    let account =
        |id: &&str| AlertAccount { id: (*id).to_owned(), partners: 1, objects: 3, arithmetic: None, profile: None };
    Alert {
        schema_version: ALERT_SCHEMA_VERSION,
        alert_id: id.to_owned(),
        revision,
        state: AlertState::Opened,
        kind: AlertKind::Coordination,
        shadow: false,
        raised_at: start,
        summary: "accounts share objects".to_owned(),
        observed: Observed {
            window: Window { start, end: start },
            layers: Vec::new(),
            accounts: accounts.iter().map(account).collect(),
            context: Vec::new(),
            objects: Vec::new(),
            ties: TiesSummary { count: 0, strongest: Vec::new() },
            posts: Vec::new(),
            timeline: Vec::new(),
        },
        strength: Strength {
            bits: None,
            fdr_level: None,
            threshold_bits: None,
            accounts_seen: 0,
            significant: 0,
            method: "rules".to_owned(),
            null_model: "none".to_owned(),
        },
        benign_checks: Vec::new(),
        disarm: Vec::new(),
        assessment: None,
        lineage: Vec::new(),
        caps_hit: Vec::new(),
        provenance: Provenance::default(),
    }
}

/// The arithmetic of an account with so many bits.
pub(super) fn arithmetic(bits: f64) -> Arithmetic {
    Arithmetic { bits, exposures: 0, variants: [[0.0; 3]; 3], strongest: Vec::new() }
}

/// A post of the evidence at so many seconds after 1970.
pub(super) fn post(id: &str, account: &str, seconds: i64, object: &str) -> AlertPost {
    AlertPost {
        id: id.to_owned(),
        account: account.to_owned(),
        at: Timestamp::from_seconds(seconds),
        object: object.to_owned(),
        similarity: 1.0,
        url: None,
    }
}
