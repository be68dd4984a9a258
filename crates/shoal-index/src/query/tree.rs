//! The syntax tree of a query, in normal form: no needless brackets, no double negation.

use std::fmt;

use shoal_model::{Layer, ObjectKey, TextKey, Timestamp};

use crate::PostKind;

/// A node of the syntax tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum QueryTree {
    /// A leaf.
    Clause(Clause),
    /// The complement. Never of another negation.
    Not(Box<QueryTree>),
    /// All of at least two nodes, none of which is an `And` itself.
    And(Vec<QueryTree>),
    /// Any of at least two nodes, none of which is an `Or` itself.
    Or(Vec<QueryTree>),
}

/// A leaf of the tree: a term, a phrase, a prefix or the value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Clause {
    /// A word as typed: the phrase of its segments, or nothing when it has none.
    Word(Box<str>),
    /// A phrase.
    Phrase(Box<str>),
    /// A word as typed, its last segment a prefix.
    Prefix(Box<str>),
    /// A value.
    Field(FieldValue),
}

/// The value of a field, checked and in the form of the index.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FieldValue {
    /// Exactly this value.
    Exact(FieldName, Box<str>),
    /// Any value with this prefix.
    Prefix(FieldName, Box<str>),
    /// A kind of post.
    Kind(PostKind),
    /// An object of this layer.
    Layer(Layer),
    /// This object.
    Object(ObjectKey),
    /// A text of this text object.
    Cluster(ObjectKey),
    /// This folded text.
    Text(TextKey),
    /// Seen at this moment or later.
    Since(Timestamp),
    /// Seen before this moment.
    Until(Timestamp),
    /// Evidence of this alert.
    Alert(Box<str>),
}

/// Fields whose values are strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldName {
    Author,
    Handle,
    Platform,
    Language,
    Hashtag,
    Domain,
    Link,
    Target,
    Id,
    Name,
    Client,
    Media,
}

impl FieldName {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Handle => "handle",
            Self::Platform => "platform",
            Self::Language => "lang",
            Self::Hashtag => "hashtag",
            Self::Domain => "domain",
            Self::Link => "link",
            Self::Target => "to",
            Self::Id => "id",
            Self::Name => "name",
            Self::Client => "client",
            Self::Media => "media",
        }
    }
}

impl QueryTree {
    /// The conjunction of at least one node.
    pub(crate) fn and(parts: Vec<Self>) -> Self {
        Self::list(parts, Self::And, |part| match part {
            Self::And(parts) => Ok(parts),
            part => Err(part),
        })
    }

    /// The disjunction of at least one node.
    pub(super) fn or(parts: Vec<Self>) -> Self {
        Self::list(parts, Self::Or, |part| match part {
            Self::Or(parts) => Ok(parts),
            part => Err(part),
        })
    }

    /// The complement.
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Not(part) => *part,
            part => Self::Not(Box::new(part)),
        }
    }

    fn list(parts: Vec<Self>, whole: fn(Vec<Self>) -> Self, inner: fn(Self) -> Result<Vec<Self>, Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match inner(part) {
                Ok(mut parts) => flat.append(&mut parts),
                Err(part) => flat.push(part),
            }
        }
        match flat.len() {
            1 => flat.remove(0),
            _ => whole(flat),
        }
    }

    /// The times that bind all matches, as far as the top of the tree says: the first included, and the first excluded.
    pub(crate) fn range(&self) -> (Timestamp, Timestamp) {
        let whole = (Timestamp::MIN, Timestamp::MAX);
        match self {
            Self::Clause(Clause::Field(FieldValue::Since(since))) => (*since, whole.1),
            Self::Clause(Clause::Field(FieldValue::Until(until))) => (whole.0, *until),
            Self::And(parts) => parts.iter().map(Self::range).fold(whole, |a, b| (a.0.max(b.0), a.1.min(b.1))),
            _ => whole,
        }
    }
}

/// The query as it can be typed: parsed again, it gives the same tree.
impl fmt::Display for QueryTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clause(clause) => clause.fmt(f),
            Self::Not(part) => match **part {
                Self::And(_) | Self::Or(_) => write!(f, "-({part})"),
                _ => write!(f, "-{part}"),
            },
            Self::And(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    let space = if at == 0 { "" } else { " " };
                    match part {
                        Self::Or(_) => write!(f, "{space}({part})")?,
                        _ => write!(f, "{space}{part}")?,
                    }
                }
                Ok(())
            }
            Self::Or(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    write!(f, "{}{part}", if at == 0 { "" } else { " OR " })?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Phrase(text) => quoted(f, text),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Field(value) => value.fmt(f),
        }
    }
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name, value) => {
                write!(f, "{}:", name.text())?;
                quoted(f, value)
            }
            Self::Prefix(name, prefix) => write!(f, "{}:{prefix}*", name.text()),
            Self::Kind(kind) => write!(f, "kind:{}", kind.name()),
            Self::Layer(layer) => write!(f, "layer:{layer}"),
            Self::Object(key) => write!(f, "object:{key}"),
            Self::Cluster(key) => write!(f, "cluster:{key}"),
            Self::Text(key) => write!(f, "text:{key}"),
            Self::Since(time) => write!(f, "since:{time}"),
            Self::Until(time) => write!(f, "until:{time}"),
            Self::Alert(id) => {
                f.write_str("alert:")?;
                quoted(f, id)
            }
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
