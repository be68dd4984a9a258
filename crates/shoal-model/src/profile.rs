//! The profile of an account: what its platform shows of it.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The profile of an account as it stood with one of its posts. Shown to people; no evidence. What is not known is
/// absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// The short name by which the platform lets people address the account.
    pub handle: Option<Box<str>>,
    /// The name that the account gives itself.
    pub display_name: Option<Box<str>>,
    /// The address of the account's page.
    pub url: Option<Box<str>>,
    /// The client or application that the post was published with.
    pub client: Option<Box<str>>,
    /// The account or the platform says that a program writes its posts.
    pub automated: Option<bool>,
    /// The platform has verified the account.
    pub verified: Option<bool>,
    /// The organisation that the platform says the account belongs to.
    pub affiliation: Option<Box<str>>,
    /// The time the account was created.
    pub created_at: Option<Timestamp>,
}
