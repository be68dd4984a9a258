//! Requests to the index, and pages of results.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shoal_model::{AlertState, Layer, Timestamp};
use utoipa::ToSchema;

use crate::Error;
use crate::contract::{FoundPost, PostKind};

/// A request for posts. Everything that is set must hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchRequest {
    /// A query in the query language; empty for all posts.
    pub query: String,
    /// Start of the times seen, included.
    pub since: Option<Timestamp>,
    /// End of the times seen, excluded.
    pub until: Option<Timestamp>,
    /// A platform: the part of ids before the colon.
    pub platform: Option<String>,
    /// A language.
    pub language: Option<String>,
    /// The author.
    pub author: Option<String>,
    /// The kind of post.
    pub kind: Option<PostKind>,
    /// Layer of an object that the post acts on.
    pub layer: Option<Layer>,
    /// Object that the post acts on: its key in hexadecimal.
    pub object: Option<String>,
    /// Text object of the text: its key in hexadecimal.
    pub cluster: Option<String>,
    /// Alert that the post is evidence of, by its newest revision.
    pub alert: Option<String>,
    /// The order.
    pub sort: Sort,
    /// Number of results, 1 to [`MAX_PAGE`].
    pub limit: usize,
    /// The `next` of the page before.
    pub cursor: Option<String>,
    /// Highlight the words of the query.
    pub highlight: bool,
    /// Count posts over time.
    pub histogram: bool,
    /// Count the values of these fields, and return the most frequent.
    pub top: Vec<TopField>,
}

/// Most posts or alerts on a page.
pub const MAX_PAGE: usize = 500;

/// Refuses a number of entries that a page cannot have.
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

/// The order of posts.
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
    /// The name in responses, and of the field in the index.
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
    /// Number of all matching posts.
    pub total: Total,
    /// The posts.
    pub posts: Vec<FoundPost>,
    /// The cursor of the next page; absent on the last one. It stays right while posts arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Posts over time, when asked for: of those that were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// The ten most frequent values by field, when asked for: of posts that were counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub top: BTreeMap<String, Vec<TopValue>>,
    /// Duration of the search, in milliseconds.
    pub took_ms: u64,
}

/// A count, exact when time was enough to count all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Total {
    /// The number; a lower bound when `exact` is false.
    pub count: u64,
    /// Everything was counted.
    pub exact: bool,
}

/// Counts over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Histogram {
    /// The length of a bin in seconds.
    pub seconds: u64,
    /// Bins, oldest first, from the first with posts to the last, empty ones included.
    pub bins: Vec<Bin>,
}

/// A bin of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bin {
    /// The start.
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

/// A request for posts similar to one.
#[derive(Debug, Clone, PartialEq)]
pub struct SimilarRequest {
    /// The post, `platform:native`.
    pub post: String,
    /// The least Jaccard similarity of the folded texts' 4-grams, 0.3 to 1.
    pub similarity: f64,
    /// Number of results, 1 to [`MAX_PAGE`], the most similar first.
    pub limit: usize,
}

/// A request for alerts. Everything that is set must hold of an alert's newest revision.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlertRequest {
    /// Words of the summary and the objects, in the query language; empty for all alerts.
    pub query: String,
    /// Earliest time of the last post of the evidence, included.
    pub since: Option<Timestamp>,
    /// Latest time of the first post of the evidence, excluded.
    pub until: Option<Timestamp>,
    /// States; empty for all.
    pub states: Vec<AlertState>,
    /// A platform of its accounts.
    pub platform: Option<String>,
    /// A language of its texts.
    pub language: Option<String>,
    /// An account of the group.
    pub account: Option<String>,
    /// A layer of its objects.
    pub layer: Option<Layer>,
    /// An object or text object.
    pub object: Option<String>,
    /// Least number of bits.
    pub min_bits: Option<f64>,
    /// Least number of accounts.
    pub min_accounts: Option<u64>,
    /// Raised in shadow mode (`true`) or sent (`false`); both when absent.
    pub shadow: Option<bool>,
    /// The order.
    pub sort: AlertSort,
    /// Number of results, 1 to [`MAX_PAGE`].
    pub limit: usize,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// The order of alerts.
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
    /// Number of all matching alerts.
    pub total: Total,
    /// The alerts.
    pub alerts: Vec<AlertSummary>,
    /// The cursor of the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The summary of an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertSummary {
    /// The id.
    pub alert_id: String,
    /// The newest revision.
    pub revision: u32,
    /// The state in the life cycle.
    #[schema(value_type = String)]
    pub state: AlertState,
    /// Raised in shadow mode.
    pub shadow: bool,
    /// A plain sentence.
    pub summary: String,
    /// The time the first revision was raised, in event time.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// The time this revision was raised, in event time.
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
    /// Labels of shared objects, up to three, most accounts first. Written by strangers.
    pub labels: Vec<String>,
    /// log2 of the largest e-value.
    pub bits: Option<f64>,
    /// The bits that an account needed at this judgement.
    pub threshold_bits: Option<f64>,
    /// Posts of the evidence over time, oldest first, as in the alert.
    pub timeline: Vec<Bin>,
    /// Feedback, counted by verdict.
    pub feedback: BTreeMap<String, u64>,
}
