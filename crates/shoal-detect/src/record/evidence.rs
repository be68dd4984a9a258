//! Evidence about accounts and about pairs of accounts, as group is told of it.

use serde::{Deserialize, Serialize};
use shoal_model::{AccountKey, Arithmetic, Descriptor, Interned, Layer, ObjectKey};

use super::Act;
use crate::AccountPair;

/// An account whose e-value is, or was, at least 1/α.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The account.
    pub account: AccountKey,
    /// The account's id.
    pub id: Box<str>,
    /// The arithmetic of its e-value.
    pub arithmetic: Arithmetic,
    /// Counts of what limits left out of it.
    pub caps: CircleCaps,
}

/// Counts of what limits left out of an account's circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CircleCaps {
    /// Company beyond the newest looked at.
    pub company: u64,
    /// Partners forgotten.
    pub partners: u64,
}

/// Everything that two accounts share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StrongTie {
    /// The two accounts.
    pub accounts: AccountPair,
    /// Their ids, in the same order.
    pub ids: [Box<str>; 2],
    /// Shared objects not told before, in the order they came.
    pub objects: Vec<SharedObject>,
    /// Pairs of posts so far, within the widest counted window.
    pub pairs: u64,
    /// Objects and live traces that limits left out, so far.
    pub skipped: TieCaps,
}

/// Counts of what limits left out of a tie.
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
    /// The layer.
    pub layer: Layer,
    /// The object.
    pub object: ObjectKey,
    /// The object's description.
    pub descriptor: Interned<Descriptor>,
    /// An act of each account, in the order of the accounts.
    pub posts: [Act; 2],
}
