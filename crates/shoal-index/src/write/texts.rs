//! Texts of text objects, and merged objects.

use std::hash::Hash;
use std::ops::Bound;

use hashbrown::HashMap;
use shoal_detect::{ObjectMerge, TextObject};
use shoal_model::{ObjectKey, Span, TextKey, Timestamp};
use tantivy::query::RangeQuery;
use tantivy::schema::Field;
use tantivy::{TantivyDocument, Term};

use super::side::SideWriter;
use crate::Error;
use crate::store::parts::IndexParts;

/// Event time after which an unchanged text is written again, so that it is known to be in use.
const REFRESH: Span = Span::from_seconds(86_400);

/// Written texts that are remembered: at most twice as many, 32 bytes each.
const REMEMBERED: usize = 1 << 16;

/// Writes texts and merged objects.
pub(super) struct TextWriter {
    side: SideWriter,
    texts: RecentlyWritten<TextKey>,
    merges: RecentlyWritten<ObjectKey>,
}

/// Objects written lately, by key.
struct RecentlyWritten<K> {
    young: HashMap<K, WrittenObject>,
    old: HashMap<K, WrittenObject>,
}

/// The object of a key, and the event time it was written.
#[derive(Clone, Copy)]
struct WrittenObject {
    object: ObjectKey,
    at: Timestamp,
}

impl<K> Default for RecentlyWritten<K> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Eq + Hash> RecentlyWritten<K> {
    /// Remembers a text; returns `true` when it is new, or due to be written again.
    fn is_news(&mut self, key: K, object: ObjectKey, at: Timestamp) -> bool {
        let known = self.young.get(&key).or_else(|| self.old.get(&key));
        if known.is_some_and(|known| known.object == object && at < known.at.plus(REFRESH)) {
            return false;
        }
        if self.young.len() >= REMEMBERED {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, WrittenObject { object, at });
        true
    }
}

impl TextWriter {
    pub(super) fn new(parts: &IndexParts) -> Self {
        Self {
            side: SideWriter::new(&parts.texts),
            texts: RecentlyWritten::default(),
            merges: RecentlyWritten::default(),
        }
    }

    pub(super) const fn is_dirty(&self) -> bool {
        self.side.is_dirty()
    }

    /// Writes the object of a folded text. Returns `false` when it was written lately.
    pub(super) fn text(&mut self, told: TextObject, parts: &IndexParts) -> Result<bool, Error> {
        let TextObject { text, object, at } = told;
        if !self.texts.is_news(text, object, at) {
            return Ok(false);
        }
        self.put(parts, parts.text_fields.text_key, text, object, at)?;
        Ok(true)
    }

    /// Writes a merged object. Returns `false` when it was written lately.
    pub(super) fn merge(&mut self, told: ObjectMerge, parts: &IndexParts) -> Result<bool, Error> {
        let ObjectMerge { old, new, at } = told;
        if !self.merges.is_news(old, new, at) {
            return Ok(false);
        }
        self.put(parts, parts.text_fields.merged, old, new, at)?;
        Ok(true)
    }

    fn put(
        &mut self,
        parts: &IndexParts,
        field: Field,
        key: impl Into<u64>,
        object: ObjectKey,
        at: Timestamp,
    ) -> Result<(), Error> {
        let key = key.into();
        let mut document = TantivyDocument::new();
        document.add_u64(field, key);
        document.add_u64(parts.text_fields.object, object.raw());
        document.add_i64(parts.text_fields.at, at.micros());
        self.side.put(Term::from_field_u64(field, key), document)
    }

    pub(super) fn commit(&mut self, parts: &mut IndexParts) -> Result<bool, Error> {
        self.side.commit(&mut parts.texts)
    }

    pub(super) fn release(&mut self, parts: &mut IndexParts) -> Result<(), Error> {
        self.side.release(&mut parts.texts)
    }

    /// Deletes texts last written before `expiry`.
    pub(super) fn expire(&mut self, expiry: Timestamp, parts: &IndexParts) -> Result<(), Error> {
        let end = Term::from_field_i64(parts.text_fields.at, expiry.minus(REFRESH).micros());
        self.side.delete(Box::new(RangeQuery::new(Bound::Unbounded, Bound::Excluded(end))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_written_again() {
        let at = Timestamp::from_seconds;
        let (seven, eight) = (ObjectKey::from_raw(7), ObjectKey::from_raw(8));
        let mut recent = RecentlyWritten::default();
        assert!(recent.is_news(1, seven, at(0)));
        assert!(!recent.is_news(1, seven, at(86_399)));
        assert!(recent.is_news(1, seven, at(86_400)));
        assert!(recent.is_news(1, eight, at(86_401)));
        assert!(recent.is_news(1, seven, at(86_402)));
    }

    #[test]
    fn memory_is_bounded() {
        let mut recent = RecentlyWritten::default();
        for key in 0..5 * REMEMBERED {
            recent.is_news(key, ObjectKey::from_raw(7), Timestamp::from_seconds(0));
        }
        assert!(recent.young.len() + recent.old.len() <= 2 * REMEMBERED);
    }
}
