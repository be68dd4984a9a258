//! Posts written as native NDJSON, for tests that read them again.

use serde::Serialize;
use shoal_model::{Post, Timestamp};

/// The fields of a record in the order in which they are written.
#[derive(Serialize)]
struct NativeLine<'a> {
    id: &'a str,
    platform: &'a str,
    author: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    text: &'a str,
    lang: &'a str,
    repost: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    repost_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repost_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quote_of: Option<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    urls: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author_created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    profile_url: Option<&'a str>,
    client: Option<&'a str>,
    automated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    affiliation: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    media: &'a [String],
}

/// Writes a post as one native record, without a line end. Within the limits of reading, decoding the record gives the
/// post again.
pub(super) fn to_native_line(post: &Post) -> String {
    let (platform, id) = Post::split_id(&post.id).unwrap();
    let native = |id: &'_ str| Post::split_id(id).map(|(_, native)| native.to_owned()).unwrap();
    let reference = |id: &Option<String>| id.as_deref().map(native);
    let one_time = post.created_at == Some(post.observed_at);
    let line = NativeLine {
        id,
        platform,
        author: native(&post.author.id),
        ts: Some(post.observed_at).filter(|_| one_time),
        observed_at: Some(post.observed_at).filter(|_| !one_time),
        created_at: post.created_at.filter(|_| !one_time),
        text: &post.text,
        lang: post.lang.as_deref().unwrap_or("und"),
        repost: post.action.repost,
        repost_of: reference(&post.action.repost_of),
        repost_from: reference(&post.action.repost_from),
        reply_to: reference(&post.action.reply_to),
        quote_of: reference(&post.action.quote_of),
        urls: &post.urls,
        url: post.url.as_deref(),
        handle: post.author.handle.as_deref(),
        author_created_at: post.author.created_at,
        display_name: post.author.display_name.as_deref(),
        profile_url: post.author.profile_url.as_deref(),
        client: post.client.as_deref(),
        automated: post.author.automated,
        verified: post.author.verified,
        affiliation: post.author.affiliation.as_deref(),
        media: &post.media,
    };
    serde_json::to_string(&line).unwrap()
}
