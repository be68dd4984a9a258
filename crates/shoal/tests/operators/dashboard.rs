//! The dashboard.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::files;

/// The dashboard.
pub(crate) fn dashboard() -> Value {
    serde_json::from_str(&files::text("deploy/grafana/shoal.json")).unwrap()
}

/// The panels of the dashboard without the headings.
fn panels(dashboard: &Value) -> Vec<&Value> {
    dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row").collect()
}

/// The question behind each curve, with the title of its panel.
pub(crate) fn questions(dashboard: &Value) -> Vec<(&str, &str)> {
    let mut questions = Vec::new();
    for panel in panels(dashboard) {
        for target in panel["targets"].as_array().unwrap() {
            questions.push((panel["title"].as_str().unwrap(), target["expr"].as_str().unwrap()));
        }
    }
    questions
}

/// Left, top, right, bottom.
fn place(panel: &Value) -> [u64; 4] {
    let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
    [x, y, x + w, y + h]
}

#[test]
fn panels_are_complete() {
    let dashboard = dashboard();
    let panels = panels(&dashboard);
    assert!(panels.len() > 40);
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        let said = |text: &Value| text.as_str().is_some_and(|text| !text.is_empty());
        assert!(said(&panel["title"]) && said(&panel["description"]), "{title}: say what it shows");
        assert!(said(&panel["fieldConfig"]["defaults"]["unit"]), "{title}: has no unit");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}: asks nothing");
        let letters: BTreeSet<&str> = targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
        assert_eq!(letters.len(), targets.len(), "{title}: two questions have one letter");
        for source in targets.iter().chain([panel]).map(|asked| &asked["datasource"]) {
            assert_eq!((&source["type"], &source["uid"]), (&"prometheus".into(), &"${datasource}".into()), "{title}");
        }
    }
}

#[test]
fn panels_have_places_and_numbers_of_their_own() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    for (number, one) in panels.iter().enumerate() {
        let [left, top, right, bottom] = place(one);
        assert!(left < right && right <= 24 && top < bottom, "{}", one["title"]);
        for other in &panels[..number] {
            let place = place(other);
            let apart = right <= place[0] || place[2] <= left || bottom <= place[1] || place[3] <= top;
            assert!(apart, "{} lies on {}", one["title"], other["title"]);
        }
    }
}

#[test]
fn questions_are_about_the_chosen_processes() {
    let dashboard = dashboard();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let names: Vec<&str> = variables.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["datasource", "job", "instance"]);
    for (title, question) in questions(&dashboard) {
        let selectors = question.matches('{').count();
        let chosen = question.matches(r#"{job=~"$job", instance=~"$instance""#).count();
        assert!(selectors > 0 && selectors == chosen, "{title}: {question}");
        let ranges: Vec<&str> = question.split('[').skip(1).map(|rest| rest.split(']').next().unwrap()).collect();
        assert!(ranges.iter().all(|range| ["$__rate_interval", "$__range"].contains(range)), "{title}: {question}");
    }
}
