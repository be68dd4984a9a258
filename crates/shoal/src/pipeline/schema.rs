//! The JSON Schema of a pipeline, for editors and for docs/configuration.md: made from the declarations of its keys.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Number, Value};

use super::file::PipelineFile;

/// The schema of a whole pipeline, in draft 2020-12. A key without `default` is optional and has none; lengths of time
/// have their bounds in `x-minimum` and `x-maximum`.
pub(crate) fn schema() -> Schema {
    let generator: SchemaGenerator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<PipelineFile>();
    RecursiveTransform(as_toml).transform(&mut schema);
    schema
}

/// Fits a schema to what TOML can say.
fn as_toml(schema: &mut Schema) {
    if let Some(text) = schema.get("description").and_then(Value::as_str).map(one_line) {
        schema.insert("description".to_owned(), text.into());
    }
    without_null(schema);
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default().to_owned();
    let whole = |bits: u32| (u64::MAX >> (64 - bits)).min(i64::MAX as u64);
    match format.as_str() {
        "uint32" => bound(schema, whole(32)),
        "uint64" | "uint" => bound(schema, whole(64)),
        // Else the shortest of a `f32` would show all the digits of a `f64`.
        "float" => shorten(schema),
        _ => {}
    }
    if format.starts_with("uint") || format.starts_with("int") || ["float", "double"].contains(&format.as_str()) {
        schema.remove("format");
    }
    // The keys of a table have their defaults themselves.
    if schema.get("$ref").is_some() && schema.get("default").is_some_and(Value::is_object) {
        schema.remove("default");
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// TOML has no `null`: a key that may be absent is left out.
fn without_null(schema: &mut Schema) {
    let null = Value::from("null");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| *one != null);
        if let [one] = &types[..] {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type") != Some(&null));
    if let [Value::Object(only)] = &choices[..] {
        let only = only.clone();
        schema.remove("anyOf");
        schema.ensure_object().extend(only);
    }
}

/// Adds the bound of the type, where there is no narrower one.
fn bound(schema: &mut Schema, maximum: u64) {
    schema.ensure_object().entry("maximum").or_insert_with(|| maximum.into());
}

fn shorten(schema: &mut Schema) {
    let Some(default) = schema.get("default").and_then(Value::as_f64) else { return };
    let shortest = (default as f32).to_string().parse().ok().and_then(Number::from_f64);
    if let Some(shortest) = shortest {
        schema.insert("default".to_owned(), Value::Number(shortest));
    }
}
