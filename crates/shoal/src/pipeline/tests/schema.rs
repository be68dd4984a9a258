//! The schema of pipelines against the loader, the shipped pipelines and the documentation.

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value as Json;
use shoal_model::Span;
use toml::{Table, Value};

use super::keys::{SchemaTable, places, tables};
use super::{FILE, shipped};
use crate::pipeline::tree::Tree;
use crate::pipeline::{Error, Overrides, Pipeline, understand};

/// A pipeline with an entry in every list of tables, and everything beside it that a key may need.
const WHOLE: &str = r#"
[[source]]
path = "posts.ndjson"
[kafka]
bootstrap = ["127.0.0.1:9092"]
[kafka.tls]
ca = "ca.pem"
[kafka.sasl]
mechanism = "plain"
username = "shoal"
password = { env = "PASSWORD" }
[index]
[[serve.token]]
name = "ana"
role = "read"
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
[[detect.mute]]
alert = "a"
until = "2026-01-31T00:00:00Z"
reason = "looked into"
[detect.judge]
method = "rules"
[[detect.judge.rules]]
layer = "text"
window = "1h"
pairs = 2
"#;

fn declared() -> Json {
    crate::pipeline::schema().to_value()
}

fn validator() -> Validator {
    jsonschema::options().should_validate_formats(true).build(&declared()).unwrap()
}

fn parsed(text: &str) -> Table {
    Tree::parse(Path::new(FILE), text).unwrap().table
}

fn accepts(validator: &Validator, table: &Table) -> bool {
    validator.is_valid(&serde_json::to_value(table).unwrap())
}

fn load(table: Table) -> Result<Pipeline, Error> {
    let origins = Tree::parse(Path::new(FILE), "").unwrap().origins;
    Pipeline::from_tree(Path::new(FILE), Tree { table, origins }, &Overrides::default())
}

/// The whole pipeline with one key set to a value.
fn with(at: &SchemaTable, key: &str, value: Value) -> Table {
    let mut root = Value::Table(parsed(WHOLE));
    let mut table = &mut root;
    for step in at.path.split('.').filter(|step| !step.is_empty()) {
        let inner = table.as_table_mut().unwrap().entry(step).or_insert_with(|| Value::Table(Table::new()));
        table = match inner {
            Value::Array(entries) => &mut entries[0],
            inner => inner,
        };
    }
    table.as_table_mut().unwrap().insert(key.to_owned(), value);
    root.try_into().unwrap()
}

#[test]
fn the_whole_pipeline_of_these_tests_is_one() {
    assert!(accepts(&validator(), &parsed(WHOLE)));
    load(parsed(WHOLE)).unwrap();
    let lists: Vec<_> = tables(&declared()).into_iter().filter(|table| table.is_list).map(|table| table.path).collect();
    assert_eq!(lists, ["detect.judge.rules", "detect.mute", "serve.token", "source"]);
}

/// Values of every type at every key: what the loader cannot read the schema refuses, and what the schema refuses the
/// loader does too.
#[test]
fn schema_and_loader_refuse_the_same_types_and_keys() {
    let validator = validator();
    let values = [
        Value::Integer(7),
        Value::Integer(-1),
        Value::Float(0.5),
        Value::String("words".to_owned()),
        Value::String("1h".to_owned()),
        Value::Boolean(true),
        Value::Array(Vec::new()),
        Value::Array(vec![Value::String("words".to_owned())]),
        Value::Table(Table::new()),
    ];
    let origins = Tree::parse(Path::new(FILE), "").unwrap().origins;
    let mut tried = 0;
    for table in tables(&declared()) {
        for key in table.keys.iter().map(|(key, _)| key.as_str()).chain(["unknown"]) {
            for value in &values {
                let written = with(&table, key, value.clone());
                let is_valid = accepts(&validator, &written);
                let at = format!("{}.{key} = {value}", table.path);
                if understand(written.clone(), &origins).is_err() {
                    assert!(!is_valid, "the schema takes {at}");
                }
                if !is_valid {
                    assert!(load(written).is_err(), "the loader takes {at}");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

/// The bounds that the schema declares are those that the loader keeps.
#[test]
fn bounds_are_those_of_the_loader() {
    let mut tried = 0;
    for table in tables(&declared()) {
        for (key, schema) in &table.keys {
            for (bound, beyond) in bounds(schema) {
                tried += 1;
                let path = if table.path.is_empty() { key.clone() } else { format!("{}.{key}", table.path) };
                assert!(load(with(&table, key, beyond.clone())).is_err(), "the loader takes {path} = {beyond}");
                let told =
                    load(with(&table, key, bound.clone())).err().map_or_else(String::new, |error| error.to_string());
                assert!(!told.contains(&format!(" {path}: ")), "the loader refuses {path} = {bound}: {told}");
            }
        }
    }
    assert!(tried > 50, "{tried}");
}

/// Each bound of a key, and a value beyond it.
fn bounds(schema: &Json) -> Vec<(Value, Value)> {
    let mut bounds = Vec::new();
    for (key, step) in [("minimum", -1), ("maximum", 1)] {
        match schema.get(key) {
            Some(Json::Number(bound)) if bound.is_f64() => {
                let bound = bound.as_f64().unwrap();
                bounds.push((Value::Float(bound), Value::Float(bound + 0.01 * f64::from(step))));
            }
            // TOML has no larger number.
            Some(Json::Number(bound)) if bound.as_i64() != Some(i64::MAX) => {
                let bound = bound.as_i64().unwrap();
                bounds.push((Value::Integer(bound), Value::Integer(bound + i64::from(step))));
            }
            _ => {}
        }
        if let Some(Json::String(bound)) = schema.get(format!("x-{key}")) {
            let span: Span = bound.parse().unwrap();
            let beyond = Span::from_micros(span.micros() + i64::from(step));
            bounds.push((Value::String(bound.clone()), Value::String(beyond.to_string())));
        }
    }
    for (key, inside) in [("exclusiveMinimum", 0.001), ("exclusiveMaximum", -0.001)] {
        if let Some(bound) = schema.get(key).and_then(Json::as_f64) {
            bounds.push((Value::Float(bound + inside), Value::Float(bound)));
        }
    }
    bounds
}

/// The values that balanced.toml shows in comments are held against the defaults in `kafka.rs`.
#[test]
fn balanced_holds_every_key() {
    let balanced = std::fs::read_to_string(shipped("balanced.toml")).unwrap();
    let places = places(&balanced);
    let mut declared_keys = 0;
    for table in tables(&declared()) {
        let has_heading = places.iter().any(|(heading, ..)| *heading == table.path);
        for (key, _) in &table.keys {
            declared_keys += 1;
            let is_there = places.iter().any(|(heading, name, _)| *heading == table.path && name == key)
                || balanced.contains(&format!("[{}.{key}]", table.path));
            // Lists of tables that are written in one line.
            let is_shown = table.is_list && !has_heading && balanced.contains(&format!("{key} = "));
            assert!(is_there || is_shown, "{}.{key}", table.path);
        }
    }
    let known = |heading: &str, key: &str| {
        let tables = tables(&declared());
        tables.iter().any(|table| table.path == heading && (table.keys.iter().any(|(name, _)| name == key)))
            || tables.iter().any(|table| table.path == format!("{heading}.{key}"))
    };
    for (heading, key, line) in &places {
        assert!(known(heading, key), "balanced.toml:{}: {heading}.{key} is no key", line + 1);
    }
    assert!(declared_keys > 80, "{declared_keys}");
}

#[test]
fn shipped_pipelines_fit_the_schema() {
    let validator = validator();
    let files = std::fs::read_dir(shipped("")).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|file| file.extension().is_some_and(|extension| extension == "toml")).collect();
    assert!(files.len() >= 4);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(accepts(&validator, &parsed(&text)), "{}", file.display());
        Pipeline::load(&file, &Overrides::default()).unwrap();
    }
}

/// Examples of whole pipelines load too; the others show a table or two.
#[test]
fn examples_in_the_documentation_fit_the_schema() {
    let validator = validator();
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pages = std::fs::read_dir(top.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut examples = 0;
    for page in pages.chain([top.join("README.md")]).filter(|page| page.extension().is_some_and(|it| it == "md")) {
        let text = std::fs::read_to_string(&page).unwrap();
        for example in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            examples += 1;
            let errors = validator
                .iter_errors(&serde_json::to_value(parsed(example)).unwrap())
                .map(|error| error.to_string())
                .collect::<Vec<_>>();
            assert!(errors.is_empty(), "{}: {errors:?} in\n{example}", page.display());
            if example.contains("[[source]]") {
                load(parsed(example)).unwrap();
            }
        }
    }
    assert!(examples >= 8, "{examples}");
}
