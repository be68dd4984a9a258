//! What the fields of a query mean.

use std::ops::Bound;

use shoal_model::ObjectKey;
use tantivy::Term;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};

use super::alerts::{newest, no_alert};
use super::texts::text_object;
use crate::budget::Budget;
use crate::documents::NEWEST;
use crate::query::{Fields, Leaves, Name, Value, range};
use crate::store::snapshot::Snapshot;
use crate::{Error, Limits};

/// Fields of posts.
pub(super) struct OfPosts<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) limits: &'a Limits,
    pub(super) budget: &'a Budget,
}

impl OfPosts<'_> {
    fn field(&self, name: Name) -> Field {
        let fields = &self.snapshot.posts;
        match name {
            Name::Author => fields.author,
            Name::Handle => fields.handle,
            Name::Platform => fields.platform,
            Name::Language => fields.language,
            Name::Hashtag => fields.hashtag,
            Name::Domain => fields.domain,
            Name::Link => fields.link,
            Name::Target => fields.target,
            Name::Id => fields.id,
        }
    }

    /// Posts with texts of a text object.
    fn texts(&self, object: ObjectKey, leaves: &Leaves<'_>) -> Result<Box<dyn Query>, Error> {
        let texts = text_object(self.snapshot, object, self.limits, self.budget)?.texts;
        Ok(leaves.keys(self.snapshot.posts.text_key, "text_key", texts))
    }
}

impl Fields for OfPosts<'_> {
    fn text(&self) -> Field {
        self.snapshot.posts.text
    }

    fn link(&self) -> Option<Field> {
        Some(self.snapshot.posts.link)
    }

    fn value(&self, value: &Value, leaves: &Leaves<'_>) -> Result<Box<dyn Query>, Error> {
        let fields = &self.snapshot.posts;
        Ok(match value {
            Value::Is(name, value) => leaves.any([Term::from_field_text(self.field(*name), value)]),
            Value::Begins(name, stem) => leaves.begins(self.field(*name), stem),
            Value::Kind(kind) => leaves.any([Term::from_field_text(fields.kind, kind.name())]),
            Value::Layer(layer) => leaves.any([Term::from_field_text(fields.layer, layer.name())]),
            Value::Object(key) => {
                let explicit = leaves.any([Term::from_field_u64(fields.object, key.raw())]);
                Box::new(BooleanQuery::union(vec![explicit, self.texts(*key, leaves)?]))
            }
            Value::Cluster(key) => self.texts(*key, leaves)?,
            Value::Text(key) => leaves.any([Term::from_field_u64(fields.text_key, key.raw())]),
            Value::Since(since) => range(fields.at, Bound::Included(since.micros()), Bound::Unbounded),
            Value::Until(until) => range(fields.at, Bound::Unbounded, Bound::Excluded(until.micros())),
            Value::Alert(id) => {
                let alert = newest(self.snapshot, id)?.ok_or_else(|| no_alert(id))?;
                let posts = alert.observed.posts.iter();
                leaves.any(posts.map(|post| Term::from_field_text(fields.id, &post.id)))
            }
        })
    }
}

/// Fields of alerts.
pub(super) struct OfAlerts<'a> {
    pub(super) snapshot: &'a Snapshot,
}

impl Fields for OfAlerts<'_> {
    fn text(&self) -> Field {
        self.snapshot.alert_fields.text
    }

    fn link(&self) -> Option<Field> {
        None
    }

    fn value(&self, value: &Value, leaves: &Leaves<'_>) -> Result<Box<dyn Query>, Error> {
        let fields = &self.snapshot.alert_fields;
        Ok(match value {
            Value::Is(Name::Author, account) => leaves.any([Term::from_field_text(fields.account, account)]),
            Value::Is(Name::Platform, platform) => leaves.any([Term::from_field_text(fields.platform, platform)]),
            Value::Is(Name::Language, language) => leaves.any([Term::from_field_text(fields.language, language)]),
            Value::Is(Name::Id, post) => leaves.any([Term::from_field_text(fields.post, post)]),
            Value::Alert(id) => leaves.any([Term::from_field_text(fields.alert_id, id)]),
            Value::Layer(layer) => leaves.any([Term::from_field_text(fields.layer, layer.name())]),
            Value::Object(key) | Value::Cluster(key) => leaves.any([Term::from_field_u64(fields.object, key.raw())]),
            Value::Since(since) => range(fields.end, Bound::Included(since.micros()), Bound::Unbounded),
            Value::Until(until) => range(fields.start, Bound::Unbounded, Bound::Excluded(until.micros())),
            Value::Is(..) | Value::Begins(..) | Value::Kind(_) | Value::Text(_) => {
                return Err(Error::Question {
                    field: "query",
                    problem: format!("alerts cannot be looked for by {value}"),
                    remedy: "their fields are alert, author, cluster, id, lang, layer, object, platform, since, until"
                        .into(),
                });
            }
        })
    }
}

/// Only the document of the newest revision of each alert.
pub(super) fn newest_only(snapshot: &Snapshot, query: Box<dyn Query>) -> Box<dyn Query> {
    let role = Term::from_field_text(snapshot.alert_fields.role, NEWEST);
    let role = Box::new(TermQuery::new(role, IndexRecordOption::Basic));
    Box::new(BooleanQuery::new(vec![(Occur::Must, role), (Occur::Must, query)]))
}
