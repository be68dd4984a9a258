//! The profile of an account, as an alert shows it.

use serde::{Deserialize, Serialize};

use crate::{PostRef, Timestamp};

/// An account as its platform shows it: for people, no evidence. What is not known is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertProfile {
    /// The short name by which the platform lets people address the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The name that the account gives itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The address of the account's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The client or application that the post was published with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The account or the platform says that a program writes its posts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automated: Option<bool>,
    /// The platform has verified the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// The organisation that the platform says the account belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affiliation: Option<String>,
    /// The time the account was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// The time at which the account was seen so: that of the post that showed it.
    pub seen_at: Timestamp,
    /// The post that showed it.
    pub post: String,
}

impl AlertProfile {
    /// The profile that came with a post, if one did.
    pub fn of(post: &PostRef) -> Option<Self> {
        let profile = post.profile.as_ref()?;
        let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        Some(Self {
            handle: text(&profile.handle),
            display_name: text(&profile.display_name),
            url: text(&profile.url),
            client: text(&profile.client),
            automated: profile.automated,
            verified: profile.verified,
            affiliation: text(&profile.affiliation),
            created_at: profile.created_at,
            seen_at: post.at,
            post: post.id.to_string(),
        })
    }
}
