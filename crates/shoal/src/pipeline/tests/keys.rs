//! The keys of a pipeline, as its schema declares them.

use serde_json::{Map, Value, json};

/// A table of a pipeline.
pub(super) struct SchemaTable {
    /// The keys to it, such as `kafka.tls`; empty for the whole file.
    pub(super) path: String,
    /// `true` for a list of such tables.
    pub(super) is_list: bool,
    /// The declaration, with what it refers to.
    pub(super) schema: Value,
    /// The keys that are no tables, in the order of their names.
    pub(super) keys: Vec<(String, Value)>,
}

/// Every table of a pipeline, each before those within it.
pub(super) fn tables(schema: &Value) -> Vec<SchemaTable> {
    let mut tables = Vec::new();
    walk(schema, schema, "", false, &mut tables);
    tables
}

fn walk(root: &Value, schema: &Value, path: &str, is_list: bool, tables: &mut Vec<SchemaTable>) {
    let Some(properties) = properties(root, schema) else { return };
    let mut table = SchemaTable { path: path.to_owned(), is_list, schema: schema.clone(), keys: Vec::new() };
    let mut inner = Vec::new();
    for (name, declared) in properties {
        let mut key = resolved(root, &declared);
        // What a list or table of a key is in itself says more than the key.
        if let Some(items) = key.get("items") {
            key["items"] = resolved(root, items);
        }
        let item = key.get("items").cloned();
        if properties_of(root, &key) {
            // The table says more of itself than the key to it.
            let table = declared.get("$ref").map(|reference| resolved(root, &json!({ "$ref": reference })));
            inner.push((name, false, table.unwrap_or(key)));
        } else if let Some(item) = item.filter(|item| properties_of(root, item)) {
            let mut item = item;
            item["description"] = key["description"].clone();
            inner.push((name, true, item));
        } else {
            if let Some(default) = schema.get("default").and_then(|default| default.get(&name)) {
                key["default"] = default.clone();
            }
            if is_required(schema, &name) {
                key["required"] = true.into();
            }
            table.keys.push((name, key));
        }
    }
    tables.push(table);
    for (name, is_list, schema) in inner {
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        walk(root, &schema, &path, is_list, tables);
    }
}

/// `true` for a key that must be written, whichever of several tables is.
fn is_required(schema: &Value, name: &str) -> bool {
    let says = |table: &Value| table["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    says(schema) || schema["oneOf"].as_array().is_some_and(|choices| choices.iter().all(says))
}

fn properties_of(root: &Value, schema: &Value) -> bool {
    properties(root, schema).is_some()
}

/// The keys of a table; those of all choices, where one of several tables is to be written. `None` for what is no
/// table.
fn properties(root: &Value, schema: &Value) -> Option<Map<String, Value>> {
    // What has a name of its own is written as one value.
    if schema.get("title").is_some() && !std::ptr::eq(root, schema) {
        return None;
    }
    let Some(choices) = schema.get("oneOf").and_then(Value::as_array) else {
        return schema.get("properties").and_then(Value::as_object).cloned();
    };
    let mut all = Map::new();
    for choice in choices {
        for (name, key) in choice.get("properties")?.as_object()? {
            let Some(value) = key.get("const") else {
                all.insert(name.clone(), key.clone());
                continue;
            };
            // The key that says which of the tables it is.
            let known = all.entry(name).or_insert_with(|| json!({ "oneOf": [], "description": "The mechanism." }));
            known["oneOf"].as_array_mut()?.push(json!({ "const": value, "description": choice["description"] }));
        }
    }
    Some(all)
}

/// A declaration with what it refers to; what it says itself counts.
fn resolved(root: &Value, schema: &Value) -> Value {
    let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return schema.clone() };
    let pointer = reference.strip_prefix('#').unwrap();
    let mut whole = resolved(root, root.pointer(pointer).unwrap());
    for (key, value) in schema.as_object().unwrap().iter().filter(|(key, _)| *key != "$ref") {
        whole[key] = value.clone();
    }
    whole
}

/// The places of the keys in balanced.toml, comments included: table, key and line.
pub(super) fn places(balanced: &str) -> Vec<(String, String, usize)> {
    let mut table = String::new();
    let mut places = Vec::new();
    let is_name =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || "_.0123456789".contains(c));
    for (number, line) in balanced.lines().enumerate() {
        let line = line.trim_start_matches(['#', ' ']);
        let heading = line.trim_start_matches('[').trim_end_matches(']');
        if line.starts_with('[') && line.ends_with(']') && is_name(heading) {
            heading.clone_into(&mut table);
        } else if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| is_name(key)) {
            places.push((table.clone(), key.to_owned(), number));
        }
    }
    places
}
