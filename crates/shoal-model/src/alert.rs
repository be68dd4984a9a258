//! The alert contract, version 2. `schema/alert.v2.schema.json` is its JSON Schema; the two are tested against
//! each other. Alerts of version 1 are read as such without profiles.

use serde::{Deserialize, Serialize};

use crate::{AlertProfile, Layer, Timestamp};

/// The JSON Schema of an alert (draft 2020-12).
pub const ALERT_SCHEMA: &str = include_str!("../schema/alert.v2.schema.json");

/// The version of the contract, in every alert as `schema_version`.
pub const ALERT_SCHEMA_VERSION: u32 = 2;

/// The JSON Schema of an alert of version 1, which is still read.
pub const ALERT_SCHEMA_V1: &str = include_str!("../schema/alert.v1.schema.json");

/// The oldest version of the contract that is read.
pub const OLDEST_ALERT_SCHEMA_VERSION: u32 = 1;

/// A revisioned statement about accounts that move together, with its evidence. Consumers upsert by
/// (`alert_id`, `revision`); each revision is whole and replaces the one before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// [`ALERT_SCHEMA_VERSION`], or an older version that is still read.
    pub schema_version: u32,
    /// Made from the group's first edge: the same in every run over the same posts.
    pub alert_id: String,
    /// 1, 2, 3, … without gaps.
    pub revision: u32,
    /// The stage of its life.
    pub state: AlertState,
    /// The kind of statement.
    pub kind: AlertKind,
    /// Raised by rules on trial: marked, not sent.
    pub shadow: bool,
    /// The event time of the judgement that raised this revision.
    pub raised_at: Timestamp,
    /// A plain sentence.
    pub summary: String,
    /// The observation.
    pub observed: Observed,
    /// The improbability of the observation by chance.
    pub strength: Strength,
    /// Innocent explanations that were tested.
    pub benign_checks: Vec<BenignCheck>,
    /// DISARM techniques that can be observed, as `version:id`.
    pub disarm: Vec<String>,
    /// The conclusion of a human. Shoal never fills it.
    pub assessment: Option<Assessment>,
    /// The origin and history of the group, oldest first.
    pub lineage: Vec<Lineage>,
    /// Limits that cut the evidence of this alert.
    pub caps_hit: Vec<CapHit>,
    /// Everything needed to make this alert again. Not part of its identity.
    pub provenance: Provenance,
}

/// A stage in the life of an alert.
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

impl AlertState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Opened, Self::Updated, Self::Resolved, Self::Reopened, Self::Suppressed];

    /// The name as written in an alert.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Updated => "updated",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Suppressed => "suppressed",
        }
    }
}

/// The kind of statement that an alert makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertKind {
    /// Accounts move together.
    Coordination,
}

impl AlertKind {
    /// Every kind.
    pub const ALL: [Self; 1] = [Self::Coordination];

    /// The name as written in an alert.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coordination => "coordination",
        }
    }
}

/// The observation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// From the first to the last post of the evidence.
    pub window: Window,
    /// Numbers of objects that the accounts share, by layer.
    pub layers: Vec<LayerCount>,
    /// The group, strongest evidence first.
    pub accounts: Vec<AlertAccount>,
    /// Accounts they met that are not significant: possibly innocent sources, never part of the group.
    pub context: Vec<ContextAccount>,
    /// The objects they shared, most accounts first.
    pub objects: Vec<AlertObject>,
    /// The ties between its accounts.
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
    /// The account as last seen in the evidence, where its platform shows anything of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<AlertProfile>,
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

/// A meeting, as it was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meeting {
    /// The post that acted.
    pub post: String,
    /// The time of the post.
    pub at: Timestamp,
    /// The layer.
    pub layer: Layer,
    /// The object's key in hexadecimal.
    pub object: String,
    /// The beginning of a text, an address or an id.
    pub label: String,
    /// Accounts that had acted on it within the window before.
    pub company: u64,
    /// Those of them that the account had met before.
    pub known: u64,
    /// The bits by which the circle predicted the company better than activity did (24 h, prior strength 10).
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
    /// The object's layer.
    pub layer: Layer,
    /// An excerpt, an address or an id.
    pub label: String,
    /// The language of a text as detected, `und` when unreliable; absent on other layers.
    pub lang: Option<String>,
    /// Accounts of the group that acted on it, by the evidence.
    pub accounts: u64,
    /// Posts of the evidence on it.
    pub posts: u64,
}

/// The ties between the accounts of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TiesSummary {
    /// Pairs of accounts in the group that share enough objects.
    pub count: u64,
    /// The strongest of them.
    pub strongest: Vec<AlertTie>,
}

/// Two accounts and the objects they share.
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
    /// The account.
    pub account: String,
    /// The time at which it was seen.
    pub at: Timestamp,
    /// The key of the one of `objects` that it acted on.
    pub object: String,
    /// For texts, the exact similarity to the text that linked it; otherwise 1.
    pub similarity: f32,
    /// The address at which to look at it, where known.
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

/// The improbability of the observation by chance.
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
    /// The method of judgement.
    pub method: String,
    /// The meaning of chance here.
    pub null_model: String,
}

/// An innocent explanation and the result of testing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenignCheck {
    /// The name of the explanation.
    pub name: String,
    /// The result.
    pub verdict: BenignVerdict,
    /// The result in words.
    pub detail: String,
}

/// The result of testing an innocent explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BenignVerdict {
    /// It explains nothing of what was seen.
    Absent,
    /// It explains a part.
    Partial,
}

impl BenignVerdict {
    /// Every verdict.
    pub const ALL: [Self; 2] = [Self::Absent, Self::Partial];

    /// The name as written in an alert.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Partial => "partial",
        }
    }

    /// The verdict in words, after the name of what was tested.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Absent => "explains nothing of this",
            Self::Partial => "explains a part of this",
        }
    }
}

/// The conclusion of a human.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// The conclusion.
    pub verdict: String,
    /// The person who concluded it.
    pub by: String,
    /// The time of the conclusion.
    pub at: Timestamp,
    /// The reason.
    pub note: Option<String>,
}

/// An event in the life of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lineage {
    /// The event.
    pub event: LineageEvent,
    /// The event time.
    pub at: Timestamp,
    /// The other group, where there is one.
    pub other: Option<String>,
}

/// A kind of event in the life of a group.
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

impl LineageEvent {
    /// Every event.
    pub const ALL: [Self; 5] = [Self::Born, Self::Merged, Self::MergedInto, Self::SplitFrom, Self::Ended];

    /// The name as written in an alert.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Born => "born",
            Self::Merged => "merged",
            Self::MergedInto => "merged_into",
            Self::SplitFrom => "split_from",
            Self::Ended => "ended",
        }
    }
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

impl Cap {
    /// Every limit.
    pub const ALL: [Self; 9] = [
        Self::Company,
        Self::LiveTraces,
        Self::ObjectAccounts,
        Self::TieObjects,
        Self::CirclePartners,
        Self::AlertContext,
        Self::AlertAccounts,
        Self::AlertObjects,
        Self::AlertPosts,
    ];

    /// The name as written in an alert.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::LiveTraces => "live_traces",
            Self::ObjectAccounts => "object_accounts",
            Self::TieObjects => "tie_objects",
            Self::CirclePartners => "circle_partners",
            Self::AlertContext => "alert_context",
            Self::AlertAccounts => "alert_accounts",
            Self::AlertObjects => "alert_objects",
            Self::AlertPosts => "alert_posts",
        }
    }
}

/// A limit and the number of things it cut from the evidence of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapHit {
    /// The limit.
    pub cap: Cap,
    /// The number of things left out.
    pub count: u64,
}

/// Everything needed to make an alert again.
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
