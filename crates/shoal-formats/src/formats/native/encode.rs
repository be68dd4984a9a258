//! Writing posts as native NDJSON.

use serde::Serialize;
use shoal_model::{Post, Timestamp};

use super::UNDETERMINED;
use crate::Error;

/// The order in which the fields of a record are written.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    platform: &'a str,
    author: &'a str,
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
    repost_of: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repost_from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quote_of: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    urls: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author_created_at: Option<Timestamp>,
}

/// Writes a post as one native record, without a line end. Within the limits of reading, decoding the record gives
/// the post again. Refused are ids that are not `platform:native`, ids of another platform than the post's and times
/// that RFC 3339 cannot write.
pub fn to_native_line(post: &Post) -> Result<String, Error> {
    let (platform, id) = Post::split_id(&post.id).map_err(|error| refused(post, "id", &error))?;
    let one_time = post.created_at == Some(post.observed_at);
    let observed_at = Some(writable(post, "observed_at", post.observed_at)?);
    let line = Line {
        id,
        platform,
        author: native(post, platform, "author", &post.author.id)?,
        ts: observed_at.filter(|_| one_time),
        observed_at: observed_at.filter(|_| !one_time),
        created_at: optional_time(post, "created_at", post.created_at.filter(|_| !one_time))?,
        text: &post.text,
        lang: post.lang.as_deref().unwrap_or(UNDETERMINED),
        repost: post.action.repost,
        repost_of: reference(post, platform, "repost_of", post.action.repost_of.as_deref())?,
        repost_from: reference(post, platform, "repost_from", post.action.repost_from.as_deref())?,
        reply_to: reference(post, platform, "reply_to", post.action.reply_to.as_deref())?,
        quote_of: reference(post, platform, "quote_of", post.action.quote_of.as_deref())?,
        urls: &post.urls,
        url: post.url.as_deref(),
        handle: post.author.handle.as_deref(),
        author_created_at: optional_time(post, "author_created_at", post.author.created_at)?,
    };
    serde_json::to_string(&line).map_err(|error| refused(post, "record", &error))
}

/// The native part of an id of the post's platform: a record names its platform once.
fn native<'a>(post: &Post, platform: &str, field: &'static str, id: &'a str) -> Result<&'a str, Error> {
    match Post::split_id(id) {
        Ok((of, native)) if of == platform => Ok(native),
        Ok((of, _)) => {
            Err(refused(post, field, &format!("`{id}` is of the platform `{of}`, the post of `{platform}`")))
        }
        Err(error) => Err(refused(post, field, &error)),
    }
}

/// As [`native`], for an id that may be absent.
fn reference<'a>(
    post: &Post,
    platform: &str,
    field: &'static str,
    id: Option<&'a str>,
) -> Result<Option<&'a str>, Error> {
    id.map(|id| native(post, platform, field, id)).transpose()
}

fn optional_time(post: &Post, field: &'static str, time: Option<Timestamp>) -> Result<Option<Timestamp>, Error> {
    time.map(|time| writable(post, field, time)).transpose()
}

/// A time with a year of four digits: RFC 3339 has no others.
fn writable(post: &Post, field: &'static str, time: Timestamp) -> Result<Timestamp, Error> {
    const FIRST: Timestamp = Timestamp::from_seconds(-62_167_219_200);
    const LAST: Timestamp = Timestamp::from_seconds(253_402_207_200);
    if time < FIRST || time > LAST {
        return Err(refused(post, field, &format!("{time} is outside the years 0000 to 9999")));
    }
    Ok(time)
}

fn refused(post: &Post, field: &'static str, problem: &dyn std::fmt::Display) -> Error {
    Error::Encode { id: post.id.clone(), field, problem: problem.to_string() }
}
