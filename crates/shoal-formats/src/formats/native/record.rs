//! A native record as it stands in the JSON, borrowed from it where possible.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::formats::json::JsonProgress;
use crate::{Reason, Refusal};

/// The fields of a record. `null` is treated as absent.
#[derive(Debug, Default)]
pub(super) struct NativeRecord<'a> {
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
    pub(super) display_name: Option<Cow<'a, str>>,
    pub(super) profile_url: Option<Cow<'a, str>>,
    pub(super) client: Option<Cow<'a, str>>,
    pub(super) automated: Option<bool>,
    pub(super) verified: Option<bool>,
    pub(super) affiliation: Option<Cow<'a, str>>,
    pub(super) media: Vec<String>,
}

/// Reads a [`NativeRecord`]; says in `progress` where it is and why it refuses.
pub(super) struct NativeRecordVisitor<'p> {
    pub(super) progress: &'p mut JsonProgress,
    /// The most entries that a list may have.
    pub(super) most: usize,
}

impl<'de> Visitor<'de> for NativeRecordVisitor<'_> {
    type Value = NativeRecord<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<NativeRecord<'de>, A::Error> {
        let mut record = NativeRecord::default();
        let mut seen = 0_u32;
        while let Some(key) = map.next_key_seed(FieldSeed)? {
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
            self.read(key, &mut map, &mut record)?;
            self.progress.field = None;
        }
        Ok(record)
    }
}

impl NativeRecordVisitor<'_> {
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        key: NativeField,
        map: &mut A,
        record: &mut NativeRecord<'de>,
    ) -> Result<(), A::Error> {
        match key {
            NativeField::Id => record.id = map.next_value_seed(IdSeed)?,
            NativeField::Platform => record.platform = map.next_value_seed(TextSeed)?,
            NativeField::Author => record.author = map.next_value_seed(IdSeed)?,
            NativeField::Ts => record.ts = map.next_value_seed(TextSeed)?,
            NativeField::ObservedAt => record.observed_at = map.next_value_seed(TextSeed)?,
            NativeField::CreatedAt => record.created_at = map.next_value_seed(TextSeed)?,
            NativeField::Text => record.text = map.next_value_seed(TextSeed)?,
            NativeField::Lang => record.lang = map.next_value_seed(TextSeed)?,
            NativeField::Repost => record.repost = map.next_value()?,
            NativeField::RepostOf => record.repost_of = map.next_value_seed(IdSeed)?,
            NativeField::RepostFrom => record.repost_from = map.next_value_seed(IdSeed)?,
            NativeField::ReplyTo => record.reply_to = map.next_value_seed(IdSeed)?,
            NativeField::QuoteOf => record.quote_of = map.next_value_seed(IdSeed)?,
            NativeField::Urls => record.urls = map.next_value_seed(ListSeed::urls(self))?,
            NativeField::Url => record.url = map.next_value_seed(TextSeed)?,
            NativeField::Handle => record.handle = map.next_value_seed(TextSeed)?,
            NativeField::AuthorCreatedAt => record.author_created_at = map.next_value_seed(TextSeed)?,
            NativeField::Deleted => record.deleted = map.next_value()?,
            NativeField::DisplayName => record.display_name = map.next_value_seed(TextSeed)?,
            NativeField::ProfileUrl => record.profile_url = map.next_value_seed(TextSeed)?,
            NativeField::Client => record.client = map.next_value_seed(TextSeed)?,
            NativeField::Automated => record.automated = map.next_value()?,
            NativeField::Verified => record.verified = map.next_value()?,
            NativeField::Affiliation => record.affiliation = map.next_value_seed(TextSeed)?,
            NativeField::Media => record.media = map.next_value_seed(ListSeed::media(self))?,
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
enum NativeField {
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
    DisplayName,
    ProfileUrl,
    Client,
    Automated,
    Verified,
    Affiliation,
    Media,
}

impl NativeField {
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
            "display_name" => Self::DisplayName,
            "profile_url" => Self::ProfileUrl,
            "client" => Self::Client,
            "automated" => Self::Automated,
            "verified" => Self::Verified,
            "affiliation" => Self::Affiliation,
            "media" => Self::Media,
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
            Self::DisplayName => "display_name",
            Self::ProfileUrl => "profile_url",
            Self::Client => "client",
            Self::Automated => "automated",
            Self::Verified => "verified",
            Self::Affiliation => "affiliation",
            Self::Media => "media",
        }
    }
}

/// Reads a key; `None` for one that is ignored.
struct FieldSeed;

impl<'de> DeserializeSeed<'de> for FieldSeed {
    type Value = Option<NativeField>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<NativeField>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldSeed {
    type Value = Option<NativeField>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<NativeField>, E> {
        Ok(NativeField::named(name))
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

/// Reads a bounded list of strings, or null.
struct ListSeed<'v, 'p> {
    visitor: &'v mut NativeRecordVisitor<'p>,
    too_many: Reason,
    what: &'static str,
}

impl<'v, 'p> ListSeed<'v, 'p> {
    fn urls(visitor: &'v mut NativeRecordVisitor<'p>) -> Self {
        Self { visitor, too_many: Reason::TooManyUrls, what: "addresses" }
    }

    fn media(visitor: &'v mut NativeRecordVisitor<'p>) -> Self {
        Self { visitor, too_many: Reason::BadMedia, what: "media hashes" }
    }
}

impl<'de> DeserializeSeed<'de> for ListSeed<'_, '_> {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<String>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ListSeed<'_, '_> {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of strings")
    }

    fn visit_unit<E>(self) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<String>, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = seq.next_element()? {
            if list.len() == self.visitor.most {
                let detail = format!("more than {} {}", self.visitor.most, self.what);
                return Err(self.visitor.refuse(self.too_many, &detail));
            }
            list.push(entry);
        }
        Ok(list)
    }
}
