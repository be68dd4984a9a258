//! The JSON Schemas of what a pipeline writes in a form of its own.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{Layer, Span, Timestamp};

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "length of time",
            "description": "A whole number with a unit: us, ms, s, m, h or d.",
            "type": "string",
            "pattern": "^[0-9]+(us|ms|s|m|h|d)$",
        })
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "time",
            "description": "A time with its offset from UTC, such as 2015-01-31T08:00:00Z.",
            "type": "string",
            "format": "date-time",
        })
    }
}

impl JsonSchema for Layer {
    fn schema_name() -> Cow<'static, str> {
        "Layer".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "layer",
            "description": "The type of an object that accounts act on.",
            "type": "string",
            "enum": Layer::ALL.map(Layer::name),
        })
    }
}
