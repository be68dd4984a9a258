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
//! `client`, `media`; of the account `handle` (or `author_handle`), `display_name`, `profile_url`, `automated`,
//! `verified`, `affiliation`, `author_created_at`. Ids are as the platform gave them.

mod record;

use serde::Deserializer as _;
use shoal_model::{Action, Author, Deletion, Post};

use self::record::{NativeRecord, NativeRecordVisitor};
use super::fields::{Ids, language, media, missing, moment, name, non_empty, text};
use super::json::{self, JsonProgress};
use crate::{Decoded, FormatDefinition, Limits, Lines, Refusal};

/// The row of the table.
pub(super) const DEFINITION: FormatDefinition =
    FormatDefinition { name: "native", description: "Shoal's own NDJSON.", framing: &Lines, decode, resembles };

/// Decodes one record.
fn decode(line: &[u8], limits: &Limits) -> Result<Decoded, Refusal> {
    let text = json::bounded(line, limits)?;
    let mut parser = serde_json::Deserializer::from_str(text);
    let mut progress = JsonProgress::default();
    let visitor = NativeRecordVisitor { progress: &mut progress, most: limits.urls };
    let record = match parser.deserialize_map(visitor) {
        Ok(record) => record,
        Err(error) => return Err(json::explain(line, &error, progress)),
    };
    parser.end().map_err(|error| json::trailing(&error))?;
    if record.deleted == Some(true) {
        return deletion(record, limits).map(Decoded::from);
    }
    post(record, limits).map(Decoded::from)
}

/// `true` for a line, whole or cut, that has the keys of a native record.
fn resembles(line: &[u8]) -> bool {
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

/// The deletion that a record tells.
fn deletion(record: NativeRecord<'_>, limits: &Limits) -> Result<Deletion, Refusal> {
    let ids = Ids::of(record.platform, limits)?;
    let time = moment("ts", record.ts)?;
    Ok(Deletion {
        account: ids.required("author", record.author)?,
        post: record.id.map(|id| ids.required("id", Some(id))).transpose()?,
        observed_at: moment("observed_at", record.observed_at)?.or(time).ok_or_else(|| missing("ts"))?,
    })
}

/// The post that a record tells.
fn post(record: NativeRecord<'_>, limits: &Limits) -> Result<Post, Refusal> {
    let ids = Ids::of(record.platform, limits)?;
    let id = ids.required("id", record.id)?;
    let author = ids.required("author", record.author)?;
    let time = moment("ts", record.ts)?;
    let observed_at = moment("observed_at", record.observed_at)?.or(time).ok_or_else(|| missing("ts"))?;
    let action = Action {
        repost_of: ids.optional("repost_of", record.repost_of)?,
        repost_from: ids.optional("repost_from", record.repost_from)?,
        reply_to: ids.optional("reply_to", record.reply_to)?,
        quote_of: ids.optional("quote_of", record.quote_of)?,
        repost: false,
    };
    let says_what_it_repeats = action.repost_of.is_some() || action.repost_from.is_some();
    let text = text("text", record.text, limits)?;
    Ok(Post {
        id,
        author: Author {
            id: author,
            handle: name("handle", record.handle, limits)?,
            created_at: moment("author_created_at", record.author_created_at)?,
            display_name: name("display_name", record.display_name, limits)?,
            profile_url: name("profile_url", record.profile_url, limits)?,
            automated: record.automated,
            verified: record.verified,
            affiliation: name("affiliation", record.affiliation, limits)?,
        },
        observed_at,
        created_at: moment("created_at", record.created_at)?.or(time),
        text,
        lang: language(record.lang),
        action: Action { repost: record.repost.unwrap_or(says_what_it_repeats), ..action },
        urls: record.urls,
        url: non_empty(record.url),
        client: name("client", record.client, limits)?,
        media: media("media", record.media, limits)?,
    })
}

#[cfg(test)]
mod tests;
