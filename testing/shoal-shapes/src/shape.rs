//! Shapes, and how they are written.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::node::{Node, Sample};
use crate::probe::Probe;

/// The requests of a type to its deserializer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub(crate) node: Node,
    /// Names are written with the values, as in JSON.
    named: bool,
}

impl Shape {
    /// Traces a type in a format for machines, where names are not written.
    ///
    /// # Panics
    /// Panics when the type cannot be traced.
    pub fn binary<T: DeserializeOwned>(samples: &[Sample]) -> Self {
        Self { node: trace::<T>(false, samples), named: false }
    }

    /// Traces a type in a format for people, where names are written.
    ///
    /// # Panics
    /// Panics when the type cannot be traced.
    pub fn json<T: DeserializeOwned>() -> Self {
        Self { node: trace::<T>(true, &[]), named: true }
    }

    /// The shape of a value, for what is only ever written. What it leaves out is no part of the shape.
    pub fn value(value: &Value) -> Self {
        Self { node: Node::of(value), named: true }
    }

    /// Something that is one line of text, such as the form of a key.
    pub fn text(form: &'static str) -> Self {
        Self { node: Node::Leaf(form), named: true }
    }

    /// Writes the shape with its names.
    pub(crate) fn write(&self, title: &str, out: &mut String) {
        self.node.write(&format!("{title}:"), 0, out);
    }

    /// The part that must not change within a version: what is written, in its order. Where names are not written, neither are
    /// the bounds of tuples and structs.
    pub(crate) fn structure(&self) -> String {
        if self.named { self.node.inline() } else { self.node.written() }
    }
}

#[expect(clippy::panic, reason = "this is for tests")]
fn trace<T: DeserializeOwned>(human: bool, samples: &[Sample]) -> Node {
    let mut node = Node::Unknown;
    while !node.is_complete() {
        let before = node.size();
        let result = T::deserialize(Probe { node: &mut node, human, samples });
        // A type that accepts nothing made up has shown its shape before it refuses.
        if node.size() == before {
            let why = result.err().map_or("a part of it is never read".to_owned(), |error| error.to_string());
            panic!("`{}` cannot be traced: {why}; give a sample of what refuses", std::any::type_name::<T>());
        }
    }
    node
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, de};

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    struct Everything {
        id: Box<str>,
        counts: [u64; 3],
        by_name: BTreeMap<String, Option<i32>>,
        choice: Vec<Choice>,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    enum Choice {
        Nothing,
        One(Box<Choice2>),
        Both(u8, f32),
        Named { at: i64 },
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    enum Choice2 {
        Yes,
        No(char),
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is looked at")]
    struct Pair {
        at: i64,
        key: u64,
    }

    #[test]
    fn a_struct_has_the_structure_of_a_tuple_where_names_are_not_written() {
        let (pair, tuple) = (Shape::binary::<Pair>(&[]), Shape::binary::<(i64, u64)>(&[]));
        assert_eq!(pair.structure(), tuple.structure());
        assert_ne!(Shape::json::<Pair>().structure(), Shape::json::<(i64, u64)>().structure());
    }

    fn lines(shape: &Shape) -> String {
        let mut out = String::new();
        shape.write("it", &mut out);
        out
    }

    #[test]
    fn every_field_and_variant_is_reached() {
        assert_eq!(
            lines(&Shape::binary::<Everything>(&[])),
            "it:\n  id: string\n  counts: [u64; 3]\n  by_name: map of string to option of i32\n  \
             choice: list of < Nothing | One: < Yes | No: char > | Both: (u8, f32) | Named: { at: i64 } >\n"
        );
    }

    #[test]
    fn a_value_has_the_shape_of_what_is_written_of_it() {
        let value = serde_json::json!({ "at": 1, "rules": [{ "layer": "text" }], "none": [], "off": null });
        let written = "it: { at: number, none: list of nothing, off: null, rules: list of { layer: string } }\n";
        assert_eq!(lines(&Shape::value(&value)), written);
    }

    #[test]
    fn names_count_only_where_they_are_written() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape is looked at")]
        struct Renamed {
            name: String,
            numbers: (u64, Two),
            values: Vec<(String, Option<i32>)>,
            choices: Vec<Choice>,
        }
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape is looked at")]
        struct Two {
            one: u64,
            other: u64,
        }
        assert_eq!(Shape::binary::<Renamed>(&[]).structure(), Shape::binary::<Everything>(&[]).structure());
        assert_ne!(Shape::json::<Renamed>().structure(), Shape::json::<Everything>().structure());
    }

    #[derive(Debug, PartialEq, Serialize)]
    struct Even(u8, Vec<u16>);

    impl<'de> Deserialize<'de> for Even {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            #[derive(Deserialize)]
            struct Image {
                number: u8,
                rest: Vec<u16>,
            }
            let Image { number, rest } = Image::deserialize(deserializer)?;
            if number == 2 { Ok(Self(number, rest)) } else { Err(de::Error::custom("it is not two")) }
        }
    }

    #[test]
    fn what_accepts_nothing_made_up_is_traced_with_a_sample() {
        let sample = postcard::to_allocvec(&Even(2, Vec::new())).unwrap().leak();
        let shape = Shape::binary::<(Even, u64)>(&[("Image", sample)]);
        assert_eq!(lines(&shape), "it: ({ number: u8, rest: list of u16 }, u64)\n");
        let refused = std::panic::catch_unwind(|| Shape::binary::<(Even, u64)>(&[])).unwrap_err();
        assert!(refused.downcast_ref::<String>().unwrap().contains("it is not two"));
    }
}
