//! docs/configuration.md, made from the declarations.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use super::keys::{SchemaTable, places, tables};
use super::shipped;

const HEAD: &str = "\
# Configuration

Every key of a pipeline: its type, default, range and meaning. `shoal check PIPELINE.toml` prints a pipeline with every
key at the value that takes effect, `shoal check --schema` the JSON Schema of pipelines, which editors complete and check
by (`#:schema pipeline.schema.json` in the first line, with Taplo). [balanced.toml](../pipelines/balanced.toml) holds
every key at its default, to begin from; `--set detect.judge.alpha=0.001` sets one on the command line.

A length of time is a whole number with a unit, `us`, `ms`, `s`, `m`, `h` or `d`, as a text: `\"30s\"`. An unknown key is
refused, with the place and the nearest known one. Only `[input]` and `[detect]` change which alerts are raised.

<!-- Made from the declarations of the keys. To write it anew: SHOAL_WRITE_DOCS=1 cargo test -p shoal configuration -->
";

fn page() -> String {
    let schema = crate::pipeline::schema().to_value();
    let balanced = std::fs::read_to_string(shipped("balanced.toml")).unwrap();
    let places = places(&balanced);
    let place = |table: &str, key: &str| {
        let found = places.iter().find(|place| place.0 == table && place.1 == key);
        found.map_or(usize::MAX, |place| place.2)
    };
    let mut tables = tables(&schema);
    for table in &mut tables {
        table.keys.sort_by_key(|(key, _)| place(&table.path, key));
    }
    let first = |table: &SchemaTable| table.keys.iter().map(|(key, _)| place(&table.path, key)).min().unwrap_or(0);
    tables.sort_by_key(|table| (!table.path.is_empty(), first(table)));
    HEAD.to_owned() + &tables.iter().filter(|table| !table.keys.is_empty()).map(section).collect::<String>()
}

fn section(table: &SchemaTable) -> String {
    let heading = match (table.path.as_str(), table.is_list) {
        ("", _) => "The file".to_owned(),
        (path, true) => format!("`[[{path}]]`"),
        (path, false) => format!("`[{path}]`"),
    };
    let mut text = format!("\n## {heading}\n\n{}\n\n", described(&table.schema));
    text.push_str("| key | type | default | range | meaning |\n|---|---|---|---|---|\n");
    for (key, schema) in &table.keys {
        let default = match schema.get("default") {
            Some(value) => format!("`{}`", toml(value)),
            None if schema.get("required").is_some() => "required".to_owned(),
            None => String::new(),
        };
        let meaning = described(schema).to_owned() + &choices(schema);
        _ = writeln!(text, "| `{key}` | {} | {default} | {} | {meaning} |", kind(schema), range(schema));
    }
    text
}

fn described(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or("")
}

/// The meaning of each value, where only some may be written.
fn choices(schema: &Value) -> String {
    let choices = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let meaning = |choice: &Value| Some((toml(choice.get("const")?), choice.get("description")?.as_str()?.to_owned()));
    choices.filter_map(meaning).fold(String::new(), |text, (value, meaning)| text + &format!(" `{value}`: {meaning}"))
}

fn toml(value: &Value) -> String {
    toml::Value::try_from(value).unwrap().to_string()
}

fn kind(schema: &Value) -> String {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    if let Some(title) = text("title") {
        return title.to_owned();
    }
    let values = |key: &str| schema.get(key).and_then(Value::as_array).into_iter().flatten();
    let known: Vec<_> = values("oneOf")
        .filter_map(|one| one.get("const"))
        .chain(values("enum"))
        .map(|one| format!("`{}`", toml(one)))
        .collect();
    if !known.is_empty() {
        return known.join(", ");
    }
    match text("type") {
        Some("integer") => "whole number".to_owned(),
        Some("number") => "number".to_owned(),
        Some("boolean") => "`true`, `false`".to_owned(),
        Some("string") => "text".to_owned(),
        Some("array") => format!("list: {}", kind(&schema["items"])),
        Some("object") => format!("table: {}", kind(&schema["additionalProperties"])),
        other => panic!("{other:?}: {schema}"),
    }
}

fn range(schema: &Value) -> String {
    let bound = |keys: [&str; 2]| {
        let value = keys.iter().find_map(|key| schema.get(*key))?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let largest = i64::MAX.to_string();
    let (least, most) =
        (bound(["minimum", "x-minimum"]), bound(["maximum", "x-maximum"]).filter(|most| *most != largest));
    let beyond = (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum"));
    if let Some(most) = schema.get("maxItems") {
        return format!("at most {most}");
    }
    match (least, most, beyond) {
        (Some(least), Some(most), _) => format!("{least} to {most}"),
        (Some(least), None, _) => format!("{least} or more"),
        (None, Some(most), _) => format!("{most} or less"),
        (None, None, (Some(least), Some(most))) => format!("above {least}, below {most}"),
        (None, None, _) => String::new(),
    }
}

/// Made anew where `SHOAL_WRITE_DOCS` is set.
#[test]
fn the_page_of_configuration_is_what_the_declarations_say() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = page();
    if std::env::var_os("SHOAL_WRITE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "docs/configuration.md is not what the declarations say; write it anew with SHOAL_WRITE_DOCS=1"
    );
}
