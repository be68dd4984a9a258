//! The terms of a query that are highlighted in its results.

use std::collections::BTreeSet;

use super::tree::{Clause, FieldName, FieldValue, QueryTree};
use crate::segmenter::words;

/// The words and prefixes that a query searches for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HighlightTerms {
    words: BTreeSet<String>,
    prefixes: BTreeSet<String>,
}

impl HighlightTerms {
    /// The terms of every node that is not negated.
    pub(crate) fn of(tree: &QueryTree) -> Self {
        let mut terms = Self::default();
        terms.add(tree);
        terms
    }

    fn add(&mut self, tree: &QueryTree) {
        match tree {
            QueryTree::And(parts) | QueryTree::Or(parts) => parts.iter().for_each(|part| self.add(part)),
            QueryTree::Clause(Clause::Word(text) | Clause::Phrase(text)) => self.add_words(text, false),
            QueryTree::Clause(Clause::Field(FieldValue::Exact(FieldName::Hashtag, tag))) => self.add_words(tag, false),
            QueryTree::Clause(
                Clause::Prefix(prefix) | Clause::Field(FieldValue::Prefix(FieldName::Hashtag, prefix)),
            ) => {
                self.add_words(prefix, true);
            }
            QueryTree::Not(_) | QueryTree::Clause(Clause::Field(_)) => {}
        }
    }

    fn add_words(&mut self, text: &str, is_prefix: bool) {
        let mut found = words(text).into_iter().peekable();
        while let Some(word) = found.next() {
            if word.begins || is_prefix && found.peek().is_none() {
                self.prefixes.insert(word.text);
            } else {
                self.words.insert(word.text);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.prefixes.is_empty()
    }

    /// Tests a word in its normal form.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.words.contains(word) || self.prefixes.iter().any(|prefix| word.starts_with(prefix.as_str()))
    }
}
