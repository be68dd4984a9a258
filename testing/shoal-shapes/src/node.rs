//! The parts of a shape, and how they are written.

use std::fmt::Write as _;

use serde_json::Value;

/// Columns up to which a shape is written in one line.
const WIDTH: usize = 110;

/// The name that a struct is deserialized by, and the bytes (postcard) of a value of it: for a type that accepts nothing
/// made up.
pub type Sample = (&'static str, &'static [u8]);

/// A part of a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// Not reached yet.
    Unknown,
    Leaf(&'static str),
    Option(Box<Node>),
    List(Box<Node>),
    Map(Box<Node>, Box<Node>),
    Tuple(Vec<Node>),
    Struct(Vec<(&'static str, Node)>),
    Enum(Vec<(&'static str, Node)>),
}

impl Node {
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Leaf("null"),
            Value::Bool(_) => Self::Leaf("bool"),
            Value::Number(_) => Self::Leaf("number"),
            Value::String(_) => Self::Leaf("string"),
            Value::Array(items) => Self::List(Box::new(items.first().map_or(Self::Leaf("nothing"), Self::of))),
            Value::Object(fields) => {
                Self::Struct(fields.iter().map(|(name, value)| (&*name.clone().leak(), Self::of(value))).collect())
            }
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Leaf(_) => true,
            Self::Option(of) | Self::List(of) => of.is_complete(),
            Self::Map(key, value) => key.is_complete() && value.is_complete(),
            Self::Tuple(parts) => parts.iter().all(Self::is_complete),
            Self::Struct(parts) | Self::Enum(parts) => parts.iter().all(|(_, part)| part.is_complete()),
        }
    }

    /// Parts that are known.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Unknown => 0,
            Self::Leaf(_) => 1,
            Self::Option(of) | Self::List(of) => 1 + of.size(),
            Self::Map(key, value) => 1 + key.size() + value.size(),
            Self::Tuple(parts) => 1 + parts.iter().map(Self::size).sum::<usize>(),
            Self::Struct(parts) | Self::Enum(parts) => 1 + parts.iter().map(|(_, part)| part.size()).sum::<usize>(),
        }
    }

    /// The writing of a format for machines: values one after another, with a length before lists, a tag before variants.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Unknown | Self::Leaf("unit") => String::new(),
            Self::Leaf(name) => format!("{name} "),
            Self::Option(of) => format!("?({})", of.written()),
            Self::List(of) => format!("*({})", of.written()),
            Self::Map(key, value) => format!("*({}{})", key.written(), value.written()),
            Self::Tuple(parts) => parts.iter().map(Self::written).collect(),
            Self::Struct(parts) => parts.iter().map(|(_, part)| part.written()).collect(),
            Self::Enum(parts) => {
                format!("<{}>", parts.iter().map(|(_, part)| part.written()).collect::<Vec<_>>().join("|"))
            }
        }
    }

    pub(crate) fn inline(&self) -> String {
        match self {
            Self::Unknown => "?".to_owned(),
            Self::Leaf(name) => (*name).to_owned(),
            Self::Option(of) => format!("option of {}", of.inline()),
            Self::List(of) => format!("list of {}", of.inline()),
            Self::Map(key, value) => format!("map of {} to {}", key.inline(), value.inline()),
            Self::Tuple(parts) => match parts.as_slice() {
                [first, rest @ ..] if !rest.is_empty() && rest.iter().all(|part| part == first) => {
                    format!("[{}; {}]", first.inline(), parts.len())
                }
                _ => format!("({})", parts.iter().map(Self::inline).collect::<Vec<_>>().join(", ")),
            },
            Self::Struct(fields) => format!("{{ {} }}", join(fields, ", ")),
            Self::Enum(variants) => format!("< {} >", join(variants, " | ")),
        }
    }

    pub(crate) fn write(&self, prefix: &str, depth: usize, out: &mut String) {
        let (line, indent) = (self.inline(), 2 * depth);
        if indent + prefix.len() + 1 + line.len() <= WIDTH {
            _ = writeln!(out, "{:indent$}{prefix} {line}", "");
            return;
        }
        match self {
            Self::Option(of) => of.write(&format!("{prefix} option of"), depth, out),
            Self::List(of) => of.write(&format!("{prefix} list of"), depth, out),
            Self::Map(key, value) => value.write(&format!("{prefix} map of {} to", key.inline()), depth, out),
            Self::Tuple(parts) => {
                _ = writeln!(out, "{:indent$}{prefix} tuple", "");
                for part in parts {
                    part.write("-", depth + 1, out);
                }
            }
            Self::Struct(parts) | Self::Enum(parts) => {
                let of = if matches!(self, Self::Enum(_)) { " one of" } else { "" };
                _ = writeln!(out, "{:indent$}{prefix}{of}", "");
                for (name, part) in parts {
                    match part {
                        Self::Leaf("unit") => _ = writeln!(out, "{:indent$}  {name}", ""),
                        part => part.write(&format!("{name}:"), depth + 1, out),
                    }
                }
            }
            Self::Unknown | Self::Leaf(_) => _ = writeln!(out, "{:indent$}{prefix} {line}", ""),
        }
    }
}

fn join(parts: &[(&str, Node)], between: &str) -> String {
    let part = |(name, part): &(&str, Node)| match part {
        Node::Leaf("unit") => (*name).to_owned(),
        part => format!("{name}: {}", part.inline()),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(between)
}
