//! The fields of the query language and what may stand after their colon.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use shoal_model::{Layer, Timestamp};
use shoal_text::canonical_url;

use super::tree::{Name, Value};
use crate::PostKind;
use crate::documents::{language, small};

/// Every field, as written.
pub(crate) const FIELDS: [&str; 17] = [
    "alert", "author", "cluster", "domain", "handle", "hashtag", "id", "kind", "lang", "layer", "link", "object",
    "platform", "since", "text", "to", "until",
];

/// What is wrong with a value, and what to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refused {
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

fn refused(problem: impl Into<String>, remedy: impl Into<String>) -> Refused {
    Refused { problem: problem.into(), remedy: remedy.into() }
}

/// The value `text` of a field, one of [`FIELDS`].
pub(crate) fn value(field: &str, text: &str) -> Result<Value, Refused> {
    let text = text.trim();
    let empty = || {
        refused(
            format!("{field}: has no value"),
            format!("write it right after the colon, {field}:VALUE, or put the word in quotes"),
        )
    };
    if text.is_empty() {
        return Err(empty());
    }
    let exactly = |name, value: &str| match value {
        "" => Err(empty()),
        value => Ok(Value::Is(name, value.into())),
    };
    match field {
        "author" => account(text),
        "handle" => exactly(Name::Handle, &small(text)),
        "platform" => exactly(Name::Platform, text),
        "lang" => exactly(Name::Language, &language(text)),
        "hashtag" => exactly(Name::Hashtag, &small(text)),
        "domain" => exactly(Name::Domain, &canonical_url(text).map_or_else(|| text.to_lowercase(), |url| url.domain)),
        "link" => match canonical_url(text) {
            Some(url) => exactly(Name::Link, &url.url),
            None => Err(refused(
                format!("`{}` is no whole web address", shown(text)),
                "write it out, as in link:https://example.org/page, or use domain:",
            )),
        },
        "to" => exactly(Name::Target, text),
        "id" => exactly(Name::Id, text),
        "alert" => Ok(Value::Alert(text.into())),
        "kind" => kind(text),
        "layer" => text.parse().map(Value::Layer).map_err(|_| {
            let layers = Layer::ALL.map(Layer::name).join(", ");
            refused(format!("there is no layer `{}`", shown(text)), format!("layers are {layers}"))
        }),
        "object" => key(text).map(Value::Object),
        "cluster" => key(text).map(Value::Cluster),
        "text" => key(text).map(Value::Text),
        "since" => time(text).map(Value::Since),
        "until" => time(text).map(Value::Until),
        _ => Err(refused(
            format!("there is no field `{}`", shown(field)),
            format!("fields are {}; put what is meant as text in quotes", FIELDS.join(", ")),
        )),
    }
}

/// Anything that begins with `stem`, for fields where that is of use.
pub(crate) fn beginning(field: &str, stem: &str) -> Result<Value, Refused> {
    let name = match field {
        "handle" => Name::Handle,
        "hashtag" => Name::Hashtag,
        "domain" => Name::Domain,
        _ => {
            return Err(refused(
                format!("{field}: takes no star"),
                "write the whole value; hashtag, handle, domain and words can end with a star",
            ));
        }
    };
    let stem = small(stem);
    if stem.chars().count() < 2 || stem.contains(['(', ')', '*']) {
        return Err(refused("a star needs at least two letters before it", "write more of the beginning"));
    }
    Ok(Value::Begins(name, stem.into()))
}

fn account(text: &str) -> Result<Value, Refused> {
    if text.split_once(':').is_some_and(|(platform, native)| !platform.is_empty() && !native.is_empty()) {
        return Ok(Value::Is(Name::Author, text.into()));
    }
    Err(refused(
        format!("`{}` is no id of an account", shown(text)),
        "write platform and id, as in author:bluesky:did:plc:abc; a shown name is found with handle:",
    ))
}

fn kind(text: &str) -> Result<Value, Refused> {
    let kinds = [PostKind::Post, PostKind::Repost, PostKind::Reply, PostKind::Quote];
    kinds.into_iter().find(|kind| kind.name() == text).map(Value::Kind).ok_or_else(|| {
        refused(format!("there is no kind of post `{}`", shown(text)), "kinds are post, repost, reply, quote")
    })
}

/// A key: up to 16 hexadecimal digits.
pub(crate) fn key<K: FromStr>(text: &str) -> Result<K, Refused> {
    let digits = Some(text).filter(|text| !text.is_empty()).map(|text| format!("{text:0>16}"));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| refused(format!("`{}` is no key", shown(text)), "a key is up to 16 hexadecimal digits"))
}

/// A moment: RFC 3339, or a date, which is its beginning in UTC.
pub(crate) fn time(text: &str) -> Result<Timestamp, Refused> {
    let midnight = |date: Date| {
        let moment = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(Timestamp::from_micros(moment.as_microsecond()))
    };
    let date = text.len() == 10;
    let found = if date { text.parse().ok().and_then(midnight) } else { text.parse().ok() };
    found.ok_or_else(|| refused(format!("`{}` is no time", shown(text)), "write 2024-05-31, or 2024-05-31T12:00:00Z"))
}

/// At most 40 characters of what was typed.
fn shown(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
