//! What a query says, in normal form: nothing stands in brackets that needs none, and nothing is negated twice.

use std::fmt;

use shoal_model::{Layer, ObjectKey, TextKey, Timestamp};

use crate::PostKind;

/// A query, or a part of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum QueryTree {
    /// One thing to look for.
    Clause(Clause),
    /// All but these. Never of another negation.
    Not(Box<QueryTree>),
    /// All of at least two. None of them is such a list itself.
    And(Vec<QueryTree>),
    /// Any of at least two. None of them is such a list itself.
    Or(Vec<QueryTree>),
}

/// One thing to look for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Clause {
    /// A word as typed: what the segmenter makes of it in a row, or nothing when it makes nothing of it.
    Word(Box<str>),
    /// Words in a row.
    Phrase(Box<str>),
    /// A word as typed, the last of whose segments goes on.
    Prefix(Box<str>),
    /// A value.
    Field(FieldValue),
}

/// The value of a field, checked and in the form that the index has it in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FieldValue {
    /// Exactly this.
    Exact(FieldName, Box<str>),
    /// Anything that begins so.
    Prefix(FieldName, Box<str>),
    /// A kind of post.
    Kind(PostKind),
    /// With an object of this layer.
    Layer(Layer),
    /// On this object.
    Object(ObjectKey),
    /// With a text of this text object.
    Cluster(ObjectKey),
    /// With exactly this folded text.
    Text(TextKey),
    /// Not seen before.
    Since(Timestamp),
    /// Seen before.
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
        }
    }
}

impl QueryTree {
    /// All of these; there must be one at least.
    pub(crate) fn and(parts: Vec<Self>) -> Self {
        Self::list(parts, Self::And, |part| match part {
            Self::And(parts) => Ok(parts),
            part => Err(part),
        })
    }

    /// Any of these; there must be one at least.
    pub(super) fn or(parts: Vec<Self>) -> Self {
        Self::list(parts, Self::Or, |part| match part {
            Self::Or(parts) => Ok(parts),
            part => Err(part),
        })
    }

    /// All but these.
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

    /// The times that every post lies in that fits, as far as that is plain: not before, and before.
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

/// As it can be typed: parsed again, it gives the same tree.
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
