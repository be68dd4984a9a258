//! Axes.

use maud::{Markup, html};
use shoal_model::{Span, Timestamp};

use super::super::humanize;
use super::at;

/// Steps between marks of a time axis, in seconds: those that people count in.
const STEPS: [i64; 16] = [
    60,
    300,
    900,
    3_600,
    10_800,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
    1_209_600,
    2_592_000,
    7_776_000,
    15_552_000,
    31_536_000,
    157_680_000,
];
const DAY: i64 = 86_400;
/// Bits at the right end of the scale of strength; more does not change what a person would do.
const MOST_BITS: f64 = 64.0;

/// Time from left to right.
#[derive(Debug, Clone, Copy)]
pub(in crate::page) struct Axis {
    start: Timestamp,
    end: Timestamp,
    left: f64,
    width: f64,
}

impl Axis {
    /// An axis from `start` to `end` between `left` and `left + width`.
    pub(in crate::page) fn new(start: Timestamp, end: Timestamp, left: f64, width: f64) -> Self {
        Self { start, end: end.max(start.plus(Span::from_seconds(1))), left, width }
    }

    /// The coordinate of a moment; beyond an end it is that of the end.
    pub(super) fn x(&self, moment: Timestamp) -> f64 {
        let part = |from: Timestamp, to: Timestamp| to.micros() as f64 - from.micros() as f64;
        let share = part(self.start, moment) / part(self.start, self.end);
        self.left + self.width * share.clamp(0.0, 1.0)
    }

    /// Moments to mark, at most `most` and one, and how they are written.
    pub(super) fn marks(&self, most: i64) -> Vec<(Timestamp, String)> {
        let seconds = self.start.distance(self.end).micros() / 1_000_000;
        let Some(step) = STEPS.into_iter().find(|step| seconds / step <= most) else { return Vec::new() };
        let span = Span::from_seconds(step);
        let mut mark = self.start.floor(span);
        let mut marks = Vec::new();
        while mark <= self.end && marks.len() <= most as usize {
            if mark >= self.start {
                let midnight = mark == mark.floor(Span::from_seconds(DAY));
                marks.push((mark, if midnight { humanize::day(mark) } else { humanize::clock(mark) }));
            }
            mark = mark.plus(span);
        }
        marks
    }

    /// Lines and words of the axis, for a picture of this height above it.
    pub(super) fn drawn(&self, height: f64, most: i64) -> Markup {
        html! {
            g.axis {
                @for (moment, label) in self.marks(most) {
                    @let x = self.x(moment);
                    line x1=(at(x)) x2=(at(x)) y1="0" y2=(at(height + 4.0)) {}
                    text x=(at(x)) y=(at(height + 16.0)) text-anchor=(self.anchor(x)) { (label) }
                }
            }
        }
    }

    fn anchor(&self, x: f64) -> &'static str {
        match (x - self.left) / self.width {
            ..0.08 => "start",
            0.92.. => "end",
            _ => "middle",
        }
    }
}

/// The strength of evidence, on a scale that all alerts share, with the mark that had to be passed.
pub(in crate::page) fn strength(bits: f64, threshold: Option<f64>) -> Markup {
    let x = |bits: f64| at(bits.clamp(0.0, MOST_BITS) / MOST_BITS * 200.0);
    let needed = threshold.map_or_else(String::new, |bits| format!(", {bits:.1} were needed"));
    html! {
        svg.strength viewBox="0 0 200 12" preserveAspectRatio="none" role="img"
            aria-label=(format!("{bits:.1} bits{needed}")) {
            rect.ground x="0" y="3" width="200" height="6" rx="1" {}
            rect.value x="0" y="3" width=(x(bits)) height="6" rx="1" {}
            @if let Some(threshold) = threshold {
                line.needed x1=(x(threshold)) x2=(x(threshold)) y1="0" y2="12" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_are_round() {
        let at = |text: &str| text.parse().unwrap();
        let axis = Axis::new(at("2026-03-02T07:40:00Z"), at("2026-03-03T19:20:00Z"), 0.0, 100.0);
        let marks: Vec<_> = axis.marks(6).into_iter().map(|(_, label)| label).collect();
        assert_eq!(marks, ["12:00", "18:00", "3 Mar 2026", "06:00", "12:00", "18:00"]);
    }

    proptest! {
        #[test]
        fn everything_stays_on_the_paper(start in any::<i64>(), end in any::<i64>(), moment in any::<i64>()) {
            let axis = Axis::new(Timestamp::from_micros(start), Timestamp::from_micros(end), 10.0, 80.0);
            let x = axis.x(Timestamp::from_micros(moment));
            prop_assert!((10.0..=90.0).contains(&x), "{}", x);
            prop_assert!(axis.marks(8).len() <= 9);
        }
    }
}
