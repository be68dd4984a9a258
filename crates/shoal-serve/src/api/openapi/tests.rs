use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::api;

fn description() -> Value {
    serde_json::from_str(&api::described(false).1).unwrap()
}

#[test]
fn the_paths_are_those_that_were_agreed() {
    let mut lines = String::new();
    for (path, item) in description()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let parameters: Vec<String> = parameters
                .map(|parameter| {
                    let sign = if parameter["required"] == true { "" } else { "?" };
                    format!("{}{sign}", parameter["name"].as_str().unwrap())
                })
                .collect();
            let responses: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
            lines += &format!("{method} {path} ({}) -> {responses:?}\n", parameters.join(", ")).replace('"', "");
        }
    }
    insta::assert_snapshot!("paths", lines);
}

#[test]
fn every_reference_leads_somewhere() {
    let description = description();
    let mut targets = BTreeSet::new();
    collect(&description, &mut targets);
    assert!(targets.contains("#/components/schemas/Alert") && targets.contains("#/components/schemas/Alert.meeting"));
    for target in targets {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some_and(|schema| schema != &json!({})), "{target}");
    }
    assert_eq!(description["security"], json!([{ "token": [] }]));
    assert_eq!(description["components"]["schemas"]["Alert"]["properties"]["schema_version"]["const"], 2);
}

fn collect(value: &Value, targets: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get("$ref") {
                targets.insert(target.clone());
            }
            members.values().for_each(|value| collect(value, targets));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, targets)),
        _ => {}
    }
}
