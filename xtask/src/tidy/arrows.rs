//! The rule about who may know whom: arrows between crates point one way, and detection knows no runtime.
//!
//! Read from `cargo metadata`. Development dependencies do not count: they do not reach what is shipped.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The crates that detect: alerts are a function of the posts and the configuration because of what these lack.
pub(super) const DETECTING: [&str; 4] = ["shoal-model", "shoal-text", "shoal-sketch", "shoal-detect"];

/// Every crate of the workspace and the crates of the workspace that it may depend on.
const ARROWS: [(&str, &[&str]); 15] = [
    ("shoal-model", &[]),
    ("shoal-sketch", &[]),
    ("shoal-text", &["shoal-model"]),
    ("shoal-formats", &["shoal-model"]),
    ("shoal-detect", &["shoal-model", "shoal-text", "shoal-sketch"]),
    ("shoal-kafka", &["shoal-model"]),
    ("shoal-broker", &["shoal-tools"]),
    ("shoal-shapes", &[]),
    ("shoal-tools", &[]),
    ("shoal-share", &["shoal-model", "shoal-index"]),
    ("shoal-index", &["shoal-model", "shoal-text", "shoal-detect"]),
    ("shoal-serve", &["shoal-model", "shoal-index", "shoal-share"]),
    ("shoal-stream", &["shoal-model", "shoal-text", "shoal-sketch", "shoal-formats", "shoal-detect", "shoal-kafka"]),
    (
        "shoal",
        &[
            "shoal-model",
            "shoal-text",
            "shoal-sketch",
            "shoal-formats",
            "shoal-detect",
            "shoal-kafka",
            "shoal-stream",
            "shoal-index",
            "shoal-share",
            "shoal-serve",
        ],
    ),
    ("xtask", &["shoal-broker", "shoal-tools"]),
];

/// Packages that may appear nowhere in the dependency tree of a crate that detects: runtimes, brokers, indexes,
/// servers, clocks, chance.
const BANNED: [&str; 17] = [
    "async-std",
    "axum",
    "chrono",
    "crossbeam-channel",
    "fastrand",
    "futures",
    "getrandom",
    "hyper",
    "mio",
    "oorandom",
    "rand",
    "rand_core",
    "rdkafka",
    "rdkafka-sys",
    "smol",
    "tantivy",
    "tokio",
];

/// The arrows that point the wrong way, from the output of `cargo metadata`.
pub(super) fn check(metadata: &Value) -> Vec<String> {
    let graph = Graph::read(metadata);
    let mut findings = Vec::new();
    for (id, name) in &graph.members {
        let Some((_, allowed)) = ARROWS.iter().find(|(listed, _)| listed == name) else {
            findings.push(format!("{name}: say in xtask/src/tidy/arrows.rs what it may depend on"));
            continue;
        };
        findings.extend(
            graph
                .arrows_from(id)
                .filter_map(|target| graph.members.get(target))
                .filter(|target| !allowed.contains(target))
                .map(|target| format!("{name} must not depend on {target}")),
        );
        if DETECTING.contains(name) {
            findings
                .extend(graph.ways_to_banned(id).into_iter().map(|way| format!("{way}: no such thing in detection")));
        }
    }
    findings
}

/// The packages of a workspace and what each needs to be built and run.
struct Graph<'a> {
    /// Names of the packages of the workspace, by package id.
    members: BTreeMap<&'a str, &'a str>,
    /// Names of all packages, by package id.
    names: BTreeMap<&'a str, &'a str>,
    /// Package ids that a package id depends on.
    arrows: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Graph<'a> {
    fn read(metadata: &'a Value) -> Self {
        let names: BTreeMap<&str, &str> = list(&metadata["packages"])
            .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
            .collect();
        let members = list(&metadata["workspace_members"])
            .filter_map(Value::as_str)
            .filter_map(|id| names.get(id).map(|name| (id, *name)))
            .collect();
        let arrows = list(&metadata["resolve"]["nodes"])
            .filter_map(|node| {
                let targets = list(&node["deps"]).filter(|target| is_shipped(target));
                Some((node["id"].as_str()?, targets.filter_map(|target| target["pkg"].as_str()).collect()))
            })
            .collect();
        Self { members, names, arrows }
    }

    fn arrows_from(&self, id: &str) -> impl Iterator<Item = &'a str> {
        self.arrows.get(id).into_iter().flatten().copied()
    }

    /// Ways from a package to banned ones, as names joined by arrows.
    fn ways_to_banned(&self, start: &'a str) -> Vec<String> {
        let name = |id: &str| self.names.get(id).copied().unwrap_or_default();
        let (mut seen, mut ways) = (BTreeSet::from([start]), Vec::new());
        let mut open = vec![(start, name(start).to_owned())];
        while let Some((id, way)) = open.pop() {
            for target in self.arrows_from(id).filter(|target| seen.insert(target)) {
                let way = format!("{way} -> {}", name(target));
                if BANNED.contains(&name(target)) {
                    ways.push(way);
                } else {
                    open.push((target, way));
                }
            }
        }
        ways
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns whether a dependency reaches what is built: normal and build dependencies do, development ones do not.
fn is_shipped(target: &Value) -> bool {
    list(&target["dep_kinds"]).any(|kind| kind["kind"].as_str() != Some("dev"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Metadata of a workspace with these arrows `(from, to, kind)`; shoal's crates are its members.
    fn workspace(arrows: &[(&str, &str, Option<&str>)]) -> Value {
        let names: BTreeSet<&str> = arrows.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
        let node = |name: &&str| {
            let own = arrows.iter().filter(|(from, ..)| from == name);
            let own: Vec<Value> = own.map(|(_, to, kind)| json!({"pkg": to, "dep_kinds": [{"kind": kind}]})).collect();
            json!({"id": name, "deps": own})
        };
        json!({
            "packages": names.iter().map(|name| json!({"id": name, "name": name})).collect::<Vec<_>>(),
            "workspace_members": names.iter().filter(|name| name.starts_with("shoal")).collect::<Vec<_>>(),
            "resolve": {"nodes": names.iter().map(node).collect::<Vec<_>>()},
        })
    }

    #[test]
    fn the_house_as_it_is_drawn_passes() {
        let arrows: Vec<_> = ARROWS.iter().flat_map(|(from, to)| to.iter().map(|to| (*from, *to, None))).collect();
        assert_eq!(check(&workspace(&arrows)), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_the_wrong_way_is_found() {
        for (from, to) in [("shoal-model", "shoal-text"), ("shoal-sketch", "shoal-model"), ("shoal-detect", "shoal")] {
            assert_eq!(check(&workspace(&[(from, to, None)])), [format!("{from} must not depend on {to}")]);
            assert_eq!(check(&workspace(&[(from, to, Some("build"))])).len(), 1);
            assert!(check(&workspace(&[(from, to, Some("dev"))])).is_empty());
        }
    }

    #[test]
    fn detection_reaches_no_runtime_by_any_way() {
        let direct = [("shoal-text", "tokio", None)];
        assert_eq!(check(&workspace(&direct)), ["shoal-text -> tokio: no such thing in detection"]);
        let far = [("shoal-detect", "ahash", None), ("ahash", "getrandom", None)];
        assert_eq!(check(&workspace(&far)), ["shoal-detect -> ahash -> getrandom: no such thing in detection"]);
        let in_tests = [("shoal-detect", "proptest", Some("dev")), ("proptest", "rand", None)];
        assert!(check(&workspace(&in_tests)).is_empty());
        assert!(check(&workspace(&[("shoal-stream", "tokio", None)])).is_empty());
    }

    #[test]
    fn a_crate_that_is_not_drawn_is_found() {
        assert_eq!(check(&workspace(&[("shoal-extra", "serde", None)])).len(), 1);
    }
}
