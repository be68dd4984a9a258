//! The JSON Schemas of what a pipeline writes in a form of its own.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use shoal_model::{Layer, Span};

use crate::Limit;
use crate::config::WINDOWS;

impl JsonSchema for Limit {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "limit",
            "description": "A number, or \"unlimited\".",
            "oneOf": [{ "type": "integer", "minimum": 0, "maximum": u32::MAX }, { "const": "unlimited" }],
        })
    }
}

/// The windows of each layer: a key for each.
pub(crate) fn windows(generator: &mut SchemaGenerator) -> Schema {
    let span = generator.subschema_for::<Span>();
    let layer = |layer: Layer| {
        let meaning = match layer {
            Layer::Repost => "Repeating a post.",
            Layer::Quote => "Quoting a post.",
            Layer::Text => "Publishing nearly the same text.",
            Layer::Link => "Sharing a page.",
            Layer::Reply => "Answering a post.",
            Layer::Hashtags => "Using the same two hashtags or more, in the same order.",
            Layer::Domain => "Sharing pages of one site: shown, never evidence.",
        };
        let schema = json_schema!({ "type": "array", "items": span, "maxItems": WINDOWS, "description": meaning });
        (layer.name().to_owned(), schema.to_value())
    };
    let layers: BTreeMap<_, _> = Layer::ALL.into_iter().map(layer).collect();
    json_schema!({ "type": "object", "properties": layers, "additionalProperties": false })
}
