//! What can be asked of the index, and what comes back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shoal_model::{AlertState, Layer, Timestamp};
use utoipa::ToSchema;

use crate::Error;
use crate::contract::{FoundPost, PostKind};

/// A question for posts. Everything that is set must hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchRequest {
    /// In the query language; empty for all posts.
    pub query: String,
    /// Not seen before.
    pub since: Option<Timestamp>,
    /// Seen before, not at this moment.
    pub until: Option<Timestamp>,
    /// On this platform: what stands before the colon of ids.
    pub platform: Option<String>,
    /// In this language.
    pub language: Option<String>,
    /// By this account.
    pub author: Option<String>,
    /// That do this.
    pub kind: Option<PostKind>,
    /// That act on an object of this layer.
    pub layer: Option<Layer>,
    /// That act on this object: its key in hexadecimal.
    pub object: Option<String>,
    /// Whose text belongs to this text object: its key in hexadecimal.
    pub cluster: Option<String>,
    /// That are evidence of this alert, by its newest revision.
    pub alert: Option<String>,
    /// In which order.
    pub sort: Sort,
    /// How many, 1 to [`MAX_PAGE`].
    pub limit: usize,
    /// Go on after the page that gave this.
    pub cursor: Option<String>,
    /// Highlight what was looked for.
    pub highlight: bool,
    /// How many posts there are over time.
    pub histogram: bool,
    /// The most frequent values of these fields.
    pub top: Vec<TopField>,
}

/// Posts or alerts on a page at the most.
pub const MAX_PAGE: usize = 500;

/// Fails when a page cannot have so many entries.
pub(super) fn check_limit(limit: usize) -> Result<(), Error> {
    if (1..=MAX_PAGE).contains(&limit) {
        return Ok(());
    }
    Err(Error::InvalidRequest {
        field: "limit",
        problem: format!("a page cannot have {limit} entries"),
        remedy: format!("ask for 1 to {MAX_PAGE}, and for the next page"),
    })
}

/// In which order posts come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// The best fit first. There is one page of these: scores change while posts arrive.
    Relevance,
}

/// A field whose values can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TopField {
    /// Accounts.
    Author,
    /// Languages.
    Language,
    /// Platforms.
    Platform,
    /// Kinds of post.
    Kind,
    /// Hashtags.
    Hashtag,
    /// Domains of links.
    Domain,
}

impl TopField {
    /// As in answers, and as the index has it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Language => "language",
            Self::Platform => "platform",
            Self::Kind => "kind",
            Self::Hashtag => "hashtag",
            Self::Domain => "domain",
        }
    }
}

/// A page of posts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchPage {
    /// How many posts fit in all.
    pub total: Total,
    /// The posts.
    pub posts: Vec<FoundPost>,
    /// Gives the next page; absent on the last one. It stays right while posts arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Posts over time, when asked for: of those that were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// The ten most frequent values by field, when asked for: of posts that were counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub top: BTreeMap<String, Vec<TopValue>>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A count, and whether time was enough to count all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Total {
    /// How many there are; at least so many when `exact` is false.
    pub count: u64,
    /// Whether everything was counted.
    pub exact: bool,
}

/// Counts over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Histogram {
    /// The length of a stretch in seconds.
    pub seconds: u64,
    /// Stretches, oldest first, from the first that has posts to the last, empty ones included.
    pub bins: Vec<Bin>,
}

/// One stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bin {
    /// Its start.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// Posts in it.
    pub count: u64,
}

/// A value and how many posts have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TopValue {
    /// The value. Written by a stranger.
    pub value: String,
    /// Posts.
    pub count: u64,
}

/// A question for posts like one.
#[derive(Debug, Clone, PartialEq)]
pub struct SimilarRequest {
    /// The post, `platform:native`.
    pub post: String,
    /// The least Jaccard similarity of the folded texts' 4-grams, 0.3 to 1.
    pub similarity: f64,
    /// How many, 1 to [`MAX_PAGE`], the most similar first.
    pub limit: usize,
}

/// A question for alerts. Everything that is set must hold of an alert's newest revision.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlertRequest {
    /// Words of its sentence and its objects, in the query language; empty for all alerts.
    pub query: String,
    /// Whose posts of evidence do not all lie before.
    pub since: Option<Timestamp>,
    /// Whose posts of evidence do not all lie at or after.
    pub until: Option<Timestamp>,
    /// In one of these states; empty for all.
    pub states: Vec<AlertState>,
    /// With accounts on this platform.
    pub platform: Option<String>,
    /// With texts in this language.
    pub language: Option<String>,
    /// That name this account, as part of the group.
    pub account: Option<String>,
    /// With objects of this layer.
    pub layer: Option<Layer>,
    /// With this object or text object.
    pub object: Option<String>,
    /// With at least so many bits.
    pub min_bits: Option<f64>,
    /// With at least so many accounts.
    pub min_accounts: Option<u64>,
    /// Raised by rules on trial, or sent; both when absent.
    pub shadow: Option<bool>,
    /// In which order.
    pub sort: AlertSort,
    /// How many, 1 to [`MAX_PAGE`].
    pub limit: usize,
    /// Go on after the page that gave this.
    pub cursor: Option<String>,
}

/// In which order alerts come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlertSort {
    /// The last raised first.
    #[default]
    Newest,
    /// The strongest first.
    Strongest,
    /// The one with most accounts first.
    Largest,
}

/// A page of alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertPage {
    /// How many alerts fit in all.
    pub total: Total,
    /// The alerts.
    pub alerts: Vec<AlertSummary>,
    /// Gives the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An alert in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertSummary {
    /// Its id.
    pub alert_id: String,
    /// Its newest revision.
    pub revision: u32,
    /// Where it stands in its life.
    #[schema(value_type = String)]
    pub state: AlertState,
    /// Raised by rules on trial.
    pub shadow: bool,
    /// One plain sentence.
    pub summary: String,
    /// When its first revision was raised, in event time.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// When this revision was raised, in event time.
    #[schema(value_type = String, format = DateTime)]
    pub raised_at: Timestamp,
    /// The first post of its evidence.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// The last post of its evidence.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// Accounts of the group, those beyond the list included.
    pub accounts: u64,
    /// Distinct shared objects, all layers together.
    pub objects: u64,
    /// Layers of these objects.
    #[schema(value_type = Vec<String>)]
    pub layers: Vec<Layer>,
    /// What the group shared, up to three, most accounts first. Written by strangers.
    pub labels: Vec<String>,
    /// log2 of the largest e-value.
    pub bits: Option<f64>,
    /// The bits that an account needed at this judgement.
    pub threshold_bits: Option<f64>,
    /// Posts of the evidence over time, oldest first, as in the alert.
    pub timeline: Vec<Bin>,
    /// What people said of it, counted by verdict.
    pub feedback: BTreeMap<String, u64>,
}
