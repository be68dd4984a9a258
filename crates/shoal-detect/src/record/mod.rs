//! Records: the messages between stages.
//!
//! Every record is caused by a post and inherits its [`Trigger`]: together with the stage, the record's kind and
//! its own key that is κ, the key by which records are ordered everywhere. A stage receives all records of one
//! trigger at once, in the order of kind and key.

mod entities;
mod evidence;
mod meeting;
mod observed;
mod post;
mod text;

use std::cmp::Ordering;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shoal_model::{Interned, PostRef, Timestamp, Trace};

pub(crate) use self::entities::links;
pub use self::entities::{MAX_ENTITIES, PostEntities};
pub use self::evidence::{Candidate, CircleCaps, SharedObject, StrongTie, TieCaps};
pub use self::meeting::{Act, CoActions, Company, Meeting, Totals};
pub use self::observed::{DuplicatePost, KeptPost, KeptText, Observed};
pub use self::post::{Analysed, AnalysedText, ExplicitTrace, PrepareCounts};
pub use self::text::{Birth, Merge, ObjectMerge, PublishedText, TextBirth, TextLink, TextObject, TextPost};

/// The cause of a record: a post, processed at a moment of event time, or (without a post) a timer.
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

    /// Tells whether `post` is the post of this trigger, not one remembered from before.
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
pub trait Record: Serialize + DeserializeOwned + Send + 'static {
    /// The place among the records of one trigger: equal only for equal records.
    fn order(&self) -> Order;
}

/// A place among the records of one trigger within a stage: by kind, then by own key. An own key is a key, or a time
/// and another key after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    kind: u8,
    key: u64,
    at: i64,
    last: u64,
}

impl Order {
    /// The place of a record of this kind with this key.
    pub fn new(kind: u8, key: impl Into<u64>) -> Self {
        Self { kind, key: key.into(), at: 0, last: 0 }
    }

    /// The place of a record with a second key.
    fn then(self, last: impl Into<u64>) -> Self {
        Self { last: last.into(), ..self }
    }

    /// The place of a record about a post.
    fn of_post(self, post: &PostRef) -> Self {
        Self { at: post.at.micros(), ..self.then(post.key) }
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
    Text(Box<PublishedText>),
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
    /// A post's co-actions on one object with earlier posts of accounts whose pairs this partition holds.
    CoActions(Box<CoActions>),
    /// A text cluster that went into another.
    Merge(Merge),
}

/// Input of circle.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum CircleIn {
    /// Counts of one prepare partition in one minute.
    Totals(Totals),
    /// An account met others on an object. Goes to every partition: the account's own gets all of the company,
    /// the others get those of the company that they hold (possibly none).
    Meeting(Box<Meeting>),
}

/// Input of group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum GroupIn {
    /// Counts of one prepare partition in one minute.
    Totals(Totals),
    /// A text cluster that went into another.
    Merge(Merge),
    /// An account whose e-value is, or was, at least 1/α.
    Candidate(Box<Candidate>),
    /// Two accounts that share enough, or what more they share since.
    Tie(Box<StrongTie>),
}

impl Record for PrepareIn {
    fn order(&self) -> Order {
        let Self::Post(post) = self;
        Order::new(0, post.key)
    }
}

impl Record for MatchIn {
    fn order(&self) -> Order {
        let Self::Text(published) = self;
        Order::new(0, published.text.key)
    }
}

impl Record for ClusterIn {
    fn order(&self) -> Order {
        match self {
            Self::Shared(text) => Order::new(0, text.key),
            Self::Link(link) => Order::new(1, link.older.key).then(link.newer.key),
            Self::Post(post) => Order::new(2, post.text).of_post(&post.post),
        }
    }
}

impl Record for PairIn {
    fn order(&self) -> Order {
        let Self::Trace { trace, .. } = self;
        Order::new(trace.layer.priority(), trace.object).of_post(&trace.post)
    }
}

impl Record for TieIn {
    fn order(&self) -> Order {
        match self {
            Self::Merge(merge) => Order::new(0, merge.old).then(merge.new),
            Self::CoActions(co) => Order::new(1 + co.layer.priority(), co.object).of_post(&co.actor.post),
        }
    }
}

impl Record for CircleIn {
    fn order(&self) -> Order {
        match self {
            Self::Totals(totals) => Order::new(0, totals.partition),
            Self::Meeting(meeting) => Order::new(1 + meeting.layer.priority(), meeting.object),
        }
    }
}

impl Record for GroupIn {
    fn order(&self) -> Order {
        match self {
            Self::Totals(totals) => Order::new(0, totals.partition),
            Self::Merge(merge) => Order::new(1, merge.old).then(merge.new),
            Self::Candidate(candidate) => Order::new(2, candidate.account),
            Self::Tie(tie) => Order::new(3, tie.accounts.first).then(tie.accounts.second),
        }
    }
}
