//! What stages tell one another.
//!
//! Every record is caused by a post and inherits its [`Trigger`]: together with the stage, the record's kind and
//! its own key that is κ, the key by which records are ordered everywhere. A stage receives all records of one
//! trigger at once, in the order of kind and key.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use shoal_model::{Arithmetic, Descriptor, Interned, Layer, Post, PostRef, Timestamp, Trace};
use shoal_sketch::Sketch;

use crate::prepare::Draft;

/// What caused a record: a post, processed at a moment of event time, or (without a post) a timer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trigger {
    /// The event time at which the cause is processed; the watermark for a late post.
    pub at: Timestamp,
    /// The post; `None` for a timer, which goes before all posts of its moment.
    pub post: Option<Interned<PostRef>>,
}

impl Trigger {
    /// The trigger of a timer.
    pub const fn timer(at: Timestamp) -> Self {
        Self { at, post: None }
    }

    /// Whether `post` is the post of this trigger, not one remembered from before.
    pub fn is(&self, post: &Interned<PostRef>) -> bool {
        self.post.as_ref().is_some_and(|own| Interned::ptr_eq(own, post) || own == post)
    }
}

impl PartialEq for Trigger {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Trigger {}

impl PartialOrd for Trigger {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Trigger {
    /// By time, then by the post's id, then by its account: ids of strangers may collide.
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at).then_with(|| match (&self.post, &other.post) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) if Interned::ptr_eq(a, b) => Ordering::Equal,
            (Some(a), Some(b)) => a.id.cmp(&b.id).then_with(|| a.account.cmp(&b.account)),
        })
    }
}

/// A record of a stage's input: its kind and own key order the records of one trigger.
pub trait Record {
    /// (kind, own key): equal only for equal records.
    fn order(&self) -> Order;
}

/// What orders the records of one trigger within a stage: kind, then own key.
pub type Order = (u8, u64, i64, u64);

/// A post with all that can be computed from it alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysed {
    /// The post.
    pub post: Post,
    /// Its place in the evidence.
    pub reference: Interned<PostRef>,
    /// The key of (account, post id).
    pub key: u64,
    /// The traces it leaves on explicit objects, at most one per object.
    pub drafts: Vec<Draft>,
    /// The text that it publishes; `None` for a repost or a text too short to count.
    pub text: Option<Text>,
}

/// A published text in the views used for matching.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The key of the folded text: equal keys are equal texts.
    pub key: u64,
    /// An excerpt for people.
    pub excerpt: Interned<Descriptor>,
    /// Hashed 4-grams of the folded text, sorted and distinct; empty when it matches exactly only.
    #[serde(with = "packed")]
    pub shingles: Vec<u32>,
    /// Their sketch.
    pub sketch: Sketch,
}

/// Hashes as bytes: they do not get shorter as numbers of variable length, and bytes are copied at once.
mod packed {
    use std::fmt;

    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(hashes: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        serializer.serialize_bytes(&bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
        struct Hashes;

        impl<'de> Visitor<'de> for Hashes {
            type Value = Vec<u32>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("hashes of four bytes each")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u32>, E> {
                let (hashes, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(E::invalid_length(bytes.len(), &self));
                }
                Ok(hashes.iter().map(|hash| u32::from_le_bytes(*hash)).collect())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<u32>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = sequence.next_element()? {
                    bytes.push(byte);
                }
                self.visit_bytes(&bytes)
            }
        }

        deserializer.deserialize_bytes(Hashes)
    }
}

/// Input of prepare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PrepareIn {
    /// A post in order.
    Post(Box<Analysed>),
}

/// Input of match.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum MatchIn {
    /// A text that was published.
    Text(Box<Published>),
}

/// A text, and who published it where.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Published {
    /// The text.
    pub text: Text,
    /// The post.
    pub post: Interned<PostRef>,
    /// See [`Trace::actions`].
    pub actions: u32,
}

/// Input of cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum ClusterIn {
    /// A text that a second account has repeated word for word: it is an object from now on.
    Shared(Box<TextBirth>),
    /// Two texts that are nearly the same.
    Link(Box<TextLink>),
    /// A post of a text that two accounts share, exactly or nearly.
    Post(TextPost),
}

/// Two texts that are nearly the same, verified.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TextLink {
    /// The text of the triggering post.
    pub newer: TextBirth,
    /// The text it was found to repeat.
    pub older: TextBirth,
}

/// A text as the clusters know it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TextBirth {
    /// The key of the text.
    pub key: u64,
    /// When the text was first published and the key of the post that did: a total order.
    pub birth: (Timestamp, u64),
    /// Its sketch.
    pub sketch: Sketch,
}

/// A post of a text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TextPost {
    /// The key of the text.
    pub text: u64,
    /// An excerpt of it.
    pub excerpt: Interned<Descriptor>,
    /// The post.
    pub post: Interned<PostRef>,
    /// See [`Trace::actions`].
    pub actions: u32,
    /// See [`Trace::similarity`].
    pub similarity: f32,
    /// Posts of this text that were left out because of the limit, told once.
    pub skipped: u32,
}

/// Input of pair.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum PairIn {
    /// A trace; `skipped` counts posts of a text that the limit left out, told once.
    Trace {
        /// The trace.
        trace: Trace,
        /// Left out before it.
        skipped: u32,
    },
}

/// Input of tie.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum TieIn {
    /// One post's co-actions on one object with earlier posts of accounts whose pairs this partition holds.
    CoActions(Box<CoActions>),
    /// One text cluster went into another.
    Merge(Merge),
}

/// A post's co-actions on one object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CoActions {
    /// The layer.
    pub layer: Layer,
    /// The object.
    pub object: u64,
    /// What it is.
    pub descriptor: Interned<Descriptor>,
    /// The post, and its similarity.
    pub actor: (Interned<PostRef>, f32),
    /// The earlier posts, newest first, and their similarities; all by other accounts.
    pub others: Vec<(Interned<PostRef>, f32)>,
    /// Live traces beyond the limit.
    pub skipped: u32,
    /// Accounts on the object beyond those remembered.
    pub unmet: u32,
}

/// One text cluster went into another: the objects are one from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// The object that is no longer used.
    pub old: u64,
    /// The one that stands for both.
    pub new: u64,
}

/// Input of circle.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum CircleIn {
    /// What one prepare partition counted in one minute.
    Totals(Totals),
    /// An account met others on an object. Goes to every partition: the account's own gets all of the company,
    /// the others get those of the company that they hold (possibly none).
    Meeting(Box<Meeting>),
}

/// What one prepare partition counted in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Which prepare partition.
    pub partition: u16,
    /// The minute, as whole minutes since the epoch.
    pub minute: i64,
    /// Actions per layer.
    pub actions: [u64; Layer::COUNT],
    /// Accounts seen for the first time.
    pub accounts: u64,
}

/// An account acted for the first time on an object on which others acted within the window before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meeting {
    /// The account.
    pub account: u64,
    /// The post's true time.
    pub at: Timestamp,
    /// The layer.
    pub layer: Layer,
    /// The object.
    pub object: u64,
    /// What it is.
    pub descriptor: Interned<Descriptor>,
    /// How many of the company acted within 24 hours.
    pub within_day: u32,
    /// Those who acted before, within seven days, oldest first.
    pub company: Vec<Company>,
    /// Company beyond the newest that are looked at.
    pub skipped: u32,
}

/// An account that acted on an object before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// The account.
    pub account: u64,
    /// When it acted.
    pub at: Timestamp,
    /// Its actions on the layer when it acted: see [`Trace::actions`].
    pub actions: u32,
}

/// Input of group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum GroupIn {
    /// What one prepare partition counted in one minute.
    Totals(Totals),
    /// One text cluster went into another.
    Merge(Merge),
    /// An account whose e-value is, or was, at least 1/α.
    Candidate(Box<Candidate>),
    /// Two accounts that share enough, or what more they share since.
    Tie(Box<StrongTie>),
}

/// An account whose e-value is, or was, at least 1/α.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The account.
    pub account: u64,
    /// Its id.
    pub id: Box<str>,
    /// How its e-value comes about.
    pub arithmetic: Arithmetic,
    /// What limits left out of it.
    pub caps: CircleCaps,
}

/// What limits left out of an account's circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CircleCaps {
    /// Company beyond the newest looked at.
    pub company: u64,
    /// Partners forgotten.
    pub partners: u64,
}

/// What two accounts share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StrongTie {
    /// The two accounts, the smaller key first.
    pub accounts: [u64; 2],
    /// Their ids, in the same order.
    pub ids: [Box<str>; 2],
    /// Shared objects not told before, in the order they came.
    pub objects: Vec<SharedObject>,
    /// Pairs of posts so far, within the widest counted window.
    pub pairs: u64,
    /// Objects and live traces that limits left out, so far.
    pub skipped: TieCaps,
}

/// What limits left out of a tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TieCaps {
    /// Objects beyond the newest.
    pub objects: u32,
    /// Earlier posts on its objects beyond the newest.
    pub traces: u32,
    /// Accounts on its objects beyond those remembered.
    pub accounts: u32,
}

/// An object that two accounts share, with the two posts that are closest in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedObject {
    /// Its layer.
    pub layer: Layer,
    /// The object.
    pub object: u64,
    /// What it is.
    pub descriptor: Interned<Descriptor>,
    /// A post of each account, in the order of the accounts.
    pub posts: [(Interned<PostRef>, f32); 2],
}

impl Record for PrepareIn {
    fn order(&self) -> Order {
        let Self::Post(post) = self;
        (0, post.key, 0, 0)
    }
}

impl Record for MatchIn {
    fn order(&self) -> Order {
        let Self::Text(published) = self;
        (0, published.text.key, 0, 0)
    }
}

impl Record for ClusterIn {
    fn order(&self) -> Order {
        match self {
            Self::Shared(text) => (0, text.key, 0, 0),
            Self::Link(link) => (1, link.older.key, 0, link.newer.key),
            Self::Post(post) => (2, post.text, post.post.at.micros(), post.post.key),
        }
    }
}

impl Record for PairIn {
    fn order(&self) -> Order {
        let Self::Trace { trace, .. } = self;
        (trace.layer.index() as u8, trace.object, trace.post.at.micros(), trace.post.key)
    }
}

impl Record for TieIn {
    fn order(&self) -> Order {
        match self {
            Self::Merge(merge) => (0, merge.old, 0, merge.new),
            Self::CoActions(co) => (1 + co.layer.index() as u8, co.object, co.actor.0.at.micros(), co.actor.0.key),
        }
    }
}

impl Record for CircleIn {
    fn order(&self) -> Order {
        match self {
            Self::Totals(totals) => (0, u64::from(totals.partition), 0, 0),
            Self::Meeting(meeting) => (1 + meeting.layer.index() as u8, meeting.object, 0, 0),
        }
    }
}

impl Record for GroupIn {
    fn order(&self) -> Order {
        match self {
            Self::Totals(totals) => (0, u64::from(totals.partition), 0, 0),
            Self::Merge(merge) => (1, merge.old, 0, merge.new),
            Self::Candidate(candidate) => (2, candidate.account, 0, 0),
            Self::Tie(tie) => (3, tie.accounts[0], 0, tie.accounts[1]),
        }
    }
}
