//! Acts over time: a lane for each account, a mark for each post.

use std::collections::BTreeMap;

use maud::{Markup, html};
use shoal_model::Timestamp;

use super::super::untrusted;
use super::{Axis, at};

/// Lanes that are drawn.
const LANES: usize = 40;
/// Marks that are drawn in all lanes together.
const MARKS: usize = 800;
const WIDTH: f64 = 720.0;
/// The coordinate at which names end and time begins.
const LEFT: f64 = 152.0;
const LANE: f64 = 17.0;
/// Symbols of a name.
const NAME: usize = 22;

/// An account and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::page) struct Lane {
    pub(in crate::page) account: String,
    /// The time of each act, and a number for its object.
    pub(in crate::page) marks: Vec<(Timestamp, usize)>,
}

/// The lanes between two moments, in the order given. Marks of one moment on one thing by several accounts are joined
/// by a line, so that acting at once is seen.
pub(in crate::page) fn lanes(lanes: &[Lane], start: Timestamp, end: Timestamp, label: &str) -> Markup {
    let axis = Axis::new(start, end, LEFT, WIDTH - LEFT - 8.0);
    let shown = lanes.len().min(LANES);
    let marks = MARKS / shown.max(1);
    let height = shown as f64 * LANE + 4.0;
    let x = |mark: Timestamp| axis.x(mark);
    html! {
        div.scroll role="region" tabindex="0" aria-label=(label) {
            svg.lanes viewBox=(format!("0 0 {WIDTH} {}", at(height + 20.0))) aria-hidden="true" {
                (axis.drawn(height, 6))
                (joined(lanes, &axis, marks))
                @for (row, lane) in lanes.iter().take(LANES).enumerate() {
                    @let y = middle(row);
                    line.ground x1=(at(LEFT)) x2=(at(WIDTH)) y1=(at(y)) y2=(at(y)) {}
                    text.name x=(at(LEFT - 8.0)) y=(at(y + 4.0)) text-anchor="end" {
                        (untrusted::visible_plain(&lane.account, NAME))
                    }
                    @for (mark, _) in lane.marks.iter().take(marks) {
                        circle.mark cx=(at(x(*mark))) cy=(at(y)) r="3.5" {}
                    }
                }
            }
        }
        @if lanes.len() > LANES { p.more { "and " (lanes.len() - LANES) " more accounts" } }
    }
}

fn middle(row: usize) -> f64 {
    (row as f64 + 0.5) * LANE
}

/// Lines from the first to the last act on each thing: steep lines are acts at once.
fn joined(lanes: &[Lane], axis: &Axis, marks: usize) -> Markup {
    let mut things: BTreeMap<usize, Vec<(Timestamp, usize)>> = BTreeMap::new();
    for (row, lane) in lanes.iter().take(LANES).enumerate() {
        for (mark, thing) in lane.marks.iter().take(marks) {
            things.entry(*thing).or_default().push((*mark, row));
        }
    }
    html! {
        @for acts in things.values_mut() {
            @let points = points(acts, axis);
            @if acts.len() > 1 { polyline.joined points=(points) {} }
        }
    }
}

fn points(acts: &mut [(Timestamp, usize)], axis: &Axis) -> String {
    acts.sort_unstable();
    let point = |(mark, row): &(Timestamp, usize)| format!("{},{}", at(axis.x(*mark)), at(middle(*row)));
    acts.iter().map(point).collect::<Vec<_>>().join(" ")
}
