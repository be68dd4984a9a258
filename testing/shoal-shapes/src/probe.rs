//! The deserializer that traces: it makes up the plainest values and notes what was asked for.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

use crate::node::{Node, Sample};

/// As many bytes as any type here asks for at once: a multiple of every length of a hash.
const BYTES: [u8; 128] = [0; 128];
/// A text that is also a moment.
const TEXT: &str = "1970-01-01T00:00:00Z";

/// The reason why a pass ended early.
#[derive(Debug)]
pub(crate) struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// A place in a shape that something is deserialized at. Every pass takes one variant of each enum: the first of which
/// not everything is known.
pub(crate) struct Probe<'a> {
    pub(crate) node: &'a mut Node,
    pub(crate) human: bool,
    pub(crate) samples: &'a [Sample],
}

impl<'a> Probe<'a> {
    /// Notes what is asked for; it must be the same in every pass.
    fn note(self, asked: Node) -> Result<Noted<'a>, Error> {
        if *self.node == Node::Unknown {
            *self.node = asked;
        } else if std::mem::discriminant(self.node) != std::mem::discriminant(&asked) {
            return Err(Error::custom("it asks for different things at the same place"));
        }
        Ok(Noted { human: self.human, samples: self.samples, node: self.node })
    }
}

/// A place of which it is known what is asked for there.
struct Noted<'a> {
    node: &'a mut Node,
    human: bool,
    samples: &'a [Sample],
}

impl Noted<'_> {
    /// The parts in their order, each to be deserialized once.
    fn parts(&mut self) -> Parts<'_> {
        let nodes = match self.node {
            Node::Unknown | Node::Leaf(_) | Node::Enum(_) => Vec::new(),
            Node::Option(of) | Node::List(of) => vec![&mut **of],
            Node::Map(key, value) => vec![&mut **key, &mut **value],
            Node::Tuple(parts) => parts.iter_mut().collect(),
            Node::Struct(parts) => parts.iter_mut().map(|(_, part)| part).collect(),
        };
        Parts { nodes: nodes.into_iter(), human: self.human, samples: self.samples }
    }
}

/// Parts that are deserialized one after another.
struct Parts<'a> {
    nodes: std::vec::IntoIter<&'a mut Node>,
    human: bool,
    samples: &'a [Sample],
}

impl Parts<'_> {
    fn next<'de, S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(node) = self.nodes.next() else { return Ok(None) };
        seed.deserialize(Probe { node, human: self.human, samples: self.samples }).map(Some)
    }
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.next(seed)
    }
}

impl<'de> MapAccess<'de> for Parts<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.next(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.next(seed)?.ok_or_else(|| Error::custom("a value without a key"))
    }
}

/// The variant that this pass takes.
struct Variant<'a> {
    index: u32,
    probe: Probe<'a>,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Error;
    type Variant = Probe<'a>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Probe<'a>), Error> {
        let index: serde::de::value::U32Deserializer<Error> = self.index.into_deserializer();
        Ok((seed.deserialize(index)?, self.probe))
    }
}

impl<'de> VariantAccess<'de> for Probe<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        self.note(Node::Leaf("unit")).map(drop)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self.note(structure(fields))?.parts())
    }
}

fn structure(fields: &'static [&'static str]) -> Node {
    Node::Struct(fields.iter().map(|name| (*name, Node::Unknown)).collect())
}

/// Deserializers of plain values.
macro_rules! leaves {
    ($($method:ident $name:literal $visit:ident $value:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.note(Node::Leaf($name))?;
            visitor.$visit($value)
        })*
    };
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    leaves! {
        deserialize_bool "bool" visit_bool false;
        deserialize_i8 "i8" visit_i8 0;
        deserialize_i16 "i16" visit_i16 0;
        deserialize_i32 "i32" visit_i32 0;
        deserialize_i64 "i64" visit_i64 0;
        deserialize_u8 "u8" visit_u8 0;
        deserialize_u16 "u16" visit_u16 0;
        deserialize_u32 "u32" visit_u32 0;
        deserialize_u64 "u64" visit_u64 0;
        deserialize_f32 "f32" visit_f32 0.0;
        deserialize_f64 "f64" visit_f64 0.0;
        deserialize_char "char" visit_char 'a';
        deserialize_str "string" visit_str TEXT;
        deserialize_string "string" visit_str TEXT;
        deserialize_identifier "string" visit_str TEXT;
        deserialize_bytes "bytes" visit_bytes &BYTES;
        deserialize_byte_buf "bytes" visit_bytes &BYTES;
        // A type that takes several forms: JSON alone has them.
        deserialize_any "anything" visit_u64 0;
        deserialize_ignored_any "anything" visit_u64 0;
    }

    fn is_human_readable(&self) -> bool {
        self.human
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.note(Node::Leaf("unit"))?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let noted = self.note(Node::Option(Box::new(Node::Unknown)))?;
        let Node::Option(of) = noted.node else { return visitor.visit_none() };
        visitor.visit_some(Probe { node: of, human: noted.human, samples: noted.samples })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self.note(Node::List(Box::new(Node::Unknown)))?.parts())
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self.note(Node::Map(Box::new(Node::Unknown), Box::new(Node::Unknown)))?.parts())
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self.note(Node::Tuple(vec![Node::Unknown; length]))?.parts())
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let sample = self.samples.iter().find(|(sampled, _)| *sampled == name && self.node.is_complete());
        match sample {
            Some(&(_, bytes)) => {
                let mut sample = postcard::Deserializer::from_bytes(bytes);
                sample.deserialize_struct(name, fields, visitor).map_err(Error::custom)
            }
            None => visitor.visit_seq(self.note(structure(fields))?.parts()),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let noted = self.note(Node::Enum(variants.iter().map(|name| (*name, Node::Unknown)).collect()))?;
        let Node::Enum(parts) = noted.node else { return Err(Error::custom("no enum")) };
        let index = parts.iter().position(|(_, part)| !part.is_complete()).unwrap_or(0);
        let Some((_, node)) = parts.get_mut(index) else { return Err(Error::custom("an enum without variants")) };
        let probe = Probe { node, human: noted.human, samples: noted.samples };
        visitor.visit_enum(Variant { index: index as u32, probe })
    }
}
