//! Networks as files, read back by networkx.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;

use common::{hostile, ordinary, python, read};
use serde_json::{Map, Value, json};
use shoal_model::Alert;
use shoal_share::{FileFormat, NetworkFormat};

#[test]
fn a_network_as_gexf() {
    insta::assert_snapshot!(NetworkFormat::Gexf.write(&ordinary()).unwrap());
}

#[test]
fn a_network_as_graphml() {
    insta::assert_snapshot!(NetworkFormat::Graphml.write(&ordinary()).unwrap());
}

#[test]
fn networkx_finds_the_accounts_and_ties_of_the_alert() {
    let Some(python) = python("networks read by networkx") else { return };
    let folder = tempfile::tempdir().unwrap();
    let alerts: Vec<Alert> = std::iter::once(ordinary()).chain(hostile()).collect();
    let mut files = Vec::new();
    for (number, alert) in alerts.iter().enumerate() {
        for format in [NetworkFormat::Gexf, NetworkFormat::Graphml] {
            let path = folder.path().join(format!("{number}.{}", format.facts().extension));
            fs::write(&path, format.write(alert).unwrap()).unwrap();
            files.push(path);
        }
    }
    let found = read(&python, "networks", &files);
    assert_eq!(found.len(), 2 * alerts.len());
    for (alert, found) in alerts.iter().zip(found.chunks(2)) {
        for found in found {
            assert_eq!(found["nodes"], nodes(alert));
            assert_eq!(found["edges"].as_array().unwrap().len(), alert.observed.ties.strongest.len());
            for tie in edges(alert) {
                assert!(found["edges"].as_array().unwrap().contains(&tie), "{tie} is not in {found}");
            }
        }
        let about = json!({
            "alert_id": alert.alert_id, "revision": 3, "state": "updated", "raised_at": "2026-03-03T11:54:20Z",
            "description": found[1]["graph"]["description"], "ties": 9, "ties_shown": alert.observed.ties.strongest.len(),
            "group": alert.observed.accounts.len() + 1, "group_shown": alert.observed.accounts.len() + 1,
            "context": 5, "context_shown": 1,
        });
        assert_eq!(found[1]["graph"], about);
    }
}

#[test]
fn accounts_that_were_erased_are_one_node_and_keep_all_their_ties() {
    let gone = "demo:erased";
    let mut alert = ordinary();
    let observed = &mut alert.observed;
    for account in &mut observed.accounts[..2] {
        account.id = gone.to_owned();
    }
    let ids: Vec<&mut String> = observed.ties.strongest.iter_mut().flat_map(|tie| &mut tie.accounts).collect();
    for id in ids.into_iter().filter(|id| ["demo:ann", "demo:bob"].contains(&id.as_str())) {
        *id = gone.to_owned();
    }
    let text = NetworkFormat::Gexf.write(&alert).unwrap();
    assert_eq!(text.matches("<node id=\"demo:erased\"").count(), 1);
    assert!(text.contains("Nodes: 3 of the 4 accounts of the group"));
    assert!(text.contains("Accounts that were erased are one node"));
    let (_, node) = text.split_once("<node id=\"demo:erased\"").unwrap();
    let (node, _) = node.split_once("</node>").unwrap();
    assert_eq!(node.matches("<attvalue ").count(), 1, "{node}");
    assert_eq!(text.matches("<edge id=").count(), 3);
    assert_eq!(NetworkFormat::Graphml.write(&alert).unwrap().matches("<edge id=").count(), 3);
}

/// Accounts with their known values.
fn nodes(alert: &Alert) -> Value {
    let mut nodes = Map::new();
    for tie in &alert.observed.ties.strongest {
        for id in &tie.accounts {
            nodes.insert(id.clone(), json!({"role": "group"}));
        }
    }
    for account in &alert.observed.accounts {
        let mut known = json!({"role": "group", "objects": account.objects, "partners": account.partners});
        if let Some(arithmetic) = &account.arithmetic {
            known["bits"] = json!(arithmetic.bits);
        }
        nodes.insert(account.id.clone(), known);
    }
    for account in &alert.observed.context {
        let known = json!({"role": "context", "partners": account.partners, "allow_listed": account.allow_listed});
        nodes.insert(account.id.clone(), known);
    }
    Value::Object(nodes)
}

/// Ties with their values.
fn edges(alert: &Alert) -> impl Iterator<Item = Value> {
    alert.observed.ties.strongest.iter().map(|tie| {
        let mut ends = tie.accounts.clone();
        // As Python sorts: by code points, which is how UTF-8 sorts.
        ends.sort();
        let known = json!({
            "weight": tie.objects as f64, "objects": tie.objects, "pairs": tie.pairs,
            "median_seconds": tie.median_seconds,
        });
        json!([ends, known])
    })
}
