//! Native NDJSON: Shoal's own shape, one post a line.
//!
//! ```json
//! {"id":"1","platform":"x","author":"7","ts":"2015-01-31T08:00:00Z","text":"hello","lang":"en","repost":false}
//! ```
//!
//! With `"deleted":true` a record says that the post is gone, or, without an `id`, the account with all its posts:
//!
//! ```json
//! {"platform":"x","author":"7","ts":"2015-02-03T09:30:00Z","deleted":true}
//! ```
//!
//! Optional fields: `repost_of`, `repost_from`, `reply_to`, `quote_of`, `observed_at`, `created_at`, `urls`, `url`,
//! `handle` (or `author_handle`), `author_created_at`. Ids are as the platform gave them.

mod encode;
mod fields;

use std::borrow::Cow;

use serde::Deserializer as _;
use shoal_model::{Action, Author, Deletion, Post, Timestamp};

pub use encode::to_native_line;

use self::fields::{Fields, FieldsVisitor};
use crate::formats::json::{self, Progress};
use crate::formats::time;
use crate::{Content, Limits, Reason, Refusal};

/// Decodes one record.
pub(crate) fn decode(line: &[u8], limits: &Limits) -> Result<Content, Refusal> {
    let text = json::bounded(line, limits)?;
    let mut parser = serde_json::Deserializer::from_str(text);
    let mut progress = Progress::default();
    let visitor = FieldsVisitor { progress: &mut progress, urls: limits.urls };
    let fields = match parser.deserialize_map(visitor) {
        Ok(fields) => fields,
        Err(error) => return Err(json::explain(line, &error, progress)),
    };
    parser.end().map_err(|error| json::trailing(&error))?;
    if fields.deleted == Some(true) {
        return deletion(fields, limits).map(Content::Deletion);
    }
    assemble(fields, limits).map(Box::new).map(Content::Post)
}

/// Whether a line that need not be whole has the keys of a native record.
pub(crate) fn resembles(line: &[u8]) -> bool {
    let has = |key: &str| {
        let quoted = format!("\"{key}\"");
        line.windows(quoted.len()).enumerate().any(|(at, window)| {
            window == quoted.as_bytes()
                && line.iter().skip(at + quoted.len()).find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
        })
    };
    line.trim_ascii_start().starts_with(b"{")
        && (has("id") || has("deleted"))
        && has("author")
        && (has("ts") || has("observed_at"))
}

/// A deletion from the fields of a record.
fn deletion(fields: Fields<'_>, limits: &Limits) -> Result<Deletion, Refusal> {
    let ids = Ids { platform: platform(fields.platform, limits)?, longest: limits.id_bytes };
    let time = moment("ts", fields.ts)?;
    Ok(Deletion {
        account: ids.required("author", fields.author)?,
        post: fields.id.map(|id| ids.required("id", Some(id))).transpose()?,
        observed_at: moment("observed_at", fields.observed_at)?.or(time).ok_or_else(|| missing("ts"))?,
    })
}

/// A post from the fields of a record.
fn assemble(fields: Fields<'_>, limits: &Limits) -> Result<Post, Refusal> {
    let ids = Ids { platform: platform(fields.platform, limits)?, longest: limits.id_bytes };
    let id = ids.required("id", fields.id)?;
    let author = ids.required("author", fields.author)?;
    let time = moment("ts", fields.ts)?;
    let observed_at = moment("observed_at", fields.observed_at)?.or(time).ok_or_else(|| missing("ts"))?;
    let action = Action {
        repost_of: ids.optional("repost_of", fields.repost_of)?,
        repost_from: ids.optional("repost_from", fields.repost_from)?,
        reply_to: ids.optional("reply_to", fields.reply_to)?,
        quote_of: ids.optional("quote_of", fields.quote_of)?,
        repost: false,
    };
    let says_what_it_repeats = action.repost_of.is_some() || action.repost_from.is_some();
    let text = fields.text.ok_or_else(|| missing("text"))?;
    // A text has at most as many characters as bytes: most need no counting.
    if text.len() > limits.text_chars && text.chars().count() > limits.text_chars {
        let detail = format!("field `text`: more than {} characters", limits.text_chars);
        return Err(Refusal::new(Reason::TextTooLong, detail));
    }
    Ok(Post {
        id,
        author: Author {
            id: author,
            handle: non_empty(fields.handle),
            created_at: moment("author_created_at", fields.author_created_at)?,
        },
        observed_at,
        created_at: moment("created_at", fields.created_at)?.or(time),
        text: text.into_owned(),
        lang: non_empty(fields.lang).filter(|lang| lang != UNDETERMINED),
        action: Action { repost: fields.repost.unwrap_or(says_what_it_repeats), ..action },
        urls: fields.urls,
        url: non_empty(fields.url),
    })
}

/// The BCP 47 tag for a language that is not known.
const UNDETERMINED: &str = "und";

/// Makes `platform:native` of the ids of one record.
struct Ids<'a> {
    platform: Cow<'a, str>,
    longest: usize,
}

impl Ids<'_> {
    fn required(&self, field: &str, native: Option<Cow<'_, str>>) -> Result<String, Refusal> {
        let native = native.ok_or_else(|| missing(field))?;
        self.join(field, &native)?.ok_or_else(|| Refusal::new(Reason::BadId, format!("field `{field}`: empty")))
    }

    fn optional(&self, field: &str, native: Option<Cow<'_, str>>) -> Result<Option<String>, Refusal> {
        native.map_or(Ok(None), |native| self.join(field, &native))
    }

    /// `None` for an empty id: tables turned into JSON write an absent reference so.
    fn join(&self, field: &str, native: &str) -> Result<Option<String>, Refusal> {
        short_enough(field, native, self.longest)?;
        if native.is_empty() {
            return Ok(None);
        }
        let mut id = String::with_capacity(self.platform.len() + 1 + native.len());
        id.push_str(&self.platform);
        id.push(':');
        id.push_str(native);
        Ok(Some(id))
    }
}

/// The platform of a record. A colon in it would make `platform:native` ambiguous.
fn platform<'a>(platform: Option<Cow<'a, str>>, limits: &Limits) -> Result<Cow<'a, str>, Refusal> {
    let platform = platform.ok_or_else(|| missing("platform"))?;
    short_enough("platform", &platform, limits.id_bytes)?;
    if platform.is_empty() || platform.contains(':') {
        let detail = format!("field `platform`: `{platform}` is empty or contains a colon");
        return Err(Refusal::new(Reason::BadId, detail));
    }
    Ok(platform)
}

fn short_enough(field: &str, id: &str, longest: usize) -> Result<(), Refusal> {
    if id.len() > longest {
        let detail = format!("field `{field}`: {} bytes; at most {longest} are read", id.len());
        return Err(Refusal::new(Reason::IdTooLong, detail));
    }
    Ok(())
}

fn moment(field: &str, text: Option<Cow<'_, str>>) -> Result<Option<Timestamp>, Refusal> {
    text.map(|text| {
        time::parse(&text).map_err(|error| Refusal::new(Reason::BadTime, format!("field `{field}`: {error}")))
    })
    .transpose()
}

fn missing(field: &str) -> Refusal {
    Refusal::new(Reason::MissingField, format!("field `{field}` is missing or null"))
}

fn non_empty(text: Option<Cow<'_, str>>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(Cow::into_owned)
}

#[cfg(test)]
mod tests;
