//! The alert contract, version 1. `schema/alert.v1.schema.json` is its JSON Schema; the two are tested against
//! each other.

use serde::{Deserialize, Serialize};

use crate::{Layer, Timestamp};

/// The JSON Schema of an alert (draft 2020-12).
pub const ALERT_SCHEMA: &str = include_str!("../schema/alert.v1.schema.json");

/// The version of the contract, in every alert as `schema_version`.
pub const ALERT_SCHEMA_VERSION: u32 = 1;

/// A revisioned statement about accounts that move together, with its evidence. Consumers upsert by
/// (`alert_id`, `revision`); each revision is whole and replaces the one before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// [`ALERT_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Made from the group's first edge: the same in every run over the same posts.
    pub alert_id: String,
    /// 1, 2, 3, … without gaps.
    pub revision: u32,
    /// Where the alert stands in its life.
    pub state: AlertState,
    /// What is stated.
    pub kind: Kind,
    /// Raised by rules on trial: marked, not sent.
    pub shadow: bool,
    /// The event time of the judgement that raised this revision.
    pub raised_at: Timestamp,
    /// One plain sentence.
    pub summary: String,
    /// What was seen.
    pub observed: Observed,
    /// How unlikely it is by chance.
    pub strength: Strength,
    /// Innocent explanations that were tested.
    pub benign_checks: Vec<BenignCheck>,
    /// DISARM techniques that can be observed, as `version:id`.
    pub disarm: Vec<String>,
    /// What a human concluded. Shoal never fills it.
    pub assessment: Option<Assessment>,
    /// Where the group comes from and what became of it, oldest first.
    pub lineage: Vec<Lineage>,
    /// Limits that cut the evidence of this alert.
    pub caps_hit: Vec<CapHit>,
    /// How to make this alert again. Not part of its identity.
    pub provenance: Provenance,
}

/// Where an alert stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// First revision.
    Opened,
    /// The group has grown.
    Updated,
    /// The group has been quiet, was merged into another or fell apart.
    Resolved,
    /// It was resolved and moves again.
    Reopened,
    /// Muted: recorded, not sent.
    Suppressed,
}

/// What an alert states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Accounts move together.
    Coordination,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// From the first to the last post of the evidence.
    pub window: Window,
    /// How many objects the accounts share, by layer.
    pub layers: Vec<LayerCount>,
    /// The group, strongest evidence first.
    pub accounts: Vec<AlertAccount>,
    /// Accounts they met that are not significant: possibly innocent sources, never part of the group.
    pub context: Vec<ContextAccount>,
    /// What they shared, most accounts first.
    pub objects: Vec<AlertObject>,
    /// Which accounts share how much.
    pub ties: TiesSummary,
    /// The posts of the evidence, oldest first.
    pub posts: Vec<AlertPost>,
    /// Posts of the evidence over time.
    pub timeline: Vec<TimelineBin>,
}

/// A closed window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first moment.
    pub start: Timestamp,
    /// The last moment.
    pub end: Timestamp,
}

/// A count of shared objects on one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerCount {
    /// The layer.
    pub layer: Layer,
    /// Distinct objects in the evidence of the group's ties.
    pub objects: u64,
}

/// An account of the group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertAccount {
    /// `platform:native`.
    pub id: String,
    /// Accounts of the group it ties with.
    pub partners: u64,
    /// Objects it shares with them, by the evidence of its ties.
    pub objects: u64,
    /// The circle test for this account; absent when the configuration judges by rules alone.
    pub arithmetic: Option<Arithmetic>,
}

/// The arithmetic of the circle test for one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arithmetic {
    /// log2 of the e-value: the mean of the nine e-values below.
    pub bits: f64,
    /// Meetings within 24 hours that were judged.
    pub exposures: u64,
    /// log2 of the e-value by variant (24 h; 7 d; 24 h, remembered by both) and prior strength (1, 10, 100).
    pub variants: [[f64; 3]; 3],
    /// The meetings that carried the most, strongest first.
    pub strongest: Vec<Meeting>,
}

/// One meeting, as it was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meeting {
    /// The post that acted.
    pub post: String,
    /// When.
    pub at: Timestamp,
    /// On which layer.
    pub layer: Layer,
    /// On what: the object's key in hexadecimal.
    pub object: String,
    /// What that is: the beginning of a text, an address, an id.
    pub label: String,
    /// Accounts that had acted on it within the window before.
    pub company: u64,
    /// Those of them that the account had met before.
    pub known: u64,
    /// How much better the circle predicted the company than activity did, in bits (24 h, prior strength 10).
    pub bits: f64,
}

/// An account that the group met and that is not significant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextAccount {
    /// `platform:native`.
    pub id: String,
    /// Accounts of the group it shares objects with.
    pub partners: u64,
    /// Set when the allow-list is why it stands here.
    pub allow_listed: bool,
}

/// A shared object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertObject {
    /// The object's key in hexadecimal.
    pub key: String,
    /// Its type.
    pub layer: Layer,
    /// What it is: an excerpt, an address, an id.
    pub label: String,
    /// The language of a text as detected, `und` when unreliable; absent on other layers.
    pub lang: Option<String>,
    /// Accounts of the group that acted on it, by the evidence.
    pub accounts: u64,
    /// Posts of the evidence on it.
    pub posts: u64,
}

/// How the accounts of a group tie together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TiesSummary {
    /// Pairs of accounts in the group that share enough objects.
    pub count: u64,
    /// The strongest of them.
    pub strongest: Vec<AlertTie>,
}

/// Two accounts and what they share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertTie {
    /// The two accounts, in order of their ids.
    pub accounts: [String; 2],
    /// Distinct objects within the widest counted window.
    pub objects: u64,
    /// Pairs of posts within the widest counted window.
    pub pairs: u64,
    /// The median time between the two posts of an evidence pair, in seconds.
    pub median_seconds: f64,
}

/// A post of the evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertPost {
    /// The post.
    pub id: String,
    /// Its account.
    pub account: String,
    /// When it was seen.
    pub at: Timestamp,
    /// What it acted on: the key of one of `objects`.
    pub object: String,
    /// For texts, the exact similarity to the text that linked it; otherwise 1.
    pub similarity: f32,
    /// Where to look at it, where known.
    pub url: Option<String>,
}

/// Posts of the evidence in one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimelineBin {
    /// The start of the stretch; it ends where the next one of equal length would start.
    pub start: Timestamp,
    /// Posts.
    pub posts: u64,
}

/// How unlikely it is by chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strength {
    /// log2 of the largest e-value of an account of the group; absent when the configuration judges by rules.
    pub bits: Option<f64>,
    /// The level of false-discovery control, α.
    pub fdr_level: Option<f64>,
    /// The bits that an account needed at this judgement: log2(m / (α k)).
    pub threshold_bits: Option<f64>,
    /// Accounts seen so far, m.
    pub accounts_seen: u64,
    /// Significant accounts at this judgement, k.
    pub significant: u64,
    /// How it was judged.
    pub method: String,
    /// What chance means here.
    pub null_model: String,
}

/// One innocent explanation and what testing it gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenignCheck {
    /// Which explanation.
    pub name: String,
    /// What was found.
    pub verdict: BenignVerdict,
    /// In words.
    pub detail: String,
}

/// What testing an innocent explanation gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BenignVerdict {
    /// It explains nothing of what was seen.
    Absent,
    /// It explains a part.
    Partial,
}

/// What a human concluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// The conclusion.
    pub verdict: String,
    /// Whose.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub note: Option<String>,
}

/// One event in the life of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lineage {
    /// What happened.
    pub event: LineageEvent,
    /// When, in event time.
    pub at: Timestamp,
    /// The other group, where there is one.
    pub other: Option<String>,
}

/// What can happen to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineageEvent {
    /// It formed.
    Born,
    /// It took in the other group.
    Merged,
    /// It went into the other group, which is older.
    MergedInto,
    /// It split off the other group.
    SplitFrom,
    /// None of its accounts is significant any more.
    Ended,
}

/// A limit that cut evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cap {
    /// Meetings that looked at the newest of the company only.
    Company,
    /// Earlier posts on one object beyond the newest that a post is paired with: the most on any one object.
    LiveTraces,
    /// Accounts on one object beyond those remembered, who meet nobody there: the most on any one object.
    ObjectAccounts,
    /// Objects of ties beyond the newest that a tie remembers.
    TieObjects,
    /// Partners in one circle beyond those remembered.
    CirclePartners,
    /// Accounts of the context beyond those listed in an alert.
    AlertContext,
    /// Accounts beyond those listed in an alert.
    AlertAccounts,
    /// Objects beyond those listed in an alert.
    AlertObjects,
    /// Posts beyond those listed in an alert.
    AlertPosts,
}

/// How often a limit cut the evidence of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapHit {
    /// Which.
    pub cap: Cap,
    /// What was left out, counted.
    pub count: u64,
}

/// How to make an alert again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The fingerprint of the configuration.
    pub configuration: String,
    /// The version of Shoal.
    pub version: String,
    /// The inputs, in the order they were given.
    pub inputs: Vec<String>,
}
