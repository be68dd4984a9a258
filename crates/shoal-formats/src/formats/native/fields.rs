//! The fields of a native record as they stand in the JSON, borrowed from it where possible.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::formats::json::Progress;
use crate::{Reason, Refusal};

/// What a record says. A null is as good as absent.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) platform: Option<Cow<'a, str>>,
    pub(super) author: Option<Cow<'a, str>>,
    pub(super) ts: Option<Cow<'a, str>>,
    pub(super) observed_at: Option<Cow<'a, str>>,
    pub(super) created_at: Option<Cow<'a, str>>,
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) lang: Option<Cow<'a, str>>,
    pub(super) repost: Option<bool>,
    pub(super) repost_of: Option<Cow<'a, str>>,
    pub(super) repost_from: Option<Cow<'a, str>>,
    pub(super) reply_to: Option<Cow<'a, str>>,
    pub(super) quote_of: Option<Cow<'a, str>>,
    pub(super) urls: Vec<String>,
    pub(super) url: Option<Cow<'a, str>>,
    pub(super) handle: Option<Cow<'a, str>>,
    pub(super) author_created_at: Option<Cow<'a, str>>,
    pub(super) deleted: Option<bool>,
}

/// Reads [`Fields`]; says in `progress` where it is and why it refuses.
pub(super) struct FieldsVisitor<'p> {
    pub(super) progress: &'p mut Progress,
    pub(super) urls: usize,
}

impl<'de> Visitor<'de> for FieldsVisitor<'_> {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        let mut seen = 0_u32;
        while let Some(key) = map.next_key_seed(KeySeed)? {
            let Some(key) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            self.progress.field = Some(key.name());
            let bit = 1 << key as u32;
            if seen & bit != 0 {
                return Err(self.refuse(Reason::DuplicateKey, "occurs twice"));
            }
            seen |= bit;
            self.read(key, &mut map, &mut fields)?;
            self.progress.field = None;
        }
        Ok(fields)
    }
}

impl FieldsVisitor<'_> {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        key: Key,
        map: &mut A,
        fields: &mut Fields<'de>,
    ) -> Result<(), A::Error> {
        match key {
            Key::Id => fields.id = map.next_value_seed(IdSeed)?,
            Key::Platform => fields.platform = map.next_value_seed(TextSeed)?,
            Key::Author => fields.author = map.next_value_seed(IdSeed)?,
            Key::Ts => fields.ts = map.next_value_seed(TextSeed)?,
            Key::ObservedAt => fields.observed_at = map.next_value_seed(TextSeed)?,
            Key::CreatedAt => fields.created_at = map.next_value_seed(TextSeed)?,
            Key::Text => fields.text = map.next_value_seed(TextSeed)?,
            Key::Lang => fields.lang = map.next_value_seed(TextSeed)?,
            Key::Repost => fields.repost = map.next_value()?,
            Key::RepostOf => fields.repost_of = map.next_value_seed(IdSeed)?,
            Key::RepostFrom => fields.repost_from = map.next_value_seed(IdSeed)?,
            Key::ReplyTo => fields.reply_to = map.next_value_seed(IdSeed)?,
            Key::QuoteOf => fields.quote_of = map.next_value_seed(IdSeed)?,
            Key::Urls => fields.urls = map.next_value_seed(UrlsSeed(self))?,
            Key::Url => fields.url = map.next_value_seed(TextSeed)?,
            Key::Handle => fields.handle = map.next_value_seed(TextSeed)?,
            Key::AuthorCreatedAt => fields.author_created_at = map.next_value_seed(TextSeed)?,
            Key::Deleted => fields.deleted = map.next_value()?,
        }
        Ok(())
    }

    /// Records the reason where [`crate::formats::json::explain`] finds it.
    fn refuse<E: serde::de::Error>(&mut self, reason: Reason, detail: &str) -> E {
        self.progress.refusal = Some(Refusal::new(reason, detail));
        E::custom(detail)
    }
}

/// The keys that a record may have. All others are ignored.
#[derive(Clone, Copy)]
enum Key {
    Id,
    Platform,
    Author,
    Ts,
    ObservedAt,
    CreatedAt,
    Text,
    Lang,
    Repost,
    RepostOf,
    RepostFrom,
    ReplyTo,
    QuoteOf,
    Urls,
    Url,
    Handle,
    AuthorCreatedAt,
    Deleted,
}

impl Key {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "platform" => Self::Platform,
            "author" => Self::Author,
            "ts" => Self::Ts,
            "observed_at" => Self::ObservedAt,
            "created_at" => Self::CreatedAt,
            "text" => Self::Text,
            "lang" => Self::Lang,
            "repost" => Self::Repost,
            "repost_of" => Self::RepostOf,
            "repost_from" => Self::RepostFrom,
            "reply_to" => Self::ReplyTo,
            "quote_of" => Self::QuoteOf,
            "urls" => Self::Urls,
            "url" => Self::Url,
            "handle" | "author_handle" => Self::Handle,
            "author_created_at" => Self::AuthorCreatedAt,
            "deleted" => Self::Deleted,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Platform => "platform",
            Self::Author => "author",
            Self::Ts => "ts",
            Self::ObservedAt => "observed_at",
            Self::CreatedAt => "created_at",
            Self::Text => "text",
            Self::Lang => "lang",
            Self::Repost => "repost",
            Self::RepostOf => "repost_of",
            Self::RepostFrom => "repost_from",
            Self::ReplyTo => "reply_to",
            Self::QuoteOf => "quote_of",
            Self::Urls => "urls",
            Self::Url => "url",
            Self::Handle => "handle",
            Self::AuthorCreatedAt => "author_created_at",
            Self::Deleted => "deleted",
        }
    }
}

/// Reads a key; `None` for one that is ignored.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Option<Key>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Key>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Option<Key>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<Key>, E> {
        Ok(Key::named(name))
    }
}

/// Reads a string or null.
struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }
}

/// Reads an id: a string, an integer below 2^64 (taken as its decimal digits) or null. A float is refused, because
/// it may already have lost digits.
struct IdSeed;

impl<'de> DeserializeSeed<'de> for IdSeed {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for IdSeed {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an integer from 0 to 18446744073709551615")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_borrowed_str<E>(self, id: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(id)))
    }

    fn visit_str<E>(self, id: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(id.to_owned())))
    }
}

/// Reads a bounded list of addresses, or null.
struct UrlsSeed<'v, 'p>(&'v mut FieldsVisitor<'p>);

impl<'de> DeserializeSeed<'de> for UrlsSeed<'_, '_> {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<String>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UrlsSeed<'_, '_> {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of strings")
    }

    fn visit_unit<E>(self) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<String>, A::Error> {
        let mut urls = Vec::new();
        while let Some(url) = seq.next_element()? {
            if urls.len() == self.0.urls {
                let detail = format!("more than {} addresses", self.0.urls);
                return Err(self.0.refuse(Reason::TooManyUrls, &detail));
            }
            urls.push(url);
        }
        Ok(urls)
    }
}
