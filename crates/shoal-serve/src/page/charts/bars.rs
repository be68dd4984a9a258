//! Counts over time as bars.

use maud::{Markup, html};
use shoal_index::{Bin, Histogram};
use shoal_model::{Span, Timestamp};

use super::super::humanize;
use super::{Axis, at};

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 96.0;
const SPARK_WIDTH: f64 = 168.0;
const SPARK_HEIGHT: f64 = 28.0;
/// Bars in one picture: what lies beyond is left out.
const BARS: usize = 400;

/// A line's worth of bars, to be seen at a glance.
pub(in crate::page) fn spark(bins: &[Bin], start: Timestamp, end: Timestamp) -> Markup {
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1);
    let step = step(bins);
    let from = bins.first().map_or(start, |bin| bin.start.min(start));
    let to = bins.last().map_or(end, |bin| bin.start.plus(step)).max(end);
    let axis = Axis::new(from, to, 0.0, SPARK_WIDTH);
    let total: u64 = bins.iter().map(|bin| bin.count).sum();
    let label =
        format!("{} over time, at most {} at once", humanize::counted(total, "post", "posts"), humanize::count(most));
    html! {
        svg.spark viewBox=(format!("0 0 {SPARK_WIDTH} {SPARK_HEIGHT}")) role="img" aria-label=(label) {
            line.ground x1="0" x2=(at(SPARK_WIDTH)) y1=(at(SPARK_HEIGHT - 0.5)) y2=(at(SPARK_HEIGHT - 0.5)) {}
            @for bin in bins.iter().take(BARS) { (bar(&axis, bin, step, most, SPARK_HEIGHT - 1.0)) }
        }
    }
}

/// Bars with an axis. `narrow` gives the address that shows one stretch alone.
pub(in crate::page) fn bars(histogram: &Histogram, narrow: Option<&dyn Fn(Timestamp, Timestamp) -> String>) -> Markup {
    let step = Span::from_seconds(histogram.seconds.min(i64::MAX as u64) as i64);
    let (Some(first), Some(last)) = (histogram.bins.first(), histogram.bins.last()) else { return html! {} };
    let most = histogram.bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1);
    let axis = Axis::new(first.start, last.start.plus(step), 0.0, WIDTH);
    let label = format!("Posts over time, {} each; at most {}", stretch(histogram.seconds), humanize::count(most));
    html! {
        figure.chart {
            div.scroll role="region" tabindex="0" aria-label=(label) {
                svg.bars viewBox=(format!("0 0 {WIDTH} {}", HEIGHT + 20.0)) aria-hidden="true" {
                    (axis.drawn(HEIGHT, 8))
                    @for bin in histogram.bins.iter().take(BARS).filter(|bin| bin.count > 0) {
                        @let posts = humanize::counted(bin.count, "post", "posts");
                        @let title = format!("{}: {posts}", humanize::minute(bin.start));
                        @match narrow {
                            Some(narrow) => a href=(narrow(bin.start, bin.start.plus(step))) tabindex="-1" {
                                title { (title) }
                                rect.reach x=(at(axis.x(bin.start))) y="0"
                                    width=(at(width(&axis, bin.start, step))) height=(at(HEIGHT)) {}
                                (bar(&axis, bin, step, most, HEIGHT))
                            },
                            None => g { title { (title) } (bar(&axis, bin, step, most, HEIGHT)) },
                        }
                    }
                }
            }
            figcaption {
                (stretch(histogram.seconds)) " each, the highest " (humanize::counted(most, "post", "posts")) "."
            }
            (table(histogram, narrow, step))
        }
    }
}

fn bar(axis: &Axis, bin: &Bin, step: Span, most: u64, height: f64) -> Markup {
    // What is there is seen, however little it is.
    let tall = (bin.count as f64 / most as f64 * height).max(if bin.count > 0 { 1.5 } else { 0.0 });
    let wide = width(axis, bin.start, step);
    let gap = if wide > 4.0 { 1.0 } else { 0.0 };
    let wide = (wide - gap).max(1.2);
    html! { rect.bar x=(at(axis.x(bin.start))) y=(at(height - tall)) width=(at(wide)) height=(at(tall)) {} }
}

fn width(axis: &Axis, start: Timestamp, step: Span) -> f64 {
    axis.x(start.plus(step)) - axis.x(start)
}

/// The length of a stretch: the shortest distance between two.
fn step(bins: &[Bin]) -> Span {
    let apart = bins.windows(2).filter_map(|two| Some(two.first()?.start.distance(two.last()?.start)));
    apart.min().unwrap_or(Span::from_seconds(3_600))
}

fn stretch(seconds: u64) -> String {
    match seconds {
        60 => "1 minute".to_owned(),
        3_600 => "1 hour".to_owned(),
        86_400 => "1 day".to_owned(),
        604_800 => "1 week".to_owned(),
        _ if seconds.is_multiple_of(86_400) => format!("{} days", seconds / 86_400),
        _ if seconds.is_multiple_of(3_600) => format!("{} hours", seconds / 3_600),
        _ if seconds.is_multiple_of(60) => format!("{} minutes", seconds / 60),
        _ => format!("{seconds} seconds"),
    }
}

fn table(histogram: &Histogram, narrow: Option<&dyn Fn(Timestamp, Timestamp) -> String>, step: Span) -> Markup {
    html! {
        details {
            summary { "The same as a table" }
            table {
                thead { tr { th scope="col" { "From" } th.number scope="col" { "Posts" } } }
                tbody {
                    @for bin in histogram.bins.iter().take(BARS).filter(|bin| bin.count > 0) {
                        tr {
                            td {
                                @match narrow {
                                    Some(narrow) => a href=(narrow(bin.start, bin.start.plus(step))) {
                                        (humanize::short_time(bin.start))
                                    },
                                    None => (humanize::short_time(bin.start)),
                                }
                            }
                            td.number { (humanize::count(bin.count)) }
                        }
                    }
                }
            }
        }
    }
}
