//! From a tree to a query of the engine.

use std::ops::Bound;
use std::sync::Arc;

use shoal_model::TextKey;
use shoal_text::{address_ranges, canonical_url};
use tantivy::Term;
use tantivy::query::{AllQuery, BooleanQuery, EmptyQuery, Occur, Query, RangeQuery};
use tantivy::schema::Field;

use super::deadline::{Leaf, Part, What};
use super::tree::{Clause, Tree, Value};
use crate::Error;
use crate::budget::Budget;
use crate::segmenter::words;

/// What fields mean, of posts or of alerts.
pub(crate) trait Fields {
    /// The field of texts.
    fn text(&self) -> Field;

    /// Documents whose link is this canonical address; `None` when there are no links.
    fn link(&self) -> Option<Field>;

    /// Documents that have the value.
    fn value(&self, value: &Value, leaves: &Leaves<'_>) -> Result<Box<dyn Query>, Error>;
}

/// Makes the leaves of a query.
pub(crate) struct Leaves<'a> {
    pub(crate) budget: &'a Budget,
}

impl Leaves<'_> {
    fn leaf(&self, what: What, scored: bool) -> Box<dyn Query> {
        Box::new(Leaf { what, scored, budget: self.budget.clone() })
    }

    /// Documents with any of these terms.
    pub(crate) fn any(&self, terms: impl IntoIterator<Item = Term>) -> Box<dyn Query> {
        let mut terms: Vec<Term> = terms.into_iter().collect();
        terms.sort_unstable();
        match terms.len() {
            0 => Box::new(EmptyQuery),
            1 => self.leaf(What::Row(terms.into_iter().map(Part::Is).collect()), false),
            _ => self.leaf(What::Any(terms.into()), false),
        }
    }

    /// Documents with any of these values in a field of keys, which is also the fast field `column`.
    pub(crate) fn keys(&self, field: Field, column: &'static str, mut keys: Vec<TextKey>) -> Box<dyn Query> {
        keys.sort_unstable();
        match keys.as_slice() {
            [] => Box::new(EmptyQuery),
            [key] => self.any([Term::from_field_u64(field, key.raw())]),
            _ => self.leaf(What::Keys(field, column, keys.into_iter().map(TextKey::raw).collect()), false),
        }
    }

    /// Documents with a term that begins so.
    pub(crate) fn begins(&self, field: Field, stem: &str) -> Box<dyn Query> {
        self.leaf(What::Begins(field, stem.into()), false)
    }

    /// Documents with the words of `text` in a row, the last of which `goes_on` perhaps; `None` when there are none.
    fn row(&self, field: Field, text: &str, goes_on: bool) -> Option<Box<dyn Query>> {
        let mut found = words(text).into_iter().peekable();
        let mut parts = Vec::new();
        while let Some(word) = found.next() {
            let begins = word.begins || goes_on && found.peek().is_none();
            parts.push(if begins {
                Part::Begins(field, word.text.into())
            } else {
                Part::Is(Term::from_field_text(field, &word.text))
            });
        }
        match parts.as_slice() {
            [] => None,
            [Part::Begins(_, stem)] => Some(self.leaf(What::Begins(field, Arc::clone(stem)), true)),
            _ => Some(self.leaf(What::Row(parts.into()), true)),
        }
    }
}

/// Documents whose value of a fast field of whole numbers lies within these bounds.
pub(crate) fn range(field: Field, from: Bound<i64>, to: Bound<i64>) -> Box<dyn Query> {
    let term = |bound: Bound<i64>| bound.map(|value| Term::from_field_i64(field, value));
    Box::new(RangeQuery::new(term(from), term(to)))
}

/// The query that a tree stands for. The times that bind the whole tree are left to whoever scans; see
/// [`Tree::range`].
pub(crate) fn lower(tree: Option<&Tree>, fields: &dyn Fields, budget: &Budget) -> Result<Box<dyn Query>, Error> {
    let lowering = Lowering { fields, leaves: Leaves { budget } };
    let is_time = |part: &Tree| matches!(part, Tree::Clause(Clause::Field(Value::Since(_) | Value::Until(_))));
    let parts: Vec<&Tree> = match tree {
        None => Vec::new(),
        Some(Tree::And(parts)) => parts.iter().collect(),
        Some(tree) => vec![tree],
    };
    let (times, parts): (Vec<&Tree>, Vec<&Tree>) = parts.into_iter().partition(|part| is_time(part));
    match lowering.all(&parts)? {
        Some(query) => Ok(query),
        None if parts.is_empty() || !times.is_empty() => Ok(Box::new(AllQuery)),
        None => Err(Error::Question {
            field: "query",
            problem: "the query has nothing in it that could be looked for".into(),
            remedy: "use words, numbers or fields; signs and emoji are not looked for".into(),
        }),
    }
}

struct Lowering<'a> {
    fields: &'a dyn Fields,
    leaves: Leaves<'a>,
}

impl Lowering<'_> {
    /// `None` when there is nothing in it to look for. The depth is bounded by that of the tree.
    fn tree(&self, tree: &Tree) -> Result<Option<Box<dyn Query>>, Error> {
        match tree {
            Tree::Clause(clause) => self.clause(clause),
            Tree::Not(_) => self.all(&[tree]),
            Tree::And(parts) => self.all(&parts.iter().collect::<Vec<_>>()),
            Tree::Or(parts) => {
                let found: Result<Vec<_>, Error> =
                    parts.iter().filter_map(|part| self.tree(part).transpose()).collect();
                let found = found?;
                Ok((!found.is_empty()).then(|| -> Box<dyn Query> { Box::new(BooleanQuery::union(found)) }))
            }
        }
    }

    fn all(&self, parts: &[&Tree]) -> Result<Option<Box<dyn Query>>, Error> {
        let mut clauses = Vec::with_capacity(parts.len());
        for part in parts {
            let (occur, part) = match part {
                Tree::Not(part) => (Occur::MustNot, part.as_ref()),
                part => (Occur::Must, *part),
            };
            if let Some(query) = self.tree(part)? {
                clauses.push((occur, query));
            }
        }
        if clauses.is_empty() {
            return Ok(None);
        }
        if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            clauses.push((Occur::Must, Box::new(AllQuery)));
        }
        Ok(Some(match clauses.as_mut_slice() {
            [_] => clauses.remove(0).1,
            _ => Box::new(BooleanQuery::new(clauses)),
        }))
    }

    fn clause(&self, clause: &Clause) -> Result<Option<Box<dyn Query>>, Error> {
        let text = self.fields.text();
        match clause {
            Clause::Word(word) => match self.address(word) {
                Some(link) => Ok(Some(link)),
                None => Ok(self.leaves.row(text, word, false)),
            },
            Clause::Phrase(phrase) => Ok(self.leaves.row(text, phrase, false)),
            Clause::Prefix(stem) => Ok(self.leaves.row(text, stem, true)),
            Clause::Field(value) => self.fields.value(value, &self.leaves).map(Some),
        }
    }

    /// An address is no word of a text. Who looks for one means posts that link to it.
    fn address(&self, word: &str) -> Option<Box<dyn Query>> {
        let field = self.fields.link()?;
        let range = address_ranges(word).next().filter(|range| range.start == 0)?;
        let link = canonical_url(word.get(range)?)?;
        Some(self.leaves.any([Term::from_field_text(field, &link.url)]))
    }
}
