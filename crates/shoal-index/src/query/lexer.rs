//! Characters to tokens: the words and signs of a query.

use shoal_text::entities;

use super::tree::Clause;
use super::value::{FIELDS, InvalidValue, beginning, value};
use crate::segmenter;

/// A word or a sign, and the character at which it begins, counted from 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct QueryToken {
    pub(super) at: usize,
    pub(super) kind: TokenKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Open,
    Close,
    And,
    Or,
    Not,
    Clause(Clause),
}

/// A fault in a query, and the character it is at (0 for the whole query).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct QueryFault {
    pub(super) at: usize,
    pub(super) invalid: InvalidValue,
}

pub(super) fn fault(at: usize, problem: impl Into<String>, remedy: impl Into<String>) -> QueryFault {
    QueryFault { at, invalid: InvalidValue { problem: problem.into(), remedy: remedy.into() } }
}

/// Reads a query token by token.
pub(super) struct Lexer {
    /// The characters without marks of direction: these come along when text is copied, and would hide a sign at the
    /// beginning of a word.
    chars: Vec<(usize, char)>,
    next: usize,
}

impl Lexer {
    pub(super) fn new(query: &str) -> Self {
        let chars = query.chars().enumerate().filter(|(_, c)| !is_direction(*c)).map(|(at, c)| (at + 1, c));
        Self { chars: chars.collect(), next: 0 }
    }

    pub(super) fn token(&mut self) -> Result<Option<QueryToken>, QueryFault> {
        while let Some(c) = self.peek() {
            let at = self.position();
            let kind = match c {
                c if is_blank(c) => None,
                '(' => Some(TokenKind::Open),
                ')' => Some(TokenKind::Close),
                '-' => self.dashes().then_some(TokenKind::Not),
                '"' => {
                    let text = self.quoted()?;
                    return Ok(Some(QueryToken { at, kind: TokenKind::Clause(Clause::Phrase(text.into())) }));
                }
                _ => return Ok(Some(QueryToken { at, kind: self.word(at)? })),
            };
            self.next += 1;
            if let Some(kind) = kind {
                return Ok(Some(QueryToken { at, kind }));
            }
        }
        Ok(None)
    }

    /// Advances to the last of the dashes that begin here. Returns `true` when they negate what follows: two cancel
    /// each other, and dashes between words mean nothing.
    fn dashes(&mut self) -> bool {
        let rest = self.chars.get(self.next..).unwrap_or_default();
        let number = rest.iter().take_while(|(_, c)| *c == '-').count();
        self.next += number - 1;
        number % 2 == 1 && rest.get(number).is_some_and(|(_, c)| !is_blank(*c) && *c != ')')
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.next).map(|(_, c)| *c)
    }

    fn position(&self) -> usize {
        self.chars.get(self.next).map_or(self.chars.len() + 1, |(at, _)| *at)
    }

    /// The text between the quotes that begin here. A backslash takes from a quote or a backslash its meaning.
    fn quoted(&mut self) -> Result<String, QueryFault> {
        let at = self.position();
        self.next += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.next += 1;
            match (c, self.peek()) {
                ('"', next) if !is_acronym(text.chars().next_back(), next) => return Ok(text),
                ('\\', Some(escaped @ ('"' | '\\'))) => {
                    text.push(escaped);
                    self.next += 1;
                }
                _ => text.push(c),
            }
        }
        Err(fault(at, "the quotes that begin here do not end", "add a `\"`"))
    }

    fn word(&mut self, at: usize) -> Result<TokenKind, QueryFault> {
        let word = self.run();
        match word.as_str() {
            "AND" => return Ok(TokenKind::And),
            "OR" => return Ok(TokenKind::Or),
            "NOT" => return Ok(TokenKind::Not),
            _ => {}
        }
        if let Some(clause) = self.field(&word).map_err(|invalid| QueryFault { at, invalid })? {
            return Ok(TokenKind::Clause(clause));
        }
        plain(&word).map(TokenKind::Clause).map_err(|invalid| QueryFault { at, invalid })
    }

    /// Reads the characters of a word. Brackets belong to it inside of an address, where they match, and in a face such
    /// as `:-)`.
    fn run(&mut self) -> String {
        let mut word = String::new();
        let mut open = 0;
        while let Some(c) = self.peek() {
            let takes = match c {
                '"' => is_acronym(word.chars().next_back(), self.chars.get(self.next + 1).map(|(_, c)| *c)),
                '(' | ')' if is_face(&word) => true,
                '(' => word.contains("://"),
                ')' => open > 0,
                c => !is_blank(c),
            };
            if !takes {
                break;
            }
            match c {
                '(' => open += 1,
                ')' if open > 0 => open -= 1,
                _ => {}
            }
            word.push(c);
            self.next += 1;
        }
        word
    }

    /// The field that `word` is or begins. A colon alone makes no field: not in times, addresses, faces and the like.
    fn field(&mut self, word: &str) -> Result<Option<Clause>, InvalidValue> {
        let Some((name, text)) = word.split_once(':') else { return Ok(None) };
        let lower = name.to_ascii_lowercase();
        let known = FIELDS.contains(&lower.as_str());
        if text.is_empty() && self.peek() == Some('"') && (known || is_name(name)) {
            let text = self.quoted().map_err(|fault| fault.invalid)?;
            return value(&lower, &text).map(|value| Some(Clause::Field(value)));
        }
        let looks_known = is_name(name) && text.starts_with(|c: char| c.is_alphanumeric());
        if !known && !looks_known {
            return Ok(None);
        }
        match text.strip_suffix('*') {
            Some(prefix) if known => beginning(&lower, prefix),
            _ => value(&lower, text),
        }
        .map(|value| Some(Clause::Field(value)))
    }
}

/// Tests for the shape of a field's name: a wrong one is reported.
fn is_name(name: &str) -> bool {
    name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// A word that is no field: a hashtag, the beginning of a word, a word.
fn plain(word: &str) -> Result<Clause, InvalidValue> {
    let ends = word.ends_with('*');
    let begins = word.starts_with('*');
    let said = |problem: &str, remedy: &str| Err(InvalidValue { problem: problem.into(), remedy: remedy.into() });
    if word.starts_with(['#', '＃'])
        && let [tag] = entities(word).hashtags.as_slice()
    {
        let tag = if ends { beginning("hashtag", tag)? } else { value("hashtag", tag)? };
        return Ok(Clause::Field(tag));
    }
    let letters = word.contains(char::is_alphanumeric);
    if !letters || begins == ends && begins {
        return Ok(Clause::Word(word.into()));
    }
    if begins {
        return said("a star cannot begin a word", "write the beginning of the word and a star, as in vot*");
    }
    if !ends {
        return Ok(Clause::Word(word.into()));
    }
    let prefix = word.trim_end_matches('*');
    let last = segmenter::words(prefix).last().map_or(0, |word| word.text.chars().count());
    if last < 2 {
        return said("a star needs at least two letters before it", "write more of the word");
    }
    Ok(Clause::Prefix(prefix.into()))
}

/// A quote between Hebrew letters belongs to the word: it marks an acronym.
fn is_acronym(before: Option<char>, after: Option<char>) -> bool {
    let is_hebrew = |c: Option<char>| c.is_some_and(|c| ('\u{5D0}'..='\u{5EA}').contains(&c));
    is_hebrew(before) && is_hebrew(after)
}

/// A bracket after the beginning of a face drawn with signs is its mouth.
fn is_face(word: &str) -> bool {
    word.starts_with([':', ';', '=']) && word.chars().count() < 4 && !word.contains(char::is_alphanumeric)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// Signs of the bidirectional algorithm (UAX #9), and the byte order mark.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}
