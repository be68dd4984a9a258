//! The fields of the query language, mapped to those of posts and of alerts.

use std::ops::Bound;

use shoal_model::ObjectKey;
use tantivy::Term;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};

use super::revisions::{newest, no_alert};
use super::texts::text_object;
use crate::budget::Budget;
use crate::documents::NEWEST;
use crate::query::{FieldName, FieldResolver, FieldValue, TermQueries, range};
use crate::store::snapshot::Snapshot;
use crate::{Error, SearchLimits};

/// Fields of posts.
pub(super) struct PostFieldResolver<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) limits: &'a SearchLimits,
    pub(super) budget: &'a Budget,
}

impl PostFieldResolver<'_> {
    fn field(&self, name: FieldName) -> Field {
        let fields = &self.snapshot.posts;
        match name {
            FieldName::Author => fields.author,
            FieldName::Handle => fields.handle,
            FieldName::Platform => fields.platform,
            FieldName::Language => fields.language,
            FieldName::Hashtag => fields.hashtag,
            FieldName::Domain => fields.domain,
            FieldName::Link => fields.link,
            FieldName::Target => fields.target,
            FieldName::Id => fields.id,
            FieldName::Name => fields.name,
            FieldName::Client => fields.client,
            FieldName::Media => fields.media,
        }
    }

    /// Posts with texts of a text object.
    fn texts(&self, object: ObjectKey, queries: &TermQueries<'_>) -> Result<Box<dyn Query>, Error> {
        let texts = text_object(self.snapshot, object, self.limits, self.budget)?.texts;
        Ok(queries.any_key(self.snapshot.posts.text_key, "text_key", texts))
    }
}

impl FieldResolver for PostFieldResolver<'_> {
    fn text(&self) -> Field {
        self.snapshot.posts.text
    }

    fn link(&self) -> Option<Field> {
        Some(self.snapshot.posts.link)
    }

    fn value(&self, value: &FieldValue, queries: &TermQueries<'_>) -> Result<Box<dyn Query>, Error> {
        let fields = &self.snapshot.posts;
        Ok(match value {
            FieldValue::Exact(name, value) => queries.any_term([Term::from_field_text(self.field(*name), value)]),
            FieldValue::Prefix(name, prefix) => queries.prefix(self.field(*name), prefix),
            FieldValue::Kind(kind) => queries.any_term([Term::from_field_text(fields.kind, kind.name())]),
            FieldValue::Layer(layer) => queries.any_term([Term::from_field_text(fields.layer, layer.name())]),
            FieldValue::Object(key) => {
                let explicit = queries.any_term([Term::from_field_u64(fields.object, key.raw())]);
                Box::new(BooleanQuery::union(vec![explicit, self.texts(*key, queries)?]))
            }
            FieldValue::Cluster(key) => self.texts(*key, queries)?,
            FieldValue::Text(key) => queries.any_term([Term::from_field_u64(fields.text_key, key.raw())]),
            FieldValue::Since(since) => range(fields.at, Bound::Included(since.micros()), Bound::Unbounded),
            FieldValue::Until(until) => range(fields.at, Bound::Unbounded, Bound::Excluded(until.micros())),
            FieldValue::Alert(id) => {
                let alert = newest(self.snapshot, id)?.ok_or_else(|| no_alert(id))?;
                let posts = alert.observed.posts.iter();
                queries.any_term(posts.map(|post| Term::from_field_text(fields.id, &post.id)))
            }
        })
    }
}

/// Fields of alerts.
pub(super) struct AlertFieldResolver<'a> {
    pub(super) snapshot: &'a Snapshot,
}

impl FieldResolver for AlertFieldResolver<'_> {
    fn text(&self) -> Field {
        self.snapshot.alert_fields.text
    }

    fn link(&self) -> Option<Field> {
        None
    }

    fn value(&self, value: &FieldValue, queries: &TermQueries<'_>) -> Result<Box<dyn Query>, Error> {
        let fields = &self.snapshot.alert_fields;
        Ok(match value {
            FieldValue::Exact(FieldName::Author, account) => {
                queries.any_term([Term::from_field_text(fields.account, account)])
            }
            FieldValue::Exact(FieldName::Handle, handle) => {
                queries.any_term([Term::from_field_text(fields.handle, handle)])
            }
            FieldValue::Exact(FieldName::Name, name) => queries.any_term([Term::from_field_text(fields.name, name)]),
            FieldValue::Prefix(FieldName::Handle, prefix) => queries.prefix(fields.handle, prefix),
            FieldValue::Prefix(FieldName::Name, prefix) => queries.prefix(fields.name, prefix),
            FieldValue::Exact(FieldName::Platform, platform) => {
                queries.any_term([Term::from_field_text(fields.platform, platform)])
            }
            FieldValue::Exact(FieldName::Language, language) => {
                queries.any_term([Term::from_field_text(fields.language, language)])
            }
            FieldValue::Exact(FieldName::Id, post) => queries.any_term([Term::from_field_text(fields.post, post)]),
            FieldValue::Alert(id) => queries.any_term([Term::from_field_text(fields.alert_id, id)]),
            FieldValue::Layer(layer) => queries.any_term([Term::from_field_text(fields.layer, layer.name())]),
            FieldValue::Object(key) | FieldValue::Cluster(key) => {
                queries.any_term([Term::from_field_u64(fields.object, key.raw())])
            }
            FieldValue::Since(since) => range(fields.end, Bound::Included(since.micros()), Bound::Unbounded),
            FieldValue::Until(until) => range(fields.start, Bound::Unbounded, Bound::Excluded(until.micros())),
            FieldValue::Exact(..) | FieldValue::Prefix(..) | FieldValue::Kind(_) | FieldValue::Text(_) => {
                return Err(Error::InvalidRequest {
                    field: "query",
                    problem: format!("alerts cannot be looked for by {value}"),
                    remedy: "their fields are alert, author, cluster, handle, id, lang, layer, name, object, platform, since, until"
                        .into(),
                });
            }
        })
    }
}

/// Restricts a query to the newest revision of each alert.
pub(super) fn newest_only(snapshot: &Snapshot, query: Box<dyn Query>) -> Box<dyn Query> {
    let role = Term::from_field_text(snapshot.alert_fields.role, NEWEST);
    let role = Box::new(TermQuery::new(role, IndexRecordOption::Basic));
    Box::new(BooleanQuery::new(vec![(Occur::Must, role), (Occur::Must, query)]))
}
