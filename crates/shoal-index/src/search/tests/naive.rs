//! A naive evaluation of queries that looks at every post.

use std::collections::{BTreeMap, BTreeSet};

use shoal_model::{Layer, ObjectKey, Post, TextKey};
use shoal_text::{address_ranges, canonical_url, entities};
use tantivy::tokenizer::{TokenStream, Tokenizer};

use crate::PostKind;
use crate::documents::{language, platform, small};
use crate::query::{Clause, FieldName, FieldValue, QueryTree};
use crate::segmenter::{Segmenter, words};

/// A post, and what is known of it.
pub(super) struct Known {
    pub(super) post: Post,
    pub(super) text_key: Option<TextKey>,
    pub(super) objects: Vec<(Layer, ObjectKey)>,
}

/// Facts besides the posts.
#[derive(Default)]
pub(super) struct World {
    /// Texts of text objects, merged ones included.
    pub(super) clusters: BTreeMap<ObjectKey, BTreeSet<TextKey>>,
}

impl Known {
    pub(super) fn kind(&self) -> PostKind {
        let action = &self.post.action;
        match (action.repost, &action.quote_of, &action.reply_to) {
            (true, ..) => PostKind::Repost,
            (_, Some(_), _) => PostKind::Quote,
            (_, _, Some(_)) => PostKind::Reply,
            _ => PostKind::Post,
        }
    }

    pub(super) fn tags(&self) -> BTreeSet<String> {
        entities(&self.post.text).hashtags.into_iter().map(small).collect()
    }

    fn links(&self) -> Vec<shoal_text::CanonicalUrl> {
        let found = entities(&self.post.text);
        self.post.urls.iter().map(String::as_str).chain(found.urls.iter().copied()).filter_map(canonical_url).collect()
    }

    fn values(&self, name: FieldName) -> Vec<String> {
        let post = &self.post;
        let action = &post.action;
        match name {
            FieldName::Author => vec![post.author.id.clone()],
            FieldName::Handle => post.author.handle.iter().map(|handle| small(handle)).collect(),
            FieldName::Platform => vec![platform(&post.author.id).to_owned()],
            FieldName::Language => post.lang.iter().map(|lang| language(lang)).collect(),
            FieldName::Hashtag => self.tags().into_iter().collect(),
            FieldName::Domain => {
                self.links().into_iter().filter(|link| !link.shortener).map(|link| link.domain).collect()
            }
            FieldName::Link => self.links().into_iter().map(|link| link.url).collect(),
            FieldName::Target => {
                [&action.repost_of, &action.reply_to, &action.quote_of].into_iter().flatten().cloned().collect()
            }
            FieldName::Id => vec![post.id.clone()],
            FieldName::Name => post.author.display_name.iter().map(|name| small(name)).collect(),
            FieldName::Client => post.client.iter().map(|client| small(client)).collect(),
            FieldName::Media => post.media.clone(),
        }
    }

    /// Tests for the words as a phrase; `None` when there are none.
    fn row(&self, text: &str, goes_on: bool) -> Option<bool> {
        let wanted = words(text);
        if wanted.is_empty() {
            return None;
        }
        let mut segmenter = Segmenter::default();
        let mut stream = segmenter.token_stream(&self.post.text);
        let mut tokens = Vec::new();
        stream.process(&mut |token| tokens.push(token.text.clone()));
        let fits = |at: usize, token: &String| {
            let begins = wanted[at].begins || goes_on && at + 1 == wanted.len();
            if begins { token.starts_with(&wanted[at].text) } else { *token == wanted[at].text }
        };
        Some(tokens.windows(wanted.len()).any(|row| row.iter().enumerate().all(|(at, token)| fits(at, token))))
    }

    fn value(&self, value: &FieldValue, world: &World) -> bool {
        let cluster = |key: &ObjectKey| {
            let texts = world.clusters.get(key);
            texts.is_some_and(|texts| self.text_key.is_some_and(|text| texts.contains(&text)))
        };
        match value {
            FieldValue::Exact(name, value) => self.values(*name).iter().any(|own| **own == **value),
            FieldValue::Prefix(name, prefix) => self.values(*name).iter().any(|own| own.starts_with(&**prefix)),
            FieldValue::Kind(kind) => self.kind() == *kind,
            FieldValue::Layer(layer) => {
                self.objects.iter().any(|object| object.0 == *layer) || *layer == Layer::Text && self.text_key.is_some()
            }
            FieldValue::Object(key) => self.objects.iter().any(|object| object.1 == *key) || cluster(key),
            FieldValue::Cluster(key) => cluster(key),
            FieldValue::Text(key) => self.text_key == Some(*key),
            FieldValue::Since(since) => self.post.observed_at >= *since,
            FieldValue::Until(until) => self.post.observed_at < *until,
            FieldValue::Alert(_) => unreachable!("no test asks for it"),
        }
    }

    /// Tests whether the post matches; `None` when the query has no terms.
    pub(super) fn fits(&self, tree: &QueryTree, world: &World) -> Option<bool> {
        let each =
            |parts: &[QueryTree]| -> Vec<bool> { parts.iter().filter_map(|part| self.fits(part, world)).collect() };
        let some = |fits: Vec<bool>, all: bool| match fits.as_slice() {
            [] => None,
            fits if all => Some(fits.iter().all(|fits| *fits)),
            fits => Some(fits.contains(&true)),
        };
        match tree {
            QueryTree::Not(part) => self.fits(part, world).map(|fits| !fits),
            QueryTree::And(parts) => some(each(parts), true),
            QueryTree::Or(parts) => some(each(parts), false),
            QueryTree::Clause(Clause::Field(value)) => Some(self.value(value, world)),
            QueryTree::Clause(Clause::Phrase(text)) => self.row(text, false),
            QueryTree::Clause(Clause::Prefix(prefix)) => self.row(prefix, true),
            QueryTree::Clause(Clause::Word(text)) => {
                let address = address_ranges(text).next().filter(|range| range.start == 0);
                match address.and_then(|range| canonical_url(text.get(range)?)) {
                    Some(link) => Some(self.links().contains(&link)),
                    None => self.row(text, false),
                }
            }
        }
    }
}
