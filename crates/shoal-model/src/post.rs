//! A post in canonical form.

use serde::{Deserialize, Serialize};

use crate::saved::since;
use crate::{Error, Timestamp};

/// A published item in canonical form. Ids are strings `platform:native`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Post {
    /// The id of the post, `platform:native`.
    pub id: String,
    /// The account that published it.
    pub author: Author,
    /// The time at which it was seen: the clock of everything. Live sources stamp it, archives carry one time for both.
    pub observed_at: Timestamp,
    /// The time at which its author claims to have published it.
    pub created_at: Option<Timestamp>,
    /// The text as published.
    pub text: String,
    /// The language that the author or the platform declared, a BCP 47 tag; `None` when undetermined.
    pub lang: Option<String>,
    /// The post's action on another post, if any.
    pub action: Action,
    /// Addresses that the platform says the post links to, expanded where it knows the expansion. Those that
    /// stand in the text are found there and need not be repeated.
    pub urls: Vec<String>,
    /// The address at which a person can look at the post.
    pub url: Option<String>,
    /// The client or application that the post was published with, as the platform names it.
    #[serde(default, deserialize_with = "since::<4, _, _>")]
    pub client: Option<String>,
    /// Hashes of its pictures and films, each `algorithm:value`.
    #[serde(default, deserialize_with = "since::<4, _, _>")]
    pub media: Vec<String>,
}

/// Word that something published is gone: a post, or an account with everything it published. It changes no alert;
/// what was kept of its subject is to disappear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// The account, `platform:native`.
    pub account: String,
    /// The post, `platform:native`; the whole account when absent.
    pub post: Option<String>,
    /// The time at which the deletion was seen.
    pub observed_at: Timestamp,
}

/// The account that published a post, as the platform shows it with the post. What is not known is absent. Shown to
/// people and searched; no evidence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Author {
    /// The id of the account, `platform:native`.
    pub id: String,
    /// The short name by which the platform lets people address the account. It can change.
    pub handle: Option<String>,
    /// The time at which the account was created.
    pub created_at: Option<Timestamp>,
    /// The name that the account gives itself.
    #[serde(default, deserialize_with = "since::<4, _, _>")]
    pub display_name: Option<String>,
    /// The address of the account's page.
    #[serde(default, deserialize_with = "since::<4, _, _>")]
    pub profile_url: Option<String>,
    /// The account or the platform says that a program writes its posts.
    #[serde(default, deserialize_with = "since::<4, _, _>")]
    pub automated: Option<bool>,
    /// The platform has verified the account, whatever it means by that.
    #[serde(default, deserialize_with = "since::<4, _, _>")]
    pub verified: Option<bool>,
    /// The organisation that the platform says the account belongs to.
    #[serde(default, deserialize_with = "since::<4, _, _>")]
    pub affiliation: Option<String>,
}

/// The action of a post on other posts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Action {
    /// The post is nothing but a repeat of another.
    pub repost: bool,
    /// The id of the post that is repeated, where known.
    pub repost_of: Option<String>,
    /// The id of the account whose post is repeated, where known.
    pub repost_from: Option<String>,
    /// The id of the post that is answered.
    pub reply_to: Option<String>,
    /// The id of the post that is quoted.
    pub quote_of: Option<String>,
}

impl Post {
    /// The platform and the id that the platform gave, from an id `platform:native`.
    pub fn split_id(id: &str) -> Result<(&str, &str), Error> {
        match id.split_once(':') {
            Some((platform, native)) if !platform.is_empty() && !native.is_empty() => Ok((platform, native)),
            _ => Err(Error::Id(id.to_owned())),
        }
    }
}
