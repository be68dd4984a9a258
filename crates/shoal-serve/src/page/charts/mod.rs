//! Pictures: drawn here as SVG, without script or style, each with a text that says the same.

mod bars;
mod lanes;
mod network;
mod scale;

pub(super) use self::bars::{bars, spark};
pub(super) use self::lanes::{Lane, lanes};
pub(super) use self::network::network;
pub(super) use self::scale::{Axis, strength};

/// A coordinate, short.
fn at(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    if rounded.is_finite() { rounded.to_string() } else { "0".to_owned() }
}
