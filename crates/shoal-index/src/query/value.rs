//! The fields of the query language and their values.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use shoal_model::{Layer, Timestamp};
use shoal_text::canonical_url;

use super::tree::{FieldName, FieldValue};
use crate::PostKind;
use crate::documents::{language, small};

/// Every field, as typed.
pub(crate) const FIELDS: [&str; 20] = [
    "alert", "author", "client", "cluster", "domain", "handle", "hashtag", "id", "kind", "lang", "layer", "link",
    "media", "name", "object", "platform", "since", "text", "to", "until",
];

/// A fault in a value, and its remedy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InvalidValue {
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

fn invalid(problem: impl Into<String>, remedy: impl Into<String>) -> InvalidValue {
    InvalidValue { problem: problem.into(), remedy: remedy.into() }
}

/// Parses the value of a field, one of [`FIELDS`].
pub(crate) fn value(field: &str, text: &str) -> Result<FieldValue, InvalidValue> {
    let text = text.trim();
    let empty = || {
        invalid(
            format!("{field}: has no value"),
            format!("write it right after the colon, {field}:VALUE, or put the word in quotes"),
        )
    };
    if text.is_empty() {
        return Err(empty());
    }
    let exactly = |name, value: &str| match value {
        "" => Err(empty()),
        value => Ok(FieldValue::Exact(name, value.into())),
    };
    match field {
        "author" => account(text),
        "handle" => exactly(FieldName::Handle, &small(text)),
        "name" => exactly(FieldName::Name, &small(text)),
        "client" => exactly(FieldName::Client, &small(text)),
        "media" => exactly(FieldName::Media, text),
        "platform" => exactly(FieldName::Platform, text),
        "lang" => exactly(FieldName::Language, &language(text)),
        "hashtag" => exactly(FieldName::Hashtag, &small(text)),
        "domain" => {
            exactly(FieldName::Domain, &canonical_url(text).map_or_else(|| text.to_lowercase(), |url| url.domain))
        }
        "link" => match canonical_url(text) {
            Some(url) => exactly(FieldName::Link, &url.url),
            None => Err(invalid(
                format!("`{}` is no whole web address", shown(text)),
                "write it out, as in link:https://example.org/page, or use domain:",
            )),
        },
        "to" => exactly(FieldName::Target, text),
        "id" => exactly(FieldName::Id, text),
        "alert" => Ok(FieldValue::Alert(text.into())),
        "kind" => kind(text),
        "layer" => text.parse().map(FieldValue::Layer).map_err(|_| {
            let layers = Layer::ALL.map(Layer::name).join(", ");
            invalid(format!("there is no layer `{}`", shown(text)), format!("layers are {layers}"))
        }),
        "object" => key(text).map(FieldValue::Object),
        "cluster" => key(text).map(FieldValue::Cluster),
        "text" => key(text).map(FieldValue::Text),
        "since" => time(text).map(FieldValue::Since),
        "until" => time(text).map(FieldValue::Until),
        _ => Err(invalid(
            format!("there is no field `{}`", shown(field)),
            format!("fields are {}; put what is meant as text in quotes", FIELDS.join(", ")),
        )),
    }
}

/// Parses a prefix, for fields that take one.
pub(crate) fn beginning(field: &str, prefix: &str) -> Result<FieldValue, InvalidValue> {
    let name = match field {
        "handle" => FieldName::Handle,
        "name" => FieldName::Name,
        "client" => FieldName::Client,
        "hashtag" => FieldName::Hashtag,
        "domain" => FieldName::Domain,
        _ => {
            return Err(invalid(
                format!("{field}: takes no star"),
                "write the whole value; hashtag, handle, name, client, domain and words can end with a star",
            ));
        }
    };
    let prefix = small(prefix);
    if prefix.chars().count() < 2 || prefix.contains(['(', ')', '*']) {
        return Err(invalid("a star needs at least two letters before it", "write more of the beginning"));
    }
    Ok(FieldValue::Prefix(name, prefix.into()))
}

fn account(text: &str) -> Result<FieldValue, InvalidValue> {
    if text.split_once(':').is_some_and(|(platform, native)| !platform.is_empty() && !native.is_empty()) {
        return Ok(FieldValue::Exact(FieldName::Author, text.into()));
    }
    Err(invalid(
        format!("`{}` is no id of an account", shown(text)),
        "write platform and id, as in author:bluesky:did:plc:abc; a shown name is found with handle: or name:",
    ))
}

fn kind(text: &str) -> Result<FieldValue, InvalidValue> {
    let kinds = [PostKind::Post, PostKind::Repost, PostKind::Reply, PostKind::Quote];
    kinds.into_iter().find(|kind| kind.name() == text).map(FieldValue::Kind).ok_or_else(|| {
        invalid(format!("there is no kind of post `{}`", shown(text)), "kinds are post, repost, reply, quote")
    })
}

/// A key: up to 16 hexadecimal digits.
pub(crate) fn key<K: FromStr>(text: &str) -> Result<K, InvalidValue> {
    let digits = Some(text).filter(|text| !text.is_empty()).map(|text| format!("{text:0>16}"));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| invalid(format!("`{}` is no key", shown(text)), "a key is up to 16 hexadecimal digits"))
}

/// Parses a moment: RFC 3339, or a date, which is its first moment in UTC.
pub(crate) fn time(text: &str) -> Result<Timestamp, InvalidValue> {
    let midnight = |date: Date| {
        let moment = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(Timestamp::from_micros(moment.as_microsecond()))
    };
    let date = text.len() == 10;
    let found = if date { text.parse().ok().and_then(midnight) } else { text.parse().ok() };
    found.ok_or_else(|| invalid(format!("`{}` is no time", shown(text)), "write 2024-05-31, or 2024-05-31T12:00:00Z"))
}

/// At most 40 characters of the input.
fn shown(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
