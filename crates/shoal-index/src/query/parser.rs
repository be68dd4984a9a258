//! Tokens to a tree, without recursion: however deep brackets go, they are counted, not called.

use super::lexer::{Lexer, QueryFault, TokenKind, fault};
use super::tree::QueryTree;
use crate::SearchLimits;

/// Greatest depth of brackets, whatever the limits say: code that reads trees is recursive.
const DEEPEST: usize = 128;

/// The part of a query inside one pair of brackets.
#[derive(Default)]
struct Level {
    /// The character that opened it.
    at: usize,
    /// All of it is negated.
    negated: bool,
    /// Alternatives before the last `OR`.
    any: Vec<QueryTree>,
    /// Conjuncts since.
    all: Vec<QueryTree>,
    /// The sign that waits for an operand, and the character it is at.
    waits: Option<(&'static str, usize)>,
    /// The next operand is negated.
    negates: bool,
}

impl Level {
    fn push(&mut self, tree: QueryTree) {
        self.waits = None;
        self.all.push(if std::mem::take(&mut self.negates) { tree.negated() } else { tree });
    }

    /// `AND` or `OR`: something must stand before it.
    fn join(&mut self, sign: &'static str, at: usize) -> Result<(), QueryFault> {
        if self.all.is_empty() || self.waits.is_some() {
            return Err(lonely(sign, at, "before"));
        }
        self.waits = Some((sign, at));
        if sign == "OR" {
            let all = std::mem::take(&mut self.all);
            self.any.push(QueryTree::and(all));
        }
        Ok(())
    }

    fn negate(&mut self, at: usize) {
        self.negates = !self.negates;
        self.waits = Some(("NOT", at));
    }

    /// The tree of the level; `None` when it is empty.
    fn end(mut self) -> Result<Option<QueryTree>, QueryFault> {
        if let Some((sign, at)) = self.waits {
            return Err(lonely(sign, at, "after"));
        }
        if self.all.is_empty() {
            return Ok(None);
        }
        self.any.push(QueryTree::and(self.all));
        let tree = QueryTree::or(self.any);
        Ok(Some(if self.negated { tree.negated() } else { tree }))
    }
}

fn lonely(sign: &str, at: usize, side: &str) -> QueryFault {
    fault(
        at,
        format!("{sign} has nothing {side} it"),
        format!("complete it, or write \"{sign}\" in quotes for the word"),
    )
}

/// Parses a query; `None` when it is empty.
pub(super) fn parse(query: &str, limits: &SearchLimits) -> Result<Option<QueryTree>, QueryFault> {
    if query.len() > limits.query_bytes {
        let problem = format!("the query has {} bytes of at most {}", query.len(), limits.query_bytes);
        return Err(fault(0, problem, "ask for less at once"));
    }
    let mut lexer = Lexer::new(query);
    let mut outer: Vec<Level> = Vec::new();
    let mut level = Level::default();
    let mut clauses = 0;
    while let Some(token) = lexer.token()? {
        match token.kind {
            TokenKind::Clause(clause) => {
                clauses += 1;
                if clauses > limits.clauses {
                    let problem = format!("the query has more than {} words and fields", limits.clauses);
                    return Err(fault(token.at, problem, "ask for less at once"));
                }
                level.push(QueryTree::Clause(clause));
            }
            TokenKind::And => level.join("AND", token.at)?,
            TokenKind::Or => level.join("OR", token.at)?,
            TokenKind::Not => level.negate(token.at),
            TokenKind::Open => {
                if outer.len() >= limits.depth.min(DEEPEST) {
                    return Err(fault(token.at, "brackets stand too deep in other brackets here", "use fewer"));
                }
                let negated = std::mem::take(&mut level.negates);
                outer.push(std::mem::take(&mut level));
                level = Level { at: token.at, negated, ..Level::default() };
            }
            TokenKind::Close => {
                let Some(around) = outer.pop() else {
                    return Err(fault(
                        token.at,
                        "the bracket `)` was never opened",
                        "take it away, or put it in quotes",
                    ));
                };
                let at = level.at;
                let inner = std::mem::replace(&mut level, around).end()?;
                level
                    .push(inner.ok_or_else(|| fault(at, "there is nothing between these brackets", "take them away"))?);
            }
        }
    }
    if !outer.is_empty() {
        return Err(fault(level.at, "the bracket `(` is never closed", "add a `)`, or put it in quotes"));
    }
    level.end()
}
