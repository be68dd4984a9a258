//! Compiles a query tree to a tantivy query.

use std::ops::Bound;
use std::sync::Arc;

use shoal_model::TextKey;
use shoal_text::{address_ranges, canonical_url};
use tantivy::Term;
use tantivy::query::{AllQuery, BooleanQuery, EmptyQuery, Occur, Query, RangeQuery};
use tantivy::schema::Field;

use super::deadline::{DeadlineQuery, PhraseTerm, TermMatch};
use super::tree::{Clause, FieldValue, QueryTree};
use crate::Error;
use crate::budget::Budget;
use crate::segmenter::words;

/// Maps the fields of the query language to those of posts or of alerts.
pub(crate) trait FieldResolver {
    /// The field of texts.
    fn text(&self) -> Field;

    /// The field of canonical addresses that documents link to; `None` when there are no links.
    fn link(&self) -> Option<Field>;

    /// A query for documents that have the value.
    fn value(&self, value: &FieldValue, queries: &TermQueries<'_>) -> Result<Box<dyn Query>, Error>;
}

/// Makes queries for terms, all on one budget.
pub(crate) struct TermQueries<'a> {
    pub(crate) budget: &'a Budget,
}

impl TermQueries<'_> {
    fn query(&self, matcher: TermMatch, scored: bool) -> Box<dyn Query> {
        Box::new(DeadlineQuery { matcher, scored, budget: self.budget.clone() })
    }

    /// Documents with any of these terms.
    pub(crate) fn any_term(&self, terms: impl IntoIterator<Item = Term>) -> Box<dyn Query> {
        let mut terms: Vec<Term> = terms.into_iter().collect();
        terms.sort_unstable();
        match terms.len() {
            0 => Box::new(EmptyQuery),
            1 => self.query(TermMatch::Phrase(terms.into_iter().map(PhraseTerm::Exact).collect()), false),
            _ => self.query(TermMatch::AnyTerm(terms.into()), false),
        }
    }

    /// Documents with any of these values in a field of keys, which is also the fast field `column`.
    pub(crate) fn any_key(&self, field: Field, column: &'static str, mut keys: Vec<TextKey>) -> Box<dyn Query> {
        keys.sort_unstable();
        match keys.as_slice() {
            [] => Box::new(EmptyQuery),
            [key] => self.any_term([Term::from_field_u64(field, key.raw())]),
            _ => self.query(TermMatch::AnyKey(field, column, keys.into_iter().map(TextKey::raw).collect()), false),
        }
    }

    /// Documents with a term that begins with `prefix`.
    pub(crate) fn prefix(&self, field: Field, prefix: &str) -> Box<dyn Query> {
        self.query(TermMatch::Prefix(field, prefix.into()), false)
    }

    /// Documents with the words of `text` as a phrase, the last word a prefix if `is_prefix`; `None` when there are no
    /// words.
    fn phrase(&self, field: Field, text: &str, is_prefix: bool) -> Option<Box<dyn Query>> {
        let mut found = words(text).into_iter().peekable();
        let mut phrase = Vec::new();
        while let Some(word) = found.next() {
            let is_prefix = word.begins || is_prefix && found.peek().is_none();
            phrase.push(if is_prefix {
                PhraseTerm::Prefix(field, word.text.into())
            } else {
                PhraseTerm::Exact(Term::from_field_text(field, &word.text))
            });
        }
        match phrase.as_slice() {
            [] => None,
            [PhraseTerm::Prefix(_, prefix)] => Some(self.query(TermMatch::Prefix(field, Arc::clone(prefix)), true)),
            _ => Some(self.query(TermMatch::Phrase(phrase.into()), true)),
        }
    }
}

/// Documents whose value of a fast field of whole numbers lies within these bounds.
pub(crate) fn range(field: Field, from: Bound<i64>, to: Bound<i64>) -> Box<dyn Query> {
    let term = |bound: Bound<i64>| bound.map(|value| Term::from_field_i64(field, value));
    Box::new(RangeQuery::new(term(from), term(to)))
}

/// Compiles a tree. Times that bind the whole tree are left to the scan; see [`QueryTree::range`].
pub(crate) fn compile(
    tree: Option<&QueryTree>,
    fields: &dyn FieldResolver,
    budget: &Budget,
) -> Result<Box<dyn Query>, Error> {
    let compiler = Compiler { fields, queries: TermQueries { budget } };
    let is_time = |part: &QueryTree| {
        matches!(part, QueryTree::Clause(Clause::Field(FieldValue::Since(_) | FieldValue::Until(_))))
    };
    let parts: Vec<&QueryTree> = match tree {
        None => Vec::new(),
        Some(QueryTree::And(parts)) => parts.iter().collect(),
        Some(tree) => vec![tree],
    };
    let (times, parts): (Vec<&QueryTree>, Vec<&QueryTree>) = parts.into_iter().partition(|part| is_time(part));
    match compiler.all(&parts)? {
        Some(query) => Ok(query),
        None if parts.is_empty() || !times.is_empty() => Ok(Box::new(AllQuery)),
        None => Err(Error::InvalidRequest {
            field: "query",
            problem: "the query has nothing in it that could be looked for".into(),
            remedy: "use words, numbers or fields; signs and emoji are not looked for".into(),
        }),
    }
}

struct Compiler<'a> {
    fields: &'a dyn FieldResolver,
    queries: TermQueries<'a>,
}

impl Compiler<'_> {
    /// Compiles a node; `None` when it has no terms. Recursion is bounded by the depth of the tree.
    fn tree(&self, tree: &QueryTree) -> Result<Option<Box<dyn Query>>, Error> {
        match tree {
            QueryTree::Clause(clause) => self.clause(clause),
            QueryTree::Not(_) => self.all(&[tree]),
            QueryTree::And(parts) => self.all(&parts.iter().collect::<Vec<_>>()),
            QueryTree::Or(parts) => {
                let found: Result<Vec<_>, Error> =
                    parts.iter().filter_map(|part| self.tree(part).transpose()).collect();
                let found = found?;
                Ok((!found.is_empty()).then(|| -> Box<dyn Query> { Box::new(BooleanQuery::union(found)) }))
            }
        }
    }

    fn all(&self, parts: &[&QueryTree]) -> Result<Option<Box<dyn Query>>, Error> {
        let mut clauses = Vec::with_capacity(parts.len());
        for part in parts {
            let (occur, part) = match part {
                QueryTree::Not(part) => (Occur::MustNot, part.as_ref()),
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
                None => Ok(self.queries.phrase(text, word, false)),
            },
            Clause::Phrase(phrase) => Ok(self.queries.phrase(text, phrase, false)),
            Clause::Prefix(prefix) => Ok(self.queries.phrase(text, prefix, true)),
            Clause::Field(value) => self.fields.value(value, &self.queries).map(Some),
        }
    }

    /// An address is no word of the text: it is looked up among the links.
    fn address(&self, word: &str) -> Option<Box<dyn Query>> {
        let field = self.fields.link()?;
        let range = address_ranges(word).next().filter(|range| range.start == 0)?;
        let link = canonical_url(word.get(range)?)?;
        Some(self.queries.any_term([Term::from_field_text(field, &link.url)]))
    }
}
