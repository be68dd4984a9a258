//! Numbers, times and lengths in words, the same on every page.

use maud::{Markup, html};
use shoal_index::Total;
use shoal_model::display::grouped;
use shoal_model::{AlertState, Cap, LineageEvent, Timestamp};

/// Between thousands: narrow, and no place for a line to break.
const THIN: char = '\u{202f}';

/// Bits and what they are called, the smallest first.
const SCALE: [(f64, &str); 4] = [(20.0, "clear"), (32.0, "strong"), (64.0, "very strong"), (f64::INFINITY, "extreme")];

/// Units of bytes, each 1,024 of the one before.
const BYTES: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A count with thin spaces between thousands.
pub(super) fn count(number: u64) -> String {
    grouped(number, THIN)
}

/// A count with its noun.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A count that may not be exact, with its noun.
pub(super) fn total(total: Total, one: &str, many: &str) -> String {
    let counted = counted(total.count, one, many);
    if total.exact { counted } else { format!("at least {counted}") }
}

/// A count that may not be exact, under a heading with its noun.
pub(super) fn total_alone(total: Total) -> String {
    let counted = count(total.count);
    if total.exact { counted } else { format!("{counted}+") }
}

/// A date, and the time of day to the second where it has one.
pub(super) fn moment(at: Timestamp) -> String {
    let (day, clock) = parts(at);
    if clock.is_empty() { day } else { format!("{day}, {clock}") }
}

/// A date, and the time of day to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    let (day, clock) = parts(at);
    let minute: String = clock.chars().take(5).collect();
    if minute.is_empty() { day } else { format!("{day}, {minute}") }
}

/// A date.
pub(super) fn day(at: Timestamp) -> String {
    parts(at).0
}

/// The time of day to the minute.
pub(super) fn clock(at: Timestamp) -> String {
    parts(at).1.chars().take(5).collect()
}

/// A moment for people and programs, to the second.
pub(super) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (moment(at)) } }
}

/// A moment for people and programs, to the minute.
pub(super) fn short_time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (minute(at)) } }
}

/// A range of time, without the day twice.
pub(super) fn range(start: Timestamp, end: Timestamp) -> Markup {
    let (same, last) = (day(start) == day(end), clock(end));
    let year = year(start);
    let first = if !same && year == self::year(end) { minute(start).replacen(&year, "", 1) } else { minute(start) };
    html! {
        time datetime=(start) { (first) } " – "
        @if same && !last.is_empty() { time datetime=(end) { (last) } } @else { (short_time(end)) }
    }
}

/// The year, with the space that stands before it in a date.
fn year(at: Timestamp) -> String {
    day(at).rsplit_once(' ').map_or_else(String::new, |(_, year)| format!(" {year}"))
}

/// Day and time of day, of what the calendar reaches; beyond it the number of microseconds alone.
fn parts(at: Timestamp) -> (String, String) {
    let text = at.to_string();
    let Some((date, clock)) = text.split_once('T') else { return (text, String::new()) };
    let mut fields = date.rsplitn(3, '-');
    let (day, month, year) = (fields.next(), fields.next(), fields.next());
    let month = month.and_then(|month| month.parse::<usize>().ok()).and_then(|month| MONTHS.get(month - 1));
    let (Some(day), Some(month), Some(year)) = (day, month, year) else { return (text, String::new()) };
    let clock = clock.chars().take(8).collect();
    (format!("{} {month} {year}", day.trim_start_matches('0')), clock)
}

/// A length of time in the unit that people would use.
pub(super) fn length(seconds: f64) -> String {
    match seconds {
        ..1.0 => "under 1 s".to_owned(),
        ..120.0 => format!("{seconds:.0} s"),
        ..7_200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}

/// A number of bytes in the unit that people would use.
pub(super) fn bytes(number: u64) -> String {
    let unit = (number.max(1).ilog2() as usize / 10).min(BYTES.len() - 1);
    if unit == 0 {
        counted(number, "byte", BYTES[0])
    } else {
        format!("{:.1} {}", number as f64 / 1024_f64.powi(unit as i32), BYTES[unit])
    }
}

/// The word for an amount of evidence in bits.
pub(super) fn strength(bits: f64) -> &'static str {
    SCALE.iter().find(|(below, _)| bits < *below).map_or("extreme", |(_, word)| word)
}

/// 2^bits, as a person would say it.
pub(super) fn odds(bits: f64) -> String {
    match bits.max(0.0).exp2() {
        value @ ..1e6 => count(value.round() as u64),
        value @ ..1e9 => format!("{:.0} million", value / 1e6),
        value @ ..1e12 => format!("{:.0} billion", value / 1e9),
        _ => format!("10{}", superscript((bits * std::f64::consts::LOG10_2).floor())),
    }
}

/// 2^bits in digits, for powers beyond all numbers too.
pub(super) fn power(bits: f64) -> String {
    let value = bits.exp2();
    if (0.01..1e6).contains(&value) {
        return if value < 100.0 { format!("{value:.2}") } else { count(value.round() as u64) };
    }
    let exponent = bits * std::f64::consts::LOG10_2;
    if !exponent.is_finite() {
        return format!("2^{bits}");
    }
    format!("{:.2} × 10{}", 10_f64.powf(exponent - exponent.floor()), superscript(exponent.floor()))
}

fn superscript(number: f64) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised = |symbol: char| symbol.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize]);
    format!("{number:.0}").chars().map(raised).collect()
}

/// The meaning of a state.
pub(super) fn state(state: AlertState) -> &'static str {
    match state {
        AlertState::Opened => "first seen",
        AlertState::Updated => "has grown since it was opened",
        AlertState::Resolved => "quiet, merged into another or fallen apart",
        AlertState::Reopened => "was quiet and moves again",
        AlertState::Suppressed => "muted: recorded, not sent",
    }
}

/// The words for an event in the life of a group.
pub(super) fn event(event: LineageEvent) -> &'static str {
    match event {
        LineageEvent::Born => "formed",
        LineageEvent::Merged => "took in",
        LineageEvent::MergedInto => "went into the older",
        LineageEvent::SplitFrom => "split off",
        LineageEvent::Ended => "ended: fewer than two of its accounts are significant and tied",
    }
}

/// The words for an item that a limit left out, one and many.
pub(super) fn cap(cap: Cap) -> (&'static str, &'static str) {
    match cap {
        Cap::Company => (
            "meeting that looked at the newest of the company only",
            "meetings that looked at the newest of the company only",
        ),
        Cap::LiveTraces => ("earlier post on one object was not paired", "earlier posts on one object were not paired"),
        Cap::ObjectAccounts => ("account on one object meets nobody there", "accounts on one object meet nobody there"),
        Cap::TieObjects => ("object of ties is not remembered", "objects of ties are not remembered"),
        Cap::CirclePartners => ("partner was forgotten by a circle", "partners were forgotten by circles"),
        Cap::AlertContext => ("account of the context is not listed", "accounts of the context are not listed"),
        Cap::AlertAccounts => ("account of the group is not listed", "accounts of the group are not listed"),
        Cap::AlertObjects => ("object is not listed", "objects are not listed"),
        Cap::AlertPosts => ("post of the evidence is not listed", "posts of the evidence are not listed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1\u{202f}000"), (1_234_567, "1\u{202f}234\u{202f}567")]
        {
            assert_eq!(count(number), text);
        }
        assert_eq!(counted(1, "post", "posts"), "1 post");
        assert_eq!(total(Total { count: 2, exact: false }, "post", "posts"), "at least 2 posts");
        for (number, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1_023, "1\u{202f}023 bytes"),
            (1_536, "1.5 KiB"),
            (u64::MAX, "16777216.0 TiB"),
        ] {
            assert_eq!(bytes(number), text);
        }
        for (bits, text) in
            [(0.0, "1"), (16.0, "65\u{202f}536"), (20.5, "1 million"), (40.0, "10¹²"), (5_000.0, "10¹⁵⁰⁵")]
        {
            assert_eq!(odds(bits), text);
        }
        for (bits, text) in [(1.5, "2.83"), (-20.0, "9.54 × 10⁻⁷"), (16.0, "65\u{202f}536"), (40.0, "1.10 × 10¹²")]
        {
            assert_eq!(power(bits), text);
        }
    }

    #[test]
    fn times_are_readable() {
        let at: Timestamp = "2026-03-03T11:54:20.5Z".parse().unwrap();
        assert_eq!((moment(at), minute(at)), ("3 Mar 2026, 11:54:20".to_owned(), "3 Mar 2026, 11:54".to_owned()));
        assert_eq!(time(at).into_string(), r#"<time datetime="2026-03-03T11:54:20.5Z">3 Mar 2026, 11:54:20</time>"#);
        for at in [Timestamp::MIN, Timestamp::MAX, Timestamp::from_seconds(-70_000_000_000)] {
            assert!(!moment(at).is_empty());
        }
        let later = "2026-03-03T12:00:00Z".parse().unwrap();
        assert!(range(at, later).into_string().ends_with(">12:00</time>"));
        let next_day = "2026-03-04T12:00:00Z".parse().unwrap();
        let range = range(at, next_day).into_string();
        assert!(range.contains(">3 Mar, 11:54<") && range.contains(">4 Mar 2026, 12:00<"), "{range}");
        for (seconds, text) in
            [(0.2, "under 1 s"), (73.0, "73 s"), (600.0, "10 min"), (9_000.0, "2.5 h"), (604_800.0, "7.0 days")]
        {
            assert_eq!(length(seconds), text);
        }
    }

    #[test]
    fn bits_have_a_name() {
        let words: Vec<_> = [14.8, 20.0, 40.0, 500.0].map(strength).into();
        assert_eq!(words, ["clear", "strong", "very strong", "extreme"]);
    }
}
