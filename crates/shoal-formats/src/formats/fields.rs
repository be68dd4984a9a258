//! Fields that every format has: ids, times, texts, and their refusals.

use std::borrow::Cow;

use shoal_model::Timestamp;

use super::time;
use crate::{Limits, Reason, Refusal};

/// The ids of one record, made `platform:native`.
pub(crate) struct Ids<'a> {
    platform: Cow<'a, str>,
    longest: usize,
}

impl<'a> Ids<'a> {
    /// The ids of a record of this platform. A colon in its name would make `platform:native` ambiguous.
    pub(crate) fn of(platform: Option<Cow<'a, str>>, limits: &Limits) -> Result<Self, Refusal> {
        let platform = platform.ok_or_else(|| missing("platform"))?;
        let longest = limits.id_bytes;
        short_enough("platform", &platform, longest)?;
        if platform.is_empty() || platform.contains(':') {
            let detail = format!("field `platform`: `{platform}` is empty or contains a colon");
            return Err(Refusal::new(Reason::BadId, detail));
        }
        Ok(Self { platform, longest })
    }

    /// An id that every record must have.
    pub(crate) fn required(&self, field: &str, native: Option<Cow<'_, str>>) -> Result<String, Refusal> {
        let native = native.ok_or_else(|| missing(field))?;
        self.join(field, &native)?.ok_or_else(|| Refusal::new(Reason::BadId, format!("field `{field}`: empty")))
    }

    /// An id that may be absent.
    pub(crate) fn optional(&self, field: &str, native: Option<Cow<'_, str>>) -> Result<Option<String>, Refusal> {
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

fn short_enough(field: &str, id: &str, longest: usize) -> Result<(), Refusal> {
    if id.len() > longest {
        let detail = format!("field `{field}`: {} bytes; at most {longest} are read", id.len());
        return Err(Refusal::new(Reason::IdTooLong, detail));
    }
    Ok(())
}

/// A time, written as in RFC 3339.
pub(crate) fn moment(field: &str, text: Option<Cow<'_, str>>) -> Result<Option<Timestamp>, Refusal> {
    text.map(|text| {
        time::parse(&text).map_err(|error| Refusal::new(Reason::BadTime, format!("field `{field}`: {error}")))
    })
    .transpose()
}

/// A text that every record must have.
pub(crate) fn text(field: &str, text: Option<Cow<'_, str>>, limits: &Limits) -> Result<String, Refusal> {
    let text = text.ok_or_else(|| missing(field))?;
    brief_enough(field, &text, limits)?;
    Ok(text.into_owned())
}

/// A name or an address that may be absent; the empty one is treated as absent.
pub(crate) fn name(field: &str, text: Option<Cow<'_, str>>, limits: &Limits) -> Result<Option<String>, Refusal> {
    let Some(text) = non_empty(text) else { return Ok(None) };
    brief_enough(field, &text, limits)?;
    Ok(Some(text))
}

fn brief_enough(field: &str, text: &str, limits: &Limits) -> Result<(), Refusal> {
    let chars = limits.text_chars;
    // A text has at most as many characters as bytes: most need no counting.
    if text.len() > chars && text.chars().count() > chars {
        return Err(Refusal::new(Reason::TextTooLong, format!("field `{field}`: more than {chars} characters")));
    }
    Ok(())
}

/// Hashes of media, each `algorithm:value`.
pub(crate) fn media(field: &str, hashes: Vec<String>, limits: &Limits) -> Result<Vec<String>, Refusal> {
    for hash in &hashes {
        short_enough(field, hash, limits.id_bytes)?;
        if !hash.split_once(':').is_some_and(|(algorithm, value)| !algorithm.is_empty() && !value.is_empty()) {
            return Err(Refusal::new(Reason::BadMedia, format!("field `{field}`: `{hash}` is not algorithm:value")));
        }
    }
    Ok(hashes)
}

/// A declared language, a BCP 47 tag; `und` is treated as absent.
pub(crate) fn language(tag: Option<Cow<'_, str>>) -> Option<String> {
    const UNDETERMINED: &str = "und";
    non_empty(tag).filter(|tag| tag != UNDETERMINED)
}

/// A text whose empty form is treated as absent.
pub(crate) fn non_empty(text: Option<Cow<'_, str>>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(Cow::into_owned)
}

/// The refusal of a record without a field that every record must have.
pub(crate) fn missing(field: &str) -> Refusal {
    Refusal::new(Reason::MissingField, format!("field `{field}` is missing or null"))
}
