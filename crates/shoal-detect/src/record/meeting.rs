//! Accounts that act on the same object, and how active accounts are.

use serde::{Deserialize, Serialize};
use shoal_model::{AccountKey, Descriptor, Interned, Layer, ObjectKey, PostRef, Timestamp, Trace};

/// A post's co-actions on one object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CoActions {
    /// The layer.
    pub layer: Layer,
    /// The object.
    pub object: ObjectKey,
    /// The object's description.
    pub descriptor: Interned<Descriptor>,
    /// The post's act.
    pub actor: Act,
    /// The earlier acts, newest first, all by other accounts.
    pub others: Vec<Act>,
    /// Live traces beyond the limit.
    pub skipped: u32,
    /// Accounts on the object beyond those remembered.
    pub unmet: u32,
}

/// The act of a post on an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// The post.
    pub post: Interned<PostRef>,
    /// See [`Trace::similarity`].
    pub similarity: f32,
}

impl Act {
    /// The act that a trace records.
    pub(crate) fn of(trace: &Trace) -> Self {
        Self { post: Interned::clone(&trace.post), similarity: trace.similarity }
    }
}

/// Counts of one prepare partition in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// The prepare partition.
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
    pub account: AccountKey,
    /// The post's true time.
    pub at: Timestamp,
    /// The layer.
    pub layer: Layer,
    /// The object.
    pub object: ObjectKey,
    /// The object's description.
    pub descriptor: Interned<Descriptor>,
    /// The number of the company that acted within 24 hours.
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
    pub account: AccountKey,
    /// The time at which it acted.
    pub at: Timestamp,
    /// The account's actions on the layer when it acted: see [`Trace::actions`].
    pub actions: u32,
}
