//! Which words of a text were looked for.

use std::collections::BTreeSet;

use super::tree::{Clause, Name, Tree, Value};
use crate::segmenter::words;

/// The words that a query looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    whole: BTreeSet<String>,
    begins: BTreeSet<String>,
}

impl Marks {
    /// Those of everything in the tree that is not negated.
    pub(crate) fn of(tree: &Tree) -> Self {
        let mut marks = Self::default();
        marks.add(tree);
        marks
    }

    fn add(&mut self, tree: &Tree) {
        match tree {
            Tree::And(parts) | Tree::Or(parts) => parts.iter().for_each(|part| self.add(part)),
            Tree::Clause(Clause::Word(text) | Clause::Phrase(text)) => self.words(text, false),
            Tree::Clause(Clause::Field(Value::Is(Name::Hashtag, tag))) => self.words(tag, false),
            Tree::Clause(Clause::Prefix(stem) | Clause::Field(Value::Begins(Name::Hashtag, stem))) => {
                self.words(stem, true);
            }
            Tree::Not(_) | Tree::Clause(Clause::Field(_)) => {}
        }
    }

    fn words(&mut self, text: &str, goes_on: bool) {
        let mut found = words(text).into_iter().peekable();
        while let Some(word) = found.next() {
            if word.begins || goes_on && found.peek().is_none() {
                self.begins.insert(word.text);
            } else {
                self.whole.insert(word.text);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.begins.is_empty()
    }

    /// Whether a word was looked for, given in its normal form.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.whole.contains(word) || self.begins.iter().any(|stem| word.starts_with(stem.as_str()))
    }
}
