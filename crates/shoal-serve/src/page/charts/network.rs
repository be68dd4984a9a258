//! The network of a group: accounts as points, ties as lines. The layout is computed here and is the same every time.

use std::collections::BTreeMap;

use maud::{Markup, html};
use shoal_model::AlertTie;

use super::super::{humanize, untrusted};
use super::at;

/// Accounts that are drawn.
const NODES: usize = 100;
/// Accounts up to which all have their names beside them.
const NAMED: usize = 30;
const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 340.0;
/// Room at the edges, for names.
const EDGE: (f64, f64) = (48.0, 20.0);
const ROUNDS: usize = 240;
/// The pull to the middle: without ties, accounts would leave the paper to the others.
const INWARD: f64 = 2.5;
const NAME: usize = 18;

type Point = (f64, f64);

/// A picture of accounts, the most important first, and the ties among them that are known.
pub(in crate::page) fn network(accounts: &[&str], ties: &[AlertTie], label: &str) -> Markup {
    let accounts = accounts.get(..accounts.len().min(NODES)).unwrap_or_default();
    let places: BTreeMap<&str, usize> = accounts.iter().enumerate().map(|(at, account)| (*account, at)).collect();
    let edges: Vec<_> = ties.iter().filter_map(|tie| edge(tie, &places)).collect();
    let points = layout(accounts.len(), &edges);
    let platform = platform(accounts);
    let most = edges.iter().map(|(_, _, objects)| *objects).max().unwrap_or(1).max(1) as f64;
    html! {
        div.scroll role="region" tabindex="0" aria-label=(label) {
            svg.network viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) aria-hidden="true" {
                @for (from, to, objects) in &edges {
                    @let (one, other) = (points[*from], points[*to]);
                    line.tie x1=(at(one.0)) y1=(at(one.1)) x2=(at(other.0)) y2=(at(other.1))
                        stroke-width=(at(0.6 + 3.4 * *objects as f64 / most)) {
                        title { (humanize::counted(*objects, "shared object", "shared objects")) }
                    }
                }
                @for (place, account) in accounts.iter().enumerate() {
                    (node(account, account.get(platform..).filter(|_| place < NAMED), points[place]))
                }
            }
        }
    }
}

fn edge(tie: &AlertTie, places: &BTreeMap<&str, usize>) -> Option<(usize, usize, u64)> {
    let [one, other] = &tie.accounts;
    Some((*places.get(one.as_str())?, *places.get(other.as_str())?, tie.objects))
}

/// The length of the prefix of ids that is the platform of all accounts, and goes without saying.
fn platform(accounts: &[&str]) -> usize {
    let prefix = |account: &str| account.split_once(':').map_or(0, |(platform, _)| platform.len() + 1);
    let first = accounts.first().copied().unwrap_or_default();
    let common = first.get(..prefix(first)).unwrap_or_default();
    if accounts.iter().all(|account| account.starts_with(common)) { common.len() } else { 0 }
}

/// Names near an edge stay on the paper.
fn anchor(x: f64) -> &'static str {
    match x / WIDTH {
        ..0.2 => "start",
        0.8.. => "end",
        _ => "middle",
    }
}

fn node(account: &str, name: Option<&str>, (x, y): Point) -> Markup {
    html! {
        g {
            title { (untrusted::visible_plain(account, 120)) }
            circle.node cx=(at(x)) cy=(at(y)) r="5" {}
            @if let Some(name) = name {
                text.name x=(at(x)) y=(at(y - 9.0)) text-anchor=(anchor(x)) { (untrusted::visible_plain(name, NAME)) }
            }
        }
    }
}

/// Points that push one another away and ties that pull them together, from a circle, cooling down.
fn layout(nodes: usize, edges: &[(usize, usize, u64)]) -> Vec<Point> {
    let mut points: Vec<Point> = (0..nodes).map(|node| on_circle(node, nodes)).collect();
    let ideal = (1.0 / nodes.max(1) as f64).sqrt();
    for round in 0..ROUNDS {
        let heat = 0.1 * (1.0 - round as f64 / ROUNDS as f64);
        let pushes = pushes(&points, edges, ideal);
        for (point, push) in points.iter_mut().zip(pushes) {
            let length = push.0.hypot(push.1).max(1e-9);
            let step = length.min(heat) / length;
            *point = (point.0 + push.0 * step, point.1 + push.1 * step);
        }
    }
    fitted(&points)
}

fn on_circle(node: usize, nodes: usize) -> Point {
    let turn = std::f64::consts::TAU * node as f64 / nodes.max(1) as f64;
    // Not quite a circle: on one, what lies opposite would be pushed along one line for ever.
    let radius = 0.5 + 0.03 * (node % 7) as f64;
    (radius * turn.sin(), -radius * turn.cos())
}

fn pushes(points: &[Point], edges: &[(usize, usize, u64)], ideal: f64) -> Vec<Point> {
    let mut pushes: Vec<Point> = points.iter().map(|point| (-point.0 * INWARD, -point.1 * INWARD)).collect();
    for (node, one) in points.iter().enumerate() {
        for other in points {
            let (dx, dy) = (one.0 - other.0, one.1 - other.1);
            let square = (dx * dx + dy * dy).max(1e-4);
            pushes[node].0 += dx * ideal * ideal / square;
            pushes[node].1 += dy * ideal * ideal / square;
        }
    }
    for (from, to, _) in edges {
        let (one, other) = (points[*from], points[*to]);
        let (dx, dy) = (one.0 - other.0, one.1 - other.1);
        let pull = dx.hypot(dy) / ideal;
        for (node, sign) in [(*from, -1.0), (*to, 1.0)] {
            pushes[node].0 += sign * dx * pull;
            pushes[node].1 += sign * dy * pull;
        }
    }
    pushes
}

/// The points on the paper, as large as it allows.
fn fitted(points: &[Point]) -> Vec<Point> {
    let along = |of: fn(&Point) -> f64, size: f64, edge: f64| {
        let low = points.iter().map(of).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        move |value: f64| {
            let share = if high > low { (value - low) / (high - low) } else { 0.5 };
            edge + share * (size - 2.0 * edge)
        }
    };
    let (x, y) = (along(|point| point.0, WIDTH, EDGE.0), along(|point| point.1, HEIGHT, EDGE.1));
    points.iter().map(|point| (x(point.0), y(point.1))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tie(one: &str, other: &str, objects: u64) -> AlertTie {
        AlertTie { accounts: [one.to_owned(), other.to_owned()], objects, pairs: objects, median_seconds: 1.0 }
    }

    #[test]
    fn what_is_tied_lies_close() {
        // Two triangles that nothing ties together.
        let edges = [(0, 1, 3), (1, 2, 3), (0, 2, 3), (3, 4, 3), (4, 5, 3), (3, 5, 3)];
        let points = layout(6, &edges);
        let apart = |one: usize, other: usize| (points[one].0 - points[other].0).hypot(points[one].1 - points[other].1);
        assert!(apart(0, 1) < apart(0, 4) && apart(3, 5) < apart(2, 5), "{points:?}");
    }

    #[test]
    fn it_is_bounded_and_the_same_every_time() {
        let names: Vec<_> = (0..5_000).map(|number| format!("x:{number}")).collect();
        let accounts: Vec<_> = names.iter().map(String::as_str).collect();
        let ties: Vec<_> = names.windows(2).map(|two| tie(&two[0], &two[1], 4)).collect();
        let picture = network(&accounts, &ties, "ties").into_string();
        assert_eq!(picture, network(&accounts, &ties, "ties").into_string());
        assert_eq!(picture.matches("<circle").count(), NODES);
        assert!(picture.len() < 50_000, "{}", picture.len());
    }

    proptest! {
        #[test]
        fn everything_stays_on_the_paper(
            nodes in 0..40_usize,
            edges in prop::collection::vec((0..40_usize, 0..40_usize), 0..80),
        ) {
            let inside = |(from, to): (usize, usize)| (from < nodes && to < nodes).then_some((from, to, 1));
            let edges: Vec<_> = edges.into_iter().filter_map(inside).collect();
            for (x, y) in layout(nodes, &edges) {
                prop_assert!((0.0..=WIDTH).contains(&x) && (0.0..=HEIGHT).contains(&y), "{} {}", x, y);
            }
        }
    }
}
