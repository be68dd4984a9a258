//! Rows of tables, as they are handed over.

use std::collections::{BTreeMap, HashMap};

use shoal_model::{Alert, AlertObject, AlertState, Layer, Timestamp};

/// A post as a row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PostRow<'a> {
    /// `platform:native`.
    pub id: &'a str,
    /// The account, `platform:native`.
    pub author: &'a str,
    /// The name that the platform showed for the account.
    pub handle: Option<&'a str>,
    /// When it was seen.
    pub observed_at: Timestamp,
    /// When its author claims to have published it.
    pub created_at: Option<Timestamp>,
    /// Its language.
    pub lang: Option<&'a str>,
    /// What it does: `post`, `repost`, `reply`, `quote`.
    pub kind: &'a str,
    /// The text as published.
    pub text: &'a str,
    /// Addresses that the platform says it links to.
    pub urls: &'a [String],
    /// Where a person can look at it.
    pub url: Option<&'a str>,
    /// The post that is repeated.
    pub repost_of: Option<&'a str>,
    /// The account whose post is repeated.
    pub repost_from: Option<&'a str>,
    /// The post that is answered.
    pub reply_to: Option<&'a str>,
    /// The post that is quoted.
    pub quote_of: Option<&'a str>,
    /// The text object that its text belongs to, in hexadecimal.
    pub cluster: Option<&'a str>,
    /// The key of its folded text, in hexadecimal.
    pub text_key: Option<&'a str>,
    /// The similarity to the post that was asked about.
    pub similarity: Option<f64>,
    /// How well it fits what was looked for.
    pub score: Option<f32>,
}

/// An alert as a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlertRow<'a> {
    /// Its id.
    pub alert_id: &'a str,
    /// Its revision.
    pub revision: u32,
    /// Where it stands in its life.
    pub state: AlertState,
    /// Raised by rules on trial.
    pub shadow: bool,
    /// When its first revision was raised, in event time.
    pub opened_at: Timestamp,
    /// When this revision was raised, in event time.
    pub raised_at: Timestamp,
    /// The first post of its evidence.
    pub start: Timestamp,
    /// The last post of its evidence.
    pub end: Timestamp,
    /// Accounts of the group, those beyond the list included.
    pub accounts: u64,
    /// Distinct shared objects, all layers together.
    pub objects: u64,
    /// Layers of these objects.
    pub layers: &'a [Layer],
    /// log2 of the largest e-value.
    pub bits: Option<f64>,
    /// What the group shared, most accounts first.
    pub labels: &'a [String],
    /// One plain sentence.
    pub summary: &'a str,
    /// What people said of it, counted by verdict.
    pub feedback: &'a BTreeMap<String, u64>,
}

/// A post of an alert's evidence as a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvidenceRow<'a> {
    /// The alert.
    pub alert_id: &'a str,
    /// Its revision.
    pub revision: u32,
    /// The key of the object that was acted on, in hexadecimal.
    pub object: &'a str,
    /// Its layer; absent where the alert does not list the object.
    pub layer: Option<Layer>,
    /// What it is: an excerpt, an address, an id.
    pub label: Option<&'a str>,
    /// The post.
    pub post: &'a str,
    /// Its account.
    pub account: &'a str,
    /// When it was seen.
    pub at: Timestamp,
    /// For texts, the exact similarity to the text that linked it; otherwise 1.
    pub similarity: f32,
    /// Where a person can look at it.
    pub url: Option<&'a str>,
    /// The text as published, where it is known.
    pub text: Option<&'a str>,
}

/// The evidence that an alert lists, post by post, oldest first; their texts are not in it.
pub fn evidence(alert: &Alert) -> impl Iterator<Item = EvidenceRow<'_>> {
    let objects: HashMap<&str, &AlertObject> =
        alert.observed.objects.iter().map(|object| (object.key.as_str(), object)).collect();
    alert.observed.posts.iter().map(move |post| {
        let object = objects.get(post.object.as_str());
        EvidenceRow {
            alert_id: &alert.alert_id,
            revision: alert.revision,
            object: &post.object,
            layer: object.map(|object| object.layer),
            label: object.map(|object| object.label.as_str()),
            post: &post.id,
            account: &post.account,
            at: post.at,
            similarity: post.similarity,
            url: post.url.as_deref(),
            text: None,
        }
    })
}
